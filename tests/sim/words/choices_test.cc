#include "sim/words/choices.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

namespace timestore::sim {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::vector<std::uint64_t> draw(Stream stream, int count) {
  std::vector<std::uint64_t> values;
  for (int i = 0; i < count; ++i) values.push_back(stream.below(1000));
  return values;
}

TEST(Choices, depend_on_seed_name_subject_and_counter_alone) {
  Choices one(7);
  Choices other(7);
  Stream first = other.stream("a", 1);
  for (int i = 0; i < 100; ++i) (void)first.below(5);  // what others draw does not matter
  EXPECT_EQ(draw(one.stream("b", 2), 20), draw(other.stream("b", 2), 20));
  EXPECT_NE(draw(one.stream("b", 2), 20), draw(one.stream("b", 3), 20));
  EXPECT_NE(draw(one.stream("b", 2), 20), draw(one.stream("c", 2), 20));
  Choices another_seed(8);
  EXPECT_NE(draw(one.stream("b", 2), 20), draw(another_seed.stream("b", 2), 20));
}

TEST(Choices, are_the_same_on_every_machine) {
  Choices choices(1);
  EXPECT_THAT(draw(choices.stream("golden", 3), 4), ElementsAre(347, 74, 149, 817));
  EXPECT_THAT(draw(choices.stream("golden", 3).on(7), 4), ElementsAre(906, 796, 541, 826));
  EXPECT_THAT(draw(choices.stream("golden", 3).named("silver").on(7), 4), ElementsAre(103, 815, 238, 186));
}

TEST(Choices, of_one_occasion_are_not_those_of_another) {
  Choices choices(3);
  const Stream messages = choices.stream("messages");
  const auto second = draw(messages.on(2), 20);
  EXPECT_NE(draw(messages.on(1), 20), second);
  EXPECT_NE(draw(messages, 20), second);
  EXPECT_NE(draw(messages.named("others").on(2), 20), second);
  EXPECT_NE(draw(choices.stream("messages", 1).on(2), 20), second);

  Stream third = messages.on(3);
  for (int i = 0; i < 7; ++i) (void)third.below(10);
  EXPECT_EQ(draw(messages.on(2), 20), second) << "however much is drawn on other occasions";
}

TEST(Choices, spread_over_their_whole_range) {
  Choices choices(1);
  Stream stream = choices.stream("range");
  std::set<std::uint64_t> seen;
  for (int i = 0; i < 1000; ++i) {
    const std::uint64_t value = stream.between(10, 19);
    ASSERT_GE(value, 10U);
    ASSERT_LE(value, 19U);
    seen.insert(value);
  }
  EXPECT_EQ(seen.size(), 10U);
  int heads = 0;
  for (int i = 0; i < 10'000; ++i) heads += stream.chance(1, 4) ? 1 : 0;
  EXPECT_NEAR(heads, 2500, 250);
}

TEST(Choices, repeat_from_their_list_and_what_is_not_listed_is_calm) {
  Choices original(5);
  original.record();
  const auto drawn = draw(original.stream("x", 4), 10);
  const auto drawn_on_second = draw(original.stream("x", 4).on(2), 10);
  const auto read = parse_choices(to_text(original.recorded()));
  ASSERT_TRUE(read);
  EXPECT_EQ(*read, original.recorded());
  Choices repeated(*read);
  EXPECT_EQ(draw(repeated.stream("x", 4), 10), drawn);
  EXPECT_EQ(draw(repeated.stream("x", 4).on(2), 10), drawn_on_second);

  std::vector<Choice> shorter = *read;
  shorter.erase(shorter.begin() + 3);  // all of these happen not to be zero
  auto expected = drawn;
  expected[3] = 0;
  Choices shrunk(shorter);
  EXPECT_EQ(draw(shrunk.stream("x", 4), 10), expected);
}

TEST(Choices, a_list_with_a_broken_line_is_refused_by_its_number) {
  const auto read = parse_choices("x 1 0 2 3\n# a comment\nx 1 0 2\n");
  ASSERT_FALSE(read);
  EXPECT_THAT(read.error().message, HasSubstr("Line 3"));
  EXPECT_FALSE(parse_choices("x 1 0 2 3 4\n"));
  EXPECT_FALSE(parse_choices("x 1 0 -2 y\n"));
}

}  // namespace
}  // namespace timestore::sim
