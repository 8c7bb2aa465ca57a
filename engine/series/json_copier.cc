#include "engine/series/json_copier.h"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <string_view>
#include <tuple>
#include <vector>

#include "engine/base/checked.h"
#include "engine/base/json_text.h"
#include "engine/series/time_entry.h"

namespace timestore {
namespace {

namespace ondemand = simdjson::ondemand;

// The number after the `e`; nothing when it does not fit.
std::optional<int64_t> read_exponent(std::string_view text) {
  if (text.starts_with('+')) text.remove_prefix(1);
  int64_t exponent = 0;
  if (std::from_chars(text.data(), text.data() + text.size(), exponent).ec != std::errc{}) return std::nullopt;
  return exponent;
}

std::string canonical_number(std::string_view token) {
  const std::string_view sign = token.substr(0, token.starts_with('-') ? 1 : 0);
  const size_t exponent_at = std::min(token.find_first_of("eE"), token.size());
  const std::string_view mantissa = token.substr(sign.size(), exponent_at - sign.size());
  const size_t point_at = std::min(mantissa.find('.'), mantissa.size());
  const std::string_view fraction = mantissa.substr(std::min(point_at + 1, mantissa.size()));

  std::string digits(mantissa.substr(0, point_at));
  digits += fraction;
  digits.erase(0, digits.find_first_not_of('0'));
  if (digits.empty()) return "0";
  const size_t significant = digits.find_last_not_of('0') + 1;
  const int64_t shift = static_cast<int64_t>(digits.size() - significant) - static_cast<int64_t>(fraction.size());
  digits.erase(significant);

  const std::optional<int64_t> exponent = exponent_at < token.size() ? read_exponent(token.substr(exponent_at + 1)) : 0;
  const std::optional<int64_t> scale = exponent ? checked_add(*exponent, shift) : std::nullopt;
  if (!scale) return std::string(token);
  return std::string(sign) + digits + 'e' + std::to_string(*scale);
}

// Where a member, name and all, stands in the copy.
struct Member {
  std::string_view name;
  size_t begin;
  size_t end;
};

}  // namespace

Result<void> JsonCopier::append(ondemand::value value, size_t level) {
  if (level > kMaxJsonDepth)
    return fail("The JSON is nested deeper than " + std::to_string(kMaxJsonDepth) + " levels.");
  const std::string_view token = json_token(value);
  switch (json_kind(token)) {
    case JsonKind::kObject:
      return append_object(value, level);
    case JsonKind::kArray:
      return append_array(value, level);
    case JsonKind::kString: {
      const Result<std::string_view> string = json_string(document_, value);
      if (!string) return tl::unexpected(string.error());
      append_json_string(text_, *string);
      return {};
    }
    case JsonKind::kNumber:
      text_ += form_ == JsonForm::kCanonical ? canonical_number(token) : token;
      return {};
    case JsonKind::kTrue:
    case JsonKind::kFalse:
    case JsonKind::kNull:
      text_ += token;
      return {};
    case JsonKind::kMalformed:
      return tl::unexpected(document_.malformed_at(token.data()));
  }
  return {};
}

Result<void> JsonCopier::append_object(ondemand::value value, size_t level) {
  ondemand::object object;
  if (const auto code = value.get_object().get(object)) return tl::unexpected(document_.error(code));
  const size_t object_begin = text_.size();
  std::vector<Member> members;
  text_ += '{';
  for (auto field : object) {
    std::string_view name;
    if (const auto code = field.unescaped_key().get(name)) return tl::unexpected(document_.error(code));
    if (!members.empty()) text_ += ',';
    const size_t begin = text_.size();
    append_json_string(text_, name);
    text_ += ':';
    if (Result<void> appended = append(field.value().value_unsafe(), level + 1); !appended) return appended;
    members.push_back({name, begin, text_.size()});
  }
  text_ += '}';

  const auto in_order = [](const Member& left, const Member& right) {
    return std::tie(left.name, left.begin) < std::tie(right.name, right.begin);
  };
  const auto same_name = [](const Member& left, const Member& right) { return left.name == right.name; };
  std::sort(members.begin(), members.end(), in_order);
  const auto repeated = std::adjacent_find(members.begin(), members.end(), same_name);
  if (repeated != members.end() && !repeated_name_) repeated_name_ = repeated->name;
  if (form_ == JsonForm::kMinified || members.empty()) return {};

  std::string sorted = "{";
  for (const Member& member : members) sorted.append(text_, member.begin, member.end - member.begin) += ',';
  sorted.back() = '}';
  text_.replace(object_begin, std::string::npos, sorted);
  return {};
}

Result<void> JsonCopier::append_array(ondemand::value value, size_t level) {
  ondemand::array array;
  if (const auto code = value.get_array().get(array)) return tl::unexpected(document_.error(code));
  text_ += '[';
  bool first = true;
  for (auto element : array) {
    if (const auto code = element.error()) return tl::unexpected(document_.error(code));
    if (!first) text_ += ',';
    first = false;
    if (Result<void> appended = append(element.value_unsafe(), level + 1); !appended) return appended;
  }
  text_ += ']';
  return {};
}

}  // namespace timestore
