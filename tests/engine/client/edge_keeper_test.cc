#include "engine/client/edge_keeper.h"

#include <gtest/gtest.h>

#include <limits>

namespace timestore::client::edge_keeper_test {
namespace {

constexpr std::int64_t kSecondNs = 1'000'000'000;
constexpr std::int64_t kDayNs = 24 * 3600 * kSecondNs;
constexpr std::int64_t kNow = 1'700'000'000 * kSecondNs;

TEST(EdgeKeeper, nothing_is_due_where_points_are_kept_for_ever) {
  EXPECT_FALSE(due_order({}, kNow));
  EXPECT_FALSE(due_order({.max_age_ns = kForEver, .edge_ns = 5}, kNow));
}

TEST(EdgeKeeper, an_edge_follows_from_the_time_and_the_age_in_force) {
  const auto order = due_order({.max_age_ns = kDayNs}, kNow);
  ASSERT_TRUE(order);
  EXPECT_EQ(*order, (RetentionOrder{.sets_age = false, .max_age_ns = kDayNs, .edge_ns = kNow - kDayNs}));
}

TEST(EdgeKeeper, an_edge_moves_by_a_hundredth_of_the_age_and_never_back) {
  const Retention applied{.max_age_ns = kDayNs, .edge_ns = kNow - kDayNs};
  EXPECT_FALSE(due_order(applied, kNow));
  EXPECT_FALSE(due_order(applied, kNow - kDayNs));
  EXPECT_FALSE(due_order(applied, kNow + kDayNs / 100 - 1));
  EXPECT_TRUE(due_order(applied, kNow + kDayNs / 100));
  const Retention longer{.max_age_ns = 9 * kDayNs, .edge_ns = kNow - kDayNs};
  EXPECT_FALSE(due_order(longer, kNow + 7 * kDayNs)) << "until what is there has that age";
  EXPECT_TRUE(due_order(longer, kNow + 9 * kDayNs));
}

TEST(EdgeKeeper, a_step_is_a_second_at_least_and_an_hour_at_most) {
  EXPECT_EQ(edge_step(kSecondNs), kSecondNs);
  EXPECT_EQ(edge_step(1000 * kSecondNs), 10 * kSecondNs);
  EXPECT_EQ(edge_step(10'000 * kDayNs), 3600 * kSecondNs);
}

TEST(EdgeKeeper, no_clock_is_too_wrong_for_arithmetic) {
  for (const std::int64_t now : {std::numeric_limits<std::int64_t>::min(), std::numeric_limits<std::int64_t>::max()}) {
    for (const std::int64_t age : {kMinAge, kMaxAge}) {
      for (const std::int64_t edge : {kNoEdge, std::int64_t{0}, kMaxAge}) {
        const auto order = due_order({.max_age_ns = age, .edge_ns = edge}, now);
        if (order) {
          EXPECT_GT(order->edge_ns, edge);
        }
      }
    }
  }
}

}  // namespace
}  // namespace timestore::client::edge_keeper_test
