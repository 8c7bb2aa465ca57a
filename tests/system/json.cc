#include "tests/system/json.h"

#include "engine/base/json_text.h"

namespace timestore::system {

Json::Json(std::string_view text) {
  if (!text.empty()) error_ = parser_.parse(text.data(), text.size()).get(root_);
}

template <typename Value>
std::optional<Value> Json::at(const std::string& pointer) const {
  Value value{};
  if (!is_valid() || root_.at_pointer(pointer).get(value) != simdjson::SUCCESS) return std::nullopt;
  return value;
}

bool Json::has(const std::string& pointer) const {
  return is_valid() && root_.at_pointer(pointer).error() == simdjson::SUCCESS;
}

bool Json::is_array() const { return is_valid() && root_.is_array(); }

std::optional<std::string> Json::text(const std::string& pointer) const {
  const auto view = at<std::string_view>(pointer);
  return view ? std::optional<std::string>(*view) : std::nullopt;
}

std::optional<std::int64_t> Json::integer(const std::string& pointer) const { return at<std::int64_t>(pointer); }

std::optional<bool> Json::boolean(const std::string& pointer) const { return at<bool>(pointer); }

std::size_t Json::size(const std::string& pointer) const {
  const auto array = at<simdjson::dom::array>(pointer);
  return array ? array->size() : 0;
}

std::string json_string(std::string_view text) {
  std::string out;
  append_json_string(out, text);
  return out;
}

}  // namespace timestore::system
