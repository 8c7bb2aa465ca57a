// What a node promises its callers and peers: fates of proposals, reads, making way, and what it does not believe.
#include "engine/raft/step.h"

#include <gtest/gtest.h>

#include "tests/engine/raft/core_cluster.h"
#include "tests/engine/raft/one_node.h"

namespace timestore::raft {
namespace {

using namespace testing;  // NOLINT: the words of these tests

TEST(Proposals, a_deposed_leader_cannot_commit_and_says_so_truthfully) {
  CoreCluster cluster(3, 5);
  ASSERT_TRUE(cluster.elect());
  const std::size_t old_leader = *cluster.leader();
  cluster.cut(old_leader, true);
  const ProposalId lost = cluster.propose(old_leader);
  ASSERT_TRUE(cluster.elect());
  const ProposalId kept = cluster.propose(*cluster.leader());
  cluster.settle(2);
  EXPECT_EQ(cluster.fates().at(kept).kind, Fate::Kind::kCommitted);
  EXPECT_FALSE(cluster.fates().contains(lost));
  cluster.cut(old_leader, false);
  cluster.settle(20);
  EXPECT_EQ(cluster.fates().at(lost).kind, Fate::Kind::kSuperseded);
}

// Thesis 6.3: a client that is told so may try again, and must be recognized then.
TEST(Proposals, a_fate_that_cannot_be_learnt_becomes_unknown_after_a_bounded_time) {
  CoreCluster cluster(3, 5);
  ASSERT_TRUE(cluster.elect());
  const std::size_t leader = *cluster.leader();
  cluster.cut(leader, true);
  const ProposalId id = cluster.propose(leader);
  cluster.input(leader, Input(StepDown{}));
  for (std::uint32_t i = 0; i < Options{}.orphan_ticks; ++i) cluster.tick(leader);
  EXPECT_EQ(cluster.fates().at(id).kind, Fate::Kind::kUnknown);
}

TEST(Proposals, are_refused_by_anyone_but_the_leader) {
  CoreCluster cluster(3, 5);
  ASSERT_TRUE(cluster.elect());
  const ProposalId id = cluster.propose((*cluster.leader() + 1) % 3);
  EXPECT_EQ(cluster.fates().at(id).kind, Fate::Kind::kRefused);
}

// Thesis 10.2.2.
TEST(Proposals, of_one_batch_share_one_write_and_one_append_per_follower) {
  CoreCluster cluster(3, 5);
  ASSERT_TRUE(cluster.elect());
  cluster.settle(10);
  State state = cluster.node(*cluster.leader()).state;
  std::vector<Input> batch;
  for (ProposalId id = 1; id <= 64; ++id) batch.push_back(Propose{id + 1000, Payload("x")});
  const Effects effects = step(state, batch);
  ASSERT_TRUE(effects.write);
  EXPECT_EQ(effects.write->entries.size(), 64U);
  EXPECT_EQ(effects.sends.size(), 2U);
}

TEST(Thesis_6_4, a_read_waits_for_a_quorum_that_answers_after_it_began) {
  CoreCluster cluster(3, 9);
  ASSERT_TRUE(cluster.elect());
  const std::size_t leader = *cluster.leader();
  const ReadId granted = cluster.read(leader);
  EXPECT_FALSE(cluster.reads().contains(granted));
  cluster.settle();
  EXPECT_TRUE(cluster.reads().at(granted).granted);
  cluster.cut(leader, true);
  const ReadId stuck = cluster.read(leader);
  cluster.settle(3);
  EXPECT_FALSE(cluster.reads().contains(stuck));
}

// Paper, section 8.
TEST(Thesis_6_4, a_new_leader_grants_no_read_before_an_entry_of_its_term_is_committed) {
  State state = follower({1}, 1);
  const Effects campaign = step_one(state, Campaign{});
  (void)step_one(state, WriteDone{campaign.write->id});
  (void)receive_vote(state, "n2");
  ASSERT_TRUE(state.is_leader());
  (void)step_one(state, Read{7});
  const Effects early =
      receive(state, "n2", AppendResponse{.term = 2, .success = true, .match = 1, .prev_index = 1, .hint = {}});
  EXPECT_TRUE(early.reads.empty());
  EXPECT_EQ(std::get<Leader>(state.role).fresh_reads.size(), 1U);
}

TEST(Thesis_6_4, many_reads_share_one_round) {
  CoreCluster cluster(3, 9);
  ASSERT_TRUE(cluster.elect());
  const std::size_t leader = *cluster.leader();
  for (int i = 0; i < 100; ++i) cluster.read(leader);
  EXPECT_EQ(std::get<Leader>(cluster.node(leader).state.role).round, 1U);
  cluster.settle();
  EXPECT_EQ(cluster.reads().size(), 100U);
  EXPECT_EQ(std::get<Leader>(cluster.node(leader).state.role).round, 2U);
}

TEST(Thesis_6_4, a_deposed_leader_refuses_its_waiting_reads) {
  CoreCluster cluster(3, 9);
  ASSERT_TRUE(cluster.elect());
  const std::size_t leader = *cluster.leader();
  const ReadId id = cluster.read(leader);
  cluster.input(leader, Input(StepDown{}));
  EXPECT_FALSE(cluster.reads().at(id).granted);
}

TEST(Thesis_6_2, a_leader_that_no_majority_answers_makes_way) {
  CoreCluster cluster(3, 5);
  ASSERT_TRUE(cluster.elect());
  const std::size_t leader = *cluster.leader();
  const ReadId read = cluster.read(leader);
  cluster.cut(leader, true);
  for (std::uint32_t i = 0; i < Options{}.election_ticks_max; ++i) cluster.tick(leader);
  EXPECT_FALSE(cluster.node(leader).state.is_leader());
  EXPECT_FALSE(cluster.reads().at(read).granted);
}

TEST(Thesis_6_2, a_leader_goes_on_while_a_majority_answers) {
  CoreCluster cluster(5, 5);
  ASSERT_TRUE(cluster.elect());
  const std::size_t leader = *cluster.leader();
  cluster.crash((leader + 1) % 5);
  cluster.crash((leader + 2) % 5);
  cluster.settle(3 * Options{}.election_ticks_max);
  EXPECT_EQ(cluster.leader(), std::optional(leader));
}

TEST(Disk, a_leader_whose_disk_stands_still_makes_way) {
  CoreCluster cluster(3, 5);
  ASSERT_TRUE(cluster.elect());
  const std::size_t leader = *cluster.leader();
  cluster.propose(leader);
  for (std::uint32_t i = 0; i < Options{}.election_ticks_max; ++i) {
    cluster.tick(leader);
    while (!cluster.network().empty()) cluster.deliver(0);
    for (std::size_t other = 0; other < 3; ++other) {
      if (other != leader) cluster.write_done(other);
    }
  }
  EXPECT_FALSE(cluster.node(leader).state.is_leader()) << "the others answer, but its own write is never done";
}

// Paper, section 5.6: a time-out that is short beside what it waits for elects without end.
TEST(Disk, a_follower_that_waits_for_its_own_disk_does_not_call_an_election) {
  State state = follower({}, 1);
  const Effects effects = receive(state, "n2", append(1, {0, 0}, {entry(1, "a")}));
  for (std::uint32_t i = 0; i < 2 * Options{}.election_ticks_max; ++i) (void)step_one(state, Tick{});
  EXPECT_TRUE(std::holds_alternative<Follower>(state.role));
  (void)step_one(state, WriteDone{effects.write->id});
  for (std::uint32_t i = 0; i < Options{}.election_ticks_max; ++i) (void)step_one(state, Tick{});
  EXPECT_TRUE(std::holds_alternative<PreCandidate>(state.role)) << "once its disk is quiet, silence counts again";
}

TEST(Disk, a_follower_that_lost_its_log_is_given_it_again) {
  CoreCluster cluster(3, 5);
  ASSERT_TRUE(cluster.elect());
  const std::size_t leader = *cluster.leader();
  for (int i = 0; i < 20; ++i) cluster.propose(leader);
  cluster.settle(10);
  const std::size_t victim = (leader + 1) % 3;
  cluster.crash(victim);
  const HardState kept = cluster.node(victim).disk.hard_state;
  cluster.node(victim).disk = {.hard_state = kept, .log = {}, .queue = {}};
  cluster.restart(victim, 0);
  cluster.settle(10);
  EXPECT_EQ(cluster.node(victim).disk.log, cluster.node(leader).disk.log);
}

// Paper, section 5.1: among others, that a term has one leader.
TEST(Hostile, a_stranger_a_jump_of_terms_and_a_second_leader_change_nothing) {
  State state = follower({1, 1}, 2);
  (void)receive(state, "n2", append(2, {1, 2}, {}, 2));
  const State before = state;
  (void)receive(state, "stranger", VoteRequest{.term = 9, .candidate = "stranger", .last_index = 99, .last_term = 9});
  (void)receive(state, "n2", VoteRequest{.term = kMaxTerm + 1, .candidate = "n2", .last_index = 0, .last_term = 0});
  (void)receive(state, "n2",
                VoteRequest{.term = 2 + kMaxTermJump + 1, .candidate = "n2", .last_index = 0, .last_term = 0});
  (void)receive(state, "n1", VoteRequest{.term = 9, .candidate = "n1", .last_index = 0, .last_term = 0});
  AppendRequest rival = append(2, {1, 2}, {entry(2, "x")});
  rival.leader = "n3";
  (void)receive(state, "n3", rival);
  (void)receive(state, "n2", append(2, {1, 2}, {entry(2, "x"), entry(1, "falling")}));
  (void)receive(state, "n2", append(2, {1, 2}, {entry(3, "from the future")}));
  (void)receive(state, "n2", append(2, {1, kMaxIndex}, {entry(2, "x")}));
  EXPECT_EQ(state.hard_state, before.hard_state);
  EXPECT_EQ(state.trail, before.trail);
  EXPECT_EQ(state.commit, before.commit);
  EXPECT_EQ(state.leader, "n2");
}

TEST(Hostile, absurd_answers_do_not_move_a_leader) {
  CoreCluster cluster(3, 5);
  ASSERT_TRUE(cluster.elect());
  const std::size_t leader = *cluster.leader();
  State state = cluster.node(leader).state;
  const NodeId peer = CoreCluster::name((leader + 1) % 3);
  const Index commit = state.commit;
  const Term term = state.term();
  (void)receive(state, peer, AppendResponse{.term = term, .success = true, .match = kMaxIndex, .hint = {}});
  (void)receive(
      state, peer,
      AppendResponse{
          .term = term, .success = false, .prev_index = kMaxIndex, .hint = {kMaxTerm, kMaxIndex}, .round = 1U << 30});
  (void)receive_vote(state, peer);
  (void)receive(state, "stranger", AppendResponse{.term = term + 1, .hint = {}});
  EXPECT_TRUE(state.is_leader());
  EXPECT_EQ(state.commit, commit);
}

TEST(Single, a_cluster_of_one_elects_itself_at_once_and_commits_when_durable) {
  CoreCluster cluster(1, 1);
  cluster.tick(0);
  cluster.write_done(0);
  EXPECT_TRUE(cluster.node(0).state.is_leader());
  cluster.write_done(0);
  const ProposalId id = cluster.propose(0);
  EXPECT_FALSE(cluster.fates().contains(id));
  cluster.write_done(0);
  EXPECT_EQ(cluster.fates().at(id).kind, Fate::Kind::kCommitted);
  const ReadId read = cluster.read(0);
  EXPECT_TRUE(cluster.reads().at(read).granted);
}

}  // namespace
}  // namespace timestore::raft
