// text/csv: time entries with a header line, read piece by piece (RFC 4180).
//
// The header names the columns in any order and case: id, deviceId, timestamp, value, attributes (the text of a JSON
// object); the second to the fourth must be there. An empty field is an absent property, quoted or not. Fields in
// quotes may hold commas, line breaks and doubled quotes. Lines end in LF or CRLF, the last one need not end at all;
// blank ones are passed over, and a byte order mark at the beginning too.
//
// Pointers are the number of the line in which the row begins, from 1, and the column: /3/value. Text that is no CSV is
// refused at its line and column, and what follows it is not read, since nobody can say where its next row begins.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <utility>
#include <vector>

#include "engine/formats/batch.h"
#include "engine/formats/records.h"
#include "engine/series/property.h"

namespace timestore {

// A line feed behind an even number of quotes.
class CsvEnd {
 public:
  size_t find(std::string_view text);

 private:
  bool has_begun_ = false;
  bool is_quoted_ = false;
};

// Where and why a row is no CSV.
struct CsvFault {
  size_t at = 0;  // bytes from the row's beginning
  std::string_view reason;
};

// Cuts a row, without its end, into fields. They are views into the row, but where quotes were doubled, into this; they
// live until the next row is read.
class CsvRow {
 public:
  tl::expected<void, CsvFault> read(std::string_view row);
  const std::vector<std::string_view>& fields() const { return fields_; }

 private:
  // One field, up to what follows it.
  tl::expected<void, CsvFault> read_bare();
  tl::expected<void, CsvFault> read_quoted();

  std::string_view row_;
  size_t at_ = 0;
  std::vector<std::string_view> fields_;
  std::string plain_;  // fields in which quotes were doubled, without them
};

class CsvParser {
 public:
  CsvParser(EntrySink sink, Limits limits) : batch_(std::move(sink), limits), records_(limits.record_bytes) {}

  // False: the body is refused, whatever follows.
  bool feed(std::string_view piece);

  // After the last piece, once.
  tl::expected<void, Refusal> finish();

  const Seen& seen() const { return batch_.seen(); }

 private:
  bool take(std::string_view record);
  bool read_header();
  void read_row();
  void read_field(Property property, std::string_view text, TimeEntry& entry);
  void note(Property property, std::string detail);
  void note_all(Property property, Faults faults);
  void note_row(std::string_view step, std::string detail);

  Batch batch_;
  Records<CsvEnd> records_;
  CsvRow row_;
  std::vector<Property> columns_;  // none before the header
  size_t number_ = 1;              // of the line in which the row begins
  bool is_good_ = true;            // the row, so far
};

}  // namespace timestore
