#include "engine/formats/json_array.h"

#include <algorithm>

#include "engine/base/check.h"

namespace timestore {
namespace {

constexpr std::string_view kWhiteSpace = " \t\n\r";
// Of a number or literal. The last two are no JSON, but simdjson parts tokens there.
constexpr std::string_view kTokenEnds = " \t\n\r,:[]{}\"\f\x1a";

bool is_blank(std::string_view text) { return text.find_first_not_of(kWhiteSpace) == std::string_view::npos; }

// Takes the first bytes off.
std::string_view take_off(std::string_view& piece, size_t count) {
  const std::string_view taken = piece.substr(0, count);
  piece.remove_prefix(taken.size());
  return taken;
}

std::string malformed_at(TextPosition position) { return "The JSON is malformed at " + position.words() + "."; }

}  // namespace

size_t ElementEnd::find(std::string_view text) {
  for (size_t at = 0; at < text.size(); ++at) {
    const char c = text[at];
    if (is_escaped_) {
      is_escaped_ = false;
    } else if (c == '\\') {
      is_escaped_ = true;
    } else if (c == '"') {
      is_in_string_ = !is_in_string_;
    } else if (is_in_string_) {
      continue;
    } else if (c == '{' || c == '[') {
      ++depth_;
    } else if (depth_ == 0 && (c == ',' || c == ']')) {
      return at;
    } else if (depth_ > 0 && (c == '}' || c == ']')) {
      --depth_;
    }
  }
  return std::string_view::npos;
}

void JsonRest::add(std::string_view text) {
  for (const char c : text) {
    is_utf8_ = utf8_.add(c) && is_utf8_;
    if (is_in_string_ && static_cast<unsigned char>(c) < 0x20) has_bare_control_ = true;
    if (c == '"' && !is_escaped_) is_in_string_ = !is_in_string_;
    is_escaped_ = c == '\\' && !is_escaped_;
    if (kWhiteSpace.find(c) == std::string_view::npos) last_ = c;
  }
}

std::optional<std::string> JsonRest::graver_problem(bool is_array) const {
  if (is_in_string_) return "The JSON ends within a string.";
  if (has_bare_control_) return "A string in the JSON has a control character without an escape.";
  if (!is_utf8_ || !utf8_.is_between_characters()) return "The JSON is not valid UTF-8.";
  if (is_array && last_ != ']') return "The JSON does not end with the ] of its array.";
  return std::nullopt;
}

bool JsonArrayParser::feed(std::string_view piece) {
  if (batch_.is_refused()) return false;
  std::string_view admitted = batch_.admit(piece);
  const bool is_all = admitted.size() == piece.size();
  while (!admitted.empty() && !batch_.is_refused()) {
    switch (where_) {
      case Where::kBefore:
        read_beginning(admitted);
        break;
      case Where::kAtOther:
        read_other(admitted);
        break;
      case Where::kInArray:
        read_elements(admitted);
        break;
      case Where::kBehind:
        read_end(admitted);
        break;
      case Where::kInRest:
        rest_.add(take_off(admitted, admitted.size()));
        break;
    }
  }
  if (!is_all) batch_.refuse(too_many_bytes(batch_.limits()));
  return !batch_.is_refused();
}

tl::expected<void, Refusal> JsonArrayParser::finish() {
  if (where_ == Where::kBefore) problem_ = "There is no JSON: the text is empty.";
  if (where_ == Where::kAtOther) judge_other(other_);
  if (where_ == Where::kInArray) {
    const std::string_view unfinished = elements_.unfinished();
    const Result<ReadEntries> element = read(unfinished);
    fail_at(unfinished, element ? "The JSON ends before all its objects and arrays do." : element.error().message);
  }
  if (problem_) batch_.refuse({.problems = {{"", rest_.graver_problem(is_array_).value_or(*problem_)}}});
  return batch_.finish();
}

void JsonArrayParser::read_beginning(std::string_view& piece) {
  position_.pass(take_off(piece, std::min(piece.find_first_not_of(kWhiteSpace), piece.size())));
  if (piece.empty()) return;
  is_array_ = piece.front() == '[';
  if (is_array_) position_.pass(take_off(piece, 1));
  where_ = is_array_ ? Where::kInArray : Where::kAtOther;
}

// Of an object or a string the first character says what it is. A quote right behind anything else is malformed.
void JsonArrayParser::read_other(std::string_view& piece) {
  if (other_.empty() && piece.starts_with('{')) return judge_other("{");
  if (other_.empty() && piece.starts_with('"')) return judge_other("\"\"");
  const size_t end = std::min(piece.find_first_of(kTokenEnds), piece.size());
  other_ += take_off(piece, other_.empty() ? std::max<size_t>(end, 1) : end);
  if (other_.size() > batch_.limits().record_bytes) return batch_.refuse(too_large("The body is no array."));
  if (piece.starts_with('"')) return fail_at(other_, malformed_at(position_));
  if (!piece.empty()) judge_other(other_);
}

void JsonArrayParser::judge_other(std::string_view token) {
  const auto read = read_entries(
      token, {.source = EntrySource::kClient, .shape = EntryShape::kArray, .place = {}, .begin = position_});
  TIMESTORE_CHECK(!read, "what does not begin with a bracket is no array");
  fail_at(other_, read.error().message);
}

void JsonArrayParser::read_elements(std::string_view& piece) {
  const auto fed = elements_.feed(piece, [this](std::string_view element) { return take(element); });
  take_off(piece, fed.used_bytes);
  if (fed.is_too_long) {
    batch_.refuse(too_large("A time entry has at most " + std::to_string(batch_.limits().record_bytes) + " bytes.",
                            '/' + std::to_string(seen().records)));
  }
}

void JsonArrayParser::read_end(std::string_view& piece) {
  position_.pass(take_off(piece, std::min(piece.find_first_not_of(kWhiteSpace), piece.size())));
  if (!piece.empty()) fail_at("", "The JSON ends, but something follows it at " + position_.words() + ".");
}

bool JsonArrayParser::take(std::string_view element) {
  const bool is_last = element.ends_with(']');
  if (is_blank(element.substr(0, element.size() - 1))) {
    if (has_comma_ || !is_last) {
      TextPosition end = position_;
      end.pass(element.substr(0, element.size() - 1));
      fail_at(element, malformed_at(end));
      return false;
    }
  } else {
    if (!batch_.admit_entry()) return false;
    Result<ReadEntries> entries = read(element);
    if (!entries) {
      fail_at(element, entries.error().message);
      return false;
    }
    batch_.take(*std::move(entries));
  }
  position_.pass(element);
  has_comma_ = true;
  if (is_last) where_ = Where::kBehind;
  return !is_last;
}

// The last one that was counted, when it is read.
Result<ReadEntries> JsonArrayParser::read(std::string_view element) const {
  const size_t place = seen().records > 0 ? seen().records - 1 : 0;
  return read_entries(
      element, {.source = EntrySource::kClient, .shape = EntryShape::kElement, .place = place, .begin = position_});
}

void JsonArrayParser::fail_at(std::string_view text, std::string problem) {
  problem_ = std::move(problem);
  rest_.add(text);
  where_ = Where::kInRest;
}

}  // namespace timestore
