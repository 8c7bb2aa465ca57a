// Lies about what is committed and applied.
#include "tests/sim/checkers/honest_cluster.h"

namespace timestore::sim {
namespace {

// One entry reaches a follower's disk; its answer reaches nobody.
void give(HonestCluster& cluster, std::size_t leader, std::size_t follower, raft::Index index) {
  const raft::AppendRequest request{.term = cluster.core(leader).term(),
                                    .leader = HonestCluster::name(leader),
                                    .prev_index = index - 1,
                                    .prev_term = cluster.core(leader).trail.term_at(index - 1).value(),
                                    .leader_commit = cluster.core(leader).commit,
                                    .entries = {cluster.logged(leader, index)}};
  cluster.forge(leader, follower, request);
  cluster.write_done(follower);
}

TEST(Ledger, broken_invariants_of_one_state_are_found) {
  HonestCluster cluster;
  cluster.core(0).applied = 1;
  cluster.oracle().stepped(0, cluster.core(0), {}, {});
  EXPECT_RULE(cluster, "only committed entries are applied");
  EXPECT_EQ(cluster.checker(), "invariants");
}

TEST(Ledger, broken_invariants_at_the_start_are_found) {
  HonestCluster cluster;
  raft::State core = cluster.core(0);
  core.durable_write = 1;
  cluster.oracle().started(0, cluster.recovered(0), core, 0);
  EXPECT_RULE(cluster, "no write is done before it is asked for");
}

TEST(Ledger, broken_invariants_between_two_states_are_found) {
  HonestCluster cluster;
  cluster.elect(0);
  raft::State core = cluster.core(0);
  core.commit = 0;
  cluster.oracle().stepped(0, core, {}, {});
  EXPECT_RULE(cluster, "the commit index never falls");
  EXPECT_EQ(cluster.checker(), "invariants");
}

TEST(Ledger, a_new_life_may_know_less_of_what_is_committed) {
  HonestCluster cluster;
  cluster.elect(0);
  cluster.commit(0);
  cluster.stop(1);
  cluster.start(1);
  EXPECT_EQ(cluster.core(1).commit, 0U);
  cluster.turn(1, {raft::Tick{}});
  EXPECT_RULE(cluster, "");
}

// ---------------------------------------------------------------------------------------------------- committing

TEST(Ledger, a_commit_without_a_durable_quorum_is_found) {
  HonestCluster cluster;
  cluster.elect(0);
  cluster.silence(0, true);
  cluster.write(0);
  cluster.settle();
  EXPECT_RULE(cluster, "");
  cluster.forge(1, 0, raft::AppendResponse{.term = 1, .success = true, .match = 2});
  EXPECT_RULE(cluster, "a committed entry is durable on a quorum");
}

TEST(Ledger, an_acknowledgement_of_an_older_term_that_is_believed_is_found) {
  HonestCluster cluster;
  cluster.elect(0);
  cluster.commit(0);
  cluster.elect(1);
  cluster.silence(1, true);
  cluster.elect(0);
  const raft::Receive late{"n2", raft::AppendResponse{.term = 1, .success = true, .match = 2}, 0};
  cluster.turn(0, {late});
  EXPECT_RULE(cluster, "");
  raft::State core = cluster.core(0);
  std::get<raft::Leader>(core.role).peers.at("n2").match = 2;
  cluster.oracle().stepped(0, core, std::vector<raft::Input>{late}, {});
  EXPECT_RULE(cluster, "a leader believes of a follower what it acknowledged in the leader's own term");
}

TEST(Ledger, a_disk_that_is_lost_after_its_acknowledgement_still_counts) {
  HonestCluster cluster;
  cluster.elect(0);
  cluster.silence(0, true);
  const raft::Index index = cluster.write(0);
  cluster.settle();
  give(cluster, 0, 1, index);
  cluster.oracle().lost(1);
  cluster.forge(1, 0, raft::AppendResponse{.term = 1, .success = true, .match = index});
  EXPECT_RULE(cluster, "");
  EXPECT_EQ(cluster.oracle().committed(), index);
}

// n1 leads and has committed an entry with n2, whose disk is then lost; n3 is silent.
void lose_the_disk_of_n2(HonestCluster& cluster) {
  cluster.silence(2, true);
  cluster.elect(0);
  cluster.commit(0);
  cluster.oracle().lost(1);
}

TEST(Ledger, a_leader_that_counts_a_disk_before_it_is_admitted_is_found) {
  HonestCluster cluster;
  lose_the_disk_of_n2(cluster);
  store::LogFile::Recovered empty;
  empty.hard_state.novice = true;
  cluster.start(1, empty);
  cluster.write(0);
  cluster.settle();
  ASSERT_EQ(cluster.last(1), cluster.last(0));
  EXPECT_LT(cluster.core(0).commit, cluster.last(0));  // without the third node there is nobody to admit it
  EXPECT_RULE(cluster, "");
  std::get<raft::Leader>(cluster.core(0).role).peers.at("n2").admission = 0;
  cluster.forge(1, 0, raft::AppendResponse{.term = 1, .success = true, .match = cluster.last(1)});
  EXPECT_RULE(cluster, "a committed entry is durable on a quorum");
}

// Not only when it starts again: another disk that is lost meanwhile is one too many.
TEST(Ledger, a_node_is_a_novice_as_soon_as_its_disk_is_lost) {
  HonestCluster cluster;
  lose_the_disk_of_n2(cluster);
  EXPECT_TRUE(cluster.oracle().is_novice(1));
  EXPECT_FALSE(cluster.oracle().is_novice(0));
  cluster.start_waiting(1);
  EXPECT_TRUE(cluster.oracle().is_novice(1));
  EXPECT_RULE(cluster, "");
}

TEST(Ledger, a_novice_that_is_admitted_before_the_others_remember_is_found) {
  HonestCluster cluster;
  lose_the_disk_of_n2(cluster);
  cluster.start_waiting(1);
  cluster.write(0);
  cluster.settle();
  ASSERT_EQ(cluster.last(1), cluster.last(0));
  ASSERT_EQ(cluster.core(1).configuration().voters.size(), 3U) << "it has been told";
  ASSERT_TRUE(cluster.core(1).hard_state.novice) << "the third node has nothing";
  EXPECT_RULE(cluster, "");
  tell_write(cluster, 1, write_of(cluster.core(1).last_write + 1, 1));
  EXPECT_RULE(cluster, "a novice is admitted when most of the others hold the entry that it waited for");
}

TEST(Ledger, another_entry_at_a_committed_index_is_found) {
  HonestCluster cluster;
  cluster.elect(0);
  cluster.silence(0, true);
  cluster.write(0);
  cluster.settle();  // (2, 1) on the first node alone
  cluster.elect(1);  // (2, 2) committed
  EXPECT_RULE(cluster, "");
  raft::State core = cluster.core(0);
  core.commit = 2;
  core.role = raft::Follower{};
  core.leader.clear();
  core.proposals.clear();
  cluster.oracle().stepped(0, core, {}, {});
  EXPECT_RULE(cluster, "a committed index has one entry, on every node");
}

TEST(Ledger, a_leader_that_lacks_what_was_committed_is_found) {
  HonestCluster cluster;
  cluster.silence(2, true);
  cluster.elect(0);
  cluster.silence(0, true);
  cluster.silence(2, false);
  cluster.oracle().lost(1);
  cluster.start(1, {});  // forgets, and votes again
  cluster.turn(2, {raft::Campaign{}});
  cluster.turn(2, {raft::Campaign{}});
  EXPECT_RULE(cluster, "");
  cluster.settle();
  EXPECT_RULE(cluster, "a leader holds everything committed in earlier terms");
}

TEST(Ledger, a_leader_elected_late_need_not_hold_what_later_terms_committed) {
  HonestCluster cluster(5);
  cluster.turn(0, {raft::Campaign{}});  // term 1
  cluster.settle();
  ASSERT_TRUE(cluster.core(0).is_leader());
  // The votes of term 2 for the second node are given, and reach it only when term 3 has committed.
  cluster.turn(1, {raft::Campaign{}});
  cluster.write_done(1);
  const raft::VoteRequest request{.term = 2, .candidate = "n2", .last_index = 1, .last_term = 1, .forced = true};
  for (const std::size_t voter : {2U, 3U, 4U}) {
    cluster.forge(1, voter, request);
    cluster.write_done(voter);
  }
  cluster.silence(1, true);
  cluster.turn(2, {raft::Campaign{}});  // term 3
  cluster.settle();
  ASSERT_TRUE(cluster.core(2).is_leader());
  ASSERT_GE(cluster.oracle().committed(), 2U);
  const raft::VoteResponse vote{.term = 2, .granted = true, .judged = {1, 1}};
  for (const std::size_t voter : {2U, 3U}) cluster.forge(voter, 1, vote);
  EXPECT_TRUE(cluster.core(1).is_leader());
  EXPECT_RULE(cluster, "");
}

TEST(Ledger, an_older_term_s_entry_committed_by_counting_is_found) {
  HonestCluster cluster;
  cluster.elect(0);
  const raft::Index index = cluster.write(0);
  cluster.write_done(0);
  give(cluster, 0, 1, index);  // durable on a majority, and the leader does not know
  cluster.stop(0);
  cluster.start(0);
  cluster.elect_without_commit(0);
  EXPECT_RULE(cluster, "");
  raft::State core = cluster.core(0);
  core.commit = index;
  cluster.oracle().stepped(0, core, {}, {});
  EXPECT_RULE(cluster, "a leader commits by counting only entries of its own term");
}

// ---------------------------------------------------------------------------------------------------- answering

TEST(Ledger, a_proposal_wrongly_called_committed_is_found) {
  for (const raft::Position place : {raft::Position{1, 2}, raft::Position{2, 1}}) {
    HonestCluster cluster;
    cluster.elect(0);
    raft::Effects effects;
    effects.fates = {{.id = 1, .kind = raft::Fate::Kind::kCommitted, .position = {1, 1}}};
    cluster.oracle().stepped(0, cluster.core(0), {}, effects);
    EXPECT_RULE(cluster, "");
    effects.fates.front().position = place;
    cluster.oracle().stepped(0, cluster.core(0), {}, effects);
    EXPECT_RULE(cluster, "a proposal that is called committed is");
  }
}

TEST(Ledger, a_proposal_wrongly_called_lost_is_found) {
  for (const raft::Position place : {raft::Position{1, 1}, raft::Position{1, 2}}) {
    HonestCluster cluster;
    cluster.elect(0);
    raft::Effects effects;
    effects.fates = {{.id = 1, .kind = raft::Fate::Kind::kSuperseded, .position = place}};
    cluster.oracle().stepped(0, cluster.core(0), {}, effects);
    EXPECT_RULE(cluster, "a proposal that is called lost is");
  }
}

// ---------------------------------------------------------------------------------------------------- applying

TEST(Ledger, a_node_that_starts_with_more_applied_than_committed_is_found) {
  HonestCluster cluster;
  cluster.silence(1, true);
  cluster.silence(2, true);
  cluster.turn(0, {raft::Campaign{}});
  cluster.write_done(0);
  cluster.oracle().lost(0);
  store::LogFile::Recovered recovered;
  recovered.hard_state.term = 1;
  recovered.trail.append(1, raft::EntryKind::kNoop, 0);
  raft::State core = raft::start({.id = "n1",
                                  .configuration = cluster.core(0).configuration(),
                                  .hard_state = recovered.hard_state,
                                  .trail = recovered.trail,
                                  .applied = 1,
                                  .seed = 1},
                                 {});
  cluster.oracle().started(0, recovered, core, 7);
  EXPECT_RULE(cluster, "only what is committed is applied");
}

TEST(Ledger, a_node_that_applied_what_its_log_file_lacks_is_found) {
  HonestCluster cluster;
  cluster.elect(0);
  cluster.silence(0, true);
  cluster.write(0);
  cluster.settle();  // (2, 1) on the first node alone
  cluster.elect(1);  // (2, 2) committed
  cluster.stop(0);
  const auto recovered = cluster.recovered(0);
  raft::State core = raft::start({.id = "n1",
                                  .configuration = cluster.core(0).configuration(),
                                  .hard_state = recovered.hard_state,
                                  .trail = recovered.trail,
                                  .applied = 2,
                                  .seed = 1},
                                 {});
  cluster.oracle().started(0, recovered, core, 7);
  EXPECT_RULE(cluster, "what a node has applied, its log file holds");
}

TEST(Ledger, releasing_what_is_not_committed_is_found) {
  HonestCluster cluster;
  cluster.elect(0);
  raft::Effects effects;
  effects.apply_through = 2;
  cluster.oracle().stepped(0, cluster.core(0), {}, effects);
  EXPECT_RULE(cluster, "what a node applies is committed and on its own disk");
}

TEST(Ledger, releasing_what_is_not_on_the_own_disk_is_found) {
  HonestCluster cluster;
  cluster.elect(0);
  const raft::Index index = cluster.write(0);  // its own write never ends
  for (const std::size_t follower : {1U, 2U}) {
    give(cluster, 0, follower, index);
    cluster.forge(follower, 0, raft::AppendResponse{.term = 1, .success = true, .match = index});
  }
  ASSERT_EQ(cluster.core(0).commit, index);
  EXPECT_RULE(cluster, "");
  raft::Effects effects;
  effects.apply_through = index;
  cluster.oracle().stepped(0, cluster.core(0), {}, effects);
  EXPECT_RULE(cluster, "what a node applies is committed and on its own disk");
}

TEST(Ledger, applying_what_was_not_released_is_found) {
  HonestCluster cluster;
  cluster.elect(0);
  cluster.silence(1, true);
  cluster.commit(0);
  cluster.oracle().applied(0, 2, 22, 0);
  EXPECT_RULE(cluster, "");
  cluster.oracle().applied(1, 2, 22, 0);
  EXPECT_RULE(cluster, "only what the core has released is applied");
}

TEST(Ledger, applying_what_is_not_committed_is_found) {
  HonestCluster cluster;
  cluster.elect(0);
  cluster.oracle().applied(0, 2, 22, 0);
  EXPECT_RULE(cluster, "only what is committed is applied");
}

TEST(Ledger, a_falling_applied_index_is_found) {
  HonestCluster cluster;
  cluster.elect(0);
  cluster.oracle().applied(0, 1, 11, 0);
  cluster.oracle().applied(0, 0, 0, 0);
  EXPECT_RULE(cluster, "the applied index never falls in a life");
}

TEST(Ledger, different_states_at_one_index_are_found) {
  HonestCluster cluster;
  cluster.elect(0);
  cluster.turn(0, {raft::Tick{}});
  cluster.oracle().applied(0, 1, 11, 0);
  cluster.oracle().applied(0, 1, 11, 0);
  EXPECT_RULE(cluster, "");
  cluster.oracle().applied(0, 1, 12, 0);
  EXPECT_RULE(cluster, "nodes that have applied the same have the same state");
}

TEST(Ledger, different_states_of_two_nodes_are_found) {
  HonestCluster cluster;
  cluster.elect(0);
  cluster.commit(0);  // the others hear that the first entry is committed
  cluster.oracle().applied(0, 1, 11, 0);
  cluster.oracle().applied(1, 1, 12, 0);
  EXPECT_RULE(cluster, "nodes that have applied the same have the same state");
}

}  // namespace
}  // namespace timestore::sim
