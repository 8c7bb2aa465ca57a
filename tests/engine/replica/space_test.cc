#include "engine/replica/space.h"

#include <gtest/gtest.h>

namespace timestore::replica::space_test {
namespace {

TEST(Space, that_was_missed_is_tried_again_after_a_while_and_is_missing_until_it_is_found) {
  Space space(2);
  EXPECT_TRUE(space.may_try());
  EXPECT_FALSE(space.tick());
  space.missed(Lane::kLog);
  EXPECT_FALSE(space.may_try());
  EXPECT_FALSE(space.tick());
  EXPECT_TRUE(space.tick()) << "now";
  EXPECT_TRUE(space.may_try());
  EXPECT_FALSE(space.tick()) << "once";
  EXPECT_TRUE(space.is_missing());
  EXPECT_TRUE(space.found(Lane::kLog));
  EXPECT_FALSE(space.found(Lane::kLog));
  EXPECT_FALSE(space.is_missing());
}

TEST(Space, on_one_lane_says_nothing_of_the_other) {
  Space space(2);
  space.missed(Lane::kSeries);
  EXPECT_FALSE(space.found(Lane::kLog));
  EXPECT_TRUE(space.is_missing());
  EXPECT_TRUE(space.found(Lane::kSeries));
}

}  // namespace
}  // namespace timestore::replica::space_test
