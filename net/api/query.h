// The query of a request, read strictly: a parameter that we would silently ignore may be one that the client relies
// on.
#pragma once

#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>

#include "net/http/router.h"

namespace timestore::net {

// Whether all of the query's parameters have one of these names.
[[nodiscard]] bool has_only(const http::Request& request, std::initializer_list<std::string_view> names);

// False where it is absent; nothing where it is given twice, or is neither true nor false.
[[nodiscard]] std::optional<bool> parse_flag(const http::Request& request, const std::string& name);

}  // namespace timestore::net
