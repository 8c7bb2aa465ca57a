// Exact sums against the arithmetic of the processor, which rounds once where one operation is enough.
#include "engine/query/exact_sum.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <vector>

#include "engine/base/prng.h"
#include "engine/query/number_sum.h"

namespace timestore::query::exact_sum_test {
namespace {

// Of all magnitudes, and often such that sums cancel, carry or tie.
double any_double(Prng& prng) {
  while (true) {
    double value = std::bit_cast<double>(prng.next());
    switch (prng.below(6)) {
      case 0:
        value = static_cast<double>(static_cast<int64_t>(prng.below(2000)) - 1000) / 100;
        break;
      case 1:
        value = std::ldexp(static_cast<double>(1 + prng.below(4)), static_cast<int>(prng.below(2000)) - 1060);
        break;
      case 2:
        value = std::bit_cast<double>(prng.next() & 0x800fffffffffffff);  // no bits in front
        break;
      case 3:
        value = static_cast<double>(prng.next() >> 11) * 0x1p-53;
        break;
      default:
        break;
    }
    if (prng.chance(1, 2)) value = -value;
    if (std::isfinite(value)) return value;
  }
}

bool same(double left, double right) { return std::bit_cast<uint64_t>(left) == std::bit_cast<uint64_t>(right); }

RC_GTEST_PROP(ExactSum, of_two_doubles_is_what_the_processor_adds, (uint64_t seed)) {
  Prng prng(seed);
  for (int round = 0; round < 50; ++round) {
    const double left = any_double(prng);
    const double right = prng.chance(1, 4) ? std::nextafter(-left, 0) : any_double(prng);
    ExactSum sum;
    sum.add(left);
    sum.add(right);
    RC_ASSERT(same(nearest_double(sum.number()) + 0.0, left + right + 0.0));  // of zeros, the sign does not count
  }
}

RC_GTEST_PROP(ExactSum, of_a_square_is_what_the_processor_multiplies, (uint64_t seed)) {
  Prng prng(seed);
  for (int round = 0; round < 50; ++round) {
    const double value = any_double(prng);
    ExactSum sum;
    sum.add_square(value);
    RC_ASSERT(same(nearest_double(sum.number()), value * value));
  }
}

RC_GTEST_PROP(ExactSum, divided_is_what_the_processor_divides, (uint64_t seed)) {
  Prng prng(seed);
  for (int round = 0; round < 50; ++round) {
    const double value = any_double(prng);
    const uint64_t divisor = 1 + (prng.chance(1, 2) ? prng.below(10) : prng.below(uint64_t{1} << 53));
    ExactSum sum;
    sum.add(value);
    const uint64_t divisors[] = {divisor};
    RC_ASSERT(same(nearest_double(sum.number(), divisors) + 0.0, value / static_cast<double>(divisor) + 0.0));
  }
}

RC_GTEST_PROP(ExactSum, does_not_depend_on_order_or_cut, (uint64_t seed)) {
  Prng prng(seed);
  std::vector<double> values(2 + prng.below(200));
  for (double& value : values) value = any_double(prng);
  ExactSum forward;
  for (const double value : values) forward.add(value);
  ExactSum merged;
  for (size_t at = values.size(); at > 0;) {
    ExactSum part;
    for (size_t left = std::min<size_t>(at, 1 + prng.below(20)); left > 0; --left) part.add(values[--at]);
    merged.add(part);
  }
  RC_ASSERT(same(nearest_double(forward.number()), nearest_double(merged.number())));
  for (const double value : values) merged.add_product(value, -1);
  RC_ASSERT(merged.number().is_zero());
}

TEST(ExactSum, carries_after_many_additions) {
  ExactSum sum;
  const double value = std::nextafter(1.0, 0.0);
  constexpr int kTimes = 1 << 20;
  for (int time = 0; time < kTimes; ++time) sum.add(value);
  sum.add(sum);
  sum.add(-2.0 * kTimes * value);
  EXPECT_TRUE(sum.number().is_zero());
}

TEST(ExactSum, is_infinite_only_where_no_double_is_as_large) {
  const double greatest = std::numeric_limits<double>::max();
  ExactSum sum;
  sum.add(greatest);
  sum.add(greatest);
  EXPECT_EQ(nearest_double(sum.number()), std::numeric_limits<double>::infinity());
  const uint64_t two[] = {2};
  EXPECT_EQ(nearest_double(sum.number(), two), greatest);
  sum.add(-greatest);
  EXPECT_EQ(nearest_double(sum.number()), greatest);
}

// --- Numbers of points ----------------------------------------------------------------------------------------------

NumberSum sum_of(const std::vector<double>& values) {
  NumberSum sum;
  for (const double value : values) sum.add(value);
  return sum;
}

TEST(NumberSum, of_decimals_is_that_of_what_was_written) {
  EXPECT_EQ(sum_of(std::vector<double>(10, 0.1)).rounded(), 1.0);
  EXPECT_EQ(sum_of({0.1, 0.2}).rounded(), 0.3);
  EXPECT_EQ(sum_of(std::vector<double>(3, 0.1)).quotient(3), 0.1);
  EXPECT_EQ(sum_of({-0.1, -0.2}).quotient(2), -0.15);
  EXPECT_EQ(sum_of({1e15, 0.3, -1e15}).rounded(), 0.3);
}

TEST(NumberSum, of_other_doubles_is_exact_too) {
  const double third = 1.0 / 3;
  EXPECT_EQ(sum_of(std::vector<double>(3, third)).quotient(3), third);
  EXPECT_EQ(sum_of({third, 1e300, -1e300}).rounded(), third);
  EXPECT_EQ(sum_of({third, 0.1, -third}).rounded(), 0.1);
}

TEST(NumberSum, of_integers_needs_no_rounding_before_the_end) {
  NumberSum sum;
  sum.add(Number(std::numeric_limits<int64_t>::max()));
  sum.add(Number(std::numeric_limits<uint64_t>::max()));
  sum.add(Number(int64_t{1}));
  EXPECT_TRUE(sum.integers() == (Int128{1} << 63) - 1 + (Int128{1} << 64));
  sum.add(Number(std::numeric_limits<uint64_t>::max()), -1);
  sum.add(Number(std::numeric_limits<int64_t>::max()), -1);
  EXPECT_EQ(sum.quotient(3), 1.0 / 3);
}

RC_GTEST_PROP(NumberSum, does_not_depend_on_order_or_cut, (uint64_t seed)) {
  Prng prng(seed);
  std::vector<Number> numbers;
  for (size_t count = 2 + prng.below(100); count > 0; --count) {
    const double value = any_double(prng);
    numbers.push_back(prng.chance(1, 4) ? Number(static_cast<int64_t>(prng.next())) : Number(value));
  }
  NumberSum forward;
  for (const Number& number : numbers) forward.add(number);
  NumberSum merged;
  std::reverse(numbers.begin(), numbers.end());
  for (size_t at = 0; at < numbers.size();) {
    NumberSum part;
    for (size_t left = 1 + prng.below(9); left > 0 && at < numbers.size(); --left) part.add(numbers[at++]);
    merged.add(part);
  }
  RC_ASSERT(same(forward.rounded(), merged.rounded()));
  RC_ASSERT(same(forward.quotient(7), merged.quotient(7)));
}

TEST(Number, compares_integers_and_floats_without_rounding) {
  const auto less = [](auto left, auto right) { return Number(left).compared(Number(right)) < 0; };
  constexpr int64_t kBeyondDoubles = (int64_t{1} << 53) + 1;
  EXPECT_TRUE(less(0x1p53, kBeyondDoubles));
  EXPECT_TRUE(less(kBeyondDoubles, 0x1p53 + 2));
  EXPECT_TRUE(less(int64_t{-1}, uint64_t{0}));
  EXPECT_TRUE(less(std::numeric_limits<int64_t>::max(), std::numeric_limits<uint64_t>::max()));
  EXPECT_TRUE(less(-0.5, int64_t{0}));
  EXPECT_TRUE(less(std::numeric_limits<uint64_t>::max(), 0x1p64));
  EXPECT_TRUE(less(-1e300, std::numeric_limits<int64_t>::min()));
  EXPECT_TRUE(Number(1.0).compared(Number(int64_t{1})) == 0);
  EXPECT_TRUE(Number(-0.0) < Number(0.0));
  EXPECT_TRUE(Number(1.0) < Number(int64_t{1}));
}

TEST(Number, is_read_exactly_where_it_is_an_integer) {
  EXPECT_EQ(parse_number("9007199254740993"), Number(int64_t{9007199254740993}));
  EXPECT_EQ(parse_number("18446744073709551615"), Number(std::numeric_limits<uint64_t>::max()));
  EXPECT_EQ(parse_number("1.50"), Number(1.5));
  EXPECT_EQ(parse_number("1e3"), Number(1000.0));
  EXPECT_EQ(parse_number("-0"), Number(-0.0));
  for (const char* text : {"", "1x", "nan", "inf", "0x10", " 1", "1e999"}) EXPECT_FALSE(parse_number(text)) << text;
}

}  // namespace
}  // namespace timestore::query::exact_sum_test
