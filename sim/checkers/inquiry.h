// What a client asks besides the entries of one device, and what it is told, as lines that can be compared.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "engine/series/time_entry.h"

namespace timestore::sim {

struct Inquiry {
  // Which entries.
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

struct AnswerSeen {
  Inquiry inquiry;
  std::vector<std::string> lines;
};

// As which a row, and a row of aggregates, is told.
[[nodiscard]] std::string line_of(const TimeEntry& entry);
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

// The answer by its definition: of these entries, which are in the order of the log. Their values are whole numbers so
// small that no sum is rounded.
[[nodiscard]] std::vector<std::string> answer_of(const Inquiry& inquiry, const std::vector<const TimeEntry*>& stored);

}  // namespace timestore::sim
