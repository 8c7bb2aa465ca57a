#include "engine/formats/csv.h"

#include "engine/base/text_position.h"
#include "engine/base/timestamp.h"
#include "engine/base/utf8.h"

namespace timestore {

size_t CsvEnd::find(std::string_view text) {
  if (!has_begun_) {
    // Most rows have no quotes.
    const size_t end = text.find('\n');
    if (end != std::string_view::npos && text.substr(0, end).find('"') == std::string_view::npos) return end;
  }
  has_begun_ = true;
  for (size_t at = 0; at < text.size(); ++at) {
    if (text[at] == '"') is_quoted_ = !is_quoted_;
    if (text[at] != '\n' || is_quoted_) continue;
    has_begun_ = false;
    return at;
  }
  return std::string_view::npos;
}

tl::expected<void, CsvFault> CsvRow::read(std::string_view row) {
  row_ = row;
  at_ = 0;
  fields_.clear();
  plain_.clear();
  plain_.reserve(row.size());  // what views point to does not move
  while (true) {
    const bool is_quoted = at_ < row.size() && row[at_] == '"';
    if (auto read = is_quoted ? read_quoted() : read_bare(); !read) return read;
    if (at_ == row.size()) return {};
    if (row[at_] != ',') return tl::unexpected(CsvFault{at_, "something behind the quotes of a field"});
    ++at_;
  }
}

tl::expected<void, CsvFault> CsvRow::read_bare() {
  const size_t begin = at_;
  while (at_ < row_.size() && row_[at_] != ',' && row_[at_] != '"') ++at_;
  fields_.push_back(row_.substr(begin, at_ - begin));
  if (at_ < row_.size() && row_[at_] == '"') return tl::unexpected(CsvFault{at_, "a quote in a field without quotes"});
  return {};
}

tl::expected<void, CsvFault> CsvRow::read_quoted() {
  const size_t begin = at_;
  const size_t plain_begin = plain_.size();
  size_t part = begin + 1;  // what has not been copied
  for (size_t quote = row_.find('"', part); quote != std::string_view::npos; quote = row_.find('"', quote + 2)) {
    at_ = quote + 1;
    if (at_ == row_.size() || row_[at_] != '"') {
      const std::string_view last = row_.substr(part, quote - part);
      const bool is_whole = part == begin + 1;
      if (!is_whole) plain_ += last;
      fields_.push_back(is_whole ? last : std::string_view(plain_).substr(plain_begin));
      return {};
    }
    plain_ += row_.substr(part, at_ - part);
    part = at_ + 1;
  }
  return tl::unexpected(CsvFault{begin, "a quote that is not closed"});
}

bool CsvParser::feed(std::string_view piece) {
  if (batch_.is_refused()) return false;
  const std::string_view admitted = batch_.admit(piece);
  const auto fed = records_.feed(admitted, [this](std::string_view record) { return take(record); });
  if (fed.is_too_long) batch_.refuse(line_too_long(batch_.limits(), number_));
  if (admitted.size() < piece.size()) batch_.refuse(too_many_bytes(batch_.limits()));
  return !batch_.is_refused();
}

tl::expected<void, Refusal> CsvParser::finish() {
  if (!batch_.is_refused() && !records_.unfinished().empty()) take(records_.unfinished());
  if (columns_.empty() && !batch_.is_refused()) batch_.note({"", "There is no CSV: the header line is missing."});
  return batch_.finish();
}

bool CsvParser::take(std::string_view record) {
  const size_t number = number_;
  const size_t next_number = number_ + count_line_feeds(record);
  TextPosition position = {.line = number, .column = 1};
  record = without_line_end(record);
  if (number == 1) record = without_byte_order_mark(record);
  is_good_ = true;
  if (!record.empty()) {
    if (!is_valid_utf8(record)) {
      position.pass(record.substr(0, valid_utf8_prefix(record)));
      note_row("", "The CSV is not valid UTF-8 at " + position.words() + ".");
      batch_.refuse_with_problems();
    } else if (const tl::expected<void, CsvFault> cut = row_.read(record); !cut) {
      position.pass(record.substr(0, cut.error().at));
      note_row("", "The CSV is malformed at " + position.words() + ": " + std::string(cut.error().reason) + ".");
      batch_.refuse_with_problems();
    } else if (columns_.empty()) {
      if (!read_header()) batch_.refuse_with_problems();
    } else if (batch_.admit_entry()) {
      read_row();
    }
  }
  number_ = next_number;
  return !batch_.is_refused();
}

bool CsvParser::read_header() {
  PropertySet seen;
  for (const std::string_view name : row_.fields()) {
    const std::optional<Property> property = property_named(name);
    if (!property) {
      note_row(pointer_step(name), unknown_property(name));
    } else if (seen.contains(*property)) {
      note(*property, repeated_property(*property));
    } else {
      seen.insert(*property);
      columns_.push_back(*property);
    }
  }
  for (const Property property : kRequiredProperties) {
    if (!seen.contains(property)) note(property, missing_property(property));
  }
  return is_good_;
}

void CsvParser::read_row() {
  if (row_.fields().size() != columns_.size()) {
    return note_row("", "The row has " + std::to_string(row_.fields().size()) + " fields; the header names " +
                            std::to_string(columns_.size()) + ".");
  }
  TimeEntry entry;
  PropertySet seen;
  for (size_t column = 0; column < columns_.size(); ++column) {
    const std::string_view text = row_.fields()[column];
    if (text.empty()) continue;
    seen.insert(columns_[column]);
    read_field(columns_[column], text, entry);
  }
  for (const Property property : kRequiredProperties) {
    if (!seen.contains(property)) note(property, missing_property(property));
  }
  if (is_good_) batch_.take(std::move(entry));
}

void CsvParser::read_field(Property property, std::string_view text, TimeEntry& entry) {
  const auto keep = [this, property](auto read, auto& member) {
    if (read) {
      member = *std::move(read);
    } else {
      note(property, read.error().message);
    }
  };
  switch (property) {
    case Property::kId:
      return keep(id_from_text(text), entry.id);
    case Property::kDeviceId:
      entry.device_id = text;
      return note_all(property, faults_of_device_id(text));
    case Property::kTimestamp:
      return keep(parse_timestamp(text), entry.timestamp_ns);
    case Property::kValue:
      return keep(value_from_text(text), entry.value);
    case Property::kAttributes: {
      tl::expected<std::string, Faults> attributes = attributes_from_text(text);
      if (!attributes) return note_all(property, std::move(attributes.error()));
      entry.attributes = *std::move(attributes);
      return;
    }
  }
}

void CsvParser::note(Property property, std::string detail) {
  note_row(pointer_step(name_of(property)), std::move(detail));
}

void CsvParser::note_all(Property property, Faults faults) {
  for (std::string& fault : faults) note(property, std::move(fault));
}

void CsvParser::note_row(std::string_view step, std::string detail) {
  is_good_ = false;
  batch_.note({'/' + std::to_string(number_) + std::string(step), std::move(detail)});
}

}  // namespace timestore
