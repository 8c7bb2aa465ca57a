// Windows of GROUP BY time(interval, offset), as InfluxDB 1.x cuts them: multiples of the interval since 1970, in a
// time zone shifted by its present offset. A week so begins on a Thursday.
#pragma once

#include <cstdint>
#include <limits>
#include <memory>

#include "engine/query/time_zone.h"

namespace timestore::query::influxql {

// InfluxDB's first and last moment. As bounds of a range they stand for none.
inline constexpr int64_t kFirstTime = std::numeric_limits<int64_t>::min() + 2;
inline constexpr int64_t kLastTime = std::numeric_limits<int64_t>::max() - 1;

struct TimeBounds {  // both belong to it
  int64_t first_ns = kFirstTime;
  int64_t last_ns = kLastTime;
};

struct Window {
  int64_t begin_ns = 0;
  int64_t end_ns = 0;  // behind it

  bool contains(int64_t time_ns) const { return begin_ns <= time_ns && time_ns < end_ns; }
};

// As far as 64 bits go.
int64_t time_between(int64_t from_ns, int64_t to_ns);

struct Windows {
  int64_t interval_ns = 0;  // 0: all of `bounds` is one
  int64_t offset_ns = 0;
  TimeBounds bounds = {};
  std::shared_ptr<const TimeZone> zone = {};  // none: UTC

  Window containing(int64_t time_ns) const;

  // Of local clocks against UTC.
  int64_t zone_offset_ns(int64_t time_ns) const;

  // The beginning of the next window, or of the one before.
  int64_t next(int64_t begin_ns, bool is_descending) const;
};

}  // namespace timestore::query::influxql
