// The exact sum of doubles, and of their products with each other and with whole numbers.
//
// A sum of doubles depends on the order in which they are added, because each step rounds. This one keeps every bit
// (Neal, "Fast exact summation using small and large superaccumulators", 2015): a row of digits of 32 bits, each in a
// word of 64, so that a value is added to three neighbours without a carry. The row covers only the digits that were
// ever needed: values of one measurement rarely differ by more than a few of them.
//
// The state is a function of the multiset of what was added, up to where carries stand. So an answer does not depend on
// how points were cut into blocks, nor on the order of the blocks.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "engine/query/big_number.h"

namespace timestore::query {

class ExactSum {
 public:
  // Requires that it is finite.
  void add(double value);

  // number * 2^exponent. Requires kLowestExponent <= exponent <= kHighestExponent.
  void add(Int128 number, int exponent);

  // value * number. Requires that the value is finite, and |number| < 2^74.
  void add_product(double value, Int128 number);

  void add_square(double value);

  void add(const ExactSum& other);

  // Whether nothing was added, or what was added cancels out.
  bool is_zero() const { return digits_.empty() || number().is_zero(); }
  size_t size_bytes() const { return digits_.capacity() * sizeof(int64_t); }
  BigNumber number() const;

  static constexpr int kLowestExponent = -2176;  // a square of the least double, and room
  static constexpr int kHighestExponent = 2176;

 private:
  static constexpr int kDigitBits = 32;

  int64_t* digits_from(int first, int count);
  void carry();

  std::vector<int64_t> digits_;  // each stands for digit * 2^(32 * (first_ + its index) + kLowestExponent)
  int first_ = 0;
  uint32_t added_ = 0;  // since digits were carried
};

// A finite double as significand * 2^exponent.
struct Parts {
  int64_t significand = 0;
  int exponent = 0;
};
Parts parts_of(double value);

}  // namespace timestore::query
