// Loops over the values of one column, in a file of their own that is compiled to use vectors.
#pragma once

#include <cstdint>
#include <span>

namespace timestore::query {

// The sum of the mantissas of doubles, each of which is a decimal with at most so many digits behind the point
// (points/decimal.h). Requires at most 4096 values.
int64_t sum_of_mantissas(std::span<const uint64_t> bits, unsigned exponent);

// Requires at least one value, and that all are finite. -0 is less than 0.
struct DoubleExtremes {
  double min = 0;
  double max = 0;
};
DoubleExtremes extremes_of_doubles(std::span<const uint64_t> bits);

bool are_finite(std::span<const uint64_t> bits);

}  // namespace timestore::query
