// The stretch between two successive points of one series, for functions that follow its order.
#pragma once

#include <cstdint>

#include "engine/query/exact_sum.h"
#include "engine/query/number.h"

namespace timestore::query {

struct SeriesPoint {
  int64_t time_ns = 0;
  Number number;
};

// Requires from.time_ns <= to.time_ns.
struct Segment {
  SeriesPoint from;
  SeriesPoint to;
};

// Adds twice the area of a trapezoid, in value * nanoseconds, as far as it lies within [begin_ns, end_ns]. Requires
// that this is within the segment.
//
// The area up to a moment within the segment is rounded to some 106 bits, and that of a part is the exact difference of
// two such areas. So the parts of a segment add up to the whole, which is exact, however it is cut.
void add_twice_area(ExactSum& sum, const Segment& segment, int64_t begin_ns, int64_t end_ns);

// What a counter has gained: the positive difference, or after a drop what it has reached since zero.
template <typename Sum>
void add_increase(Sum& sum, const Segment& segment) {
  const bool dropped = segment.to.number.compared(segment.from.number) < 0;
  if (dropped && segment.to.number.compared(Number(int64_t{0})) <= 0) return;
  sum.add(segment.to.number, 1);
  if (!dropped) sum.add(segment.from.number, -1);
}

}  // namespace timestore::query
