#include "engine/store/points/double_column.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "engine/base/hash.h"
#include "tests/engine/store/points/columns.h"
#include "tests/engine/store/points/naive_columns.h"

namespace timestore::points::double_column_test {
namespace {

// --- Golden bytes: what was once written must mean the same for ever ------------------------------------------------

void expect_golden(const std::vector<double>& values, const std::string& bytes) {
  EXPECT_EQ(hex(encoded(values)), bytes);
  expect_kept(values);
  EXPECT_EQ(naive::doubles(encoded(values), values.size()), bits_of(values));
}

TEST(DoubleColumnGolden, a_constant_decimal) { expect_golden(std::vector<double>(1000, 20.5), "01019a03"); }

TEST(DoubleColumnGolden, decimals) {
  expect_golden({20.01, 20.05, 20.02, 19.98, 20.03, 20.01, 20.04}, "020aa21f010503273a03");
}

TEST(DoubleColumnGolden, decimals_with_exceptions) {
  std::vector<double> values(32, 1.5);
  values[3] = std::bit_cast<double>(uint64_t{0x7ff8000000000001});
  values[9] = -0.0;
  expect_golden(values, "11011e0202060c03010000000000f87f0000000000000080");
}

TEST(DoubleColumnGolden, bits) {
  expect_golden({1.0 / 3, 2.0 / 3, 4.0 / 3, 1e300, 5e-324},
                "4010aad5aad5aad5aad57f01808080808080801041014002038e405665ce1d657c3cd4a88ab8190b87");
}

// Golden, too: not only what the bytes mean, but which an encoder chooses, since replicas compare their files. A new
// choice is a new encoder, from an entry of the log on that all replicas agree upon.
TEST(DoubleColumnGolden, every_compiler_chooses_the_same_bytes) {
  Prng prng(7);
  Hasher hash;
  for (int round = 0; round < 2000; ++round) {
    hash.add(encoded(any_integers(prng, 1 + prng.below(500))));
    hash.add(encoded(any_doubles(prng, 1 + prng.below(500))));
  }
  EXPECT_EQ(hash.value(), 10358060505035818952u);
}

// --- Every value ----------------------------------------------------------------------------------------------------

TEST(DoubleColumn, special_values_come_back_alone_and_together) {
  Prng prng(1);
  std::vector<double> all;
  for (int i = 0; i < 2000; ++i) {
    all.push_back(any_double(prng));
    expect_kept(std::vector<double>{all.back()});
    expect_kept(std::vector<double>(10, all.back()));
  }
  expect_kept(all);
}

TEST(DoubleColumn, ten_million_doubles_of_random_bits_and_of_special_values_come_back) {
  Prng prng(2);
  std::vector<double> values(1024);
  for (int block = 0; block < 10'000; ++block) {
    const bool is_special = block % 4 == 0;
    for (double& value : values) value = is_special ? any_double(prng) : std::bit_cast<double>(prng.next());
    expect_kept(values);
    if (HasFailure()) FAIL() << "in block " << block;
  }
}

TEST(DoubleColumn, values_of_every_mixture_come_back_to_both_readers) {
  Prng prng(3);
  for (int round = 0; round < 3000; ++round) {
    expect_kept(any_doubles(prng, any_count(prng)));
    const std::vector<double> few = any_doubles(prng, 1 + prng.below(300));
    expect_kept(few);
    EXPECT_EQ(naive::doubles(encoded(few), few.size()), bits_of(few));
    if (HasFailure()) FAIL() << "in round " << round;
  }
}

RC_GTEST_PROP(DoubleColumn, any_values_come_back, (const std::vector<double>& values)) {
  RC_PRE(!values.empty());
  expect_kept(values);
}

TEST(DoubleColumn, a_walk_of_two_decimals_costs_at_most_0_62_bytes_a_value) {
  Prng prng(4);
  size_t bytes = 0;
  for (int block = 0; block < 100; ++block) {
    std::vector<double> values;
    double at = 20 + static_cast<double>(prng.below(1000)) / 100;
    for (int i = 0; i < 1024; ++i) {
      double step = -6;  // twelve uniform numbers are nearly normal
      for (int part = 0; part < 12; ++part) step += static_cast<double>(prng.below(1 << 20)) * 0x1p-20;
      at += 0.05 * step;
      values.push_back(std::round(at * 100) / 100);
    }
    bytes += encoded(values).size();
  }
  EXPECT_LE(static_cast<double>(bytes) / 102'400, 0.62);
}

TEST(DoubleColumn, an_unknown_encoding_is_refused_by_its_number) {
  std::vector<double> values(3);
  for (const unsigned form : {0x20u, 0x3fu, 0x41u, 0xffu}) {
    std::string bytes;
    put_byte(bytes, form);
    ByteReader in(bytes);
    const auto taken = take_doubles(in, values);
    ASSERT_FALSE(taken);
    EXPECT_EQ(taken.error().message, "a column of doubles has the unknown encoding " + std::to_string(form));
  }
}

TEST(DoubleColumn, a_mantissa_beyond_all_decimals_is_refused) {
  std::string bytes(1, '\x02');
  put_integers(bytes, std::vector<int64_t>(3, kMantissaBound));
  EXPECT_EQ(double_bits_in(bytes, 3), std::nullopt);
  bytes = '\x02';
  put_integers(bytes, std::vector<int64_t>(3, -kMantissaBound));
  EXPECT_TRUE(double_bits_in(bytes, 3));
}

}  // namespace
}  // namespace timestore::points::double_column_test
