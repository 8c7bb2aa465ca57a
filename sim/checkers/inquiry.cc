#include "sim/checkers/inquiry.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <iterator>
#include <map>
#include <tuple>
#include <utility>

namespace timestore::sim {

namespace {

using Rows = std::vector<const TimeEntry*>;

constexpr std::int64_t kDayNs = std::int64_t{86'400} * 1'000'000'000;

bool is_wanted(const Inquiry& inquiry, const TimeEntry& entry) {
  return entry.device_id.starts_with(inquiry.prefix) &&
         (!inquiry.from_ns || entry.timestamp_ns >= *inquiry.from_ns) &&
         (!inquiry.to_ns || entry.timestamp_ns < *inquiry.to_ns) &&
         (!inquiry.min_value || entry.value >= *inquiry.min_value);
}

void sort(Rows& rows, Inquiry::Order order) {
  const auto by_device = [](const TimeEntry* left, const TimeEntry* right) {
    return std::tie(left->device_id, left->timestamp_ns) < std::tie(right->device_id, right->timestamp_ns);
  };
  const auto by_time = [](const TimeEntry* left, const TimeEntry* right) {
    return std::tie(left->timestamp_ns, left->device_id) < std::tie(right->timestamp_ns, right->device_id);
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
  AggregateSeen seen{.count = rows.size(), .first = rows.front()->value, .last = rows.back()->value};
  seen.min = seen.max = rows.front()->value;
  for (const TimeEntry* row : rows) {
    seen.sum += row->value;
    if (is_less(row->value, seen.min)) seen.min = row->value;
    if (is_less(seen.max, row->value)) seen.max = row->value;
  }
  return seen;
}

std::string word(double value) { return std::to_string(std::bit_cast<std::uint64_t>(value)); }

}  // namespace

std::string line_of(const TimeEntry& entry) {
  return entry.id.text() + " " + entry.device_id + " " + std::to_string(entry.timestamp_ns) + " " + word(entry.value) +
         " " + entry.attributes;
}

std::string line_of(const AggregateSeen& row) {
  return row.device + " " + std::to_string(row.bucket_ns) + " count " + std::to_string(row.count) + " sum " +
         word(row.sum) + " min " + word(row.min) + " max " + word(row.max) + " first " + word(row.first) + " last " +
         word(row.last);
}

std::vector<std::string> answer_of(const Inquiry& inquiry, const Rows& stored) {
  Rows rows;
  std::copy_if(stored.begin(), stored.end(), std::back_inserter(rows),
               [&](const TimeEntry* entry) { return is_wanted(inquiry, *entry); });
  std::vector<std::string> lines;
  if (inquiry.bucket_ms == 0) {
    sort(rows, inquiry.order);
    for (const TimeEntry* row : rows) lines.push_back(line_of(*row));
    return lines;
  }
  std::stable_sort(rows.begin(), rows.end(), [](const TimeEntry* left, const TimeEntry* right) {
    return left->timestamp_ns < right->timestamp_ns;
  });
  std::map<std::pair<std::string, std::int64_t>, Rows> buckets;
  for (const TimeEntry* row : rows) {
    const std::int64_t midnight = floor_to(row->timestamp_ns, kDayNs);  // buckets begin anew there
    const std::int64_t begin = midnight + floor_to(row->timestamp_ns - midnight, inquiry.bucket_ms * 1'000'000);
    buckets[{inquiry.is_by_device ? row->device_id : std::string(), begin}].push_back(row);
  }
  for (const auto& [place, some] : buckets) {
    AggregateSeen seen = aggregate_of(some);
    std::tie(seen.device, seen.bucket_ns) = place;
    lines.push_back(line_of(seen));
  }
  return lines;
}

}  // namespace timestore::sim
