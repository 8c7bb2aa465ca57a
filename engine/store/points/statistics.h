// What a block's directory says of its values, so that whole blocks are answered without decoding them.
//
// Each is a function of the values alone: the encoding does not matter. For doubles, the sum is the exact sum of the
// decimals that they are (decimal.h). It is a whole number and a fraction of 15 digits, hence adding is exact, in any
// order, for any number of points, and it is rounded once, when it is asked for: an answer does not depend on how
// points were cut into blocks. A block has no such sum if a value is no decimal, or needs more digits than the block's
// encoder gave all. Whoever sums such a block decodes it, adds each decimal_of() to the same sum, and what is no
// decimal apart.
//
//   type       count  min, max                                      sum
//   integer    all    as numbers                                    exact, 128 bits
//   unsigned   all    as numbers                                    exact, 128 bits
//   double     all    of those that are no NaN; -0 is below 0       of decimals, or none
//   boolean    all    false is below true                           how many are true
//   string     all    none                                          none
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "engine/store/points/decimal.h"

namespace timestore::points {

__extension__ typedef __int128 Int128;

template <typename Integer>
struct IntegerStatistics {
  Integer min = 0;
  Integer max = 0;
  Int128 sum = 0;
  bool operator==(const IntegerStatistics&) const = default;
};

// whole + fraction / 10^15.
class DecimalSum {
 public:
  DecimalSum() = default;

  // mantissa / 10^exponent, 0 <= exponent <= kMaxExponent, |mantissa| < 2^64: what a block of decimals sums up to.
  DecimalSum(Int128 mantissa, unsigned exponent);
  explicit DecimalSum(const Decimal& decimal) : DecimalSum(decimal.mantissa, decimal.exponent) {}

  DecimalSum& operator+=(const DecimalSum& other);

  // The double nearest to the sum, of two equally near ones the even one.
  double rounded() const;

  // The sum is whole + fraction / 10^15, and 0 <= fraction < 10^15.
  Int128 whole() const { return whole_; }
  int64_t fraction() const { return fraction_; }

  bool operator==(const DecimalSum&) const = default;

 private:
  Int128 whole_ = 0;      // rounded down; 2^64 blocks of the largest decimals fit
  int64_t fraction_ = 0;  // 0 <= fraction < 10^15
};

struct DoubleStatistics {
  size_t numbers = 0;  // values that are no NaN; without any, min and max mean nothing
  double min = 0;
  double max = 0;
  std::optional<DecimalSum> sum;
  unsigned exponent = 0;  // with a sum: each value is a decimal that has so many digits behind the point at most
};

struct BooleanStatistics {
  bool min = false;
  bool max = false;
  size_t trues = 0;
  bool operator==(const BooleanStatistics&) const = default;
};

// Of 1 to kMaxValues values.
IntegerStatistics<int64_t> statistics_of(std::span<const int64_t> values);
IntegerStatistics<uint64_t> statistics_of(std::span<const uint64_t> values);
BooleanStatistics statistics_of(std::span<const bool> values);

// `decimals` is Decimals(values).
DoubleStatistics statistics_of(std::span<const double> values, const Decimals& decimals);

}  // namespace timestore::points
