// Reading the properties of JSON objects that come from outside. Private to engine/raft.
#pragma once

#include <simdjson.h>

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "engine/base/result.h"
#include "engine/raft/types.h"

namespace timestore::raft {

// A node's id is short, printable UTF-8.
[[nodiscard]] bool is_node_id(std::string_view text);

// Both ends belong to it.
struct Range {
  std::uint64_t min = 0;
  std::uint64_t max = 0;
};
inline constexpr Range kTermRange{0, kMaxTerm};
inline constexpr Range kEntryTermRange{1, kMaxTerm};
inline constexpr Range kIndexRange{0, kMaxIndex};

// Takes the properties that we know out of one JSON object. A complaint does not stop the reading: the first one is
// kept for the caller to look at in the end, and what could not be read is zero or empty until then.
class ObjectReader {
 public:
  using Object = simdjson::dom::object;
  using Array = simdjson::dom::array;

  // In complaints, "<list>[<ordinal>]." stands before the property's name, if there is a list.
  ObjectReader(Object object, std::string& complaint, std::string_view list = {}, std::size_t ordinal = 0)
      : object_(object), complaint_(complaint), list_(list), ordinal_(ordinal) {}

  [[nodiscard]] std::optional<std::uint64_t> optional_integer(std::string_view name, Range range);
  [[nodiscard]] std::uint64_t integer(std::string_view name, Range range);
  [[nodiscard]] bool boolean(std::string_view name);
  [[nodiscard]] bool optional_boolean(std::string_view name);  // absent: false
  [[nodiscard]] NodeId node_id(std::string_view name);
  [[nodiscard]] std::string_view text(std::string_view name);
  [[nodiscard]] std::optional<std::string_view> optional_text(std::string_view name);
  [[nodiscard]] std::string_view command(std::string_view name);  // null stands for the empty one
  [[nodiscard]] std::optional<std::string> optional_base64(std::string_view name);
  [[nodiscard]] std::optional<Object> object(std::string_view name);         // required
  [[nodiscard]] std::optional<Array> optional_array(std::string_view name);  // absent and null: the empty one, nullopt
  [[nodiscard]] std::string others(std::initializer_list<std::string_view> known);  // ,"name":value for each other one
  void complain(std::string_view name, std::string_view what);

  // Reads an object of one of this object's lists; complaints go to the same place.
  ObjectReader element(Object object, std::string_view list, std::size_t ordinal) const {
    return ObjectReader(object, complaint_, list, ordinal);
  }
  ObjectReader inner(Object object) const { return ObjectReader(object, complaint_); }

 private:
  std::optional<simdjson::dom::element> find(std::string_view name);
  std::optional<simdjson::dom::element> find_required(std::string_view name);

  Object object_;
  std::string& complaint_;
  std::string_view list_;  // the list that the object stands in; empty: in none
  std::size_t ordinal_;
};

// The parser's object for `json`, valid until the next call on this thread, unless `passing` is used for long texts.
[[nodiscard]] Result<ObjectReader::Object> parse_object(std::string_view json, simdjson::dom::parser& passing);

// Parses `json` and lets `read` make a message of its properties.
template <typename MessageType, typename Read>
Result<MessageType> decode_object(std::string_view json, Read read) {
  simdjson::dom::parser passing;
  auto object = parse_object(json, passing);
  if (!object) return tl::unexpected(std::move(object.error()));
  std::string complaint;
  ObjectReader reader(*object, complaint);
  MessageType message = read(reader);
  if (!complaint.empty()) return fail(std::move(complaint));
  return message;
}

}  // namespace timestore::raft
