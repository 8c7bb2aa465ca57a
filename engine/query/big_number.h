// Whole numbers of any size, times a power of two: what is left to compute when exact sums become one double.
//
// Only a few verbs, each exact: what an aggregate does once for each row of its answer. Rounding is done once, at the
// end: to the nearest double, of two equally near ones to the even one.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "engine/store/points/statistics.h"

namespace timestore::query {

using points::Int128;
__extension__ typedef unsigned __int128 Unsigned128;

// (-1 if it is negative) * limbs * 2^exponent. The least significant limb is the first; leading zeros are allowed.
struct BigNumber {
  bool is_negative = false;
  std::vector<uint64_t> limbs = {};
  int exponent = 0;

  bool is_zero() const;
};

BigNumber big_number(Int128 number);
BigNumber product(const BigNumber& left, const BigNumber& right);
BigNumber difference(const BigNumber& left, const BigNumber& right);

// What is nearest to number / (the product of the divisors, of which none is zero). Infinite where no double is as
// large.
double nearest_double(const BigNumber& number, std::span<const uint64_t> divisors = {});

}  // namespace timestore::query
