#include "engine/store/points/decimal.h"

#include <gtest/gtest.h>

#include <cstdlib>

#include "tests/engine/store/points/columns.h"

namespace timestore::points::decimal_test {
namespace {

std::optional<Decimal> decimal(int64_t mantissa, unsigned exponent) { return Decimal{mantissa, exponent}; }

TEST(Decimal, doubles_are_the_decimals_that_people_wrote) {
  EXPECT_EQ(decimal_of(0), decimal(0, 0));
  EXPECT_EQ(decimal_of(-17), decimal(-17, 0));
  EXPECT_EQ(decimal_of(0.1), decimal(1, 1));
  EXPECT_EQ(decimal_of(20.5), decimal(205, 1));
  EXPECT_EQ(decimal_of(-12.34), decimal(-1234, 2));
  EXPECT_EQ(decimal_of(1e-15), decimal(1, 15));
  EXPECT_EQ(decimal_of(2251799813685247), decimal(2251799813685247, 0));
  EXPECT_EQ(decimal_of(-2251799813685248), decimal(-2251799813685248, 0));
}

TEST(Decimal, what_is_no_short_decimal_is_none) {
  for (const double value : {-0.0, 1e-16, 0.1 + 0.2, 1.0 / 3, 2251799813685248.0, -2251799813685249.0, 1e300, -1e16,
                             5e-324, HUGE_VAL, -HUGE_VAL, std::nan("")}) {
    EXPECT_EQ(decimal_of(value), std::nullopt) << value;
  }
}

TEST(Decimal, every_decimal_of_fifteen_digits_is_found_and_is_what_strtod_reads) {
  Prng prng(1);
  for (int round = 0; round < 300'000; ++round) {
    const auto mantissa = static_cast<int64_t>(prng.below(1'000'000'000'000'000) >> prng.below(50));
    const auto exponent = static_cast<unsigned>(prng.below(kMaxExponent + 1));
    const Decimal written{prng.chance(1, 2) && mantissa != 0 ? -mantissa : mantissa, exponent};
    const std::string text = std::to_string(written.mantissa) + "e-" + std::to_string(exponent);
    const double value = std::strtod(text.c_str(), nullptr);
    ASSERT_EQ(to_double(written), value) << text;
    const auto found = decimal_of(value);
    ASSERT_TRUE(found) << text;
    int64_t scaled = found->mantissa;  // the same number, with no zero at its end
    ASSERT_LE(found->exponent, exponent);
    for (unsigned digit = found->exponent; digit < exponent; ++digit) scaled *= 10;
    ASSERT_EQ(scaled, written.mantissa) << text;
    ASSERT_TRUE(found->exponent == 0 || found->mantissa % 10 != 0) << text;
  }
}

TEST(Decimal, a_decimal_is_the_same_bits_again) {
  Prng prng(2);
  for (int round = 0; round < 300'000; ++round) {
    const double value = any_double(prng);
    const auto found = decimal_of(value);
    if (!found) continue;
    ASSERT_EQ(std::bit_cast<uint64_t>(to_double(*found)), std::bit_cast<uint64_t>(value));
  }
}

TEST(Decimals, a_block_has_one_exponent_and_lists_what_needs_more) {
  std::vector<double> values(100, 1.25);
  values[0] = std::nan("");
  values[40] = 0.123456789;
  values[41] = 3;
  values[99] = -0.0;
  const Decimals decimals(values);
  ASSERT_TRUE(decimals.are_found);
  EXPECT_EQ(decimals.exponent, 2u);
  EXPECT_EQ(decimals.exceptions, (std::vector<uint64_t>{0, 40, 99}));
  EXPECT_EQ(decimals.mantissas[0], 125) << "repeats the first that there is";
  EXPECT_EQ(decimals.mantissas[40], 125) << "repeats the one before";
  EXPECT_EQ(decimals.mantissas[41], 300);
}

TEST(Decimals, a_digit_more_for_all_is_taken_if_many_need_it) {
  std::vector<double> values;
  for (int i = 0; i < 100; ++i) values.push_back(i % 4 == 0 ? 0.0625 : 0.5);
  const Decimals decimals(values);
  ASSERT_TRUE(decimals.are_found);
  EXPECT_EQ(decimals.exponent, 4u);
  EXPECT_TRUE(decimals.exceptions.empty());
}

TEST(Decimals, a_block_of_full_mantissas_has_none) {
  Prng prng(3);
  std::vector<double> values;
  for (int i = 0; i < 100; ++i) values.push_back(static_cast<double>(prng.next()) * 0x1p-64);
  EXPECT_FALSE(Decimals(values).are_found);
  EXPECT_FALSE(Decimals(std::vector<double>(5, std::nan(""))).are_found);
}

}  // namespace
}  // namespace timestore::points::decimal_test
