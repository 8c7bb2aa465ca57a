// Lies about what is durable.
#include "tests/sim/checkers/honest_cluster.h"

namespace timestore::sim {
namespace {

raft::Entry noop(raft::Term term) {
  return {.term = term, .kind = raft::EntryKind::kNoop, .payload = raft::Payload("")};
}

// ---------------------------------------------------------------------------------------------------- honesty

TEST(Promises, the_truth_is_believed) {
  HonestCluster cluster(5);
  cluster.elect(0);
  for (int i = 0; i < 3; ++i) cluster.commit(0);
  EXPECT_RULE(cluster, "");
  EXPECT_EQ(cluster.oracle().committed(), 4U);
}

TEST(Promises, elections_and_restarts_are_believed) {
  HonestCluster cluster(5);
  for (const std::size_t node : {0U, 1U, 2U, 0U, 4U}) {
    cluster.elect(node);
    cluster.stop(node);
    cluster.start(node);
  }
  EXPECT_RULE(cluster, "");
  EXPECT_EQ(cluster.oracle().leaders(), 5U);
}

// ---------------------------------------------------------------------------------------------------- restarts

TEST(Promises, any_number_of_the_writes_asked_for_may_survive) {
  for (std::size_t survivors = 0; survivors <= 2; ++survivors) {
    HonestCluster cluster;
    cluster.turn(0, {raft::Campaign{}});
    cluster.turn(0, {raft::Campaign{}});
    cluster.stop(0);
    cluster.start(0, cluster.recovered(0, survivors));
    EXPECT_RULE(cluster, "");
    EXPECT_EQ(cluster.core(0).term(), survivors);
  }
}

TEST(Promises, what_survived_once_is_promised_from_then_on) {
  HonestCluster cluster;
  const auto nothing = cluster.recovered(0);
  cluster.turn(0, {raft::Campaign{}});
  cluster.start(0, cluster.recovered(0, 1));
  cluster.start(0, nothing);
  EXPECT_RULE(cluster, "a restarted node holds what it promised");
}

TEST(Promises, a_forgotten_vote_is_found) {
  HonestCluster cluster;
  cluster.turn(0, {raft::Campaign{}});
  cluster.write_done(0);
  auto recovered = cluster.recovered(0);
  recovered.hard_state.vote.reset();
  cluster.start(0, recovered);
  EXPECT_RULE(cluster, "a restarted node holds what it promised");
}

TEST(Promises, a_forgotten_entry_is_found) {
  HonestCluster cluster;
  cluster.elect(0);
  cluster.start(1, {.identity = {}, .hard_state = cluster.recovered(1).hard_state, .trail = {}});
  EXPECT_RULE(cluster, "a restarted node holds what it promised");
}

TEST(Promises, an_entry_of_another_kind_is_found) {
  HonestCluster cluster;
  cluster.elect(0);
  auto recovered = cluster.recovered(1);
  recovered.trail = {};
  recovered.trail.append(1, raft::EntryKind::kCommand, 1);
  cluster.start(1, recovered);
  EXPECT_RULE(cluster, "a restarted node holds what it promised");
}

TEST(Promises, an_entry_that_nobody_asked_for_is_found) {
  HonestCluster cluster;
  cluster.elect(0);
  auto recovered = cluster.recovered(1);
  recovered.trail.append(1, raft::EntryKind::kNoop, 0);
  cluster.start(1, recovered);
  EXPECT_RULE(cluster, "a restarted node holds what it promised");
}

TEST(Promises, of_a_lost_disk_nothing_is_demanded) {
  HonestCluster cluster;
  cluster.elect(0);
  cluster.stop(1);
  cluster.oracle().lost(1);
  cluster.start(1, {});
  EXPECT_RULE(cluster, "");
}

TEST(Promises, a_core_that_does_not_start_from_its_log_file_is_found) {
  HonestCluster cluster;
  const auto recovered = cluster.recovered(0);
  raft::State core = cluster.core(0);
  core.hard_state.term = 1;
  cluster.oracle().started(0, recovered, core, 0);
  EXPECT_RULE(cluster, "a node starts from what its log file holds");
}

TEST(Promises, a_core_that_forgets_the_members_in_its_log_is_found) {
  HonestCluster cluster;
  const raft::State before = cluster.core(0);
  raft::Configuration joint = before.configuration();
  joint.outgoing = joint.voters;
  raft::Write write = write_of(1, 1);
  write.first_index = 1;
  write.entries = {{.term = 1, .kind = raft::EntryKind::kMembers, .payload = raft::Payload(encode(joint))}};
  store::LogFile::Recovered recovered;
  recovered.hard_state.term = 1;
  recovered.trail.append(1, raft::EntryKind::kMembers, write.entries[0].payload.size_bytes());
  recovered.configurations = {{1, joint}};
  tell_write(cluster, 0, write);
  raft::State core = before;
  core.hard_state = recovered.hard_state;
  core.trail = recovered.trail;
  core.durable = 1;
  cluster.oracle().started(0, recovered, core, 0);
  EXPECT_RULE(cluster, "a node starts with the members that its log names");
}

// ---------------------------------------------------------------------------------------------------- writes

TEST(Promises, a_change_that_is_not_written_is_found) {
  HonestCluster cluster;
  cluster.core(0).hard_state.term = 1;
  cluster.oracle().stepped(0, cluster.core(0), {}, {});
  EXPECT_RULE(cluster, "whatever a node changes, it asks its disk to keep");
}

TEST(Promises, a_falling_term_is_found) {
  HonestCluster cluster;
  tell_write(cluster, 0, write_of(1, 2));
  tell_write(cluster, 0, write_of(2, 1));
  EXPECT_RULE(cluster, "a node's term never falls");
}

TEST(Promises, a_changed_vote_is_found) {
  HonestCluster cluster;
  tell_write(cluster, 0, write_of(1, 2, "n1"));
  tell_write(cluster, 0, write_of(2, 2, "n2"));
  EXPECT_RULE(cluster, "a node votes once in a term");
}

TEST(Promises, writes_out_of_order_are_found) {
  HonestCluster cluster;
  tell_write(cluster, 0, write_of(1, 1));
  tell_write(cluster, 0, write_of(1, 2));
  EXPECT_RULE(cluster, "writes are numbered in order");
}

TEST(Promises, a_gap_in_the_log_is_found) {
  HonestCluster cluster;
  raft::Write write = write_of(1, 1);
  write.first_index = 2;
  write.entries = {noop(1)};
  tell_write(cluster, 0, write);
  EXPECT_RULE(cluster, "a write continues the log");
}

TEST(Promises, an_entry_of_a_term_to_come_is_found) {
  HonestCluster cluster;
  raft::Write write = write_of(1, 1);
  write.first_index = 1;
  write.entries = {noop(2)};
  tell_write(cluster, 0, write);
  EXPECT_RULE(cluster, "the terms of a log never fall, and never pass the node's own");
}

TEST(Promises, a_write_called_done_before_it_is_synced_is_found) {
  HonestCluster cluster;
  cluster.turn(0, {raft::Campaign{}});
  cluster.oracle().wrote(0, 1, false);
  EXPECT_RULE(cluster, "a write that is called done is durable");
}

TEST(Promises, a_write_that_is_counted_before_it_is_done_is_found) {
  HonestCluster cluster;
  cluster.elect(0);
  cluster.write(0);
  EXPECT_RULE(cluster, "");
  cluster.turn(0, {raft::WriteDone{cluster.core(0).last_write}});  // and its disk knows nothing of it
  EXPECT_RULE(cluster, "what a node counts as durable is");
}

TEST(Promises, a_write_that_is_counted_for_what_replaced_its_entries_is_found) {
  HonestCluster cluster;
  cluster.elect(0);
  cluster.silence(0, true);
  cluster.write(0);
  cluster.elect(1);
  cluster.silence(0, false);
  const raft::Entry newer{.term = 2, .kind = raft::EntryKind::kNoop, .payload = raft::Payload("")};
  cluster.turn(
      0, {raft::Receive{
             "n2", raft::AppendRequest{.term = 2, .leader = "n2", .prev_index = 1, .prev_term = 1, .entries = {newer}},
             0}});
  EXPECT_EQ(cluster.core(0).durable, 1U);
  EXPECT_RULE(cluster, "");
  raft::State core = cluster.core(0);
  core.durable = 2;
  cluster.oracle().stepped(0, core, {}, {});
  EXPECT_RULE(cluster, "what a node counts as durable is");
}

TEST(Promises, a_write_that_nobody_asked_for_is_found) {
  HonestCluster cluster;
  cluster.oracle().wrote(0, 1, true);
  EXPECT_RULE(cluster, "only what was asked for is written");
}

TEST(Promises, two_entries_for_one_place_are_found) {
  HonestCluster cluster;
  raft::Write write = write_of(1, 1);
  write.first_index = 1;
  write.entries = {{.term = 1, .kind = raft::EntryKind::kCommand, .payload = raft::Payload("one")}};
  tell_write(cluster, 0, write);
  write.entries.front().payload = raft::Payload("other");
  tell_write(cluster, 1, write);
  EXPECT_RULE(cluster, "an index and a term name one entry for ever");
  EXPECT_EQ(cluster.checker(), "ledger");
}

TEST(Promises, one_entry_after_different_ones_is_found) {
  HonestCluster cluster;
  raft::Write write = write_of(1, 2);
  write.first_index = 1;
  write.entries = {noop(1), noop(2)};
  tell_write(cluster, 0, write);
  write.entries = {noop(2), noop(2)};
  tell_write(cluster, 1, write);
  EXPECT_RULE(cluster, "two logs that share an entry share everything before it");
}

// ---------------------------------------------------------------------------------------------------- messages

TEST(Promises, a_message_of_a_term_not_yet_durable_is_found) {
  HonestCluster cluster;
  cluster.turn(0, {raft::Campaign{}});
  cluster.oracle().sends(0, {"n2", raft::AppendResponse{.term = 1}});
  EXPECT_RULE(cluster, "a message leaves when its term is durable");
}

TEST(Promises, a_vote_request_without_a_durable_vote_is_found) {
  HonestCluster cluster;
  cluster.elect(0);
  cluster.oracle().sends(1, {"n1", raft::VoteRequest{.term = 1, .candidate = "n2", .last_index = 1, .last_term = 1}});
  EXPECT_RULE(cluster, "a vote request leaves when the vote for oneself is durable");
}

TEST(Promises, a_candidate_that_advertises_too_much_is_found) {
  HonestCluster cluster;
  cluster.turn(0, {raft::Campaign{}});
  cluster.write_done(0);
  EXPECT_RULE(cluster, "");
  cluster.oracle().sends(0, {"n2", raft::VoteRequest{.term = 1, .candidate = "n1", .last_index = 1, .last_term = 1}});
  EXPECT_RULE(cluster, "a candidate advertises only durable entries");
}

TEST(Promises, a_vote_that_leaves_too_early_is_found) {
  HonestCluster cluster;
  cluster.turn(0, {raft::Campaign{}});
  cluster.write_done(0);
  cluster.forge(0, 1, raft::VoteRequest{.term = 1, .candidate = "n1"});
  EXPECT_RULE(cluster, "");
  cluster.oracle().sends(1, {"n1", raft::VoteResponse{.term = 0, .granted = true}});
  EXPECT_RULE(cluster, "a vote leaves when it is durable");
}

TEST(Promises, appends_of_one_who_does_not_lead_are_found) {
  HonestCluster cluster;
  cluster.elect(0);
  cluster.oracle().sends(1, {"n1", raft::AppendRequest{.term = 1, .leader = "n2", .entries = {}}});
  EXPECT_RULE(cluster, "only a term's leader sends entries in it");
}

TEST(Promises, a_commit_index_beyond_what_is_committed_is_found) {
  HonestCluster cluster;
  cluster.elect(0);
  cluster.oracle().sends(0, {"n2", raft::AppendRequest{.term = 1, .leader = "n1", .leader_commit = 2, .entries = {}}});
  EXPECT_RULE(cluster, "a leader tells as committed only what is");
}

TEST(Promises, sent_entries_that_are_not_in_the_log_are_found) {
  const raft::AppendRequest honest{
      .term = 1, .leader = "n1", .prev_index = 0, .prev_term = 0, .leader_commit = 1, .entries = {noop(1)}};
  std::vector<raft::AppendRequest> lies(4, honest);
  lies[0].prev_term = 1;
  lies[1].entries.push_back(noop(1));
  lies[2].entries.front().kind = raft::EntryKind::kCommand;
  lies[3].entries.front().payload = raft::Payload("x");
  for (const auto& lie : lies) {
    HonestCluster cluster;
    cluster.elect(0);
    cluster.oracle().sends(0, {"n2", honest});
    EXPECT_RULE(cluster, "");
    cluster.oracle().sends(0, {"n2", lie});
    EXPECT_RULE(cluster, "a leader sends what its log holds");
  }
}

TEST(Promises, what_a_deposed_leader_still_sends_is_judged_by_its_own_term) {
  HonestCluster cluster;
  cluster.elect(0);
  cluster.elect(1);
  const raft::AppendRequest late{.term = 1, .leader = "n1", .leader_commit = 1, .entries = {noop(1)}};
  cluster.oracle().sends(0, {"n2", late});
  EXPECT_RULE(cluster, "");
  raft::AppendRequest lie = late;
  lie.entries.push_back(noop(2));  // it has this entry, but not as the leader of term 1
  cluster.oracle().sends(0, {"n2", lie});
  EXPECT_RULE(cluster, "a leader sends what its log holds");
}

TEST(Promises, handing_over_to_a_node_that_lags_is_found) {
  HonestCluster cluster;
  cluster.elect(0);
  cluster.oracle().sends(0, {"n2", raft::TimeoutNow{.term = 1, .leader = "n1"}});
  EXPECT_RULE(cluster, "");
  cluster.silence(1, true);
  cluster.commit(0);
  cluster.oracle().sends(0, {"n2", raft::TimeoutNow{.term = 1, .leader = "n1"}});
  EXPECT_RULE(cluster, "a leader hands over to a node that has its whole log");
}

// The leader cannot know it.
TEST(Promises, handing_over_to_a_node_whose_disk_was_just_lost_is_no_lie) {
  HonestCluster cluster;
  cluster.elect(0);
  cluster.commit(0);
  cluster.oracle().lost(1);
  cluster.oracle().sends(0, {"n2", raft::TimeoutNow{.term = 1, .leader = "n1"}});
  EXPECT_RULE(cluster, "");
  cluster.start_waiting(1);
  cluster.oracle().sends(0, {"n2", raft::TimeoutNow{.term = 1, .leader = "n1"}});
  EXPECT_RULE(cluster, "");
}

TEST(Promises, acknowledging_one_who_does_not_lead_is_found) {
  HonestCluster cluster;
  cluster.elect(0);
  cluster.oracle().sends(1, {"n3", raft::AppendResponse{.term = 1, .success = true, .match = 1}});
  EXPECT_RULE(cluster, "only a term's leader is acknowledged");
}

TEST(Promises, acknowledging_what_is_not_durable_is_found) {
  HonestCluster cluster;
  cluster.elect(0);
  cluster.forge(
      0, 1,
      raft::AppendRequest{.term = 1,
                          .leader = "n1",
                          .prev_index = 1,
                          .prev_term = 1,
                          .entries = {{.term = 1, .kind = raft::EntryKind::kNoop, .payload = raft::Payload("")}}});
  EXPECT_RULE(cluster, "");
  cluster.oracle().sends(1, {"n1", raft::AppendResponse{.term = 1, .success = true, .match = 2}});
  EXPECT_RULE(cluster, "an acknowledged entry is durable");
}

TEST(Promises, acknowledging_another_log_than_the_leaders_is_found) {
  HonestCluster cluster;
  cluster.elect(0);
  cluster.silence(0, true);
  cluster.write(0);
  cluster.settle();  // durable on the first node alone: (2, 1)
  cluster.elect(1);  // (2, 2)
  cluster.forge(1, 0, raft::VoteRequest{.term = 2, .candidate = "n2", .forced = true});
  cluster.settle();
  EXPECT_RULE(cluster, "");
  cluster.oracle().sends(0, {"n2", raft::AppendResponse{.term = 2, .success = true, .match = 2}});
  EXPECT_RULE(cluster, "an acknowledged log equals the leader's");
}

}  // namespace
}  // namespace timestore::sim
