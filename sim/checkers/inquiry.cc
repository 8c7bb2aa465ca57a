#include "sim/checkers/inquiry.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <map>
#include <optional>
#include <tuple>
#include <utility>

namespace timestore::sim {

namespace {

using Rows = std::vector<const PointSeen*>;

constexpr std::int64_t kDayNs = std::int64_t{86'400} * 1'000'000'000;

// The value, where it is a number.
std::optional<long double> number_of(const PointSeen& row) {
  if (row.type == points::Type::kFloat) return std::bit_cast<double>(row.bits);
  if (row.type == points::Type::kInteger) return static_cast<long double>(static_cast<std::int64_t>(row.bits));
  if (row.type == points::Type::kUnsigned) return static_cast<long double>(row.bits);
  return std::nullopt;
}

bool is_wanted(const Inquiry& inquiry, const PointSeen& row) {
  const TimeEntry& entry = row.entry;
  if (inquiry.min_value) {
    const auto number = number_of(row);
    if (!number || *number < static_cast<long double>(*inquiry.min_value)) return false;
  }
  return has_row(inquiry, row) && entry.device_id.starts_with(inquiry.prefix) &&
         (!inquiry.from_ns || entry.timestamp_ns >= *inquiry.from_ns) &&
         (!inquiry.to_ns || entry.timestamp_ns < *inquiry.to_ns);
}

// Of equal names and times lines come first.
void sort(Rows& rows, Inquiry::Order order) {
  const auto by_device = [](const PointSeen* left, const PointSeen* right) {
    return std::tie(left->entry.device_id, left->entry.timestamp_ns, right->is_line) <
           std::tie(right->entry.device_id, right->entry.timestamp_ns, left->is_line);
  };
  const auto by_time = [](const PointSeen* left, const PointSeen* right) {
    return std::tie(left->entry.timestamp_ns, left->entry.device_id, right->is_line) <
           std::tie(right->entry.timestamp_ns, right->entry.device_id, left->is_line);
  };
  if (order == Inquiry::Order::kDevice) std::stable_sort(rows.begin(), rows.end(), by_device);
  if (order == Inquiry::Order::kAscending || order == Inquiry::Order::kDescending) {
    std::stable_sort(rows.begin(), rows.end(), by_time);
  }
  if (order == Inquiry::Order::kDescending) std::reverse(rows.begin(), rows.end());
}

std::int64_t floor_to(std::int64_t time_ns, std::int64_t width_ns) {
  const std::int64_t rest = time_ns % width_ns;
  return time_ns - rest - (rest < 0 ? width_ns : 0);
}

// -0 before 0.
bool is_less(double left, double right) {
  return left < right || (left == right && std::signbit(left) && !std::signbit(right));
}

// Of entries of one group and bucket in the order of their times, equal ones in the order of the log.
AggregateSeen aggregate_of(const Rows& rows) {
  const auto value = [](const PointSeen* row) { return std::bit_cast<double>(row->bits); };
  AggregateSeen seen{.count = rows.size(), .first = value(rows.front()), .last = value(rows.back())};
  seen.min = seen.max = value(rows.front());
  for (const PointSeen* row : rows) {
    seen.sum += value(row);
    if (is_less(value(row), seen.min)) seen.min = value(row);
    if (is_less(seen.max, value(row))) seen.max = value(row);
  }
  return seen;
}

std::string word(double value) { return std::to_string(std::bit_cast<std::uint64_t>(value)); }

}  // namespace

bool has_row(const Inquiry& inquiry, const PointSeen& row) {
  if (inquiry.bucket_ms > 0) return !row.is_of_field;
  return inquiry.order != Inquiry::Order::kLog || !row.is_line;
}

std::string line_of(const PointSeen& row) {
  const TimeEntry& entry = row.entry;
  const std::string kind = row.is_of_field ? "field" : row.is_line ? "line" : entry.id.text();
  return kind + " " + entry.device_id + " " + std::to_string(entry.timestamp_ns) + " " +
         std::to_string(static_cast<int>(row.type)) + " " + std::to_string(row.bits) + " " + row.text + " " +
         entry.attributes;
}

std::string line_of(const AggregateSeen& row) {
  return row.device + " " + std::to_string(row.bucket_ns) + " count " + std::to_string(row.count) + " sum " +
         word(row.sum) + " min " + word(row.min) + " max " + word(row.max) + " first " + word(row.first) + " last " +
         word(row.last);
}

std::vector<std::string> answer_of(const Inquiry& inquiry, const std::vector<PointSeen>& stored) {
  Rows rows;
  for (const PointSeen& row : stored) {
    if (is_wanted(inquiry, row)) rows.push_back(&row);
  }
  std::vector<std::string> lines;
  if (inquiry.bucket_ms == 0) {
    sort(rows, inquiry.order);
    for (const PointSeen* row : rows) lines.push_back(line_of(*row));
    return lines;
  }
  std::stable_sort(rows.begin(), rows.end(), [](const PointSeen* left, const PointSeen* right) {
    return left->entry.timestamp_ns < right->entry.timestamp_ns;
  });
  std::map<std::pair<std::string, std::int64_t>, Rows> buckets;
  for (const PointSeen* row : rows) {
    const std::int64_t midnight = floor_to(row->entry.timestamp_ns, kDayNs);  // buckets begin anew there
    const std::int64_t begin = midnight + floor_to(row->entry.timestamp_ns - midnight, inquiry.bucket_ms * 1'000'000);
    buckets[{inquiry.is_by_device ? row->entry.device_id : std::string(), begin}].push_back(row);
  }
  for (const auto& [place, some] : buckets) {
    AggregateSeen seen = aggregate_of(some);
    std::tie(seen.device, seen.bucket_ns) = place;
    lines.push_back(line_of(seen));
  }
  return lines;
}

}  // namespace timestore::sim
