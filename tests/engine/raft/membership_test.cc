// Who belongs to the cluster changes: paper, section 6, and Ongaro's thesis, chapter 4.
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/engine/raft/one_node.h"

namespace timestore::raft::testing {
namespace {

AppendResponse acknowledgement(Term term, Index match) {
  return {.term = term, .success = true, .match = match, .hint = {}};
}

Configuration three() { return follower({}, 1).configuration(); }

std::string text(std::vector<NodeId> voters, std::vector<NodeId> outgoing = {}, std::vector<NodeId> learners = {}) {
  Configuration configuration;
  for (const NodeId& id : voters) configuration.voters.push_back({id, ""});
  for (const NodeId& id : outgoing) configuration.outgoing.push_back({id, ""});
  for (const NodeId& id : learners) configuration.learners.push_back({id, ""});
  return encode(configuration);
}

Entry members(Term term, const std::string& text) { return {term, EntryKind::kMembers, Payload(text)}; }

Effects change(State& state, Change::Kind kind, const NodeId& id, const NodeId& replaced = "", bool is_forced = false) {
  return step_one(state,
                  ChangeMembers{9, {.kind = kind, .member = {id, ""}, .replaced = replaced, .is_forced = is_forced}});
}

Refusal refusal_of(const Effects& effects) {
  for (const Fate& fate : effects.fates) {
    if (fate.id == 9 && fate.kind == Fate::Kind::kRefused) return fate.refusal;
  }
  return Refusal::kNone;
}

void acknowledge(State& state, std::vector<NodeId> peers) {
  write_done(state);
  for (const NodeId& peer : peers) {
    (void)receive(state, peer, acknowledgement(state.term(), state.trail.last_index()));
  }
}

const AppendRequest* append_to(const Effects& effects, const NodeId& to) {
  for (const Send& send : effects.sends) {
    if (send.to == to && std::holds_alternative<AppendRequest>(send.message))
      return &std::get<AppendRequest>(send.message);
  }
  return nullptr;
}

TEST(Thesis_4_1, a_configuration_is_in_force_as_soon_as_it_is_in_the_log) {
  State state = acknowledged_leader();
  (void)change(state, Change::Kind::kRemove, "n3");
  EXPECT_TRUE(state.configuration().is_joint());
  EXPECT_EQ(state.configurations.latest_index(), 2U);
  EXPECT_EQ(state.commit, 1U);
}

TEST(Thesis_4_1, a_configuration_that_is_cut_off_is_in_force_no_longer) {
  State state = follower({1}, 1);
  (void)receive(state, "n2", append(1, {1, 1}, {members(1, text({"n1", "n2"}, {"n1", "n2", "n3"}))}));
  ASSERT_TRUE(state.configuration().is_joint());
  AppendRequest other = append(2, {1, 1}, {entry(2, "x")});
  other.leader = "n3";
  (void)receive(state, "n3", other);
  EXPECT_EQ(state.configuration(), three());
}

TEST(Thesis_4_1, a_change_waits_for_a_commit_of_the_leaders_own_term) {
  State state = follower({1, 1}, 1);
  (void)step_one(state, Campaign{});
  write_done(state);
  (void)receive_vote(state, "n2");
  EXPECT_EQ(refusal_of(change(state, Change::Kind::kRemove, "n3")), Refusal::kNotReady);
  EXPECT_EQ(state.configuration(), three());
}

TEST(Thesis_4_1, of_two_changes_the_second_waits) {
  State state = acknowledged_leader();
  EXPECT_EQ(refusal_of(change(state, Change::Kind::kAddLearner, "n4")), Refusal::kNone);
  EXPECT_EQ(refusal_of(change(state, Change::Kind::kRemove, "n3")), Refusal::kBusy);
  acknowledge(state, {"n2"});
  EXPECT_EQ(refusal_of(change(state, Change::Kind::kRemove, "n3")), Refusal::kNone);
}

// Nobody's vote changes, so it needs no more answers than any entry does: where a member cannot be reached, that is how
// it comes back.
TEST(Thesis_4_1, another_address_of_a_member_is_an_entry_like_others) {
  State state = elected_leader();  // n3 has never answered
  const Change move{.kind = Change::Kind::kMove, .member = {"n3", "http://new"}, .replaced = {}};
  const ChangeMembers request{.id = 9, .change = move};
  EXPECT_EQ(refusal_of(step_one(state, request)), Refusal::kNone);
  EXPECT_FALSE(state.configuration().is_joint());
  EXPECT_EQ(state.configuration().voters.back().url, "http://new");
  EXPECT_EQ(refusal_of(step_one(state, request)), Refusal::kBusy);
  acknowledge(state, {"n2"});
  EXPECT_EQ(state.commit, 2U);
  EXPECT_EQ(refusal_of(step_one(state, request)), Refusal::kAlreadyMember);
}

TEST(Thesis_4_1, whoever_does_not_lead_changes_nothing) {
  State state = follower({1}, 1);
  EXPECT_EQ(refusal_of(change(state, Change::Kind::kRemove, "n3")), Refusal::kNotLeader);
}

TEST(Thesis_4_1, a_change_has_its_fate_when_it_is_committed) {
  State state = acknowledged_leader();
  (void)change(state, Change::Kind::kAddLearner, "n4");
  write_done(state);
  const Effects effects = receive(state, "n2", acknowledgement(2, 2));
  ASSERT_EQ(effects.fates.size(), 1U);
  EXPECT_EQ(effects.fates[0], (Fate{9, Fate::Kind::kCommitted, {.term = 2, .index = 2}}));
}

TEST(Thesis_4_1, a_node_that_knows_nobody_takes_the_entries_of_a_stranger) {
  State state = start({.id = "n9", .configuration = {}, .hard_state = {}, .trail = {}, .seed = 1}, Options{});
  (void)receive(state, "n2", append(3, {}, {entry(1, "x"), members(3, text({"n2"}, {}, {"n9"}))}));
  EXPECT_EQ(state.trail.last_index(), 2U);
  EXPECT_TRUE(state.configuration().is_learner("n9"));
}

TEST(Thesis_4_2_1, a_learner_is_sent_the_log_and_not_counted) {
  State state = acknowledged_leader();
  EXPECT_NE(append_to(change(state, Change::Kind::kAddLearner, "n4"), "n4"), nullptr);
  acknowledge(state, {"n4"});
  EXPECT_EQ(state.commit, 1U) << "the leader and a learner are no majority of three voters";
  (void)receive(state, "n3", acknowledgement(2, 2));
  EXPECT_EQ(state.commit, 2U);
}

TEST(Thesis_4_2_1, a_learner_is_promoted_when_it_has_caught_up) {
  State state = acknowledged_leader();
  (void)change(state, Change::Kind::kAdd, "n4");
  acknowledge(state, {"n2", "n3"});
  EXPECT_EQ(state.commit, 2U);
  EXPECT_TRUE(state.configuration().is_joining("n4"));
  (void)receive(state, "n4", acknowledgement(2, 2));
  EXPECT_TRUE(state.configuration().is_joint());
  EXPECT_TRUE(state.configuration().is_voter("n4"));
  acknowledge(state, {"n2", "n4"});
  EXPECT_EQ(state.commit, 3U);
  EXPECT_FALSE(state.configuration().is_joint()) << "it is left as soon as it is committed";
  EXPECT_EQ(state.configuration().voters.size(), 4U);
}

TEST(Thesis_4_2_1, a_later_leader_promotes_whom_an_older_one_took_in) {
  State state = follower({1}, 1);
  Configuration joining = three();
  joining.learners = {{"n4", ""}};
  joining.joining = {{"n4", ""}};
  (void)receive(state, "n2", append(1, {1, 1}, {members(1, encode(joining))}, 1));
  write_done(state);
  (void)step_one(state, Campaign{});
  write_done(state);
  (void)receive_vote(state, "n3");
  acknowledge(state, {"n2", "n4"});
  EXPECT_TRUE(state.configuration().is_voter("n4"));
}

TEST(Thesis_4_2_1, learners_neither_campaign_nor_take_over) {
  State state = acknowledged_leader();
  (void)change(state, Change::Kind::kAddLearner, "n4");
  acknowledge(state, {"n2", "n3", "n4"});
  (void)step_one(state, Transfer{"n4"});
  EXPECT_TRUE(state.takes_proposals());

  State learner = start({.id = "n9", .configuration = {}, .hard_state = {}, .trail = {}, .seed = 1}, Options{});
  (void)receive(learner, "n2", append(1, {}, {members(1, text({"n2"}, {}, {"n9"}))}));
  (void)step_one(learner, Campaign{});
  EXPECT_EQ(learner.term(), 1U);
}

// etcd abb533c: the leader died before it could tell.
TEST(Thesis_4_2_1, a_learner_votes_for_whoever_knows_of_its_promotion) {
  State state = start({.id = "n9", .configuration = {}, .hard_state = {}, .trail = {}, .seed = 1}, Options{});
  (void)receive(state, "n2", append(1, {}, {members(1, text({"n2"}, {}, {"n9"}))}));
  for (std::uint32_t i = 0; i <= kPatience; ++i) (void)step_one(state, Tick{});
  write_done(state);
  const VoteRequest request{.term = 2, .candidate = "n3", .last_index = 2, .last_term = 1};
  for (std::uint32_t i = 0; i <= kPatience; ++i) (void)step_one(state, Tick{});
  EXPECT_TRUE(answer_after_write<VoteResponse>(state, receive(state, "n3", request)).granted);
}

TEST(Thesis_4_2_2, a_removed_leader_hands_over_and_falls_silent) {
  State state = acknowledged_leader();
  (void)change(state, Change::Kind::kRemove, "n1");
  acknowledge(state, {"n2", "n3"});
  EXPECT_FALSE(state.configuration().is_member("n1"));
  ASSERT_TRUE(state.is_leader()) << "until the configuration without it is committed, it leads";
  write_done(state);
  (void)receive(state, "n2", acknowledgement(2, 3));
  EXPECT_EQ(state.commit, 2U) << "and is not counted";
  const Effects effects = receive(state, "n3", acknowledgement(2, 3));
  EXPECT_EQ(state.commit, 3U);
  EXPECT_TRUE(std::any_of(effects.sends.begin(), effects.sends.end(),
                          [](const Send& send) { return std::holds_alternative<TimeoutNow>(send.message); }));
  for (std::uint32_t i = 0; i <= kPatience; ++i) (void)step_one(state, Tick{});
  EXPECT_FALSE(state.is_leader());
  for (std::uint32_t i = 0; i <= 2 * kPatience; ++i) EXPECT_TRUE(step_one(state, Tick{}).sends.empty());
}

// Its successor knows by then that it has gone.
TEST(Thesis_4_2_2, a_removed_leader_is_obeyed_when_it_hands_over) {
  State state = follower({1}, 1);
  (void)receive(state, "n2", append(1, {1, 1}, {members(1, text({"n1", "n3"}))}, 2));
  write_done(state);
  ASSERT_FALSE(state.configuration().is_member("n2"));
  (void)receive(state, "n2", TimeoutNow{.term = 1, .leader = "n2", .round = 1});
  EXPECT_EQ(state.hard_state, (HardState{.term = 2, .vote = "n1"}));
}

// Figure 4.6: the voter that stays lacks the entry that says so, and cannot be elected by whoever has it.
TEST(Thesis_4_2_2, a_node_on_the_way_out_campaigns_until_that_is_committed) {
  State state = follower({1}, 1);
  (void)receive(state, "n2", append(1, {1, 1}, {members(1, text({"n2"}, {"n1", "n2"})), members(1, text({"n2"}))}, 2));
  write_done(state);
  (void)step_one(state, Campaign{});
  write_done(state);
  EXPECT_FALSE(state.is_leader()) << "its own vote does not count";
  (void)receive_vote(state, "n2");
  EXPECT_TRUE(state.is_leader());
}

TEST(Thesis_4_2_2, whoever_goes_is_told_so) {
  State state = acknowledged_leader();
  (void)change(state, Change::Kind::kRemove, "n3");
  write_done(state);
  (void)receive(state, "n3", acknowledgement(2, 2));
  const Effects effects = receive(state, "n2", acknowledgement(2, 2));
  const AppendRequest* farewell = append_to(effects, "n3");
  ASSERT_NE(farewell, nullptr);
  EXPECT_EQ(farewell->prev_index + farewell->entries.size(), 3U);
  EXPECT_FALSE(std::get<Leader>(state.role).peers.contains("n3"));
  EXPECT_TRUE(receive(state, "n3", acknowledgement(2, 3)).sends.empty()) << "its answer is not waited for";
}

TEST(Thesis_4_2_3, a_removed_node_disturbs_nobody) {
  State state = follower({1}, 1);
  (void)receive(state, "n2", append(1, {1, 1}, {members(1, text({"n1", "n2"}))}));
  write_done(state);
  const State before = state;
  (void)receive(state, "n3", PreVoteRequest{.term = 9, .candidate = "n3", .last_index = 9, .last_term = 8});
  (void)receive(state, "n3",
                VoteRequest{.term = 9, .candidate = "n3", .last_index = 9, .last_term = 8, .forced = true});
  (void)receive(state, "n3", TimeoutNow{.term = 9, .leader = "n3", .round = 9});
  (void)receive(state, "n3", acknowledgement(9, 9));
  EXPECT_EQ(state, before);
}

TEST(Thesis_4_3, a_joint_configuration_commits_by_both_majorities) {
  State state = acknowledged_leader();
  (void)change(state, Change::Kind::kReplace, "n4", "n3");
  acknowledge(state, {"n2", "n3"});
  (void)receive(state, "n4", acknowledgement(2, 2));
  ASSERT_TRUE(state.configuration().is_joint());
  write_done(state);
  (void)receive(state, "n3", acknowledgement(2, 3));
  EXPECT_EQ(state.commit, 2U) << "n1 and n3 are no majority of n1, n2, n4";
  (void)receive(state, "n4", acknowledgement(2, 3));
  EXPECT_EQ(state.commit, 3U) << "n1, n3 of the old ones, n1, n4 of the new ones";
  EXPECT_EQ(state.configuration(), decode_configuration(text({"n1", "n2", "n4"})));
}

TEST(Thesis_4_3, the_new_majority_alone_commits_nothing_either) {
  State state = acknowledged_leader();
  (void)change(state, Change::Kind::kReplace, "n4", "n3");
  acknowledge(state, {"n2", "n3"});
  (void)receive(state, "n4", acknowledgement(2, 2));
  acknowledge(state, {"n4"});
  EXPECT_EQ(state.commit, 2U);
}

TEST(Thesis_4_3, a_candidate_needs_both_majorities) {
  State state = follower({1}, 1);
  (void)receive(state, "n2", append(1, {1, 1}, {members(1, text({"n1", "n4", "n5"}, {"n1", "n2", "n3"}))}));
  write_done(state);
  (void)step_one(state, Campaign{});
  write_done(state);
  for (const char* voter : {"n4", "n5"}) (void)receive_vote(state, voter);
  EXPECT_FALSE(state.is_leader());
  (void)receive_vote(state, "n3");
  EXPECT_TRUE(state.is_leader());
}

TEST(Thesis_4_3, a_later_leader_leaves_a_joint_configuration) {
  State state = follower({1}, 1);
  (void)receive(state, "n2", append(1, {1, 1}, {members(1, text({"n1", "n2"}, {"n1", "n2", "n3"}))}));
  write_done(state);
  (void)step_one(state, Campaign{});
  write_done(state);
  (void)receive_vote(state, "n2");
  acknowledge(state, {"n2"});
  EXPECT_FALSE(state.configuration().is_joint());
  EXPECT_EQ(state.configuration().voters.size(), 2U);
}

TEST(Thesis_4_3, a_read_is_confirmed_by_both_majorities) {
  State state = acknowledged_leader();
  (void)change(state, Change::Kind::kRemove, "n3");
  write_done(state);
  (void)step_one(state, Read{5});
  AppendResponse answer = acknowledgement(2, 1);
  answer.round = std::get<Leader>(state.role).round;
  EXPECT_TRUE(receive(state, "n3", answer).reads.empty()) << "n1 and n3 are no majority of n1, n2";
  EXPECT_EQ(receive(state, "n2", answer).reads.size(), 1U);
}

TEST(Thesis_4_4, a_removal_that_would_lose_the_quorum_is_refused_unless_forced) {
  State state = acknowledged_leader();
  for (std::uint32_t i = 0; i < kPatience; ++i) {
    (void)step_one(state, Tick{});
    (void)receive(state, "n2", acknowledgement(2, 1));
  }
  EXPECT_EQ(refusal_of(change(state, Change::Kind::kRemove, "n2")), Refusal::kLosesQuorum) << "n3 does not answer";
  EXPECT_EQ(refusal_of(change(state, Change::Kind::kRemove, "n2", "", true)), Refusal::kNone);
}

TEST(Thesis_4_4, a_dead_member_is_removed_without_force) {
  State state = acknowledged_leader();
  for (std::uint32_t i = 0; i < kPatience; ++i) {
    (void)step_one(state, Tick{});
    (void)receive(state, "n2", acknowledgement(2, 1));
  }
  EXPECT_EQ(refusal_of(change(state, Change::Kind::kRemove, "n3")), Refusal::kNone);
}

TEST(Thesis_4_4, members_that_cannot_be_read_are_refused) {
  State state = follower({1}, 1);
  const State before = state;
  for (const char* bad : {R"({"members":7})", R"({"members":{"voters":[]}})", R"({"members":)"}) {
    (void)receive(state, "n2", append(1, {1, 1}, {members(1, bad)}));
    EXPECT_EQ(state.trail, before.trail);
    EXPECT_EQ(state.configuration(), before.configuration());
  }
}

}  // namespace
}  // namespace timestore::raft::testing
