// Doubles that were decimals.
//
// A double v *is a decimal* if v has the bits of m / 10^e, divided once, for whole numbers -2^51 <= m < 2^51 and
// 0 <= e <= 15. Both operands are exact, so the quotient is the double nearest to the decimal: what strtod gives. Every
// decimal of up to 15 digits is one, if it has no more than 15 behind the point. (A multiplication with 0.01 instead
// misses one of seven decimals with two digits behind the point.) NaNs, infinities, -0 and what needs 17 digits are
// none.
//
// A double is at most one decimal, whatever its e: two decimals of one scale are 10^-e apart, and that is at least two
// units in the last place of a double below 2^51 * 10^-e; and a decimal of a smaller e is one of a larger e, unless its
// m would be too large, and then nothing of that larger e is as large. So the sum of decimals does not depend on how
// they were written, in which block they stood, or in which order they are added (statistics.h).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "engine/store/points/column.h"

namespace timestore::points {

constexpr unsigned kMaxExponent = 15;
constexpr int64_t kMantissaBound = int64_t{1} << 51;  // -bound <= m < bound

// m / 10^exponent.
struct Decimal {
  int64_t mantissa = 0;
  unsigned exponent = 0;
  bool operator==(const Decimal&) const = default;
};

// The decimal that this double is, with the least exponent.
std::optional<Decimal> decimal_of(double value);

// The double that is nearest to the decimal.
double to_double(const Decimal& decimal);

// A column of doubles as decimals of one exponent. What is none of this exponent is an exception: its mantissa repeats
// the one before (or, at the beginning, the first that there is), and its position is listed, in ascending order.
struct Decimals {
  bool are_found = false;  // false if a sample of the values shows that most are no decimals: then nothing else counts
  unsigned exponent = 0;   // the cheapest for the sample: one digit more for all, or one more exception
  std::array<int64_t, kMaxValues> mantissas;  // as many as there are values; the rest is unspecified
  std::vector<uint64_t> exceptions;

  // Of 1 to kMaxValues values. (Nothing here is an std::optional: that would have 32 kB zeroed for every column.)
  explicit Decimals(std::span<const double> values);
};

// The doubles of decimals of one exponent; false if a mantissa is out of bounds.
[[nodiscard]] bool to_doubles(std::span<const int64_t> mantissas, unsigned exponent, std::span<double> values);

}  // namespace timestore::points
