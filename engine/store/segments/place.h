// Where a point stands in a segment: by partition of time, series, time.
#pragma once

#include <compare>
#include <cstdint>
#include <limits>

#include "engine/store/points/point.h"

namespace timestore::segments {

// The n-th stretch of time since 1970, all of one width; before 1970 they are negative.
using Partition = std::int64_t;

inline Partition partition_of(std::int64_t time_ns, std::int64_t width_ns) {
  const std::int64_t towards_zero = time_ns / width_ns;
  return time_ns % width_ns < 0 ? towards_zero - 1 : towards_zero;
}

// Between two points: what stands before it is less.
struct Place {
  Partition partition = std::numeric_limits<Partition>::min();
  points::SeriesNumber series = 0;
  std::int64_t time_ns = std::numeric_limits<std::int64_t>::min();

  auto operator<=>(const Place&) const = default;

  static constexpr Place beginning() { return {}; }
  static constexpr Place end() {  // no time is in this partition
    return {.partition = std::numeric_limits<Partition>::max()};
  }
};

}  // namespace timestore::segments
