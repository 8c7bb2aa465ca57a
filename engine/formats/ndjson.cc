#include "engine/formats/ndjson.h"

#include <string>

namespace timestore {

bool NdjsonParser::feed(std::string_view piece) {
  if (batch_.is_refused()) return false;
  const std::string_view admitted = batch_.admit(piece);
  const auto fed = records_.feed(admitted, [this](std::string_view line) { return take(line); });
  if (fed.is_too_long) batch_.refuse(line_too_long(batch_.limits(), number_ + 1));
  if (admitted.size() < piece.size()) batch_.refuse(too_many_bytes(batch_.limits()));
  return !batch_.is_refused();
}

tl::expected<void, Refusal> NdjsonParser::finish() {
  if (!batch_.is_refused() && !records_.unfinished().empty()) take(records_.unfinished());
  return batch_.finish();
}

bool NdjsonParser::take(std::string_view line) {
  ++number_;
  if (number_ == 1) line = without_byte_order_mark(line);
  if (line.find_first_not_of(" \t\r\n") == std::string_view::npos) return true;
  if (!batch_.admit_entry()) return false;
  const EntryReading reading = {.source = EntrySource::kClient,
                                .shape = EntryShape::kObject,
                                .place = number_,
                                .begin = {.line = number_, .column = 1}};
  if (Result<ReadEntries> read = read_entries(without_line_end(line), reading)) {
    batch_.take(*std::move(read));
  } else {
    batch_.note({'/' + std::to_string(number_), read.error().message});
  }
  return true;
}

}  // namespace timestore
