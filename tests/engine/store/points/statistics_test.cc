#include "engine/store/points/statistics.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <numeric>

#include "tests/engine/store/points/columns.h"

namespace timestore::points::statistics_test {
namespace {

DoubleStatistics statistics(const std::vector<double>& values) { return statistics_of(values, Decimals(values)); }

double sum(const std::vector<double>& values) {
  const auto found = statistics(values);
  EXPECT_TRUE(found.sum);
  return found.sum ? found.sum->rounded() : std::nan("");
}

TEST(Statistics, sums_are_those_of_decimals) {
  EXPECT_EQ(sum(std::vector<double>(10, 0.1)), 1.0);
  EXPECT_EQ(sum({0.1, 0.2}), 0.3);
  EXPECT_EQ(sum({-0.1, -0.2}), -0.3);
  EXPECT_EQ(sum({0.1, -0.1}), 0.0);
  EXPECT_EQ(sum({1e12, 0.25, -1e12}), 0.25);
  EXPECT_EQ(sum({-1.5, 1.25}), -0.25);
}

TEST(Statistics, what_is_no_decimal_has_no_sum) {
  EXPECT_FALSE(statistics({1, 2, -0.0}).sum);
  EXPECT_FALSE(statistics({1, 2, std::nan("")}).sum);
  EXPECT_FALSE(statistics({1.0 / 3}).sum);
}

// The same points, cut into blocks in two ways and in another order: one sum.
TEST(Statistics, a_sum_depends_neither_on_blocks_nor_on_order) {
  Prng prng(1);
  const auto sum_in_blocks = [&](const std::vector<double>& values) {
    DecimalSum total;
    for (size_t at = 0; at < values.size();) {
      const size_t size = 1 + prng.below(std::min<size_t>(50, values.size() - at));
      const std::vector<double> block(values.begin() + static_cast<ptrdiff_t>(at),
                                      values.begin() + static_cast<ptrdiff_t>(at + size));
      if (const auto found = statistics(block); found.sum) {
        total += *found.sum;
      } else {
        for (const double value : block) total += DecimalSum(*decimal_of(value));
      }
      at += size;
    }
    return total;
  };
  for (int round = 0; round < 1000; ++round) {
    std::vector<double> values;
    while (values.size() < 200) {
      const double value = any_double(prng);
      if (decimal_of(value)) values.push_back(value);
    }
    const DecimalSum total = sum_in_blocks(values);
    std::sort(values.begin(), values.end());
    ASSERT_EQ(sum_in_blocks(values), total);
    ASSERT_EQ(sum_in_blocks(values).rounded(), total.rounded());
  }
}

// The decimal of whole and fraction, read by strtod, which rounds correctly.
TEST(Statistics, a_sum_is_rounded_once) {
  Prng prng(2);
  for (int round = 0; round < 200'000; ++round) {
    const auto mantissa = static_cast<int64_t>(any_word(prng));
    const auto exponent = static_cast<unsigned>(prng.below(kMaxExponent + 1));
    const std::string text = std::to_string(mantissa) + "e-" + std::to_string(exponent);
    ASSERT_EQ(DecimalSum(mantissa, exponent).rounded(), std::strtod(text.c_str(), nullptr)) << text;
  }
}

TEST(Statistics, a_huge_sum_is_exact_beyond_a_double) {
  DecimalSum total;
  for (int doubling = 0; doubling < 64; ++doubling) {
    DecimalSum twice = doubling == 0 ? DecimalSum(kMantissaBound - 1, 0) : total;
    if (doubling != 0) twice += total;
    total = twice;
  }
  EXPECT_EQ(total.rounded(), std::ldexp(static_cast<double>(kMantissaBound - 1), 63));
  DecimalSum half(1, 1);
  half += total;
  EXPECT_EQ(half.rounded(), total.rounded());
  EXPECT_NE(half, total);
  // 2^77 + 2^24 is halfway between two doubles: a fraction, however small, decides.
  DecimalSum halfway(Int128{1} << 62, 0);
  for (int doubling = 0; doubling < 15; ++doubling) halfway += DecimalSum(halfway);
  halfway += DecimalSum(1 << 24, 0);
  EXPECT_EQ(halfway.rounded(), 0x1p77);
  halfway += DecimalSum(1, 15);
  EXPECT_EQ(halfway.rounded(), 0x1p77 + 0x1p25);
}

TEST(Statistics, the_least_and_the_greatest_leave_nans_out_and_know_a_negative_zero) {
  const auto found = statistics({std::nan(""), 3, -1, std::nan(""), 7.5, 2});
  EXPECT_EQ(found.numbers, 4u);
  EXPECT_EQ(found.min, -1);
  EXPECT_EQ(found.max, 7.5);
  EXPECT_EQ(statistics({std::nan("")}).numbers, 0u);
  for (const std::vector<double>& zeros : {std::vector<double>{0.0, -0.0}, {-0.0, 0.0}, {0.0, 0.0, 0.0, 0.0, -0.0}}) {
    EXPECT_TRUE(std::signbit(statistics(zeros).min));
    EXPECT_FALSE(std::signbit(statistics(zeros).max));
  }
  EXPECT_TRUE(std::signbit(statistics({-0.0, -3}).max));
  EXPECT_FALSE(std::signbit(statistics({0.0, 3}).min));
}

TEST(Statistics, the_least_and_the_greatest_are_those_of_a_sorted_list) {
  Prng prng(3);
  for (int round = 0; round < 2000; ++round) {
    const std::vector<double> values = any_doubles(prng, any_count(prng));
    std::vector<double> sorted;
    std::copy_if(values.begin(), values.end(), std::back_inserter(sorted), [](double value) { return value == value; });
    std::sort(sorted.begin(), sorted.end(), [](double left, double right) {
      return left < right || (left == right && std::signbit(left) && !std::signbit(right));
    });
    const auto found = statistics(values);
    ASSERT_EQ(found.numbers, sorted.size());
    if (sorted.empty()) continue;
    ASSERT_EQ(std::bit_cast<uint64_t>(found.min), std::bit_cast<uint64_t>(sorted.front()));
    ASSERT_EQ(std::bit_cast<uint64_t>(found.max), std::bit_cast<uint64_t>(sorted.back()));
  }
}

TEST(Statistics, sums_of_integers_are_exact_beyond_64_bits) {
  const std::vector<int64_t> values(kMaxValues, std::numeric_limits<int64_t>::min());
  const auto found = statistics_of(std::span<const int64_t>(values));
  EXPECT_EQ(found.sum, Int128{std::numeric_limits<int64_t>::min()} * Int128{kMaxValues});
  const std::vector<uint64_t> large = {~uint64_t{0}, 1, ~uint64_t{0}};
  const auto unsigned_found = statistics_of(std::span<const uint64_t>(large));
  EXPECT_EQ(unsigned_found, (IntegerStatistics<uint64_t>{.min = 1, .max = ~uint64_t{0}, .sum = (Int128{1} << 65) - 1}));
}

TEST(Statistics, booleans) {
  const bool mixed[] = {false, true, true};
  EXPECT_EQ(statistics_of(std::span<const bool>(mixed)), (BooleanStatistics{.min = false, .max = true, .trues = 2}));
  const bool trues[] = {true};
  EXPECT_EQ(statistics_of(std::span<const bool>(trues)), (BooleanStatistics{.min = true, .max = true, .trues = 1}));
}

}  // namespace
}  // namespace timestore::points::statistics_test
