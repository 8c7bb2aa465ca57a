// What all differences of a column are multiples of: milliseconds among nanoseconds, sixteenths among ten-thousandths.
//
// A difference is 64 bits that wrap around, read as a signed number.
#pragma once

#include <bit>
#include <cstdint>
#include <span>

namespace timestore::points {

// Of the least number, too, whose magnitude is 2^63.
constexpr uint64_t magnitude(uint64_t difference) { return difference >> 63 != 0 ? 0 - difference : difference; }

// Division by a unit that leaves no remainder, as a multiplication with the inverse of its odd part (mod 2^64).
class Unit {
 public:
  explicit Unit(uint64_t unit)
      : shift_(static_cast<unsigned>(std::countr_zero(unit))), limit_((uint64_t{1} << 63) / unit) {
    const uint64_t odd = unit >> shift_;
    inverse_ = odd;  // right in 3 bits; each step doubles them
    for (int step = 0; step < 5; ++step) inverse_ *= 2 - odd * inverse_;
  }

  // What is no multiple of the unit gives some other number than the quotient.
  uint64_t quotient(uint64_t difference) const {
    return static_cast<uint64_t>(static_cast<int64_t>(difference) >> shift_) * inverse_;
  }

  bool divides(uint64_t difference) const {
    const bool is_shifted = (difference & ((uint64_t{1} << shift_) - 1)) == 0;
    return is_shifted && magnitude(quotient(difference)) <= limit_;
  }

 private:
  unsigned shift_;
  uint64_t limit_;
  uint64_t inverse_;
};

// The greatest common divisor of all differences of neighbours, which are not all zero.
uint64_t common_unit(std::span<const uint64_t> values);

}  // namespace timestore::points
