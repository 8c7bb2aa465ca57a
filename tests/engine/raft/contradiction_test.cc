// What no disk that keeps its promises lets happen: a leader without what is committed here, or two leaders of a term.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/raft/invariants.h"
#include "tests/engine/raft/clusters.h"
#include "tests/engine/raft/one_node.h"

namespace timestore::raft {
namespace {

using namespace testing;  // NOLINT: the words of these tests

// A follower in term 4 of cluster kOurs. The terms of its log are 1, 1, 2, 2, and it is committed up to 3.
State follower_of_ours() { return member_with_id({1, 2, 2}, 4, 3); }

AppendRequest heartbeat(Term term, Position prev, const NodeId& leader = "n2") {
  AppendRequest request = append(term, prev, {});
  request.leader = leader;
  request.belonging = settled(kOurs);
  return request;
}

AppendRequest carrying(Term term, Position prev, std::vector<Entry> entries) {
  AppendRequest request = append(term, prev, std::move(entries));
  request.belonging = settled(kOurs);
  return request;
}

AppendResponse answer_to(State& state, const AppendRequest& request) {
  return answer_after_write<AppendResponse>(state, receive(state, request.leader, request));
}

TEST(Contradiction, is_an_entry_of_another_term_where_this_log_is_committed) {
  for (const bool is_carried : {false, true}) {
    State state = follower_of_ours();
    const auto request = is_carried ? carrying(5, {1, 2}, {entry(4, "another")}) : heartbeat(5, {4, 3});
    const AppendResponse answer = answer_to(state, request);
    EXPECT_FALSE(answer.success);
    EXPECT_TRUE(answer.contradicted);
    EXPECT_EQ(answer.round, 0U) << "it confirms nothing";
    ASSERT_TRUE(state.contradiction.has_value());
    EXPECT_EQ(*state.contradiction, (Contradiction{.leader = "n2", .term = 5, .index = 3, .ours = 2, .theirs = 4}));
    EXPECT_EQ(state.trail.last_index(), 4U);
  }
}

TEST(Contradiction, is_none_where_nothing_is_committed_yet) {
  State state = follower_of_ours();
  const AppendResponse answer = answer_to(state, carrying(5, {2, 3}, {entry(4, "another")}));
  EXPECT_TRUE(answer.success);
  EXPECT_FALSE(state.contradiction.has_value());
  EXPECT_EQ(state.trail.term_at(4), Term{4});
}

TEST(Contradiction, comes_from_members_of_this_cluster_only) {
  State state = follower_of_ours();
  EXPECT_FALSE(answer_to(state, heartbeat(5, {4, 3}, "n9")).contradicted) << "whoever that is, it stops nobody";
  EXPECT_FALSE(state.contradiction.has_value());
}

TEST(Contradiction, is_a_second_leader_of_the_term) {
  State state = follower_of_ours();
  EXPECT_TRUE(answer_to(state, heartbeat(5, {2, 4})).success);
  EXPECT_TRUE(answer_to(state, heartbeat(5, {2, 4}, "n3")).contradicted);
  ASSERT_TRUE(state.contradiction.has_value());
  EXPECT_EQ(state.contradiction->index, 0U);
  EXPECT_TRUE(answer_to(state, heartbeat(6, {2, 4})).contradicted);
  EXPECT_TRUE(state.contradiction.has_value()) << "both may have committed entries of equal terms that differ";
}

TEST(Contradiction, by_a_second_leader_ends_leadership) {
  State state = leader_with_id();
  (void)receive(state, "n3", heartbeat(state.term(), {1, 1}, "n3"));
  EXPECT_FALSE(state.is_leader());
  EXPECT_TRUE(state.contradiction.has_value());
}

TEST(Contradiction, leaves_neither_votes_nor_campaigns) {
  State state = follower_of_ours();
  (void)answer_to(state, heartbeat(5, {4, 3}));
  const VoteRequest candidate{
      .term = 6, .candidate = "n3", .last_index = 9, .last_term = 5, .belonging = settled(kOurs)};
  EXPECT_FALSE(answer_after_write<VoteResponse>(state, receive(state, "n3", candidate)).granted);
  EXPECT_EQ(state.term(), 6U) << "terms are learnt as ever";
  for (std::uint32_t i = 0; i < 3 * kPatience; ++i) (void)step_one(state, Tick{});
  (void)step_one(state, Campaign{});
  EXPECT_TRUE(std::holds_alternative<Follower>(state.role));
  const PreVoteRequest asks{.term = 7, .candidate = "n3", .last_index = 9, .last_term = 5, .belonging = settled(kOurs)};
  EXPECT_FALSE(answer_after_write<PreVoteResponse>(state, receive(state, "n3", asks)).granted);
}

TEST(Contradiction, is_all_that_its_leader_hears_and_ends_with_one_that_has_the_entry) {
  State state = follower_of_ours();
  (void)answer_to(state, heartbeat(5, {4, 3}));
  EXPECT_TRUE(answer_to(state, heartbeat(5, {1, 2})).contradicted) << "where the logs agree proves nothing";
  EXPECT_FALSE(answer_to(state, heartbeat(6, {1, 2})).contradicted)
      << "nor does it here, but they may agree further on";
  EXPECT_TRUE(state.contradiction.has_value());
  EXPECT_TRUE(answer_to(state, heartbeat(6, {2, 4})).success);
  EXPECT_FALSE(state.contradiction.has_value());
}

TEST(Contradiction, in_a_leaders_name_ends_with_what_that_leader_says) {
  State state = follower_of_ours();
  (void)answer_to(state, heartbeat(5, {4, 3}));
  EXPECT_TRUE(answer_to(state, heartbeat(5, {2, 4})).success) << "no log can both lack the entry and have it";
  EXPECT_FALSE(state.contradiction.has_value());
}

TEST(Contradiction, holds_as_long_as_it_is_repeated) {
  for (const bool is_rival : {false, true}) {
    State state = follower_of_ours();
    if (is_rival) (void)answer_to(state, heartbeat(5, {2, 4}, "n3"));
    const auto repeat = [&] { (void)answer_to(state, heartbeat(5, is_rival ? Position{2, 4} : Position{4, 9})); };
    (void)answer_to(state, heartbeat(5, is_rival ? Position{2, 4} : Position{4, 3}));
    for (int i = 0; i < 20; ++i) {
      for (std::uint32_t tick = 0; tick < kPatience; ++tick) (void)step_one(state, Tick{});
      ASSERT_TRUE(state.contradiction.has_value()) << i;
      repeat();
    }
    for (std::uint32_t tick = 0; tick < 9 * kPatience; ++tick) (void)step_one(state, Tick{});
    EXPECT_FALSE(state.contradiction.has_value());
    EXPECT_FALSE(std::holds_alternative<Follower>(state.role)) << "it takes part again";
  }
}

TEST(Contradiction, is_answered_with_heartbeats_and_counts_for_nothing) {
  State state = leader_with_id();
  const AppendResponse contradicted{
      .term = state.term(), .round = 0, .contradicted = true, .belonging = settled(kOurs)};
  (void)receive(state, "n2", contradicted);
  (void)step_one(state, Propose{1, Payload("x")});
  write_done(state);
  std::size_t entries = 0;
  std::size_t messages = 0;
  for (std::uint32_t i = 0; i < kPatience && state.is_leader(); ++i) {
    for (const Send& send : step_one(state, Tick{}).sends) {
      const auto* request = std::get_if<AppendRequest>(&send.message);
      if (send.to != "n2" || request == nullptr) continue;
      ++messages;
      entries += request->entries.size();
    }
    (void)receive(state, "n2", contradicted);
  }
  EXPECT_EQ(entries, 0U);
  EXPECT_LE(messages, kPatience / Options{}.heartbeat_ticks + 1);
  EXPECT_FALSE(state.is_leader()) << "n3 is silent, and who contradicts confirms nothing";
}

}  // namespace
}  // namespace timestore::raft
