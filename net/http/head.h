// Reading the head of an HTTP/1.1 request (RFC 9112), strictly.
//
// What is ambiguous is refused, since ambiguity is how requests are smuggled past proxies.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <tl/expected.hpp>
#include <vector>

#include "net/http/options.h"
#include "net/http/problem.h"

namespace timestore::http {

enum class BodyFraming { kNone, kLength, kChunked };

struct HeaderField {
  std::string_view name;
  std::string_view value;  // Without surrounding blanks.
};

// All views point into the text that was parsed.
struct Head {
  std::string_view method;
  std::string_view target;  // Path and query, still encoded; or "*" for OPTIONS.
  std::vector<HeaderField> fields;
  BodyFraming framing = BodyFraming::kNone;
  std::uint64_t content_length = 0;  // Only with kLength; at most 18 digits.
  bool keep_alive = true;            // False for every HTTP/1.0 request.
  bool knows_chunks = true;          // False for HTTP/1.0.
  bool expects_continue = false;
};

// `text` is a whole head, its final empty line included.
[[nodiscard]] tl::expected<Head, Problem> parse_head(std::string_view text, const Options& options);

// The characters of methods and header names (RFC 9110, section 5.6.2).
[[nodiscard]] bool is_token_character(char character);

// Whether a CR has no LF after it, or an LF no CR before it (RFC 9112, section 2.2): then a head or a line may never
// end. A CR at the very end may yet be completed.
[[nodiscard]] bool has_bare_line_break(std::string_view text);

// ASCII only, as in header names and media types.
[[nodiscard]] bool equal_ignoring_case(std::string_view left, std::string_view right);

// Without blanks (space and tab) at either end.
[[nodiscard]] std::string_view trimmed(std::string_view text);

// Splits at every `separator`: "a,,b" has three parts, and "" has one.
[[nodiscard]] std::vector<std::string_view> split(std::string_view text, char separator);

}  // namespace timestore::http
