// The sum of the numbers of points, exact until it is asked for.
//
//   integers, signed and not     exact, 128 bits
//   doubles that are decimals    exact, as decimals: ten times 0.1 is 1 (points/statistics.h)
//   all other doubles            exact, as the binary numbers that they are (exact_sum.h)
//
// Which of these a double is follows from the double alone (points/decimal.h). So the sum is a function of the multiset
// of the numbers. It is rounded once. Only where decimals and other doubles meet, the decimals' part behind the point
// is rounded before, to 2^-54, and once, whatever the order.
#pragma once

#include <cstdint>

#include "engine/query/exact_sum.h"
#include "engine/query/number.h"
#include "engine/store/points/statistics.h"

namespace timestore::query {

class NumberSum {
 public:
  // number * times. Requires that it is finite, and |times| < 2^60.
  void add(const Number& number, int64_t times = 1);
  void add(double value, int64_t times = 1);

  void add(const points::DecimalSum& decimals) { decimals_ += decimals; }
  void add_integers(Int128 sum) { integers_ += sum; }
  void add(const NumberSum& other);

  // Rounded to the nearest double; infinite if that is too large.
  double rounded() const;

  // sum / divisor, rounded once. Requires a divisor.
  double quotient(uint64_t divisor) const;

  // Of the integers alone.
  Int128 integers() const { return integers_; }

  size_t size_bytes() const { return others_.size_bytes(); }

 private:
  Int128 integers_ = 0;
  points::DecimalSum decimals_;
  ExactSum others_;
};

}  // namespace timestore::query
