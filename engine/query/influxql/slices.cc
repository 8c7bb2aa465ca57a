#include "engine/query/influxql/slices.h"

#include <algorithm>
#include <utility>

namespace timestore::query::influxql {
namespace {

constexpr size_t kMostPoints = 131'072;  // that a slice aims at

}  // namespace

Slices::Slices(std::vector<SliceSeries> series, TimeBounds bounds, bool is_descending, Source& source,
               const Limits& limits)
    : series_(std::move(series)), bounds_(bounds), is_descending_(is_descending), source_(source), limits_(limits) {
  std::sort(series_.begin(), series_.end(),
            [](const SliceSeries& left, const SliceSeries& right) { return left.number < right.number; });
  for (const SliceSeries& one : series_) numbers_.push_back(one.number);
  is_over_ = series_.empty() || bounds_.first_ns > bounds_.last_ns;
}

Answer<void> Slices::find_stretches() {
  const auto cursor = source_.read({.series = numbers_, .first_ns = bounds_.first_ns, .last_ns = bounds_.last_ns});
  if (!cursor) return environment(cursor.error());
  while (true) {
    const auto is_there = (*cursor)->next();
    if (!is_there) return environment(is_there.error());
    if (!*is_there) break;
    if (!limits_.goes_on()) return ended();
    const BatchHead& head = (*cursor)->head();
    if (head.last_ns < bounds_.first_ns || head.first_ns > bounds_.last_ns) continue;
    stretches_.push_back({head.first_ns, head.last_ns, head.count});
    if (stretches_.size() * sizeof(Stretch) > limits_.bytes) {
      return too_much("the query reads too many points; ask for a shorter range or for fewer series");
    }
  }
  std::sort(stretches_.begin(), stretches_.end(), [&](const Stretch& left, const Stretch& right) {
    return is_descending_ ? left.last_ns > right.last_ns : left.first_ns < right.first_ns;
  });
  return {};
}

// As many batches as make the target; it ends where the next batch begins.
TimeBounds Slices::next_bounds() {
  size_t count = 0;
  while (at_ < stretches_.size() && count < target_) count += stretches_[at_++].count;
  target_ = std::min(target_ * 4, kMostPoints);
  TimeBounds slice = bounds_;
  if (is_descending_) {
    while (at_ < stretches_.size() && stretches_[at_].last_ns >= bounds_.last_ns) ++at_;
    if (at_ < stretches_.size()) slice.first_ns = std::max(slice.first_ns, stretches_[at_].last_ns + 1);
    is_over_ = slice.first_ns <= bounds_.first_ns;
    bounds_.last_ns = is_over_ ? bounds_.last_ns : slice.first_ns - 1;
  } else {
    while (at_ < stretches_.size() && stretches_[at_].first_ns <= bounds_.first_ns) ++at_;
    if (at_ < stretches_.size()) slice.last_ns = std::min(slice.last_ns, stretches_[at_].first_ns - 1);
    is_over_ = slice.last_ns >= bounds_.last_ns;
    bounds_.first_ns = is_over_ ? bounds_.first_ns : slice.last_ns + 1;
  }
  return slice;
}

void Slices::add(const BatchHead& head, const points::BlockColumns& columns, const SliceSeries& series,
                 const TimeBounds& bounds) {
  const auto times = std::span(columns.times).first(head.count);
  const auto begin = static_cast<size_t>(std::lower_bound(times.begin(), times.end(), bounds.first_ns) - times.begin());
  const auto end = static_cast<size_t>(std::upper_bound(times.begin(), times.end(), bounds.last_ns) - times.begin());
  const bool is_text = head.type == points::Type::kString;
  for (size_t at = begin; at < end; ++at) {
    SlicePoint point{.time_ns = times[at], .member = series.member, .field = series.field, .type = head.type};
    if (is_text) {
      point.text = texts_.emplace_back(columns.texts[at]);
      bytes_ += point.text.size() + sizeof(std::string);
    } else {
      point.bits = columns.bits[at];
    }
    points_.push_back(point);
  }
  bytes_ += (end - begin) * sizeof(SlicePoint);
}

Answer<void> Slices::read(const TimeBounds& bounds) {
  points_.clear();
  texts_.clear();
  bytes_ = 0;
  const auto cursor = source_.read({.series = numbers_, .first_ns = bounds.first_ns, .last_ns = bounds.last_ns});
  if (!cursor) return environment(cursor.error());
  size_t at = 0;
  while (true) {
    const auto is_there = (*cursor)->next();
    if (!is_there) return environment(is_there.error());
    if (!*is_there) break;
    if (!limits_.goes_on()) return ended();
    const BatchHead& head = (*cursor)->head();
    if (head.last_ns < bounds.first_ns || head.first_ns > bounds.last_ns) continue;
    while (series_[at].number != head.series) ++at;
    const auto columns = (*cursor)->columns();
    if (!columns) return environment(columns.error());
    add(head, **columns, series_[at], bounds);
    if (bytes_ > limits_.bytes) {
      return too_much("the query needs more than " + std::to_string(limits_.bytes >> 20) +
                      " MiB of memory; ask for fewer series");
    }
  }
  sort();
  return {};
}

void Slices::sort() {
  const auto key = [](const SlicePoint& point) { return std::pair(point.time_ns, point.member); };
  const auto is_before = [&](const SlicePoint& left, const SlicePoint& right) { return key(left) < key(right); };
  if (!std::is_sorted(points_.begin(), points_.end(), is_before)) {
    std::stable_sort(points_.begin(), points_.end(), is_before);
  }
  if (is_descending_) std::reverse(points_.begin(), points_.end());
}

Answer<bool> Slices::next() {
  if (!is_begun_) {
    is_begun_ = true;
    if (is_over_) return false;
    if (auto found = find_stretches(); !found) return tl::unexpected(found.error());
  }
  if (is_over_ || stretches_.empty()) return false;
  if (auto done = read(next_bounds()); !done) return tl::unexpected(done.error());
  return true;
}

}  // namespace timestore::query::influxql
