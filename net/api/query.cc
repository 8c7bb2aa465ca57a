#include "net/api/query.h"

#include <algorithm>

namespace timestore::net {

bool has_only(const http::Request& request, std::initializer_list<std::string_view> names) {
  return std::all_of(request.params.begin(), request.params.end(), [&](const auto& parameter) {
    return std::find(names.begin(), names.end(), parameter.first) != names.end();
  });
}

std::optional<bool> parse_flag(const http::Request& request, const std::string& name) {
  const std::size_t count = request.param_count(name);
  if (count == 0) return false;
  const std::string text = request.param(name);
  if (count > 1 || (text != "true" && text != "false")) return std::nullopt;
  return text == "true";
}

}  // namespace timestore::net
