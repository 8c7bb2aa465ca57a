// Points of some series merged by time, in slices: a stretch of time is read of all series, sorted, and told; then the
// next. So one cursor is open at a time, and memory is bounded by a slice. Slices grow, so that a LIMIT reads little.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <queue>
#include <span>
#include <string>
#include <vector>

#include "engine/query/influxql/windows.h"
#include "engine/query/limits.h"
#include "engine/query/query_error.h"
#include "engine/query/source.h"

namespace timestore::query::influxql {

struct SliceSeries {
  SeriesNumber number = 0;
  uint32_t member = 0;  // whose row it belongs to
  uint32_t field = 0;   // which value of the row it is
};

struct SlicePoint {
  int64_t time_ns = 0;
  uint32_t member = 0;
  uint32_t field = 0;
  points::Type type = points::Type::kFloat;
  uint64_t bits = 0;
  std::string_view text = {};  // lives until the next slice
};

class Slices {
 public:
  // Series in any order.
  Slices(std::vector<SliceSeries> series, TimeBounds bounds, bool is_descending, Source& source, const Limits& limits);

  // The points of the next slice, by time (from behind, if descending) and member, those of one series in their order.
  // False: there are no more.
  Answer<bool> next();
  std::span<const SlicePoint> points() const { return points_; }

 private:
  // A batch, in the order of reading: descending, its times are counted from behind.
  struct Stretch {
    int64_t begin;
    int64_t end;
    size_t count;
  };
  struct Ending {  // of a stretch that has begun: how many points a nanosecond it adds
    int64_t end;
    double rate;
    bool operator<(const Ending& other) const { return end > other.end; }
  };

  Answer<bool> next_batch();
  Answer<void> find_stretches();
  TimeBounds next_bounds();
  Answer<void> read(const TimeBounds& bounds);
  void add(const BatchHead& head, const points::BlockColumns& columns, const SliceSeries& series,
           const TimeBounds& bounds);
  void sort();

  std::vector<SliceSeries> series_;
  std::vector<SeriesNumber> numbers_;
  TimeBounds bounds_;
  bool is_descending_;
  Source& source_;
  const Limits& limits_;
  bool is_begun_ = false;
  bool is_over_ = false;
  std::unique_ptr<BatchCursor> only_;  // of the only series, whose batches are slices
  std::vector<Stretch> stretches_;
  size_t at_ = 0;                        // of the first that has not begun
  std::priority_queue<Ending> endings_;  // of those that have
  double rate_ = 0;                      // of all of those
  int64_t now_ = 0;                      // where the next slice begins, in the order of reading
  size_t target_ = 1024;                 // points of a slice
  std::vector<SlicePoint> points_;
  std::deque<std::string> texts_;
  size_t bytes_ = 0;
};

}  // namespace timestore::query::influxql
