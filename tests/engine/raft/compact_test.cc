// A log's beginning is forgotten, or replaced by a snapshot: paper, section 7.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <vector>

#include "engine/raft/invariants.h"
#include "tests/engine/raft/one_node.h"

namespace timestore::raft {
namespace {

using namespace testing;  // NOLINT: the words of these tests
using ::testing::IsEmpty;
using ::testing::SizeIs;

Configuration three_nodes() { return {.voters = {{"n1", ""}, {"n2", ""}, {"n3", ""}}}; }

SnapshotInstalled snapshot_of(Term term, Index index) { return {{term, index}, three_nodes()}; }

// Steps, and the state that is left breaks no truth.
Effects checked_step(State& state, std::vector<Input> inputs) {
  const State before = state;
  Effects effects = step(state, inputs);
  EXPECT_EQ(violated(state), std::nullopt);
  EXPECT_EQ(violated_between(before, state), std::nullopt);
  return effects;
}

void finish_writes(State& state) { checked_step(state, {WriteDone{state.last_write}}); }

Index applied_after(State& state, Index index) {
  checked_step(state, {Applied{index}});
  return state.applied;
}

// "n1" leads term 5 of three; its log, of the given terms and a no-op, is durable; n2 has acknowledged it up to
// `match`.
State leader(std::vector<Term> terms, Index match) {
  State state = follower(std::move(terms), 4);
  checked_step(state, {Campaign{}});
  finish_writes(state);
  checked_step(state, {Receive{"n2", VoteResponse{.term = 5, .granted = true, .judged = state.trail.last()}}});
  finish_writes(state);
  EXPECT_TRUE(state.is_leader());
  checked_step(state, {Receive{"n2", AppendResponse{.term = 5, .success = true, .match = match}}});
  return state;
}

Receive refusal(const NodeId& from, Index prev_index, Position hint) {
  return {from, AppendResponse{.term = 5, .success = false, .prev_index = prev_index, .hint = hint}};
}

Receive success(const NodeId& from, Index match) {
  return {from, AppendResponse{.term = 5, .success = true, .match = match}};
}

const Progress& progress_of(const State& state, const NodeId& peer) {
  return std::get<Leader>(state.role).peers.at(peer);
}

std::vector<AppendRequest> appends_to(const NodeId& peer, const Effects& effects) {
  std::vector<AppendRequest> result;
  for (const Send& send : effects.sends) {
    if (send.to == peer) result.push_back(std::get<AppendRequest>(send.message));
  }
  return result;
}

Effects heartbeat(State& state) {
  Effects effects;
  for (std::uint32_t tick = 0; tick < state.options.heartbeat_ticks; ++tick) effects = checked_step(state, {Tick{}});
  return effects;
}

// ---------------------------------------------------------------------------------------------------- compaction

TEST(Paper_7, a_log_is_forgotten_up_to_an_applied_entry_and_keeps_its_place) {
  State state = follower({1, 1, 2, 2, 3}, 3, 4);
  const Effects effects = checked_step(state, {Compact{3}});
  ASSERT_TRUE(effects.write);
  EXPECT_EQ(effects.write->begin_after, (Base{{2, 3}, three_nodes()}));
  EXPECT_EQ(effects.write->truncate_from, std::nullopt);
  EXPECT_THAT(effects.write->entries, IsEmpty());
  EXPECT_EQ(state.trail.base(), (Position{2, 3}));
  EXPECT_EQ(state.trail.last(), (Position{3, 5}));
  EXPECT_EQ(state.configuration(), three_nodes());
}

TEST(Paper_7, what_is_forgotten_already_is_not_written_again) {
  State state = follower({1, 1, 1}, 3, 3);
  checked_step(state, {Compact{2}});
  finish_writes(state);
  EXPECT_EQ(checked_step(state, {Compact{2}}).write, std::nullopt);
  EXPECT_EQ(checked_step(state, {Compact{1}}).write, std::nullopt);
  EXPECT_EQ(state.trail.base().index, 2U);
}

TEST(Paper_7, compaction_and_new_entries_share_one_write) {
  State state = follower({1, 1, 1}, 3, 3);
  const Effects effects = checked_step(state, {Compact{3}, Receive{"n2", append(3, {1, 3}, {entry(3, "new")})}});
  ASSERT_TRUE(effects.write);
  EXPECT_EQ(effects.write->begin_after->last, (Position{1, 3}));
  EXPECT_EQ(effects.write->first_index, 4U);
  EXPECT_THAT(effects.write->entries, SizeIs(1));
}

TEST(Paper_7DeathTest, what_was_not_applied_is_never_forgotten) {
  State state = follower({1, 1, 1}, 3, 2);
  EXPECT_DEATH(step_one(state, Compact{3}), "only what was applied is forgotten");
}

// ---------------------------------------------------------------------------------------------------- installation

TEST(Paper_7, a_snapshot_whose_last_entry_the_log_holds_leaves_what_follows_it) {
  State state = follower({1, 1, 2, 2}, 3, 1);
  const Effects effects = checked_step(state, {snapshot_of(2, 3)});
  ASSERT_TRUE(effects.write);
  EXPECT_EQ(effects.write->truncate_from, std::nullopt);
  EXPECT_EQ(effects.write->begin_after->last, (Position{2, 3}));
  EXPECT_EQ(state.trail.last(), (Position{2, 4}));
  EXPECT_EQ(state.durable, 4U) << "what follows stays on the disk";
  EXPECT_EQ(state.commit, 3U);
  EXPECT_EQ(state.applied, 3U);
}

TEST(Paper_7, a_snapshot_beyond_the_end_takes_the_place_of_the_whole_log) {
  State state = follower({1, 1}, 3, 1);
  const Effects effects = checked_step(state, {snapshot_of(2, 9)});
  ASSERT_TRUE(effects.write);
  EXPECT_EQ(effects.write->truncate_from, std::nullopt);
  EXPECT_EQ(effects.write->begin_after, (Base{{2, 9}, three_nodes()}));
  EXPECT_EQ(state.trail.base(), (Position{2, 9}));
  EXPECT_EQ(state.trail.last_index(), 9U);
  EXPECT_LT(state.durable, 9U) << "the log file does not begin there yet";
  EXPECT_EQ(effects.apply_through, 1U) << "there is nothing to apply";
  finish_writes(state);
  EXPECT_EQ(state.durable, 9U);
}

TEST(Paper_7, a_snapshot_replaces_a_log_that_has_another_entry_there) {
  State state = follower({1, 1, 1, 1, 1}, 4, 2);
  const Effects effects = checked_step(state, {snapshot_of(3, 4)});
  ASSERT_TRUE(effects.write);
  EXPECT_EQ(effects.write->truncate_from, 4U);
  EXPECT_EQ(effects.write->begin_after->last, (Position{3, 4}));
  EXPECT_EQ(state.trail.last(), (Position{3, 4})) << "what followed the wrong entry is wrong";
}

TEST(Paper_7, a_snapshot_brings_the_configuration_that_holds_there) {
  State state = follower({1, 1}, 3, 1);
  const Configuration other{.voters = {{"n1", ""}, {"n2", ""}, {"n4", ""}}};
  checked_step(state, {SnapshotInstalled{{2, 9}, other}});
  EXPECT_EQ(state.configuration(), other);
}

// The log as this node holds it has five entries, of which none is on the disk when the snapshot comes.
TEST(Paper_7, a_write_that_was_under_way_vouches_for_nothing_that_a_snapshot_replaced) {
  State state = follower({1, 1}, 3, 2);
  checked_step(state, {Receive{"n2", append(3, {1, 2}, {entry(3, "a"), entry(3, "b"), entry(3, "c")})}});
  const WriteId older = state.last_write;
  checked_step(
      state,
      {Receive{"n3", VoteRequest{.term = 5, .candidate = "n3", .last_index = 9, .last_term = 4, .forced = true}}});
  checked_step(state, {snapshot_of(4, 4)});
  checked_step(state, {WriteDone{older}});
  EXPECT_EQ(state.durable, 2U) << "the older write held the entry of another log at this place";
  finish_writes(state);
  EXPECT_EQ(state.durable, 4U);
}

TEST(Paper_7, an_entry_after_the_snapshot_is_durable_by_its_own_write_only) {
  State state = follower({1, 1}, 4, 2);
  checked_step(state, {snapshot_of(3, 6)});
  const WriteId beginning = state.last_write;
  const Effects effects = checked_step(state, {Receive{"n2", append(4, {3, 6}, {entry(4, "a")})}});
  EXPECT_EQ(effects.write->first_index, 7U);
  EXPECT_THAT(effects.sends, IsEmpty()) << "nothing is acknowledged before its write is done";
  checked_step(state, {WriteDone{beginning}});
  EXPECT_EQ(state.durable, 6U);
  finish_writes(state);
  EXPECT_EQ(state.durable, 7U);
}

// Found by the schedules: the vote for itself became durable when the log that it was asked with was gone.
TEST(Paper_7, a_candidate_asks_for_no_votes_with_a_log_that_a_snapshot_replaced) {
  State state = follower({1, 1, 4, 4}, 4, 1);
  checked_step(state, {Campaign{}});
  checked_step(state, {snapshot_of(3, 3)});
  EXPECT_THAT(checked_step(state, {WriteDone{state.last_write}}).sends, IsEmpty());
}

TEST(Paper_7, what_a_snapshot_replaced_is_never_acknowledged) {
  State state = follower({1, 1}, 4, 1);
  checked_step(state, {Receive{"n2", append(4, {1, 2}, {entry(4, "a"), entry(4, "b")})}});
  checked_step(state, {snapshot_of(3, 3)});
  EXPECT_THAT(checked_step(state, {WriteDone{state.last_write}}).sends, IsEmpty());
}

TEST(Paper_7DeathTest, a_snapshot_never_takes_the_state_machine_back) {
  State state = follower({1, 1, 1}, 3, 2);
  EXPECT_DEATH(step_one(state, snapshot_of(1, 2)), "a snapshot never takes the state machine back");
}

TEST(Paper_7, a_proposal_that_a_snapshot_hides_has_an_unknown_fate) {
  State state = leader({1}, 2);
  checked_step(state, {Propose{1, Payload(std::string("a"))}, Propose{2, Payload(std::string("b"))},
                       Propose{3, Payload(std::string("c"))}});
  checked_step(state, {Receive{"n3", append(6, {1, 1}, {})}});
  ASSERT_FALSE(state.is_leader());
  const Effects effects = checked_step(state, {snapshot_of(6, 5)});
  // Entries 3 and 4 are hidden. Of entry 5 the term is known: it is another leader's.
  ASSERT_THAT(effects.fates, SizeIs(3));
  EXPECT_EQ(effects.fates[0].kind, Fate::Kind::kUnknown);
  EXPECT_EQ(effects.fates[1].kind, Fate::Kind::kUnknown);
  EXPECT_EQ(effects.fates[2].kind, Fate::Kind::kSuperseded);
}

// --------------------------------------------------------------------------------------- appends before the log

TEST(Paper_7, an_append_that_begins_before_the_log_is_taken_from_where_it_begins) {
  State state = follower({1, 1, 2, 2}, 3, 4);
  checked_step(state, {Compact{3}});
  finish_writes(state);
  const auto response = answer_after_write<AppendResponse>(
      state, receive(state, "n2", append(3, {1, 1}, {entry(1, "2"), entry(2, "3"), entry(2, "4"), entry(3, "5")}, 4)));
  EXPECT_TRUE(response.success);
  EXPECT_EQ(response.match, 5U);
  EXPECT_EQ(state.trail.last(), (Position{3, 5}));
}

TEST(Paper_7, an_append_of_forgotten_entries_only_is_acknowledged_up_to_the_base) {
  State state = follower({1, 1, 2, 2}, 3, 4);
  checked_step(state, {Compact{3}});
  finish_writes(state);
  const Trail before = state.trail;
  const auto response =
      answer_after_write<AppendResponse>(state, receive(state, "n2", append(3, {0, 0}, {entry(1, "1")}, 4)));
  EXPECT_TRUE(response.success);
  EXPECT_EQ(response.match, 3U) << "what was forgotten was committed; nothing is said of what follows";
  EXPECT_EQ(state.trail, before);
}

TEST(Paper_7, an_append_from_before_the_log_removes_a_tail_that_differs) {
  State state = follower({1, 1, 2, 2}, 3, 3);
  checked_step(state, {Compact{3}});
  finish_writes(state);
  checked_step(state, {Receive{"n2", append(3, {1, 1}, {entry(1, "2"), entry(2, "3"), entry(3, "4")})}});
  EXPECT_EQ(state.trail.last(), (Position{3, 4}));
  EXPECT_EQ(state.durable, 3U);
}

TEST(Paper_7, a_follower_that_lacks_what_comes_before_is_sent_for_a_snapshot) {
  State state = follower({1, 1}, 3, 1);
  AppendRequest request = append(3, {2, 9}, {});
  request.from_snapshot = true;
  EXPECT_EQ(checked_step(state, {Receive{"n2", request}}).snapshot_from, "n2");
  request.from_snapshot = false;
  EXPECT_EQ(checked_step(state, {Receive{"n2", request}}).snapshot_from, "") << "it may only be slow";
}

TEST(Paper_7, a_follower_that_has_what_comes_before_needs_no_snapshot) {
  State state = follower({1, 1, 1}, 3, 1);
  AppendRequest request = append(3, {1, 2}, {});
  request.from_snapshot = true;
  const Effects effects = checked_step(state, {Receive{"n2", request}});
  EXPECT_EQ(effects.snapshot_from, "");
  EXPECT_TRUE(answer_after_write<AppendResponse>(state, effects).success);
}

// ---------------------------------------------------------------------------------------------------- the leader

TEST(Paper_7, a_follower_that_lags_behind_the_log_is_told_so_with_each_heartbeat) {
  State state = leader({1, 1, 1, 1}, 5);
  checked_step(state, {Applied{5}});
  checked_step(state, {Compact{4}});
  EXPECT_EQ(progress_of(state, "n2").mode, Progress::Mode::kReplicate) << "it has all that was forgotten";
  checked_step(state, {refusal("n3", 4, {1, 2})});
  EXPECT_EQ(progress_of(state, "n3").mode, Progress::Mode::kSnapshot);
  for (int i = 0; i < 2; ++i) {
    const auto appends = appends_to("n3", heartbeat(state));
    ASSERT_THAT(appends, SizeIs(1));
    EXPECT_TRUE(appends[0].from_snapshot);
    EXPECT_EQ(appends[0].prev_index, 4U);
    EXPECT_THAT(appends[0].entries, IsEmpty());
    checked_step(state, {success("n2", 5), refusal("n3", 4, {1, 2})});
    EXPECT_EQ(progress_of(state, "n3").mode, Progress::Mode::kSnapshot) << "a refusal tells nothing new";
  }
}

TEST(Paper_7, a_follower_that_has_caught_up_with_the_log_gets_entries_again) {
  State state = leader({1, 1, 1, 1}, 5);
  checked_step(state, {Applied{5}, refusal("n3", 4, {1, 2})});
  checked_step(state, {Compact{4}});
  ASSERT_EQ(progress_of(state, "n3").mode, Progress::Mode::kSnapshot);
  checked_step(state, {success("n3", 3)});
  EXPECT_EQ(progress_of(state, "n3").mode, Progress::Mode::kSnapshot) << "it lacks entry 4 still";
  const auto appends = appends_to("n3", checked_step(state, {success("n3", 4)}));
  EXPECT_EQ(progress_of(state, "n3").mode, Progress::Mode::kReplicate);
  ASSERT_THAT(appends, SizeIs(1));
  EXPECT_FALSE(appends[0].from_snapshot);
  EXPECT_EQ(appends[0].prev_index, 4U);
  EXPECT_THAT(appends[0].entries, SizeIs(1));
}

TEST(Paper_7, a_follower_that_waits_for_a_snapshot_goes_on_where_the_log_begins_then) {
  State state = leader({1, 1, 1, 1}, 5);
  checked_step(state, {Applied{5}, refusal("n3", 4, {1, 1})});
  checked_step(state, {Compact{3}});
  finish_writes(state);
  ASSERT_EQ(progress_of(state, "n3").mode, Progress::Mode::kSnapshot);
  EXPECT_EQ(progress_of(state, "n3").next, 4U);
  checked_step(state, {Compact{5}});
  EXPECT_EQ(progress_of(state, "n3").mode, Progress::Mode::kSnapshot);
  EXPECT_EQ(progress_of(state, "n3").next, 6U);
}

TEST(Paper_7, an_unreachable_follower_is_probed_or_sent_for_a_snapshot_by_what_it_has_acknowledged) {
  State state = leader({1, 1, 1, 1}, 5);
  checked_step(state, {success("n3", 5)});
  checked_step(state, {Propose{1, Payload(std::string("a"))}, Propose{2, Payload(std::string("b"))}});
  finish_writes(state);
  checked_step(state, {success("n2", 7)});
  ASSERT_EQ(applied_after(state, 7), 7U);
  ASSERT_EQ(progress_of(state, "n3").next, 8U);
  State kept = state;
  checked_step(kept, {Compact{5}});
  EXPECT_EQ(progress_of(kept, "n3").mode, Progress::Mode::kReplicate) << "all it needs is on its way";
  checked_step(kept, {PeerUnreachable{"n3"}});
  EXPECT_EQ(progress_of(kept, "n3").mode, Progress::Mode::kProbe);
  EXPECT_EQ(progress_of(kept, "n3").next, 6U);

  checked_step(state, {Compact{6}});
  EXPECT_EQ(progress_of(state, "n3").mode, Progress::Mode::kReplicate) << "all it needs is on its way";
  checked_step(state, {PeerUnreachable{"n3"}});
  EXPECT_EQ(progress_of(state, "n3").mode, Progress::Mode::kSnapshot);
  EXPECT_EQ(progress_of(state, "n3").next, 7U);
  const auto appends = appends_to("n3", checked_step(state, {success("n3", 7)}));
  EXPECT_EQ(progress_of(state, "n3").mode, Progress::Mode::kReplicate) << "they did arrive";
  EXPECT_THAT(appends, IsEmpty());
}

TEST(Paper_7, a_leader_commits_while_a_follower_waits_for_a_snapshot) {
  State state = leader({1, 1, 1, 1}, 5);
  checked_step(state, {Applied{5}, refusal("n3", 4, {1, 1})});
  checked_step(state, {Compact{4}});
  const Effects effects = checked_step(state, {Propose{1, Payload(std::string("a"))}});
  EXPECT_THAT(appends_to("n3", effects), IsEmpty()) << "it could do nothing with it";
  finish_writes(state);
  checked_step(state, {success("n2", 6)});
  EXPECT_EQ(state.commit, 6U);
}

}  // namespace
}  // namespace timestore::raft
