#include "engine/query/influxql/answer_writer.h"

#include "engine/base/json_text.h"
#include "engine/query/influxql/go_text.h"

namespace timestore::query::influxql {
namespace {

constexpr size_t kFlushBytes = size_t{64} << 10;

int64_t floored(int64_t number, int64_t step) { return number / step; }  // towards 0, as 1.x

}  // namespace

// --- JSON's layout --------------------------------------------------------------------------------------------------

void AnswerWriter::line(int depth) {
  if (!style_.is_pretty) return;
  text_ += '\n';
  text_.append(static_cast<size_t>(depth) * 4, ' ');
}

void AnswerWriter::key(const char* name) {
  text_ += '"';
  text_ += name;
  text_ += style_.is_pretty ? "\": " : "\":";
}

void AnswerWriter::item(bool& is_first, int depth) {
  if (!is_first) text_ += ',';
  is_first = false;
  line(depth);
}

void AnswerWriter::open_result() {
  if (is_result_open_) return;
  if (!is_answer_open_) {
    text_ += '{';
    line(1);
    key("results");
    text_ += '[';
    is_answer_open_ = true;
    is_first_result_ = true;
  }
  item(is_first_result_, 2);
  text_ += '{';
  line(3);
  key("statement_id");
  append_json_integer(text_, statement_);
  is_result_open_ = true;
  is_list_open_ = false;
}

void AnswerWriter::open_series() {
  open_result();
  if (!is_list_open_) {
    text_ += ',';
    line(3);
    key("series");
    text_ += '[';
    is_list_open_ = true;
  } else {
    text_ += ',';
  }
  line(4);
  text_ += '{';
  bool is_first = true;
  if (!series_.name.empty()) {
    item(is_first, 5);
    key("name");
    append_go_string(text_, series_.name);
  }
  if (!series_.tags.empty()) {
    item(is_first, 5);
    key("tags");
    text_ += '{';
    bool is_first_tag = true;
    for (const auto& [name, value] : series_.tags) {
      item(is_first_tag, 6);
      append_go_string(text_, name);
      text_ += style_.is_pretty ? ": " : ":";
      append_go_string(text_, value);
    }
    line(5);
    text_ += '}';
  }
  item(is_first, 5);
  key("columns");
  text_ += '[';
  bool is_first_column = true;
  for (const std::string& column : series_.columns) {
    item(is_first_column, 6);
    append_go_string(text_, column);
  }
  line(5);
  text_ += ']';
  is_series_open_ = true;
  is_first_row_ = true;
  rows_ = 0;
}

void AnswerWriter::close_series(bool is_partial) {
  if (!is_series_open_) return;
  if (!is_first_row_) {
    line(5);
    text_ += ']';
  }
  if (is_partial) {
    text_ += ',';
    line(5);
    key("partial");
    text_ += "true";
  }
  line(4);
  text_ += '}';
  is_series_open_ = false;
}

void AnswerWriter::close_result(bool is_partial, const std::optional<std::string>& error, const std::string& warning) {
  if (is_list_open_) {
    line(3);
    text_ += ']';
  }
  is_list_open_ = false;
  if (!warning.empty()) {
    text_ += ',';
    line(3);
    key("messages");
    text_ += '[';
    line(4);
    text_ += '{';
    line(5);
    key("level");
    text_ += "\"warning\",";
    line(5);
    key("text");
    append_go_string(text_, warning);
    line(4);
    text_ += '}';
    line(3);
    text_ += ']';
  }
  if (is_partial) {
    text_ += ',';
    line(3);
    key("partial");
    text_ += "true";
  }
  if (error) {
    text_ += ',';
    line(3);
    key("error");
    append_go_string(text_, *error);
  }
  line(2);
  text_ += '}';
  is_result_open_ = false;
}

// An object of its own.
void AnswerWriter::close_chunk(bool is_series_partial) {
  close_series(is_series_partial);
  close_result(true, std::nullopt, "");
  line(1);
  text_ += ']';
  line(0);
  text_ += "}\n";
  is_answer_open_ = false;
}

// --- Verbs ----------------------------------------------------------------------------------------------------------

void AnswerWriter::begin_statement(size_t id) {
  statement_ = id;
  has_series_ = false;
}

void AnswerWriter::begin_series(AnswerSeries series) {
  const bool is_json = style_.format == AnswerStyle::Format::kJson;
  if (is_json && has_series_ && style_.chunk_rows > 0) close_chunk(false);
  if (is_json) close_series(false);
  series_ = std::move(series);
  has_series_ = true;
  if (is_json) return open_series();
  const bool is_first = csv_statement_ != statement_;
  if (!is_first && csv_columns_ == series_.columns) return;
  if (!csv_columns_.empty()) text_ += '\n';
  csv_statement_ = statement_;
  csv_columns_ = series_.columns;
  text_ += "name,tags";
  for (const std::string& column : csv_columns_) append_csv_cell(text_ += ',', column);
  text_ += '\n';
}

void AnswerWriter::add_time(int64_t time_ns) {
  if (style_.epoch_ns > 0) return append_json_integer(text_, floored(time_ns, style_.epoch_ns));
  text_ += '"';
  const TimeZone* zone = series_.zone;
  append_local_time(text_, time_ns, zone == nullptr ? 0 : zone->stretches()[zone->stretch_at(time_ns)].offset_s);
  text_ += '"';
}

void AnswerWriter::add_json_row(const std::optional<int64_t>& time_ns, std::span<const Value> values) {
  if (style_.chunk_rows > 0 && rows_ == style_.chunk_rows) {
    close_chunk(true);
    open_series();
  }
  if (is_first_row_) {
    text_ += ',';
    line(5);
    key("values");
    text_ += '[';
  }
  item(is_first_row_, 6);
  text_ += '[';
  bool is_first = true;
  if (time_ns) {
    item(is_first, 7);
    add_time(*time_ns);
  }
  for (const Value& value : values) {
    item(is_first, 7);
    append_go_value(text_, value);
  }
  line(6);
  text_ += ']';
  ++rows_;
}

void AnswerWriter::add_csv_row(const std::optional<int64_t>& time_ns, std::span<const Value> values) {
  append_csv_cell(text_, series_.name);
  std::string tags;
  for (const auto& [name, value] : series_.tags) {
    if (value.empty()) continue;
    if (!tags.empty()) tags += ',';
    append_escaped_name(tags, name, false);
    append_escaped_name(tags += '=', value, false);
  }
  append_csv_cell(text_ += ',', tags);
  if (time_ns) {
    text_ += ',';
    append_json_integer(text_, style_.epoch_ns > 0 ? floored(*time_ns, style_.epoch_ns) : *time_ns);
  }
  for (const Value& value : values) {
    text_ += ',';
    if (const auto* text = std::get_if<std::string>(&value))
      append_csv_cell(text_, *text);
    else if (const auto* number = std::get_if<double>(&value))
      append_plain_number(text_, *number);
    else if (!std::holds_alternative<std::monostate>(value))
      append_go_value(text_, value);
  }
  text_ += '\n';
}

bool AnswerWriter::add_row(std::optional<int64_t> time_ns, std::span<const Value> values) {
  if (style_.format == AnswerStyle::Format::kCsv)
    add_csv_row(time_ns, values);
  else
    add_json_row(time_ns, values);
  return flush_if_large();
}

bool AnswerWriter::flush_if_large() {
  if (text_.size() < kFlushBytes || !is_read_) return is_read_;
  is_read_ = sink_(text_);
  text_.clear();
  return is_read_;
}

void AnswerWriter::end_statement(const std::optional<std::string>& error, const std::string& warning) {
  has_series_ = false;
  if (style_.format == AnswerStyle::Format::kCsv) {
    if (!error) return;
    if (!csv_columns_.empty()) text_ += '\n';
    csv_columns_ = {"error"};
    text_ += "error\n";
    append_csv_cell(text_, *error);
    text_ += '\n';
    return;
  }
  close_series(false);
  open_result();
  close_result(false, error, warning);
  if (style_.chunk_rows == 0) return;
  line(1);
  text_ += ']';
  line(0);
  text_ += "}\n";
  is_answer_open_ = false;
}

bool AnswerWriter::finish() {
  const bool is_json = style_.format == AnswerStyle::Format::kJson;
  if (is_json && is_answer_open_) {
    line(1);
    text_ += ']';
    line(0);
    text_ += "}\n";
    is_answer_open_ = false;
  }
  if (is_read_ && !text_.empty()) is_read_ = sink_(text_);
  text_.clear();
  return is_read_;
}

}  // namespace timestore::query::influxql
