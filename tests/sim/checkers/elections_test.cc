// Lies about votes and leaders.
#include "tests/sim/checkers/honest_cluster.h"

namespace timestore::sim {
namespace {

TEST(Elections, a_second_leader_in_a_term_is_found) {
  HonestCluster cluster;
  cluster.elect(0);
  cluster.oracle().lost(2);
  cluster.start(2, {});
  cluster.silence(2, true);
  cluster.turn(2, {raft::Campaign{}});
  cluster.write_done(2);
  cluster.forge(1, 2, raft::VoteResponse{.term = 1, .granted = true});
  EXPECT_RULE(cluster, "a term has one leader");
}

TEST(Elections, a_leader_whom_no_majority_elected_is_found) {
  HonestCluster cluster;
  cluster.turn(0, {raft::Campaign{}});
  cluster.write_done(0);
  cluster.forge(1, 0, raft::VoteResponse{.term = 1, .granted = true});
  EXPECT_RULE(cluster, "a leader is elected by a majority");
}

TEST(Elections, a_leader_whose_own_vote_is_not_durable_is_found) {
  HonestCluster cluster;
  cluster.turn(0, {raft::Campaign{}});
  cluster.turn(0, {raft::WriteDone{1}});  // but wrote() was never told
  EXPECT_RULE(cluster, "a message leaves when its term is durable");

  HonestCluster alone(1);
  alone.turn(0, {raft::Campaign{}});
  alone.turn(0, {raft::WriteDone{1}});
  EXPECT_RULE(alone, "a node is elected when its log and its vote for itself are durable");
}

TEST(Elections, a_vote_for_a_stranger_is_found) {
  HonestCluster cluster;
  tell_write(cluster, 0, write_of(1, 1, "n9"));
  EXPECT_RULE(cluster, "a vote is for a member");
}

TEST(Elections, a_vote_that_nobody_asked_for_is_found) {
  HonestCluster cluster;
  tell_write(cluster, 0, write_of(1, 1, "n2"));
  EXPECT_RULE(cluster, "a vote goes to a node that asked for it");
}

TEST(Elections, a_vote_for_a_candidate_that_lacks_entries_is_found) {
  HonestCluster cluster;
  cluster.silence(2, true);
  cluster.elect(0);
  cluster.turn(2, {raft::Campaign{}});
  cluster.turn(2, {raft::Campaign{}});
  cluster.settle();
  EXPECT_RULE(cluster, "");
  tell_write(cluster, 1, write_of(9, 2, "n3"));
  EXPECT_RULE(cluster, "a vote goes to a candidate whose log is as up to date as the voter's");
}

TEST(Elections, a_vote_in_the_middle_of_a_turn_is_not_judged_by_what_came_after) {
  HonestCluster cluster;
  cluster.silence(2, true);
  cluster.elect(0);
  cluster.turn(2, {raft::Campaign{}});
  cluster.turn(2, {raft::Campaign{}});
  cluster.settle();
  tell_write(cluster, 1, write_of(9, 2, "n3"),
             {raft::Receive{"n3", raft::VoteRequest{.term = 2, .candidate = "n3", .forced = true}, 0},
              raft::Receive{"n3", raft::AppendRequest{.term = 2, .leader = "n3", .entries = {}}, 0}});
  EXPECT_RULE(cluster, "");
}

// ---------------------------------------------------------------------------------------------------- refusals

constexpr const char* kRefusal = "a free voter refuses no candidate whose log is as up to date as its own";

raft::Receive request_of(const raft::NodeId& candidate, raft::Term term, raft::Position last) {
  return {candidate,
          raft::VoteRequest{
              .term = term, .candidate = candidate, .last_index = last.index, .last_term = last.term, .forced = true},
          0};
}

TEST(Elections, a_refusal_without_a_reason_is_found) {
  HonestCluster cluster;
  tell_write(cluster, 1, write_of(1, 1), {request_of("n1", 1, {})});
  EXPECT_RULE(cluster, kRefusal);
}

TEST(Elections, a_refusal_for_the_length_of_an_older_log_is_found) {
  HonestCluster cluster;
  cluster.elect(0);
  cluster.commit(0);
  tell_write(cluster, 1, write_of(9, 5), {request_of("n1", 5, {.term = 2, .index = 1})});
  EXPECT_RULE(cluster, kRefusal);
}

TEST(Elections, a_refusal_of_a_candidate_that_lacks_entries_is_believed) {
  HonestCluster cluster;
  cluster.elect(0);
  cluster.commit(0);
  cluster.turn(1, {request_of("n3", 2, {.term = 1, .index = 1})});
  EXPECT_FALSE(cluster.core(1).hard_state.vote);
  EXPECT_RULE(cluster, "");
}

TEST(Elections, a_refusal_of_the_second_who_asks_is_believed) {
  HonestCluster cluster;
  cluster.silence(2, true);
  cluster.turn(0, {raft::Campaign{}});
  cluster.turn(1, {raft::Campaign{}});
  cluster.settle();
  cluster.turn(2, {request_of("n1", 1, {}), request_of("n2", 1, {})});
  cluster.turn(2, {request_of("n2", 1, {})});
  EXPECT_EQ(cluster.core(2).hard_state.vote, "n1");
  EXPECT_RULE(cluster, "");
}

TEST(Elections, a_candidate_of_the_same_turn_keeps_its_own_vote) {
  HonestCluster cluster;
  cluster.turn(1, {raft::Campaign{}, request_of("n1", 1, {})});
  EXPECT_EQ(cluster.core(1).hard_state.vote, "n2");
  EXPECT_RULE(cluster, "");
}

// ---------------------------------------------------------------------------------------------------- patience

// Tells of a turn in which the second node heard this, and then had so many ticks of silence behind it, of two before.
void tell_silence(HonestCluster& cluster, std::uint32_t ticks, raft::Receive heard) {
  cluster.elect(0);
  cluster.turn(1, {raft::Tick{}, raft::Tick{}});
  EXPECT_EQ(cluster.core(1).election_elapsed, 2U);
  EXPECT_RULE(cluster, "");
  raft::State core = cluster.core(1);
  core.election_elapsed = ticks;
  cluster.oracle().stepped(1, core, std::vector<raft::Input>{std::move(heard)}, {});
}

TEST(Elections, a_voter_that_anybody_calms_is_found) {
  HonestCluster cluster;
  tell_silence(cluster, 0, request_of("n3", 1, {}));
  EXPECT_RULE(cluster, "only its leader, or a candidate that gets its vote, calms a voter");
}

TEST(Elections, a_voter_that_whoever_has_its_vote_calms_is_believed) {
  HonestCluster cluster;
  tell_silence(cluster, 0, request_of("n1", 1, {}));
  EXPECT_RULE(cluster, "");
}

TEST(Elections, a_voter_that_its_leader_does_not_calm_is_found) {
  HonestCluster cluster;
  tell_silence(cluster, 2, {"n1", raft::AppendRequest{.term = 1, .leader = "n1", .entries = {}}, 0});
  EXPECT_RULE(cluster, "a voter that hears its leader is calm");
}

TEST(Elections, a_voter_that_its_leader_calms_is_believed) {
  HonestCluster cluster;
  tell_silence(cluster, 0, {"n1", raft::AppendRequest{.term = 1, .leader = "n1", .entries = {}}, 0});
  EXPECT_RULE(cluster, "");
}

TEST(Elections, a_leader_that_steps_down_is_calm) {
  HonestCluster cluster;
  cluster.turn(0, {raft::Tick{}, raft::Tick{}});
  cluster.elect(0);
  cluster.turn(0, {raft::StepDown{}});
  EXPECT_EQ(cluster.core(0).election_elapsed, 0U);
  EXPECT_RULE(cluster, "");
}

// ---------------------------------------------------------------------------------------------------- reigns

TEST(Elections, a_leader_deposed_in_the_turn_of_its_election_has_reigned) {
  HonestCluster cluster;
  cluster.turn(0, {raft::Campaign{}});
  cluster.write_done(0);
  cluster.forge(0, 1, raft::VoteRequest{.term = 1, .candidate = "n1"});
  cluster.write_done(1);
  cluster.turn(0, {raft::Receive{"n2", raft::VoteResponse{.term = 1, .granted = true}, 0},
                   raft::Receive{"n3", raft::AppendResponse{.term = 2}, 0}});
  EXPECT_FALSE(cluster.core(0).is_leader());
  EXPECT_RULE(cluster, "");
  EXPECT_EQ(cluster.oracle().leaders(), 1U);
}

}  // namespace
}  // namespace timestore::sim
