#include "engine/replica/compaction.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

namespace timestore::replica::compaction_test {
namespace {

TEST(Compaction, what_is_applied_and_durable_may_go) {
  EXPECT_EQ(compactable({.base = 3, .applied = 10, .durable = 10}), 10U);
}

TEST(Compaction, what_a_power_cut_could_take_back_from_the_series_file_stays) {
  EXPECT_EQ(compactable({.base = 3, .applied = 10, .durable = 7}), 7U);
  EXPECT_EQ(compactable({.base = 3, .applied = 10, .durable = 0}), 3U);
}

TEST(Compaction, what_is_not_applied_stays) { EXPECT_EQ(compactable({.base = 3, .applied = 5, .durable = 9}), 5U); }

TEST(Compaction, entries_for_slow_followers_stay) {
  EXPECT_EQ(compactable({.applied = 100, .durable = 95, .kept_entries = 10}), 90U);
  EXPECT_EQ(compactable({.applied = 100, .durable = 80, .kept_entries = 10}), 80U);
  EXPECT_EQ(compactable({.base = 3, .applied = 100, .durable = 100, .kept_entries = 1'000'000}), 3U);
}

TEST(Compaction, what_the_receiver_of_a_snapshot_goes_on_with_stays) {
  EXPECT_EQ(compactable({.applied = 100, .durable = 100, .needed_after = 60}), 60U);
  EXPECT_EQ(compactable({.base = 70, .applied = 100, .durable = 100, .needed_after = 60}), 70U) << "it is too late";
}

// The oracle asks of each entry whether anybody could still need it.
RC_GTEST_PROP(Compaction, everything_goes_up_to_the_first_entry_that_somebody_may_need, ()) {
  const auto number = rc::gen::inRange<std::uint64_t>(0, 40);
  CompactionBounds bounds;
  bounds.base = *number;
  bounds.applied = *number;
  bounds.durable = *number;
  bounds.kept_entries = *number;
  if (*number % 2 == 0) bounds.needed_after = *number;
  raft::Index expected = bounds.base;
  for (raft::Index index = bounds.base + 1; index < 100; ++index) {
    const bool is_kept = index + bounds.kept_entries > bounds.applied;
    const bool is_needed = bounds.needed_after && index > *bounds.needed_after;
    if (index > bounds.applied || index > bounds.durable || is_kept || is_needed) break;
    expected = index;
  }
  RC_ASSERT(compactable(bounds) == expected);
}

// Entries 1 to `length`, of which each takes so many bytes.
raft::Trail trail_of(raft::Index length, std::size_t bytes) {
  raft::Trail trail;
  for (raft::Index index = 1; index <= length; ++index) trail.append(1, raft::EntryKind::kCommand, bytes);
  return trail;
}

TEST(Compaction, a_log_within_its_limits_begins_where_it_does) {
  EXPECT_EQ(wanted_base(trail_of(80, 10), 80, {.entries = 80, .bytes = 1'000'000}), 0U);
  EXPECT_EQ(wanted_base(trail_of(800, 10), 80, {.entries = 80, .bytes = 1'000'000}), 0U) << "the rest is not applied";
}

TEST(Compaction, a_log_that_is_too_long_loses_an_eighth_of_its_limit) {
  EXPECT_EQ(wanted_base(trail_of(81, 10), 81, {.entries = 80, .bytes = 1'000'000}), 11U);
  EXPECT_EQ(wanted_base(trail_of(100'000, 10), 100'000, {.entries = 80, .bytes = 1'000'000}), 1000U) << "in steps";
}

TEST(Compaction, a_log_that_is_too_large_loses_an_eighth_of_its_limit_but_nothing_that_is_not_applied) {
  const raft::Trail trail = trail_of(100, 1000);
  const std::uint64_t limit = trail.size_bound_bytes() - 1;
  const raft::Index wanted = wanted_base(trail, 100, {.entries = 1000, .bytes = limit});
  EXPECT_GE(wanted, 12U);
  EXPECT_LE(wanted, 14U);
  EXPECT_EQ(wanted_base(trail, 5, {.entries = 1000, .bytes = limit}), 5U);
}

}  // namespace
}  // namespace timestore::replica::compaction_test
