#include "tools/campaign/seeds.h"

#include <gtest/gtest.h>

#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace timestore::campaign {
namespace {

TEST(Seeds, one_number_is_a_range_of_one) {
  EXPECT_EQ(parse_seeds("7"), (SeedList{{7, 7}}));
  EXPECT_EQ(parse_seeds("0"), (SeedList{{0, 0}}));
  EXPECT_EQ(parse_seeds("18446744073709551615")->size(), 1U);
}

TEST(Seeds, a_range_has_both_its_ends) {
  EXPECT_EQ(parse_seeds("1..2000"), (SeedList{{1, 2000}}));
  EXPECT_EQ(parse_seeds("1..2000")->size(), 2000U);
  EXPECT_EQ(parse_seeds("5..5"), (SeedList{{5, 5}}));
}

TEST(Seeds, a_list_keeps_its_order_and_what_it_names_twice) {
  const auto seeds = parse_seeds("1725..1730,7,1..250,7");
  ASSERT_TRUE(seeds);
  EXPECT_EQ(*seeds, (SeedList{{1725, 1730}, {7, 7}, {1, 250}, {7, 7}}));
  EXPECT_EQ(seeds->size(), 258U);
  EXPECT_EQ(seeds->at(0), 1725U);
  EXPECT_EQ(seeds->at(5), 1730U);
  EXPECT_EQ(seeds->at(6), 7U);
  EXPECT_EQ(seeds->at(7), 1U);
  EXPECT_EQ(seeds->at(256), 250U);
  EXPECT_EQ(seeds->at(257), 7U);
  EXPECT_EQ(to_text(*seeds), "1725..1730,7,1..250,7");
}

TEST(Seeds, what_is_none_is_refused_with_its_reason_and_examples) {
  const std::vector<std::pair<std::string_view, std::vector<std::string>>> refused = {
      {"' is no range of seeds", {"x", "-1", "+1", "1..", "..2", "1..2..3", "1 ..2", "1...2", "fresh"}},
      {"' ends before it begins", {"4..1", "18446744073709551615..0"}},
      {"' goes beyond the last seed", {"18446744073709551616", "1..18446744073709551616", "99999999999999999999999"}},
      {"' is more than 1000000000 seeds", {"0..18446744073709551615", "1..1000000001"}},
      {"' draws no seeds", {"fresh:", "fresh:0", "fresh:-1", "fresh:x"}}};
  for (const auto& [reason, parts] : refused) {
    for (const std::string& part : parts) {
      for (const std::string& text : {part, "1..3," + part, part + ",7"}) {
        const auto seeds = parse_seeds(text);
        ASSERT_FALSE(seeds) << text;
        EXPECT_TRUE(seeds.error().message.starts_with("'" + part + std::string(reason))) << seeds.error().message;
        EXPECT_NE(seeds.error().message.find("fresh:200"), std::string::npos) << seeds.error().message;
      }
    }
  }
}

TEST(Seeds, a_list_with_an_empty_part_or_too_many_seeds_is_refused_as_a_whole) {
  for (const std::string text : {"", ",", "1,", ",1", "1,,2"}) {
    const auto seeds = parse_seeds(text);
    ASSERT_FALSE(seeds) << text;
    EXPECT_TRUE(seeds.error().message.starts_with("'" + text + "' has an empty part")) << seeds.error().message;
  }
  EXPECT_TRUE(parse_seeds("1..999999999,1"));
  const auto seeds = parse_seeds("1..1000000000,1");
  ASSERT_FALSE(seeds);
  EXPECT_TRUE(seeds.error().message.starts_with("'1..1000000000,1' is more than")) << seeds.error().message;
}

TEST(Seeds, fresh_seeds_differ_from_call_to_call_and_repeat_by_their_numbers) {
  std::set<std::uint64_t> starts;
  for (int i = 0; i < 20; ++i) {
    const auto seeds = parse_seeds("fresh:200");
    ASSERT_TRUE(seeds);
    EXPECT_EQ(seeds->size(), 200U);
    EXPECT_EQ(parse_seeds(to_text(*seeds)), seeds);
    starts.insert(seeds->at(0));
  }
  EXPECT_GT(starts.size(), 10U);  // 20 draws out of a million places
}

TEST(Seeds, fresh_seeds_may_be_part_of_a_list) {
  const auto seeds = parse_seeds("1..20,fresh:200");
  ASSERT_TRUE(seeds);
  EXPECT_EQ(seeds->size(), 220U);
  EXPECT_EQ(seeds->at(19), 20U);
  EXPECT_GE(seeds->at(20), 1'000'000U);
  EXPECT_EQ(parse_seeds(to_text(*seeds)), seeds);
}

}  // namespace
}  // namespace timestore::campaign
