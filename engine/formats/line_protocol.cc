#include "engine/formats/line_protocol.h"

#include <string>
#include <utility>

namespace timestore {

size_t LineEnd::find(std::string_view text) {
  if (!has_begun_) {
    // Nearly every line has no quotes, and then it ends at the first line feed with no backslash before it.
    const size_t end = text.find('\n');
    const std::string_view line = text.substr(0, end);
    if (end != std::string_view::npos && !line.ends_with('\\') && line.find('"') == std::string_view::npos) return end;
  }
  has_begun_ = true;
  return find_slowly(text);
}

size_t LineEnd::find_slowly(std::string_view text) {
  for (size_t at = 0; at < text.size(); ++at) {
    const char c = text[at];
    if (is_escaped_) {
      is_escaped_ = false;
    } else if (c == '\\') {
      is_escaped_ = true;
    } else if (c == '\n' && !is_quoted_) {
      *this = LineEnd();
      return at;
    } else if (c == ' ') {
      has_fields_ = true;
    } else if (has_fields_ && c == '"' && equals_ > commas_) {
      is_quoted_ = !is_quoted_;
    } else if (has_fields_ && !is_quoted_) {
      equals_ += c == '=' ? 1 : 0;
      commas_ += c == ',' ? 1 : 0;
    }
  }
  return std::string_view::npos;
}

bool LineParser::feed(std::string_view piece) {
  if (refusal_) return false;
  const std::string_view admitted = admit(piece, limits_, seen_);
  const auto fed = records_.feed(admitted, [this](std::string_view record) { return take(record); });
  if (fed.is_too_long) {
    refusal_ = line_too_long(limits_, number_);
  } else if (!refusal_ && admitted.size() < piece.size()) {
    refusal_ = too_many_bytes(limits_);
  }
  return !refusal_;
}

tl::expected<void, Refusal> LineParser::finish() {
  if (!refusal_ && !records_.unfinished().empty()) take(records_.unfinished());
  if (refusal_) return tl::unexpected(*refusal_);
  return {};
}

bool LineParser::take(std::string_view record) {
  const uint64_t number = number_;
  number_ += count_line_feeds(record);
  record = without_line_end(record);
  const size_t first = record.find_first_not_of(std::string_view(" \t\0", 3));
  if (first == std::string_view::npos || record[first] == '#') return true;
  record.remove_prefix(first);
  if (seen_.records == limits_.records) {
    refusal_ = too_large("A body has at most " + std::to_string(limits_.records) + " lines.");
    return false;
  }
  ++seen_.records;
  tl::expected<Line, std::string> line = reader_.read(record);
  if (line) {
    line->number = number;
    sink_.take(*line);
  } else {
    sink_.refuse({.number = number, .text = record, .reason = std::move(line.error())});
  }
  return true;
}

}  // namespace timestore
