// What a client asks besides the entries of one device, and what it is told, as lines that can be compared.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "engine/series/time_entry.h"
#include "engine/store/points/point.h"

namespace timestore::sim {

struct Inquiry {
  // Which points.
  std::string database = {};
  std::string prefix = {};  // of devices; empty: all
  std::optional<std::int64_t> from_ns = {};
  std::optional<std::int64_t> to_ns = {};
  std::optional<double> min_value = {};

  enum class Order : std::uint8_t { kLog, kDevice, kAscending, kDescending };
  // Rows in this order, read in pages of so many; or, if there is a bucket, aggregates: a line for each device (or for
  // all together) and bucket that has entries.
  Order order = Order::kLog;
  std::uint64_t page_rows = 0;
  std::int64_t bucket_ms = 0;
  bool is_by_device = false;
};

// A row, or what the log says of one: an entry or a point of a line.
struct PointSeen {
  TimeEntry entry = {};  // of lines without an id, and its value counts for floats only
  bool is_line = false;
  bool is_of_field = false;  // of line protocol; otherwise of a device
  points::Type type = points::Type::kFloat;
  std::uint64_t bits = 0;
  std::string text = {};
};

struct AnswerSeen {
  Inquiry inquiry;
  std::vector<std::string> lines;
};

// As which a row, and a row of aggregates, is told.
[[nodiscard]] std::string line_of(const PointSeen& row);
struct AggregateSeen {
  std::string device = {};  // empty: all together
  std::int64_t bucket_ns = 0;
  std::uint64_t count = 0;
  double sum = 0;
  double min = 0;
  double max = 0;
  double first = 0;
  double last = 0;
};
[[nodiscard]] std::string line_of(const AggregateSeen& row);

// Whether the answer has the row. In the order of the log it has no lines: there it may show what was replaced.
[[nodiscard]] bool has_row(const Inquiry& inquiry, const PointSeen& row);

// The answer by its definition: of these points, which are in the order of the log and not replaced. Aggregates are of
// devices, whose values are whole numbers so small that no sum is rounded.
[[nodiscard]] std::vector<std::string> answer_of(const Inquiry& inquiry, const std::vector<PointSeen>& stored);

}  // namespace timestore::sim
