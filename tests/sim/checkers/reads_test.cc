// Lies about reads.
#include "tests/sim/checkers/honest_cluster.h"

namespace timestore::sim {
namespace {

void tell_grant(HonestCluster& cluster, std::size_t node, raft::ReadId id, raft::Index index) {
  raft::Effects effects;
  effects.reads = {{.id = id, .granted = true, .index = index}};
  cluster.oracle().stepped(node, cluster.core(node), {}, effects);
}

TEST(Reads, a_true_grant_is_believed) {
  for (const std::size_t nodes : {1U, 2U, 3U, 5U}) {
    HonestCluster cluster(nodes);
    cluster.elect(0);
    for (raft::ReadId id = 1; id <= 3; ++id) {
      cluster.turn(0, {raft::Read{id}});
      cluster.settle();
    }
    EXPECT_RULE(cluster, "");
    EXPECT_GE(std::get<raft::Leader>(cluster.core(0).role).round, 3U);
  }
}

TEST(Reads, a_true_refusal_is_believed) {
  HonestCluster cluster;
  cluster.elect(0);
  cluster.silence(0, true);
  cluster.turn(0, {raft::Read{1}});
  cluster.turn(0, {raft::StepDown{}});
  EXPECT_RULE(cluster, "");
}

TEST(Reads, a_read_that_ends_twice_is_found) {
  HonestCluster cluster;
  cluster.turn(0, {raft::Read{1}});  // refused at once
  raft::Effects effects;
  effects.reads = {{.id = 1, .granted = false}};
  cluster.oracle().stepped(0, cluster.core(0), {}, effects);
  EXPECT_RULE(cluster, "a read ends once");
}

TEST(Reads, a_read_that_outlives_the_leadership_is_found) {
  HonestCluster cluster;
  cluster.elect(0);
  cluster.silence(0, true);
  cluster.turn(0, {raft::Read{1}});
  EXPECT_RULE(cluster, "");
  raft::State core = cluster.core(0);
  core.role = raft::Follower{};
  cluster.oracle().stepped(0, core, {}, {});
  EXPECT_RULE(cluster, "no read outlives the leadership it waits for");
}

TEST(Reads, a_grant_below_what_was_committed_is_found) {
  HonestCluster cluster;
  cluster.elect(0);
  cluster.silence(0, true);
  cluster.elect(1);
  cluster.turn(0, {raft::Read{1}});  // of a leader that does not know that it is deposed
  EXPECT_RULE(cluster, "");
  tell_grant(cluster, 0, 1, cluster.core(0).commit);
  EXPECT_RULE(cluster, "a granted read sees everything that was committed before it was asked for");
  EXPECT_EQ(cluster.checker(), "reads");
}

TEST(Reads, a_grant_that_nobody_confirmed_is_found) {
  HonestCluster cluster;
  cluster.elect(0);
  cluster.turn(0, {raft::Read{1}});
  tell_grant(cluster, 0, 1, cluster.core(0).commit);
  EXPECT_RULE(cluster, "a read is granted when a majority has answered a question asked after it");
}

TEST(Reads, a_grant_that_a_minority_confirmed_is_found) {
  HonestCluster cluster(5);
  cluster.elect(0);
  cluster.turn(0, {raft::Read{1}});
  const raft::Round round = std::get<raft::Leader>(cluster.core(0).role).round;
  cluster.forge(1, 0, raft::AppendResponse{.term = 1, .success = true, .match = 1, .round = round});
  EXPECT_RULE(cluster, "");
  tell_grant(cluster, 0, 1, cluster.core(0).commit);
  EXPECT_RULE(cluster, "a read is granted when a majority has answered a question asked after it");
}

TEST(Reads, answers_to_a_question_asked_before_the_read_confirm_nothing) {
  HonestCluster cluster;
  cluster.elect(0);
  cluster.turn(0, {raft::Read{1}});
  cluster.turn(0, {raft::Read{2}});  // the round of the first is on its way
  const raft::Round round = std::get<raft::Leader>(cluster.core(0).role).round;
  cluster.forge(1, 0, raft::AppendResponse{.term = 1, .success = true, .match = 1, .round = round});
  EXPECT_RULE(cluster, "");  // the first is granted, the second waits for a round of its own
  tell_grant(cluster, 0, 2, cluster.core(0).commit);
  EXPECT_RULE(cluster, "a read is granted when a majority has answered a question asked after it");
}

TEST(Reads, answers_of_an_older_term_confirm_nothing) {
  HonestCluster cluster;
  cluster.elect(0);
  cluster.turn(0, {raft::Read{1}});
  cluster.settle();
  cluster.elect(1);
  cluster.elect(0);
  cluster.turn(0, {raft::Read{2}});
  cluster.oracle().stepped(0, cluster.core(0),
                           std::vector<raft::Input>{raft::Receive{
                               "n2", raft::AppendResponse{.term = 1, .success = true, .match = 1, .round = 1}, 0}},
                           {});
  tell_grant(cluster, 0, 2, cluster.core(0).commit);
  EXPECT_RULE(cluster, "a read is granted when a majority has answered a question asked after it");
}

}  // namespace
}  // namespace timestore::sim
