#include "engine/query/influxql/slices.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "engine/query/batches.h"
#include "engine/query/big_number.h"

namespace timestore::query::influxql {
namespace {

constexpr size_t kMostPoints = 131'072;  // that a slice aims at

constexpr double kLongStep = 4e18;  // nanoseconds

double distance(int64_t from, int64_t to) { return static_cast<double>(to) - static_cast<double>(from); }

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
  const Reading all{.series = numbers_, .first_ns = bounds_.first_ns, .last_ns = bounds_.last_ns};
  auto walked = for_each_batch(source_, all, limits_, [this](const BatchCursor& cursor) -> Answer<void> {
    const BatchHead& head = cursor.head();
    if (head.last_ns < bounds_.first_ns || head.first_ns > bounds_.last_ns) return {};
    const int64_t begin = std::max(head.first_ns, bounds_.first_ns);
    const int64_t end = std::min(head.last_ns, bounds_.last_ns);
    stretches_.push_back({is_descending_ ? -end : begin, is_descending_ ? -begin : end, head.count});
    if (stretches_.size() * sizeof(Stretch) <= limits_.bytes) return {};
    return too_much("the query reads too many points; ask for a shorter range or for fewer series");
  });
  if (!walked) return walked;
  std::sort(stretches_.begin(), stretches_.end(),
            [](const Stretch& left, const Stretch& right) { return left.begin < right.begin; });
  if (!stretches_.empty()) now_ = stretches_[0].begin;
  return {};
}

// From where the last one ended to where the batches, if their points lie evenly, have as many as make the target.
TimeBounds Slices::next_bounds() {
  const int64_t begin = now_;
  auto missing = static_cast<double>(target_);
  target_ = std::min(target_ * 4, kMostPoints);
  while (missing > 0) {
    while (at_ < stretches_.size() && stretches_[at_].begin <= now_) {
      const Stretch& stretch = stretches_[at_++];
      const double rate = static_cast<double>(stretch.count) / (distance(stretch.begin, stretch.end) + 1);
      rate_ += rate;
      endings_.push({stretch.end, rate});
    }
    while (!endings_.empty() && endings_.top().end < now_) {
      rate_ -= endings_.top().rate;
      endings_.pop();
    }
    if (endings_.empty()) rate_ = 0;
    const bool has_next = at_ < stretches_.size();
    if (endings_.empty() && !has_next) break;
    int64_t until = has_next ? stretches_[at_].begin : std::numeric_limits<int64_t>::max();
    if (!endings_.empty()) until = std::min(until, endings_.top().end + 1);
    if (rate_ * distance(now_, until) >= missing) {
      const double step = std::max(1.0, missing / rate_);
      if (step < kLongStep)
        until = static_cast<int64_t>(std::min<Int128>(until, Int128{now_} + static_cast<int64_t>(step)));
    }
    missing -= rate_ * distance(now_, until);
    now_ = until;
  }
  is_over_ = endings_.empty() && at_ == stretches_.size();
  const int64_t last = is_over_ ? std::numeric_limits<int64_t>::max() : now_ - 1;
  if (is_descending_) return {is_over_ ? bounds_.first_ns : -last, std::min(-begin, bounds_.last_ns)};
  return {std::max(begin, bounds_.first_ns), std::min(last, bounds_.last_ns)};
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
  const Reading slice{.series = numbers_, .first_ns = bounds.first_ns, .last_ns = bounds.last_ns};
  size_t at = 0;
  auto walked = for_each_batch(source_, slice, limits_, [&](BatchCursor& cursor) -> Answer<void> {
    const BatchHead& head = cursor.head();
    if (head.last_ns < bounds.first_ns || head.first_ns > bounds.last_ns) return {};
    while (series_[at].number != head.series) ++at;
    const auto columns = cursor.columns();
    if (!columns) return environment(columns.error());
    add(head, **columns, series_[at], bounds);
    if (bytes_ <= limits_.bytes) return {};
    return too_much("the query needs more than " + std::to_string(limits_.bytes >> 20) +
                    " MiB of memory; ask for fewer series");
  });
  if (!walked) return walked;
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

Answer<bool> Slices::next_batch() {
  if (!only_) {
    auto cursor = source_.read({.series = numbers_,
                                .first_ns = bounds_.first_ns,
                                .last_ns = bounds_.last_ns,
                                .is_descending = is_descending_});
    if (!cursor) return environment(cursor.error());
    only_ = std::move(*cursor);
  }
  points_.clear();
  texts_.clear();
  bytes_ = 0;
  const auto is_there = only_->next();
  if (!is_there) return environment(is_there.error());
  if (!*is_there) return false;
  if (!limits_.goes_on()) return ended();
  const BatchHead& head = only_->head();
  if (head.last_ns < bounds_.first_ns || head.first_ns > bounds_.last_ns) return true;
  const auto columns = only_->columns();
  if (!columns) return environment(columns.error());
  add(head, **columns, series_[0], bounds_);
  if (is_descending_) std::reverse(points_.begin(), points_.end());
  return true;
}

Answer<bool> Slices::next() {
  if (series_.size() == 1 && bounds_.first_ns <= bounds_.last_ns) return next_batch();
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
