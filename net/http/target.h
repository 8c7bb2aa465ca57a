// Paths and queries: what the text after the host means (RFC 3986, and HTML's '+' for a space in queries).
//
// Each part is percent-decoded exactly once, after it has been cut out, so "%2F" is a character of a path parameter and
// never a separator.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace timestore::http {

// The parameters of a query; those of one name in the order in which they stand.
using Params = std::multimap<std::string, std::string>;

struct TargetParts {
  std::string_view path;   // "/a/b"
  std::string_view query;  // "x=1&y=2", without the '?'
};

// Drops a fragment, which clients should not send.
[[nodiscard]] TargetParts split_target(std::string_view target);

// Nothing where a '%' is not followed by two hexadecimal digits, or where a NUL would come out.
[[nodiscard]] std::optional<std::string> percent_decoded(std::string_view text);

// In order for each name; a name without '=' has an empty value. Nothing where decoding fails.
[[nodiscard]] std::optional<Params> parse_query(std::string_view query);

}  // namespace timestore::http
