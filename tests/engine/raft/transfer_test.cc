// A leader hands over: Ongaro's thesis, section 3.10.
#include <gtest/gtest.h>

#include "tests/engine/raft/core_cluster.h"
#include "tests/engine/raft/one_node.h"

namespace timestore::raft::testing {
namespace {

const TimeoutNow* order_in(const Effects& effects) {
  for (const Send& send : effects.sends) {
    if (const auto* order = std::get_if<TimeoutNow>(&send.message)) return order;
  }
  return nullptr;
}

TEST(Thesis_3_10, whoever_has_the_whole_log_is_asked_at_once) {
  State state = elected_leader();
  const Effects effects = step_one(state, Transfer{});
  ASSERT_EQ(effects.sends.at(0).to, "n2");
  EXPECT_EQ(std::get<TimeoutNow>(effects.sends.at(0).message), (TimeoutNow{.term = 2, .leader = "n1", .round = 1}));
}

TEST(Thesis_3_10, a_successor_catches_up_first) {
  State state = elected_leader();
  EXPECT_EQ(order_in(step_one(state, Transfer{"n3"})), nullptr);
  EXPECT_NE(order_in(receive(state, "n3", AppendResponse{.term = 2, .success = true, .match = 1, .hint = {}})),
            nullptr);
}

TEST(Thesis_3_10, a_proposal_during_a_handover_is_refused_and_nowhere) {
  State state = elected_leader();
  (void)step_one(state, Transfer{});
  const Effects effects = step_one(state, Propose{7, Payload("x")});
  ASSERT_EQ(effects.fates.size(), 1U);
  EXPECT_EQ(effects.fates[0].kind, Fate::Kind::kRefused);
  EXPECT_EQ(state.trail.last_index(), 1U);
}

TEST(Thesis_3_10, a_leader_goes_on_when_nobody_takes_over) {
  State state = elected_leader();
  (void)step_one(state, Transfer{"n2"});
  const Round round = std::get<Leader>(state.role).round;
  for (std::uint32_t i = 0; i < kPatience; ++i) {
    (void)step_one(state, Tick{});
    (void)receive(state, "n2", AppendResponse{.term = 2, .success = true, .match = 1, .hint = {}});
  }
  ASSERT_TRUE(state.is_leader());
  EXPECT_TRUE(state.takes_proposals());
  EXPECT_GT(std::get<Leader>(state.role).round, round);
}

TEST(Thesis_3_10, only_voters_and_only_others_take_over) {
  State state = elected_leader();
  (void)step_one(state, Transfer{"n1"});
  EXPECT_TRUE(state.takes_proposals());
  (void)step_one(state, Transfer{"stranger"});
  EXPECT_TRUE(state.takes_proposals());
}

TEST(Thesis_3_10, an_order_of_the_leader_is_obeyed_at_once) {
  State state = follower({1}, 1);
  (void)receive(state, "n2", append(1, {1, 1}, {}));
  const Effects effects = receive(state, "n2", TimeoutNow{.term = 1, .leader = "n2", .round = 1});
  EXPECT_EQ(state.hard_state, (HardState{.term = 2, .vote = "n1"}));
  const Effects sent = step_one(state, WriteDone{effects.write->id});
  ASSERT_EQ(sent.sends.size(), 2U);
  EXPECT_TRUE(std::get<VoteRequest>(sent.sends[0].message).forced);
}

TEST(Thesis_3_10, an_order_that_is_over_does_nothing) {
  State state = follower({1}, 1);
  AppendRequest later = append(1, {1, 1}, {});
  later.round = 5;
  later.recalled = 4;
  (void)receive(state, "n2", later);
  const State before = state;
  (void)receive(state, "n2", TimeoutNow{.term = 1, .leader = "n2", .round = 4});
  EXPECT_EQ(state, before);
  (void)receive(state, "n3", TimeoutNow{.term = 1, .leader = "n3", .round = 9});
  EXPECT_EQ(state, before) << "and neither does one of somebody else";
}

TEST(Thesis_3_10, leadership_moves_within_one_round_of_messages) {
  CoreCluster cluster(5, 3);
  ASSERT_TRUE(cluster.elect());
  const std::size_t old = *cluster.leader();
  const std::size_t chosen = (old + 2) % 5;
  cluster.input(old, Transfer{CoreCluster::name(chosen)});
  cluster.settle();
  EXPECT_EQ(cluster.leader(), chosen) << "no time passes";
  EXPECT_FALSE(cluster.node(old).state.is_leader());
}

TEST(Thesis_3_10, a_successor_that_dies_costs_a_time_out_and_nothing_else) {
  CoreCluster cluster(3, 4);
  ASSERT_TRUE(cluster.elect());
  const std::size_t old = *cluster.leader();
  const std::size_t chosen = (old + 1) % 3;
  cluster.input(old, Transfer{CoreCluster::name(chosen)});
  cluster.crash(chosen);
  cluster.settle(kPatience + 1);
  EXPECT_EQ(cluster.leader(), old);
  const ProposalId proposal = cluster.propose(old);
  cluster.settle(1);
  EXPECT_EQ(cluster.fates().at(proposal).kind, Fate::Kind::kCommitted);
}

}  // namespace
}  // namespace timestore::raft::testing
