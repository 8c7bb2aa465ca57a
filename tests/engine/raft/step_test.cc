// The rules of elections and replication one by one, each named after the section of the paper that it guards.
#include "engine/raft/step.h"

#include <gtest/gtest.h>

#include "tests/engine/raft/core_cluster.h"
#include "tests/engine/raft/one_node.h"

namespace timestore::raft {
namespace {

using namespace testing;  // NOLINT: the words of these tests

TEST(Paper_5_2, a_vote_leaves_only_after_it_is_durable) {
  State state = follower({}, 0);
  const Effects first =
      receive(state, "n2", VoteRequest{.term = 1, .candidate = "n2", .last_index = 0, .last_term = 0});
  EXPECT_TRUE(first.sends.empty());
  ASSERT_TRUE(first.write);
  EXPECT_EQ(first.write->hard_state, (HardState{1, "n2"}));
  const Effects second = step_one(state, WriteDone{first.write->id});
  ASSERT_EQ(second.sends.size(), 1U);
  EXPECT_EQ(std::get<VoteResponse>(second.sends[0].message), (VoteResponse{1, true}));
}

TEST(Paper_5_2, a_node_votes_once_per_term_and_may_repeat_that_vote) {
  State state = follower({}, 0);
  const VoteRequest request{.term = 1, .candidate = "n2", .last_index = 0, .last_term = 0};
  EXPECT_TRUE(answer_after_write<VoteResponse>(state, receive(state, "n2", request)).granted);
  EXPECT_TRUE(answer_after_write<VoteResponse>(state, receive(state, "n2", request)).granted);
  const VoteRequest rival{.term = 1, .candidate = "n3", .last_index = 9, .last_term = 1};
  EXPECT_FALSE(answer_after_write<VoteResponse>(state, receive(state, "n3", rival)).granted);
}

TEST(Paper_5_2, a_refused_candidate_does_not_reset_the_election_timer) {
  State state = follower({1, 2}, 2);
  for (int i = 0; i < 5; ++i) (void)step_one(state, Tick{});
  (void)receive(state, "n2", VoteRequest{.term = 3, .candidate = "n2", .last_index = 9, .last_term = 1});
  EXPECT_EQ(state.election_elapsed, 5U);
}

TEST(Paper_5_2, a_candidate_wins_only_when_its_own_vote_is_durable_too) {
  State state = follower({}, 0);
  const Effects effects = step_one(state, Campaign{});
  EXPECT_TRUE(effects.sends.empty());
  (void)receive_vote(state, "n2");
  (void)receive_vote(state, "n3");
  EXPECT_FALSE(state.is_leader());
  (void)step_one(state, WriteDone{effects.write->id});
  EXPECT_TRUE(state.is_leader());
}

TEST(Paper_5_2, an_even_sized_cluster_needs_more_than_half) {
  CoreCluster cluster(4, 1);
  cluster.cut(2, true);
  cluster.cut(3, true);
  cluster.settle(400);
  EXPECT_FALSE(cluster.leader()) << "two of four are no majority";
  cluster.cut(2, false);
  EXPECT_TRUE(cluster.elect());
}

TEST(Paper_5_4_1, a_candidate_is_compared_by_last_term_first_and_length_second) {
  struct Case {
    Term last_term;
    Index last_index;
    bool granted;
  };
  for (const Case& c : {Case{2, 9, false}, Case{3, 2, false}, Case{3, 3, true}, Case{3, 9, true}, Case{4, 1, true}}) {
    State state = follower({1, 3, 3}, 3);
    const VoteRequest request{.term = 5, .candidate = "n2", .last_index = c.last_index, .last_term = c.last_term};
    EXPECT_EQ(answer_after_write<VoteResponse>(state, receive(state, "n2", request)).granted, c.granted)
        << c.last_term << " " << c.last_index;
  }
}

TEST(Paper_5_3, an_append_is_acknowledged_only_after_it_is_durable) {
  State state = follower({}, 1);
  const Effects effects = receive(state, "n2", append(1, {0, 0}, {entry(1, "a"), entry(1, "b")}));
  EXPECT_TRUE(effects.sends.empty());
  ASSERT_TRUE(effects.write);
  EXPECT_EQ(effects.write->first_index, 1U);
  EXPECT_EQ(effects.write->entries.size(), 2U);
  const auto answer = answer_after_write<AppendResponse>(state, effects);
  EXPECT_TRUE(answer.success);
  EXPECT_EQ(answer.match, 2U);
}

// Section 5.5: requests are repeated until they are answered, so what comes twice does no harm.
TEST(Paper_5_3, a_late_duplicate_removes_nothing) {
  State state = follower({1, 1, 1}, 1);
  const Effects effects = receive(state, "n2", append(1, {0, 0}, {entry(1, "a")}));
  EXPECT_FALSE(effects.write);
  EXPECT_EQ(state.trail.last_index(), 3U);
  EXPECT_EQ(answer_after_write<AppendResponse>(state, effects).match, 1U);
}

TEST(Paper_5_3, only_a_conflicting_suffix_is_removed) {
  State state = follower({1, 1, 2, 2}, 3, 2);
  const Effects effects = receive(state, "n2", append(3, {1, 1}, {entry(1, "b"), entry(3, "c")}));
  ASSERT_TRUE(effects.write);
  EXPECT_EQ(effects.write->truncate_from, Index{3});
  EXPECT_EQ(effects.write->first_index, 3U);
  EXPECT_EQ(state.trail.last(), (Position{3, 3}));
}

TEST(Paper_5_3, a_committed_entry_is_never_removed_whatever_a_peer_says) {
  State state = follower({1, 1}, 3, 2);
  const Effects effects = receive(state, "n2", append(3, {1, 1}, {entry(3, "evil")}));
  EXPECT_FALSE(answer_after_write<AppendResponse>(state, effects).success);
  EXPECT_EQ(state.trail.last(), (Position{1, 2}));
}

TEST(Paper_5_3, a_follower_commits_only_what_this_append_has_verified) {
  State state = follower({1, 1, 1}, 2);
  (void)receive(state, "n2", append(2, {1, 1}, {}, 3));
  EXPECT_EQ(state.commit, 1U);
}

TEST(Paper_5_3, a_refusal_hints_at_the_newest_entry_that_may_agree) {
  State state = follower({1, 1, 2, 2, 2}, 4);
  const auto short_log = answer_after_write<AppendResponse>(state, receive(state, "n2", append(4, {4, 9}, {})));
  EXPECT_EQ(short_log.hint, (Position{2, 5}));
  const auto conflict = answer_after_write<AppendResponse>(state, receive(state, "n2", append(4, {1, 4}, {})));
  EXPECT_EQ(conflict.hint, (Position{1, 2}));
}

TEST(Paper_5_3, the_asynchronous_write_race_does_not_make_a_removed_entry_durable) {
  State state = follower({}, 1);
  const Effects old_leader = receive(state, "n2", append(1, {0, 0}, {entry(1, "a"), entry(1, "b")}));
  AppendRequest request = append(2, {0, 0}, {entry(2, "x")});
  request.leader = "n3";
  const Effects new_leader = receive(state, "n3", request);
  (void)step_one(state, WriteDone{old_leader.write->id});
  EXPECT_EQ(state.durable, 0U) << "the first write's entries were cut off before it was done";
  (void)step_one(state, WriteDone{new_leader.write->id});
  EXPECT_EQ(state.durable, 1U);
}

TEST(Paper_5_3, what_is_truncated_within_one_turn_never_reaches_the_write) {
  for (const Index kept : {Index{0}, Index{1}}) {
    State state = follower({}, 1);
    AppendRequest second = append(2, {kept == 0 ? Term{0} : Term{1}, kept}, {entry(2, "x")});
    second.leader = "n3";
    const std::vector<Input> batch = {Receive{"n2", append(1, {0, 0}, {entry(1, "a"), entry(1, "b"), entry(1, "c")})},
                                      Receive{"n3", second}};
    const Effects effects = step(state, batch);
    ASSERT_TRUE(effects.write);
    EXPECT_EQ(effects.write->first_index, 1U);
    ASSERT_EQ(effects.write->entries.size(), kept + 1);
    EXPECT_EQ(effects.write->entries.back(), entry(2, "x"));
    EXPECT_EQ(state.trail.last(), (Position{2, kept + 1}));
  }
}

// Section 5.1: what belongs to a term that is over is refused with the newer one.
TEST(Paper_5_3, an_acknowledgement_overtaken_by_a_newer_term_becomes_a_refusal) {
  State state = follower({}, 1);
  const Effects append_effects = receive(state, "n2", append(1, {0, 0}, {entry(1, "a")}));
  const Effects vote =
      receive(state, "n3", VoteRequest{.term = 5, .candidate = "n3", .last_index = 9, .last_term = 4, .forced = true});
  const Effects done = step_one(state, WriteDone{vote.write->id});
  ASSERT_EQ(done.sends.size(), 2U);
  for (const Send& sent : done.sends) {
    if (sent.to != "n2") continue;
    EXPECT_EQ(std::get<AppendResponse>(sent.message), (AppendResponse{.term = 5, .hint = {}}));
  }
}

// Section 5.5: whoever does not answer is asked again.
TEST(Paper_5_3, a_follower_that_cannot_be_reached_is_probed_from_the_same_place_again) {
  State state = follower({1, 1, 2}, 2);
  const Effects campaign = step_one(state, Campaign{});
  (void)step_one(state, WriteDone{campaign.write->id});
  (void)receive_vote(state, "n2");
  ASSERT_TRUE(state.is_leader());
  (void)step_one(state, PeerUnreachable{"n3"});
  EXPECT_EQ(std::get<Leader>(state.role).peers.at("n3").next, 4U) << "not from the log's start";

  (void)receive(state, "n3", AppendResponse{.term = 3, .success = true, .match = 3, .prev_index = 3, .hint = {}});
  (void)step_one(state, Propose{1, Payload("x")});
  (void)step_one(state, PeerUnreachable{"n3"});
  EXPECT_EQ(std::get<Leader>(state.role).peers.at("n3").next, 4U) << "after what it has acknowledged";
}

TEST(Paper_5_4_2, an_entry_of_an_older_term_is_not_committed_by_counting) {
  State state = follower({1, 2}, 2);
  const Effects campaign = step_one(state, Campaign{});
  (void)step_one(state, WriteDone{campaign.write->id});
  const Effects won = receive_vote(state, "n2");
  ASSERT_TRUE(state.is_leader());
  (void)step_one(state, WriteDone{won.write->id});
  (void)receive(state, "n2", AppendResponse{.term = 3, .success = true, .match = 2, .prev_index = 2, .hint = {}});
  EXPECT_EQ(state.commit, 0U) << "figure 8: index 2 is on a majority, but of term 2";
  (void)receive(state, "n2", AppendResponse{.term = 3, .success = true, .match = 3, .prev_index = 2, .hint = {}});
  EXPECT_EQ(state.commit, 3U);
}

// Thesis 10.2.1: a leader writes beside its followers, and is one of those whose disks count.
TEST(Paper_5_4_2, a_leader_does_not_count_its_own_unsynced_entry) {
  CoreCluster cluster(2, 1);
  ASSERT_TRUE(cluster.elect());
  const std::size_t leader = *cluster.leader();
  const Index before = cluster.committed();
  cluster.propose(leader);
  while (!cluster.network().empty()) cluster.deliver(0);
  cluster.write_done(1 - leader);
  while (!cluster.network().empty()) cluster.deliver(0);
  EXPECT_EQ(cluster.committed(), before) << "the follower has it, the leader's own disk has not";
  cluster.write_done(leader);
  EXPECT_EQ(cluster.committed(), before + 1);
}

}  // namespace
}  // namespace timestore::raft
