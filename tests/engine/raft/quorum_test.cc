#include "engine/raft/quorum.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace timestore::raft {
namespace {

TEST(Quorum, a_majority_is_more_than_half) {
  EXPECT_EQ(majority(1), 1U);
  EXPECT_EQ(majority(2), 2U);
  EXPECT_EQ(majority(3), 2U);
  EXPECT_EQ(majority(4), 3U);
  EXPECT_EQ(majority(5), 3U);
}

// The oracle tries every value that occurs and counts.
RC_GTEST_PROP(Quorum, the_value_reached_by_a_majority_is_the_largest_that_more_than_half_have_reached,
              (const std::vector<std::uint64_t>& reached)) {
  std::uint64_t expected = 0;
  for (const std::uint64_t value : reached) {
    std::size_t heads = 0;
    for (const std::uint64_t other : reached) heads += other >= value ? 1 : 0;
    if (2 * heads > reached.size()) expected = std::max(expected, value);
  }
  RC_ASSERT(reached_by_majority(reached) == expected);
}

// The oracle lets the undecided voters vote in every way.
RC_GTEST_PROP(Quorum, an_election_is_decided_exactly_when_no_later_vote_can_change_it, ()) {
  const auto voters = *rc::gen::inRange<std::size_t>(1, 9);
  const auto granted = *rc::gen::inRange<std::size_t>(0, voters + 1);
  const auto refused = *rc::gen::inRange<std::size_t>(0, voters - granted + 1);
  bool can_win = false;
  bool can_lose = false;
  for (std::size_t more = 0; more <= voters - granted - refused; ++more) {
    (2 * (granted + more) > voters ? can_win : can_lose) = true;
  }
  const Tally expected = !can_lose ? Tally::kWon : !can_win ? Tally::kLost : Tally::kPending;
  RC_ASSERT(tally(voters, granted, refused) == expected);
}

RC_GTEST_PROP(Quorum, any_two_majorities_share_a_voter, ()) {
  const auto voters = *rc::gen::inRange<std::size_t>(1, 1000);
  RC_ASSERT(2 * majority(voters) > voters);
  RC_ASSERT(2 * (majority(voters) - 1) <= voters);
}

}  // namespace
}  // namespace timestore::raft
