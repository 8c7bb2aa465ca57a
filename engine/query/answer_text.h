// Answers as text: what clients read. Three formats, each with one line or element for each row:
//
//   JSON    an array of objects
//   NDJSON  an object a line
//   CSV     RFC 4180 with line feeds and a header: texts in quotes, numbers and booleans without, null empty
//
// Rows have the names and the order that a posted entry has, so what was read can be written again.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/guid.h"
#include "engine/query/aggregate.h"
#include "engine/query/rows.h"
#include "engine/query/series_facts.h"

namespace timestore::query {

enum class Format : uint8_t { kJson, kNdjson, kCsv };

std::string_view media_type_of(Format format);

// What stands around the rows of an answer.
class AnswerText {
 public:
  explicit AnswerText(Format format) : format_(format) {}

  // Before the first row: of CSV, the names of its columns.
  void begin(std::string& out, std::string_view csv_header) const;
  void begin_row(std::string& out);
  void end_row(std::string& out) const;
  void end(std::string& out) const;

  Format format() const { return format_; }

 private:
  Format format_;
  bool has_rows_ = false;
};

// Rows with their ids.
class RowsText {
 public:
  explicit RowsText(Format format) : text_(format) {}
  RowsText(const RowsText&) = delete;
  RowsText& operator=(const RowsText&) = delete;
  void begin(std::string& out) const { text_.begin(out, "id,deviceId,timestamp,value,attributes"); }
  void add(std::string& out, const Row& row, const Guid& id);
  void add_object(std::string& out, const Row& row, const Guid& id);  // of JSON, with nothing around it
  void end(std::string& out) const { text_.end(out); }

 private:
  void look_at(const Series& series);

  AnswerText text_;
  // Of the last row's series, and what each of its rows says of it: many rows of one series follow each other.
  std::optional<Series> series_;
  std::string before_;  // the time
  std::string behind_;  // the value and attributes
};

// One row by itself, as an object of JSON.
void append_row(std::string& out, const Row& row, const Guid& id);

// The columns are the query's groups, the beginning of the bucket, and its functions.
class AggregateText {
 public:
  AggregateText(Format format, const AggregateQuery& query);
  void begin(std::string& out) const { text_.begin(out, header_); }
  void add(std::string& out, const AggregateRow& row);
  void end(std::string& out) const { text_.end(out); }

 private:
  AnswerText text_;
  std::string header_;
  std::vector<std::string> groups_;     // as JSON: "deviceId":
  std::vector<std::string> functions_;  // likewise
};

// Devices, with what there is of them.
class DevicesText {
 public:
  explicit DevicesText(Format format) : text_(format) {}
  void begin(std::string& out) const { text_.begin(out, "deviceId,type,count,firstTimestamp,lastTimestamp"); }
  void add(std::string& out, const Series& series, const SeriesFacts& facts);
  void end(std::string& out) const { text_.end(out); }

 private:
  AnswerText text_;
};

// RFC 4180, in quotes whatever it says.
void append_csv_text(std::string& out, std::string_view text);

}  // namespace timestore::query
