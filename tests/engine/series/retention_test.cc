#include "engine/series/retention.h"

#include <gtest/gtest.h>

namespace timestore {
namespace {

constexpr std::int64_t kDay = 24 * 3600 * kMinAge;

RetentionOrder set(std::int64_t age, std::int64_t edge) {
  return {.sets_age = true, .max_age_ns = age, .edge_ns = edge};
}
RetentionOrder move(std::int64_t age, std::int64_t edge) {
  return {.sets_age = false, .max_age_ns = age, .edge_ns = edge};
}

TEST(Retention, hides_what_is_before_the_edge_and_nothing_at_it) {
  EXPECT_FALSE(Retention().hides(kNoEdge));
  const Retention retention{.max_age_ns = kDay, .edge_ns = 100};
  EXPECT_TRUE(retention.hides(99));
  EXPECT_FALSE(retention.hides(100));
}

TEST(Retention, the_edge_never_falls) {
  Retention now = after({}, set(kDay, 100));
  EXPECT_EQ(now, (Retention{kDay, 100}));
  now = after(now, set(9 * kDay, -700));
  EXPECT_EQ(now, (Retention{9 * kDay, 100})) << "a longer age brings nothing back";
  now = after(now, move(9 * kDay, 50));
  EXPECT_EQ(now.edge_ns, 100);
  now = after(now, set(kForEver, kNoEdge));
  EXPECT_EQ(now, (Retention{kForEver, 100}));
}

TEST(Retention, an_edge_from_an_age_that_is_over_means_nothing) {
  const Retention now{.max_age_ns = 9 * kDay, .edge_ns = 100};
  EXPECT_EQ(after(now, move(kDay, 1000)), now);
  EXPECT_EQ(after(now, move(9 * kDay, 1000)).edge_ns, 1000);
  const Retention kept{.max_age_ns = kForEver, .edge_ns = 100};
  EXPECT_EQ(after(kept, move(kForEver, 1000)), kept);
  EXPECT_EQ(after(kept, set(kForEver, 1000)), kept);
}

TEST(Retention, an_age_is_taken_from_the_time_as_far_as_there_is_time) {
  EXPECT_EQ(edge_at(1000, 300), 700);
  EXPECT_EQ(edge_at(1000, kForEver), kNoEdge);
  EXPECT_EQ(edge_at(-5, kMaxAge), kNoEdge) << "there is no earlier time";
  EXPECT_EQ(edge_at(0, kMaxAge), -kMaxAge);
}

TEST(Retention, ages_are_read_and_written) {
  EXPECT_EQ(parse_age("1s").value(), kMinAge);
  EXPECT_EQ(parse_age("90m").value(), 90 * 60 * kMinAge);
  EXPECT_EQ(parse_age("36h").value(), 36 * 3600 * kMinAge);
  EXPECT_EQ(parse_age("30d").value(), 30 * kDay);
  EXPECT_EQ(parse_age("4w").value(), 28 * kDay);
  EXPECT_EQ(parse_age("15250w").value(), 15250 * 7 * kDay);
  for (const char* text : {"", "d", "30", "30D", "-1d", "+1d", "1.5d", "1 d", " 1d", "1dd", "0s", "0w", "15251w",
                           "99999999999999999999d", "9223372036854775807w", "1y"}) {
    EXPECT_FALSE(parse_age(text)) << text;
  }
  EXPECT_EQ(age_text(30 * kDay), "30d");
  EXPECT_EQ(age_text(28 * kDay), "4w");
  EXPECT_EQ(age_text(90 * 60 * kMinAge), "90m");
  EXPECT_EQ(age_text(1'500'000'000), "1500000000ns");
}

}  // namespace
}  // namespace timestore
