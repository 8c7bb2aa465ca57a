// A JSON array of time entries, read piece by piece.
//
// Bodies are judged as parse_time_entries() judges them whole, in the same words, at the same places. Each element is
// cut at the comma or bracket behind it and read by itself. A body that is malformed anywhere has one problem, which
// hides all others; since some such problems go before others wherever they stand (a string without an end, before a
// value that is none), the rest of the body is looked through for those.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <utility>

#include "engine/base/text_position.h"
#include "engine/base/utf8.h"
#include "engine/formats/batch.h"
#include "engine/formats/records.h"

namespace timestore {

// Finds the comma or the bracket behind an element of an array.
class ElementEnd {
 public:
  size_t find(std::string_view text);

 private:
  size_t depth_ = 0;  // of brackets and braces within the element
  bool is_in_string_ = false;
  bool is_escaped_ = false;
};

// What can be said of bytes that are not read as JSON any more.
class JsonRest {
 public:
  void add(std::string_view text);

  // The sentence that goes before any other problem of the text, if there is one.
  std::optional<std::string> graver_problem(bool is_array) const;

 private:
  Utf8Checker utf8_;
  bool is_utf8_ = true;
  bool is_in_string_ = false;
  bool is_escaped_ = false;
  bool has_bare_control_ = false;  // a control character in a string
  char last_ = '\0';               // that is no white space
};

class JsonArrayParser {
 public:
  JsonArrayParser(EntrySink sink, Limits limits) : batch_(std::move(sink), limits), elements_(limits.record_bytes) {}

  // False: the body is refused, whatever follows.
  bool feed(std::string_view piece);

  // After the last piece, once.
  tl::expected<void, Refusal> finish();

  const Seen& seen() const { return batch_.seen(); }

 private:
  enum class Where { kBefore, kAtOther, kInArray, kBehind, kInRest };

  // Each takes what it reads off the piece.
  void read_beginning(std::string_view& piece);
  void read_other(std::string_view& piece);
  void read_elements(std::string_view& piece);
  void read_end(std::string_view& piece);

  bool take(std::string_view element);
  Result<ReadEntries> read(std::string_view element) const;
  void judge_other(std::string_view token);

  // From `text` on, which has been read, the body is no JSON that may be here.
  void fail_at(std::string_view text, std::string problem);

  Batch batch_;
  Records<ElementEnd> elements_;
  Where where_ = Where::kBefore;
  TextPosition position_;   // of what is read next
  std::string other_;       // a number or literal that the body begins with
  bool is_array_ = false;   // the body
  bool has_comma_ = false;  // before the element that is read next
  JsonRest rest_;
  std::optional<std::string> problem_;  // of the body as JSON
};

}  // namespace timestore
