#include "net/http/content_rules.h"

#include <algorithm>
#include <string>
#include <string_view>

#include "net/http/head.h"

namespace timestore::http {
namespace {

constexpr std::string_view kJson = "application/json";
constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";

// A media type without its parameters.
std::string_view essence_of(std::string_view type) { return trimmed(type.substr(0, type.find(';'))); }

// As ASP.NET takes it, and so the original: application/json, text/json, application/anything+json.
bool is_json(std::string_view essence) {
  constexpr std::string_view kTree = "application/";
  constexpr std::string_view kSuffix = "+json";
  if (equal_ignoring_case(essence, kJson) || equal_ignoring_case(essence, "text/json")) return true;
  return essence.size() > kTree.size() + kSuffix.size() &&
         equal_ignoring_case(essence.substr(0, kTree.size()), kTree) &&
         equal_ignoring_case(essence.substr(essence.size() - kSuffix.size()), kSuffix);
}

bool accepts(const BodyRules& rules, std::string_view essence) {
  return rules.media_types.empty() ||
         std::any_of(rules.media_types.begin(), rules.media_types.end(), [&](const std::string& known) {
           return equal_ignoring_case(known, essence) || (known == kJson && is_json(essence));
         });
}

std::optional<Problem> check_type(const Request& request, const BodyRules& rules) {
  const std::string_view essence = essence_of(request.header("Content-Type"));
  if (essence.empty() ? !rules.content_type_required : accepts(rules, essence)) return std::nullopt;
  std::string detail = "The Content-Type must be ";
  for (std::size_t i = 0; i < rules.media_types.size(); ++i) {
    detail += (i == 0 ? "" : i + 1 == rules.media_types.size() ? " or " : ", ") + rules.media_types[i];
  }
  if (rules.media_types.empty()) detail += "given";
  return Problem{.kind = ProblemKind::kUnsupportedMediaType, .detail = detail + "."};
}

std::optional<Problem> check_encoding(const Request& request) {
  const std::string_view encoding = request.header("Content-Encoding");
  if (encoding.empty() || equal_ignoring_case(encoding, "gzip") || equal_ignoring_case(encoding, "identity")) {
    return std::nullopt;
  }
  return Problem{.kind = ProblemKind::kUnsupportedMediaType, .detail = "The only Content-Encoding understood is gzip."};
}

}  // namespace

std::optional<Problem> check_content(const Request& request, const BodyRules& rules) {
  auto problem = check_type(request, rules);
  return problem ? problem : check_encoding(request);
}

void skip_byte_order_mark(Request& request, const BodyRules& rules) {
  const std::string_view type = request.header("Content-Type");
  const bool wants_json = std::count(rules.media_types.begin(), rules.media_types.end(), kJson) > 0;
  if (wants_json && (type.empty() || is_json(essence_of(type))) && request.body.starts_with(kByteOrderMark)) {
    request.body.erase(0, kByteOrderMark.size());
  }
}

}  // namespace timestore::http
