#include "engine/series/json_reader.h"

#include <algorithm>

namespace timestore {
namespace {

std::string_view without_trailing_space(std::string_view token) {
  const size_t last = token.find_last_not_of(" \t\n\r");
  return token.substr(0, last == std::string_view::npos ? 0 : last + 1);
}

// How many digits `text` begins with.
size_t count_digits(std::string_view text) { return std::min(text.find_first_not_of("0123456789"), text.size()); }

}  // namespace

bool is_json_number(std::string_view text) {
  if (text.starts_with('-')) text.remove_prefix(1);
  const size_t whole_digits = count_digits(text);
  if (whole_digits == 0 || (whole_digits > 1 && text.front() == '0')) return false;
  text.remove_prefix(whole_digits);
  if (text.starts_with('.')) {
    text.remove_prefix(1);
    const size_t fraction_digits = count_digits(text);
    if (fraction_digits == 0) return false;
    text.remove_prefix(fraction_digits);
  }
  if (text.empty()) return true;
  if (text.front() != 'e' && text.front() != 'E') return false;
  text.remove_prefix(1);
  if (text.starts_with('+') || text.starts_with('-')) text.remove_prefix(1);
  return !text.empty() && count_digits(text) == text.size();
}

JsonKind json_kind(std::string_view token) {
  token = without_trailing_space(token);
  if (token.empty()) return JsonKind::kMalformed;
  switch (token.front()) {
    case '{':
      return JsonKind::kObject;
    case '[':
      return JsonKind::kArray;
    case '"':
      return JsonKind::kString;
    case 't':
      return token == "true" ? JsonKind::kTrue : JsonKind::kMalformed;
    case 'f':
      return token == "false" ? JsonKind::kFalse : JsonKind::kMalformed;
    case 'n':
      return token == "null" ? JsonKind::kNull : JsonKind::kMalformed;
    default:
      return is_json_number(token) ? JsonKind::kNumber : JsonKind::kMalformed;
  }
}

std::string_view json_kind_name(JsonKind kind) {
  switch (kind) {
    case JsonKind::kObject:
      return "an object";
    case JsonKind::kArray:
      return "an array";
    case JsonKind::kString:
      return "a string";
    case JsonKind::kNumber:
      return "a number";
    case JsonKind::kTrue:
      return "true";
    case JsonKind::kFalse:
      return "false";
    case JsonKind::kNull:
      return "null";
    case JsonKind::kMalformed:
      return "malformed";
  }
  return "";
}

std::string_view json_token(simdjson::ondemand::value& value) { return without_trailing_space(value.raw_json_token()); }

Result<std::string_view> json_string(const JsonDocument& document, simdjson::ondemand::value& value) {
  const char* const place = json_token(value).data();
  std::string_view string;
  if (value.get_string().get(string) != simdjson::SUCCESS) return tl::unexpected(document.malformed_at(place));
  return string;
}

std::string JsonDocument::position_of(const char* place) const {
  TextPosition position = begin;
  position.pass(text.substr(0, static_cast<size_t>(place - text.data())));
  return position.words();
}

Error JsonDocument::malformed_at(const char* place) const {
  return {"The JSON is malformed at " + position_of(place) + "."};
}

Error JsonDocument::error(simdjson::error_code code) {
  const char* place = nullptr;
  const bool at_end = root.current_location().get(place) != simdjson::SUCCESS || place >= text.data() + text.size();
  if (at_end || code == simdjson::INCOMPLETE_ARRAY_OR_OBJECT) {
    return {"The JSON ends before all its objects and arrays do."};
  }
  return malformed_at(place);
}

Result<void> JsonDocument::expect_end() {
  const char* place = nullptr;
  if (root.current_location().get(place) == simdjson::OUT_OF_BOUNDS) return {};
  return fail("The JSON ends, but something follows it at " + position_of(place) + ".");
}

Result<JsonDocument> JsonScratch::open(std::string_view text, JsonPart part) {
  padded_.assign(part.is_element ? "[" : "");
  padded_ += text;
  if (part.is_element) {
    --part.begin.column;
    if (padded_.ends_with(',')) padded_.back() = ']';
  }
  const size_t size = padded_.size();
  padded_.append(simdjson::SIMDJSON_PADDING, '\0');
  JsonDocument document{std::string_view(padded_).substr(0, size), part.begin, {}};
  const simdjson::padded_string_view padded(padded_.data(), size, padded_.size());
  // Not a switch: these are a few of very many codes.
  const simdjson::error_code code = parser_.iterate(padded).get(document.root);
  if (code == simdjson::SUCCESS) return document;
  if (code == simdjson::EMPTY) return fail("There is no JSON: the text is empty.");
  if (code == simdjson::UTF8_ERROR) return fail("The JSON is not valid UTF-8.");
  if (code == simdjson::UNCLOSED_STRING) return fail("The JSON ends within a string.");
  if (code == simdjson::UNESCAPED_CHARS) return fail("A string in the JSON has a control character without an escape.");
  return fail(std::string("The JSON cannot be read: ") + simdjson::error_message(code));
}

}  // namespace timestore
