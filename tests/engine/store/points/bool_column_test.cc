#include "engine/store/points/bool_column.h"

#include <gtest/gtest.h>

#include <memory>

#include "tests/engine/store/points/columns.h"

namespace timestore::points::bool_column_test {
namespace {

std::string written(std::span<const bool> values) {
  std::string out;
  put_booleans(out, values);
  return out;
}

TEST(BoolColumn, golden_bytes) {
  const bool values[] = {true, false, true, true, false, false, false, true, false, true};
  EXPECT_EQ(hex(written(values)), "038d02");
  const bool none[] = {false, false};
  EXPECT_EQ(hex(written(none)), "01");
  const bool all[] = {true, true, true};
  EXPECT_EQ(hex(written(all)), "02");
}

TEST(BoolColumn, values_come_back) {
  Prng prng(1);
  for (int round = 0; round < 2000; ++round) {
    const size_t count = any_count(prng);
    const uint64_t of_ten = prng.below(11);
    const auto values = std::make_unique<bool[]>(count);
    const auto again = std::make_unique<bool[]>(count);
    for (size_t i = 0; i < count; ++i) values[i] = prng.chance(of_ten, 10);
    const std::string bytes = written({values.get(), count});
    ByteReader in(bytes);
    ASSERT_TRUE(take_booleans(in, {again.get(), count}));
    ASSERT_TRUE(in.left().empty());
    ASSERT_TRUE(std::equal(values.get(), values.get() + count, again.get()));
  }
}

TEST(BoolColumn, what_is_no_column_is_refused) {
  const auto error_of = [](std::string_view bytes) {
    bool values[10];
    ByteReader in(bytes);
    const auto taken = take_booleans(in, values);
    return taken ? "" : taken.error().message;
  };
  EXPECT_EQ(error_of(""), "a column ends too early");
  EXPECT_EQ(error_of("\x03\x01"), "a column ends too early");
  EXPECT_EQ(error_of("\x03\x01\x04"), "a column of booleans is longer than its count");
  EXPECT_EQ(error_of("\x04"), "a column of booleans has the unknown encoding 4");
}

}  // namespace
}  // namespace timestore::points::bool_column_test
