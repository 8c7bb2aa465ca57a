#include "tools/campaign/seeds.h"

#include <gtest/gtest.h>

#include <set>

namespace timestore::campaign {
namespace {

TEST(Seeds, one_number_is_a_range_of_one) {
  EXPECT_EQ(parse_seeds("7"), (SeedRange{7, 7}));
  EXPECT_EQ(parse_seeds("0"), (SeedRange{0, 0}));
  EXPECT_EQ(parse_seeds("18446744073709551615")->size(), 1U);
}

TEST(Seeds, a_range_has_both_its_ends) {
  EXPECT_EQ(parse_seeds("1..2000"), (SeedRange{1, 2000}));
  EXPECT_EQ(parse_seeds("1..2000")->size(), 2000U);
  EXPECT_EQ(parse_seeds("5..5"), (SeedRange{5, 5}));
}

TEST(Seeds, what_is_no_range_is_refused_with_examples) {
  for (const char* text :
       {"", "x", "-1", "+1", "1..", "..2", "4..1", "1..2..3", "1 ..2", "1...2", "18446744073709551616",
        "0..18446744073709551615", "fresh:", "fresh:0", "fresh:-1", "fresh:x", "fresh"}) {
    const auto seeds = parse_seeds(text);
    ASSERT_FALSE(seeds) << text;
    EXPECT_NE(seeds.error().message.find("fresh:200"), std::string::npos) << seeds.error().message;
  }
}

TEST(Seeds, fresh_seeds_differ_from_call_to_call_and_repeat_by_their_numbers) {
  std::set<std::uint64_t> starts;
  for (int i = 0; i < 20; ++i) {
    const auto seeds = parse_seeds("fresh:200");
    ASSERT_TRUE(seeds);
    EXPECT_EQ(seeds->size(), 200U);
    EXPECT_EQ(parse_seeds(to_text(*seeds)), seeds);
    starts.insert(seeds->first);
  }
  EXPECT_GT(starts.size(), 10U);  // 20 draws out of a million places
}

}  // namespace
}  // namespace timestore::campaign
