#include "engine/store/segments/merge_plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

namespace timestore::segments::merge_plan_test {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr MergeOptions kThree{.fan_out = 3};

TEST(Partition, is_floored_before_1970_too) {
  EXPECT_EQ(partition_of(0, 10), 0);
  EXPECT_EQ(partition_of(9, 10), 0);
  EXPECT_EQ(partition_of(10, 10), 1);
  EXPECT_EQ(partition_of(-1, 10), -1);
  EXPECT_EQ(partition_of(-10, 10), -1);
  EXPECT_EQ(partition_of(-11, 10), -2);
  constexpr std::int64_t kSecond = 1'000'000'000;
  EXPECT_EQ(partition_of(std::numeric_limits<std::int64_t>::min(), kSecond), -9223372037);
  EXPECT_EQ(partition_of(std::numeric_limits<std::int64_t>::max(), kSecond), 9223372036);
}

TEST(MergePlan, enough_segments_of_one_partition_and_level_are_merged_the_oldest_first) {
  const Mergeable idle[] = {{1, 7, 0}, {2, 7, 0}, {3, 8, 0}, {4, 7, 1}, {5, 7, 0}, {6, 7, 0}};
  EXPECT_THAT(choose_jobs(idle, kThree), ElementsAre(Group{7, 0, {1, 2, 5}}));
}

TEST(MergePlan, mixed_segments_are_merged_among_themselves) {
  const Mergeable idle[] = {{1, std::nullopt, 0}, {2, 7, 0}, {3, std::nullopt, 0}, {4, 7, 0}, {5, std::nullopt, 0}};
  EXPECT_THAT(choose_jobs(idle, kThree), ElementsAre(Group{std::nullopt, 0, {1, 3, 5}}));
  EXPECT_THAT(choose_jobs({}, kThree), IsEmpty());
}

constexpr PieceExtent kPieces[] = {{0, 1, 0, 100}, {0, 4, 0, 100}, {0, 9, 0, 100}, {1, 2, 50, 100}};

TEST(MergePlan, a_step_ends_between_two_series) {
  const Step step = choose_step(Place::beginning(), kPieces, 150);
  EXPECT_EQ(step.end, (Place{.partition = 0, .series = 9}));
  EXPECT_EQ(step.points, 200U);
}

TEST(MergePlan, the_last_step_takes_the_rest) {
  const Step step = choose_step(Place::beginning(), kPieces, 400);
  EXPECT_EQ(step.end, Place::end());
  EXPECT_EQ(step.points, 400U);
  EXPECT_EQ(choose_step(Place::beginning(), {}, 1).end, Place::end());
}

TEST(MergePlan, a_series_that_is_too_long_is_cut_by_time) {
  const PieceExtent pieces[] = {{0, 1, 0, 100}, {0, 1, 500, 100}, {0, 1, 900, 100}};
  const Step first = choose_step({.partition = 0, .series = 1}, pieces, 100);
  EXPECT_EQ(first.end, (Place{0, 1, 500}));
  const Step second = choose_step(first.end, std::span(pieces).subspan(1), 100);
  EXPECT_EQ(second.end, (Place{0, 1, 900}));
}

TEST(MergePlan, a_step_without_points_to_take_stays_where_it_is) {
  const Place begin{.partition = 0, .series = 4};
  EXPECT_EQ(choose_step(begin, kPieces, 0).end, begin);
}

}  // namespace
}  // namespace timestore::segments::merge_plan_test
