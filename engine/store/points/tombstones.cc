#include "engine/store/points/tombstones.h"

#include <algorithm>
#include <limits>
#include <utility>

namespace timestore::points {

namespace {

bool is_single(const Tombstone& tombstone) {
  return tombstone.first_series == tombstone.last_series && tombstone.first_ns == tombstone.last_ns;
}

std::pair<SeriesNumber, int64_t> place_of(const Tombstone& tombstone) {
  return {tombstone.first_series, tombstone.first_ns};
}

bool meet(const Tombstone& tombstone, const Extent& extent) {
  return tombstone.first_series <= extent.last_series && extent.first_series <= tombstone.last_series &&
         tombstone.first_ns <= extent.last_ns && extent.first_ns <= tombstone.last_ns &&
         extent.first_seq < tombstone.behind_seq;
}

}  // namespace

bool covers(const Tombstone& tombstone, const Point& point) {
  return tombstone.first_series <= point.series && point.series <= tombstone.last_series &&
         tombstone.first_ns <= point.time_ns && point.time_ns <= tombstone.last_ns &&
         tombstone.first_seq <= point.seq && point.seq < tombstone.behind_seq &&
         (point.is_line || !tombstone.spares_entries);
}

Tombstones::Tombstones(std::vector<Tombstone> tombstones) : all_(std::move(tombstones)) {
  for (const Tombstone& each : all_) is_single(each) ? single_.push_back(each) : wide_.push_back({.tombstone = each});
  std::stable_sort(single_.begin(), single_.end(),
                   [](const Tombstone& left, const Tombstone& right) { return place_of(left) < place_of(right); });
  std::stable_sort(wide_.begin(), wide_.end(), [](const Reaching& left, const Reaching& right) {
    return left.tombstone.first_series < right.tombstone.first_series;
  });
  SeriesNumber last = 0;
  for (Reaching& each : wide_) each.last_series = last = std::max(last, each.tombstone.last_series);
}

bool Tombstones::cover(const Point& point) const {
  const std::pair place(point.series, point.time_ns);
  auto single = std::partition_point(single_.begin(), single_.end(),
                                     [&](const Tombstone& each) { return place_of(each) < place; });
  for (; single != single_.end() && place_of(*single) == place; ++single) {
    if (covers(*single, point)) return true;
  }
  auto wide = std::partition_point(wide_.begin(), wide_.end(),
                                   [&](const Reaching& each) { return each.tombstone.first_series <= point.series; });
  while (wide != wide_.begin() && std::prev(wide)->last_series >= point.series) {
    if (covers((--wide)->tombstone, point)) return true;
  }
  return false;
}

bool Tombstones::reach(const Extent& extent) const {
  auto single = std::partition_point(single_.begin(), single_.end(), [&](const Tombstone& each) {
    return place_of(each) < std::pair(extent.first_series, extent.first_ns);
  });
  for (; single != single_.end() && single->first_series <= extent.last_series; ++single) {
    if (meet(*single, extent)) return true;
  }
  auto wide = std::partition_point(wide_.begin(), wide_.end(), [&](const Reaching& each) {
    return each.tombstone.first_series <= extent.last_series;
  });
  while (wide != wide_.begin() && std::prev(wide)->last_series >= extent.first_series) {
    if (meet((--wide)->tombstone, extent)) return true;
  }
  return false;
}

}  // namespace timestore::points
