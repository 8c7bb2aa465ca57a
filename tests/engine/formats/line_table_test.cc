// Places in a table of texts.
#include "engine/formats/line_table.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <map>

namespace timestore::line_table_test {
namespace {

constexpr uint32_t kNoGuess = UINT32_MAX;

TEST(LineTable, gives_places_in_the_order_of_first_appearance) {
  LineTable table(7);
  EXPECT_EQ(table.find_or_add(0, "a", kNoGuess), 0U);
  EXPECT_EQ(table.find_or_add(0, "b", kNoGuess), 1U);
  EXPECT_EQ(table.find_or_add(1, "a", kNoGuess), 2U) << "under another number it is another text";
  EXPECT_EQ(table.find_or_add(0, "a", kNoGuess), 0U);
  table.clear();
  EXPECT_EQ(table.find_or_add(0, "b", kNoGuess), 0U);
}

RC_GTEST_PROP(LineTable, is_what_a_map_is, (uint64_t seed)) {
  LineTable table(seed);
  std::map<std::pair<uint32_t, std::string>, uint32_t> expected;
  const auto steps = *rc::gen::container<std::vector<std::tuple<uint8_t, std::string, uint8_t>>>(rc::gen::tuple(
      rc::gen::inRange<uint8_t>(0, 3), rc::gen::container<std::string>(rc::gen::elementOf(std::string("abc\0", 4))),
      rc::gen::arbitrary<uint8_t>()));
  for (const auto& [under, text, guess] : steps) {
    const auto [known, is_new] =
        expected.emplace(std::pair(uint32_t{under}, text), static_cast<uint32_t>(expected.size()));
    RC_ASSERT(table.find_or_add(under, text, guess) == known->second);
    RC_ASSERT(table.size() == expected.size());
  }
}

TEST(LineTable, holds_a_hundred_thousand_texts) {
  LineTable table(1);
  for (int round = 0; round < 2; ++round) {
    for (uint32_t number = 0; number < 100'000; ++number) {
      ASSERT_EQ(table.find_or_add(0, "cpu,host=host_" + std::to_string(number), kNoGuess), number);
    }
  }
}

}  // namespace
}  // namespace timestore::line_table_test
