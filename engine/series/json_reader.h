// Reading JSON (RFC 8259) to the letter, on top of simdjson's On-Demand front end.
//
// On-Demand checks only what its caller looks at. What stands here looks at everything: a text is accepted only if all
// of it is well-formed, wherever the part that matters may stand. A text that is not gives an Error that says where.
// Private to this folder: nobody else needs to know simdjson.
//
// The rules that On-Demand imposes on its caller: stop at the first error, and unescape each string once at most.
#pragma once

#include <simdjson.h>

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>

#include "engine/base/result.h"
#include "engine/base/text_position.h"

namespace timestore {

enum class JsonKind { kObject, kArray, kString, kNumber, kTrue, kFalse, kNull, kMalformed };

// Of a value that begins with this token; numbers and literals are checked to their last character.
JsonKind json_kind(std::string_view token);

// "an object", "a number" and so on, for sentences.
std::string_view json_kind_name(JsonKind kind);

bool is_json_number(std::string_view text);

// How a text stands in a longer one that is read in parts.
struct JsonPart {
  bool is_element = false;  // of an array, with the comma or bracket that follows it: it is read as an array of its own
  TextPosition begin = {};
};

// A text that is being read, and how far.
struct JsonDocument {
  std::string_view text;
  TextPosition begin;
  simdjson::ondemand::document root;

  // Sentences about where the text stops being JSON: at `place`, or where simdjson stopped with `code`.
  Error malformed_at(const char* place) const;
  Error error(simdjson::error_code code);

  // Fails unless only white space follows the root's end.
  Result<void> expect_end();

  // "line 2, column 5".
  std::string position_of(const char* place) const;
};

// What reading a text needs: the text with simdjson's padding behind it, and simdjson's buffers of six times its size.
class JsonScratch {
 public:
  // The document borrows the scratch and lives until the next text is opened.
  Result<JsonDocument> open(std::string_view text, JsonPart part = {});

 private:
  simdjson::ondemand::parser parser_;
  std::string padded_;
};

// Texts up to this size share the thread's scratch, which only grows; larger ones bring their own and free it.
inline constexpr size_t kMaxKeptScratchBytes = size_t{128} * 1024;

// Opens `text` and returns what `read` makes of it: some Result. Do not nest: within `read` the scratch is in use.
template <typename Read>
std::invoke_result_t<Read, JsonDocument&> read_json(std::string_view text, JsonPart part, Read read) {
  thread_local JsonScratch kept;
  std::optional<JsonScratch> own;
  if (text.size() > kMaxKeptScratchBytes) own.emplace();
  Result<JsonDocument> document = (own ? *own : kept).open(text, part);
  if (!document) return tl::unexpected(document.error());
  return read(*document);
}

template <typename Read>
std::invoke_result_t<Read, JsonDocument&> read_json(std::string_view text, Read read) {
  return read_json(text, JsonPart{}, read);
}

// The token that `value` begins with, which is all of it unless it is an object or an array.
std::string_view json_token(simdjson::ondemand::value& value);

// The text that a string stands for, which lives as long as the document. Once at most for each string.
Result<std::string_view> json_string(const JsonDocument& document, simdjson::ondemand::value& value);

}  // namespace timestore
