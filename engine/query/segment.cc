#include "engine/query/segment.h"

namespace timestore::query {
namespace {

// number * times.
void add_times(ExactSum& sum, const Number& number, Int128 times) {
  if (number.is_float()) return sum.add_product(number.as_double(), times);
  const Int128 high = times >> 32;  // 128 bits hold each of the two products
  sum.add(number.whole() * high, 32);
  sum.add(number.whole() * (times & 0xffffffff), 0);
}

// number / divisor with twice the bits of a double, whatever its size.
void add_quotient(ExactSum& sum, const BigNumber& number, uint64_t divisor, int sign) {
  BigNumber rest = number;
  const int magnitude = rest.exponent + 64 * static_cast<int>(rest.limbs.size());
  rest.exponent -= magnitude;  // so that no double on the way is too large or too small
  for (int part = 0; part < 2; ++part) {
    const Parts found = parts_of(nearest_double(rest, {&divisor, 1}));
    if (found.significand == 0) return;
    sum.add(Int128{found.significand} * sign, found.exponent + magnitude);
    BigNumber taken = product(big_number(found.significand), big_number(divisor));
    taken.exponent = found.exponent;
    rest = difference(rest, taken);
  }
}

// Twice the area from the beginning of the segment up to this moment; its negative, if the sign is -1.
void add_area_up_to(ExactSum& sum, const Segment& segment, int64_t moment_ns, int sign) {
  const Int128 passed = Int128{moment_ns} - segment.from.time_ns;
  if (passed == 0) return;
  if (moment_ns == segment.to.time_ns) {
    add_times(sum, segment.from.number, passed * sign);
    add_times(sum, segment.to.number, passed * sign);
    return;
  }
  // passed * (from + value at the moment) = passed * (from * (2 * length - passed) + to * passed) / length
  const Int128 length = Int128{segment.to.time_ns} - segment.from.time_ns;
  ExactSum heights;
  add_times(heights, segment.from.number, 2 * length - passed);
  add_times(heights, segment.to.number, passed);
  add_quotient(sum, product(heights.number(), big_number(passed)), static_cast<uint64_t>(length), sign);
}

}  // namespace

void add_twice_area(ExactSum& sum, const Segment& segment, int64_t begin_ns, int64_t end_ns) {
  add_area_up_to(sum, segment, end_ns, 1);
  add_area_up_to(sum, segment, begin_ns, -1);
}

}  // namespace timestore::query
