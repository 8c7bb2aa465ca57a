#include "engine/raft/object_reader.h"

#include <algorithm>
#include <charconv>
#include <system_error>

#include "engine/base/base64.h"
#include "engine/base/json_text.h"

namespace timestore::raft {

namespace {

namespace dom = simdjson::dom;

// Of objects and arrays within each other. Our own messages need three levels; unknown properties may bring more.
constexpr std::size_t kMaxDepth = 64;

// A parser holds on to a multiple of the longest text that it has read, and each thread keeps one. Longer texts than
// this, which are rare, get a parser of their own.
constexpr std::size_t kKeptParserBytes = std::size_t{1} << 20;

// `name` consists of ASCII letters; two letters that differ in nothing but their case differ in the bit 0x20 alone.
bool is_named(std::string_view key, std::string_view name) {
  if (key.size() != name.size()) return false;
  for (std::size_t at = 0; at < name.size(); ++at) {
    if (((key[at] ^ name[at]) & ~0x20) != 0) return false;
  }
  return true;
}

// Digits as JSON writes an integer: no sign, no leading zero, nothing around them.
std::optional<std::uint64_t> parse_digits(std::string_view text) {
  if (text.size() > 1 && text.front() == '0') return std::nullopt;
  std::uint64_t number = 0;
  const char* const end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, number);
  if (error != std::errc() || rest != end) return std::nullopt;
  return number;
}

std::string parse_complaint(simdjson::error_code error) {
  if (error == simdjson::NUMBER_ERROR) return "The message holds a number that is malformed or beyond 64 bits.";
  if (error == simdjson::DEPTH_ERROR) return "The message is nested deeper than " + std::to_string(kMaxDepth) + ".";
  if (error == simdjson::INCORRECT_TYPE) return "The message is not a JSON object.";
  return std::string("The message is not JSON (") + simdjson::error_message(error) + ").";
}

}  // namespace

bool is_node_id(std::string_view text) {
  if (text.empty() || text.size() > kMaxNodeIdBytes) return false;
  for (const char c : text) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) return false;
  }
  return simdjson::validate_utf8(text);
}

std::optional<std::uint64_t> ObjectReader::optional_integer(std::string_view name, Range range) {
  const auto value = find(name);
  if (!value) return std::nullopt;
  std::optional<std::uint64_t> number;
  if (std::uint64_t plain = 0; value->get(plain) == simdjson::SUCCESS) number = plain;
  if (std::string_view quoted; value->get(quoted) == simdjson::SUCCESS) number = parse_digits(quoted);
  if (number && *number >= range.min && *number <= range.max) return number;
  complain(name, "must be an integer from " + std::to_string(range.min) + " to " + std::to_string(range.max));
  return 0;
}

std::uint64_t ObjectReader::integer(std::string_view name, Range range) {
  const auto number = optional_integer(name, range);
  if (!number) complain(name, "is missing");
  return number.value_or(0);
}

bool ObjectReader::boolean(std::string_view name) {
  bool truth = false;
  if (const auto value = find_required(name); value && value->get(truth) != simdjson::SUCCESS) {
    complain(name, "must be true or false");
  }
  return truth;
}

bool ObjectReader::optional_boolean(std::string_view name) {
  bool truth = false;
  if (const auto value = find(name); value && value->get(truth) != simdjson::SUCCESS) {
    complain(name, "must be true or false");
  }
  return truth;
}

NodeId ObjectReader::node_id(std::string_view name) {
  std::string_view id;
  if (const auto value = find_required(name); value && (value->get(id) != simdjson::SUCCESS || !is_node_id(id))) {
    complain(name, "must be a string of 1 to " + std::to_string(kMaxNodeIdBytes) + " bytes, no control characters");
  }
  return NodeId(id);
}

std::string_view ObjectReader::text(std::string_view name) {
  std::string_view text;
  const auto value = find_required(name);
  if (value && value->get(text) != simdjson::SUCCESS) complain(name, "must be a string");
  return text;
}

std::optional<std::string_view> ObjectReader::optional_text(std::string_view name) {
  const auto value = find(name);
  if (!value) return std::nullopt;
  std::string_view text;
  if (value->get(text) != simdjson::SUCCESS) complain(name, "must be a string");
  return text;
}

std::string_view ObjectReader::command(std::string_view name) {
  std::string_view text;
  const auto value = find_required(name);
  if (value && !value->is_null() && value->get(text) != simdjson::SUCCESS) complain(name, "must be a string or null");
  return text;
}

std::optional<std::string> ObjectReader::optional_base64(std::string_view name) {
  const auto value = find(name);
  if (!value) return std::nullopt;
  std::string_view text;
  auto bytes = value->get(text) == simdjson::SUCCESS ? decode_base64(text) : std::nullopt;
  if (!bytes) complain(name, "must be base64");
  return bytes ? std::move(*bytes) : std::string();
}

std::optional<ObjectReader::Object> ObjectReader::object(std::string_view name) {
  const auto value = find_required(name);
  if (!value) return std::nullopt;
  Object object;
  if (value->get(object) == simdjson::SUCCESS) return object;
  complain(name, "must be an object");
  return std::nullopt;
}

std::optional<ObjectReader::Array> ObjectReader::optional_array(std::string_view name) {
  const auto value = find(name);
  if (!value || value->is_null()) return std::nullopt;
  Array array;
  if (value->get(array) == simdjson::SUCCESS) return array;
  complain(name, "must be an array or null");
  return std::nullopt;
}

std::string ObjectReader::others(std::initializer_list<std::string_view> known) {
  std::string text;
  for (const dom::key_value_pair property : object_) {
    const auto is_it = [&](std::string_view name) { return is_named(property.key, name); };
    if (std::any_of(known.begin(), known.end(), is_it)) continue;
    text += ',';
    append_json_string(text, property.key);
    text += ':';
    text += simdjson::minify(property.value);
  }
  return text;
}

void ObjectReader::complain(std::string_view name, std::string_view what) {
  if (!complaint_.empty()) return;
  if (!list_.empty()) complaint_.append(list_).append("[").append(std::to_string(ordinal_)).append("].");
  complaint_.append(name).append(" ").append(what).append(".");
}

std::optional<dom::element> ObjectReader::find(std::string_view name) {
  std::optional<dom::element> found;
  for (const dom::key_value_pair property : object_) {
    if (!is_named(property.key, name)) continue;
    if (found) complain(name, "is given twice");
    found = property.value;
  }
  return found;
}

std::optional<dom::element> ObjectReader::find_required(std::string_view name) {
  const auto value = find(name);
  if (!value) complain(name, "is missing");
  return value;
}

Result<ObjectReader::Object> parse_object(std::string_view json, dom::parser& passing) {
  thread_local dom::parser kept;
  dom::parser& parser = json.size() <= kKeptParserBytes ? kept : passing;
  dom::object object;
  simdjson::error_code error = simdjson::EMPTY;
  if (!json.empty()) {
    // simdjson counts what the innermost array or object holds as one level more.
    error = parser.capacity() == 0 ? parser.allocate(json.size(), kMaxDepth + 1) : simdjson::SUCCESS;
    if (error == simdjson::SUCCESS) error = parser.parse(json.data(), json.size()).get(object);
  }
  if (error != simdjson::SUCCESS) return fail(parse_complaint(error));
  return object;
}

}  // namespace timestore::raft
