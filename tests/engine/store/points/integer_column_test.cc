#include "engine/store/points/integer_column.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "tests/engine/store/points/columns.h"
#include "tests/engine/store/points/naive_columns.h"

namespace timestore::points::integer_column_test {
namespace {

constexpr uint64_t kLeast = uint64_t{1} << 63;  // as a signed number
constexpr uint64_t kGreatest = kLeast - 1;

// Both readers agree with what was written, and anything behind a column is left alone.
void expect_both(const Words& values) {
  expect_kept(values);
  const std::string bytes = encoded(values);
  EXPECT_EQ(naive::integers(bytes, values.size()), values);
  Words again(values.size());
  const std::string followed = bytes + "rest";
  ByteReader in(followed);
  ASSERT_TRUE(take_unsigned(in, again));
  EXPECT_EQ(again, values);
  EXPECT_EQ(in.left(), "rest");
}

// --- Golden bytes: what was once written must mean the same for ever ------------------------------------------------

void expect_golden(const Words& values, const std::string& bytes) {
  EXPECT_EQ(hex(encoded(values)), bytes);
  expect_both(values);
}

TEST(IntegerColumnGolden, a_constant) { expect_golden(Words(1000, 300), "01d804"); }

TEST(IntegerColumnGolden, a_slope) { expect_golden({7, 4, 1, 0 - uint64_t{2}}, "020e05"); }

TEST(IntegerColumnGolden, raw_words) {
  expect_golden({0x0123456789abcdef, 0xfedcba9876543210, 5}, "03efcdab89674523011032547698badcfe0500000000000000");
}

TEST(IntegerColumnGolden, order_0_as_it_is_with_quotients) {
  expect_golden({50, 51, 50, 49, 50, 50, 51, 49, 50, 50, 90, 50, 50}, "0a64010184464955ff0138");
}

TEST(IntegerColumnGolden, order_0_as_it_is_with_an_outlier) {
  Words values;
  for (uint64_t i = 0; i < 24; ++i) values.push_back(40 + i * 7 % 4);
  values[20] = 1'000'000;
  expect_golden(values, "0a5001004300121386d0031b1b1b1b1b1b");
}

TEST(IntegerColumnGolden, order_0_zigzag) {
  expect_golden({1000, 1003, 1000, 1002, 1003, 1001, 1000, 1001, 1002, 1003}, "0ed00f0104028e1d02");
}

TEST(IntegerColumnGolden, order_1_as_it_is) {
  expect_golden({0, 10, 21, 31, 43, 53, 64, 74, 84, 95, 105, 117}, "0b00011482cd6e02");
}

TEST(IntegerColumnGolden, order_1_zigzag_with_a_unit) {
  expect_golden({0, 1000, 3000, 2000, 3000, 5000, 4000, 5000, 8000, 7000, 9000}, "0f00e80702832401b5a602");
}

TEST(IntegerColumnGolden, order_2) {
  Words values;
  for (uint64_t i = 0; i < 20; ++i) values.push_back(i * i * 50 + i % 3);
  expect_golden(values, "100001660800c8c2cec8c2cec8c2cec8c2cec8c2cec8c2ce");
}

// --- Every value ----------------------------------------------------------------------------------------------------

TEST(IntegerColumn, differences_of_extremes_wrap_around) {
  expect_both({kLeast, kGreatest, kLeast, kGreatest, 0});
  expect_both({kGreatest, kLeast});
  expect_both({0, kLeast, 0, kLeast, kLeast});
  expect_both({0, ~uint64_t{0}, 1, kLeast, kGreatest, kLeast + 1});
  Words alternating;
  for (int i = 0; i < 1000; ++i) alternating.push_back(i % 2 == 0 ? kLeast : kGreatest);
  expect_both(alternating);
}

// The magnitude of the least number is a multiple of every power of two, and no signed number.
TEST(IntegerColumn, a_unit_may_divide_the_least_number) {
  for (unsigned power = 0; power < 64; ++power) {
    const uint64_t unit = uint64_t{1} << power;
    expect_both({0, unit, 0, kLeast, 0, unit, kLeast, 3 * unit, 0});
    expect_both({0, 3 * unit, 0, kLeast, 0, 3 * unit});
  }
}

TEST(IntegerColumn, a_unit_of_any_size_divides_differences_of_any_size) {
  Prng prng(3);
  for (int round = 0; round < 2000; ++round) {
    const uint64_t unit = any_word(prng);
    Words values = {any_word(prng)};
    for (int i = 0; i < 200; ++i) values.push_back(values[0] + unit * (prng.next() >> (40 + round % 24)));
    expect_both(values);
  }
}

TEST(IntegerColumn, one_value_that_is_no_multiple_undoes_the_unit_wherever_it_stands) {
  for (size_t at = 0; at < 300; at += 7) {
    Words values;
    for (uint64_t i = 0; i < 300; ++i) values.push_back(i * i % 17 * 1000);
    values[at] += 3;
    expect_both(values);
  }
}

TEST(IntegerColumn, the_unit_saves_what_all_differences_share) {
  Prng prng(4);
  Words milliseconds;
  Words nanoseconds;
  for (int i = 0; i < 1024; ++i) {
    milliseconds.push_back(static_cast<uint64_t>(i) * 10'000 + prng.below(8));
    nanoseconds.push_back(milliseconds.back() * 1'000'000);
  }
  EXPECT_LE(encoded(nanoseconds).size(), encoded(milliseconds).size() + 10);
}

TEST(IntegerColumn, regular_times_cost_nothing_and_one_late_point_little) {
  Words times;
  for (uint64_t i = 0; i < 1024; ++i) times.push_back(1'714'521'600'000'000'000 + i * 10'000'000'000);
  EXPECT_LE(encoded(times).size(), 16u);
  times[500] += 1'234'567'890;
  EXPECT_LE(encoded(times).size(), 150u);
}

RC_GTEST_PROP(IntegerColumn, any_values_come_back, (std::vector<int64_t> values)) {
  RC_PRE(!values.empty());
  expect_both(Words(values.begin(), values.end()));
}

TEST(IntegerColumn, values_of_every_shape_come_back) {
  Prng prng(5);
  for (int round = 0; round < 5000; ++round) {
    expect_kept(any_integers(prng, any_count(prng)));
    expect_both(any_integers(prng, 1 + prng.below(300)));
    if (HasFailure()) FAIL() << "in round " << round;
  }
}

TEST(IntegerColumn, signed_values_are_the_same_bytes) {
  const std::vector<int64_t> values = {-5, 7, std::numeric_limits<int64_t>::min(), 0};
  std::string out;
  put_integers(out, values);
  EXPECT_EQ(out, encoded(Words(values.begin(), values.end())));
  std::vector<int64_t> again(values.size());
  ByteReader in(out);
  ASSERT_TRUE(take_integers(in, again));
  EXPECT_EQ(again, values);
}

TEST(IntegerColumn, an_unknown_encoding_is_refused_by_its_number) {
  Words values(3);
  for (const unsigned encoding : {0u, 4u, 9u, 13u, 17u, 255u}) {
    std::string bytes;
    put_byte(bytes, encoding);
    ByteReader in(bytes);
    const auto taken = take_unsigned(in, values);
    ASSERT_FALSE(taken);
    EXPECT_EQ(taken.error().message, "a column of integers has the unknown encoding " + std::to_string(encoding));
  }
}

}  // namespace
}  // namespace timestore::points::integer_column_test
