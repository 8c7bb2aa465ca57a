// Answers as InfluxDB 1.x writes them: JSON, whole or in chunks, or CSV. Rows are written as they come.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "engine/query/number.h"
#include "engine/query/time_zone.h"

namespace timestore::query::influxql {

struct AnswerStyle {
  enum class Format : uint8_t { kJson, kCsv } format = Format::kJson;
  bool is_pretty = false;
  int64_t epoch_ns = 0;     // what times count; 0: they are texts
  uint64_t chunk_rows = 0;  // 0: one chunk
};

struct AnswerSeries {
  std::string name = {};
  std::vector<std::pair<std::string, std::string>> tags = {};  // by name
  std::vector<std::string> columns = {};
  const TimeZone* zone = nullptr;  // of texts of times; none: UTC
};

// Takes what was written. False: nobody reads any more.
using AnswerSink = std::function<bool(std::string& text)>;

class AnswerWriter {
 public:
  AnswerWriter(AnswerStyle style, AnswerSink sink) : style_(style), sink_(std::move(sink)) {}

  void begin_statement(size_t id);
  void begin_series(AnswerSeries series);

  // With the time as the first column, or without one. False: nobody reads any more.
  bool add_row(std::optional<int64_t> time_ns, std::span<const Value> values);

  void end_statement(const std::optional<std::string>& error = {}, const std::string& warning = {});
  bool finish();

 private:
  void open_result();
  void open_series();
  void close_series(bool is_partial);
  void close_result(bool is_partial, const std::optional<std::string>& error, const std::string& warning);
  void close_chunk(bool is_series_partial);
  void add_json_row(const std::optional<int64_t>& time_ns, std::span<const Value> values);
  void add_csv_row(const std::optional<int64_t>& time_ns, std::span<const Value> values);
  void add_time(int64_t time_ns);
  bool flush_if_large();

  void line(int depth);
  void key(const char* name);
  void item(bool& is_first, int depth);

  AnswerStyle style_;
  AnswerSink sink_;
  std::string text_;
  bool is_read_ = true;

  size_t statement_ = 0;
  AnswerSeries series_;
  bool has_series_ = false;      // one was begun, and has not ended
  bool is_answer_open_ = false;  // {"results":[
  bool is_first_result_ = true;
  bool is_result_open_ = false;
  bool is_list_open_ = false;  // "series":[
  bool is_series_open_ = false;
  bool is_first_row_ = true;
  uint64_t rows_ = 0;  // of the chunk
  std::vector<std::string> csv_columns_;
  std::optional<size_t> csv_statement_;
};

}  // namespace timestore::query::influxql
