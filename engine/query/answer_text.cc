#include "engine/query/answer_text.h"

#include <algorithm>
#include <bit>
#include <variant>

#include "engine/base/json_text.h"
#include "engine/base/timestamp.h"

namespace timestore::query {

namespace {

// Of a row, without making a value of it.
void append_point_value(std::string& out, const points::Point& point, Format format) {
  if (point.type == points::Type::kFloat) return append_json_number(out, std::bit_cast<double>(point.bits));
  if (point.type == points::Type::kString && format == Format::kCsv) return append_csv_text(out, point.text);
  append_value(out, value_of(point.type, point.bits, point.text));
}

void append_csv_value(std::string& out, const Value& value) {
  if (std::holds_alternative<std::monostate>(value)) return;
  if (const auto* text = std::get_if<std::string>(&value)) return append_csv_text(out, *text);
  std::string json;
  append_value(json, value);
  if (json != "null") out += json;
}

std::string name_of(const GroupKey& key) { return key.kind == GroupKey::Kind::kDevice ? "deviceId" : "tag." + key.tag; }

std::string json_label(std::string_view name) {
  std::string label;
  append_json_string(label, name);
  return label + ":";
}

// ,"measurement":"cpu","tags":{"host":"a"},"field":"usage", of series of line protocol.
void append_line_names(std::string& out, const Series& series) {
  if (!series.is_line) return;
  append_json_string(out += ",\"measurement\":", series.measurement);
  out += ",\"tags\":{";
  for (const Tag& tag : series.tags) {
    if (&tag != series.tags.data()) out += ',';
    append_json_string(out, tag.name);
    append_json_string(out += ':', tag.value);
  }
  append_json_string(out += "},\"field\":", series.field);
}

// Whether rows say the same of both.
bool are_alike(const Series& left, const Series& right) {
  return left.name == right.name && left.is_line == right.is_line && left.measurement == right.measurement &&
         left.field == right.field && left.tags == right.tags;
}

bool needs_quotes(std::string_view name) { return name.find_first_of(",\"\r\n") != std::string_view::npos; }

}  // namespace

std::string_view media_type_of(Format format) {
  switch (format) {
    case Format::kJson:
      return "application/json";
    case Format::kNdjson:
      return "application/x-ndjson";
    case Format::kCsv:
      return "text/csv; charset=utf-8";
  }
  return "application/json";
}

void append_csv_text(std::string& out, std::string_view text) {
  out += '"';
  for (size_t begin = 0; begin <= text.size();) {
    const size_t quote = std::min(text.find('"', begin), text.size());
    out += text.substr(begin, quote - begin);
    if (quote < text.size()) out += "\"\"";
    begin = quote + 1;
  }
  out += '"';
}

void AnswerText::begin(std::string& out, std::string_view csv_header) const {
  if (format_ == Format::kJson) out += '[';
  if (format_ == Format::kCsv) out.append(csv_header).append("\n");
}

void AnswerText::begin_row(std::string& out) {
  if (format_ == Format::kJson && has_rows_) out += ',';
  has_rows_ = true;
}

void AnswerText::end_row(std::string& out) const {
  if (format_ != Format::kJson) out += '\n';
}

void AnswerText::end(std::string& out) const {
  if (format_ == Format::kJson) out += ']';
}

void append_row(std::string& out, const Row& row, const Guid& id) {
  RowsText(Format::kNdjson).add_object(out, row, id);
}

void RowsText::look_at(const Series& series) {
  if (series_ && are_alike(*series_, series)) return;
  series_ = series;
  before_.clear();
  behind_.clear();
  if (text_.format() == Format::kCsv) {
    before_ = ",";
    append_csv_text(before_, series.name);
    before_ += ',';
    return;
  }
  before_ = "\",\"deviceId\":";
  append_json_string(before_, series.name);
  before_ += ",\"timestamp\":\"";
  append_line_names(behind_, series);
  behind_ += '}';
}

void RowsText::add_object(std::string& out, const Row& row, const Guid& id) {
  look_at(row.series);
  out += "{\"id\":\"";
  id.append_to(out);
  out += before_;
  append_timestamp(out, row.point.time_ns);
  out += "\",\"value\":";
  append_point_value(out, row.point, Format::kJson);
  if (!row.point.attributes.empty()) {
    out += ",\"attributes\":";
    out += row.point.attributes;
  }
  out += behind_;
}

void RowsText::add(std::string& out, const Row& row, const Guid& id) {
  text_.begin_row(out);
  if (text_.format() == Format::kCsv) {
    look_at(row.series);
    id.append_to(out);
    out += before_;
    append_timestamp(out, row.point.time_ns);
    out += ',';
    append_point_value(out, row.point, Format::kCsv);
    out += ',';
    if (!row.point.attributes.empty()) append_csv_text(out, row.point.attributes);
  } else {
    add_object(out, row, id);
  }
  text_.end_row(out);
}

AggregateText::AggregateText(Format format, const AggregateQuery& query) : text_(format) {
  const auto add_column = [this](std::string_view name) {
    if (!header_.empty()) header_ += ',';
    needs_quotes(name) ? append_csv_text(header_, name) : void(header_ += name);
  };
  for (const GroupKey& key : query.group_by) {
    const std::string name = name_of(key);
    groups_.push_back(json_label(name));
    add_column(name);
  }
  add_column("timestamp");
  for (const Function& function : query.functions) {
    functions_.push_back(json_label(function.name));
    add_column(function.name);
  }
}

void AggregateText::add(std::string& out, const AggregateRow& row) {
  const bool is_csv = text_.format() == Format::kCsv;
  text_.begin_row(out);
  if (!is_csv) out += '{';
  for (size_t at = 0; at < groups_.size(); ++at) {
    if (!is_csv) out += groups_[at];
    const auto& name = row.group[at];
    if (name) is_csv ? append_csv_text(out, *name) : append_json_string(out, *name);
    if (!name && !is_csv) out += "null";
    out += ',';
  }
  out += is_csv ? "" : "\"timestamp\":\"";
  append_timestamp(out, row.timestamp_ns);
  if (!is_csv) out += '"';
  for (size_t at = 0; at < functions_.size(); ++at) {
    out += ',';
    if (is_csv) {
      append_csv_value(out, row.values[at]);
    } else {
      append_value(out += functions_[at], row.values[at]);
    }
  }
  if (!is_csv) out += '}';
  text_.end_row(out);
}

void DevicesText::add(std::string& out, const Series& series, const SeriesFacts& facts) {
  text_.begin_row(out);
  const bool is_csv = text_.format() == Format::kCsv;
  if (is_csv) {
    append_csv_text(out, series.name);
    out.append(",").append(points::name_of(series.type)).append(",");
    append_json_integer(out, facts.points);
  } else {
    append_json_string(out += "{\"deviceId\":", series.name);
    out.append(",\"type\":\"").append(points::name_of(series.type)).append("\",\"count\":");
    append_json_integer(out, facts.points);
  }
  const auto add_time = [&](std::string_view label, int64_t time_ns) {
    out += ',';
    if (is_csv && facts.points > 0) append_timestamp(out, time_ns);
    if (is_csv) return;
    out += label;
    if (facts.points == 0) out += "null";
    if (facts.points > 0) append_timestamp(out += '"', time_ns);
    if (facts.points > 0) out += '"';
  };
  add_time("\"firstTimestamp\":", facts.first_ns);
  add_time("\"lastTimestamp\":", facts.last_ns);
  if (!is_csv) append_line_names(out, series);
  if (!is_csv) out += '}';
  text_.end_row(out);
}

}  // namespace timestore::query
