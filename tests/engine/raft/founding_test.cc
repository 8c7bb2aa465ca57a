// Who founds a cluster: it asks all others first, and draws the id.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/raft/cluster_id.h"
#include "engine/raft/invariants.h"
#include "tests/engine/raft/clusters.h"
#include "tests/engine/raft/one_node.h"

namespace timestore::raft {
namespace {

using namespace testing;  // NOLINT: the words of these tests

using ::testing::ElementsAre;

State founder(Options options = {.level = kEnvelopesLevel}) {
  Restart restart = of_three({}, 0);
  restart.hard_state.novice = true;
  return start(restart, options);
}

PreVoteResponse would_elect(const State& state, const Belonging& belonging, Level level = kEnvelopesLevel) {
  return {.term = 0, .proposed = state.term() + 1, .granted = true, .level = level, .belonging = belonging};
}

void ask(State& state) {
  for (std::uint32_t i = 0; i < kPatience && !std::holds_alternative<PreCandidate>(state.role); ++i) {
    (void)step_one(state, Tick{});
  }
}

bool calls_election(const State& state) { return std::holds_alternative<Candidate>(state.role); }

TEST(Founding, waits_until_all_have_said_that_they_hold_nothing) {
  State state = founder();
  ask(state);
  EXPECT_THAT(state.waits_for, ElementsAre("n2", "n3"));
  (void)receive(state, "n2", would_elect(state, blank()));
  EXPECT_FALSE(calls_election(state)) << "though a majority would elect it";
  EXPECT_THAT(awaited_founders(state), ElementsAre("n3"));
  (void)receive(state, "n3", would_elect(state, blank()));
  EXPECT_TRUE(calls_election(state));
}

TEST(Founding, waits_when_it_is_forced_as_well) {
  State state = founder();
  (void)step_one(state, Campaign{});
  EXPECT_FALSE(calls_election(state));
  EXPECT_EQ(state.term(), 0U);
  (void)receive(state, "n2", would_elect(state, blank()));
  (void)receive(state, "n3", would_elect(state, blank()));
  EXPECT_TRUE(calls_election(state));
}

TEST(Founding, waits_for_ever_beside_data_be_it_in_a_message_of_any_kind) {
  State state = founder({.level = kEnvelopesLevel, .found_without = {"n3"}});
  ask(state);
  (void)receive(
      state, "n3",
      PreVoteRequest{.term = 5, .candidate = "n3", .last_index = 9, .last_term = 4, .belonging = settled(kOurs)});
  (void)receive(state, "n2", would_elect(state, blank()));
  EXPECT_FALSE(calls_election(state)) << "who is left out must be silent";
  EXPECT_THAT(awaited_founders(state), ElementsAre("n3"));
}

TEST(Founding, goes_on_without_those_whom_an_operator_leaves_out) {
  State state = founder({.level = kEnvelopesLevel, .found_without = {"n3"}});
  ask(state);
  (void)receive(state, "n2", would_elect(state, blank()));
  EXPECT_TRUE(calls_election(state));
}

TEST(Founding, a_node_of_the_originals_kind_counts_as_empty) {
  State state = founder();
  ask(state);
  (void)receive(state, "n2", would_elect(state, {}, kOriginalLevel));
  (void)receive(state, "n3", would_elect(state, {}, kOriginalLevel));
  EXPECT_TRUE(calls_election(state));
}

TEST(Founding, a_cluster_of_one_asks_nobody) {
  Restart restart{.id = "n1",
                  .configuration = {.voters = {{"n1", ""}}},
                  .hard_state = {.term = 0, .vote = {}, .novice = true},
                  .trail = {},
                  .seed = 1};
  State state = start(restart, {.level = kEnvelopesLevel});
  (void)step_one(state, Tick{});
  write_done(state);
  EXPECT_TRUE(state.is_leader());
  EXPECT_TRUE(state.cluster().is_known());
}

// "n1" founds with n2 and n3, who are as they say; the no-op that opens its term.
Entry opening(State& state, const Belonging& belonging, Level level, bool holds = false) {
  ask(state);
  PreVoteResponse third = would_elect(state, belonging, level);
  third.holds_level = holds;
  (void)receive(state, "n2", would_elect(state, blank()));
  (void)receive(state, "n3", third);
  write_done(state);
  const Effects effects = receive_vote(state, "n2");
  EXPECT_TRUE(state.is_leader());
  return effects.write && !effects.write->entries.empty() ? effects.write->entries.back() : Entry{};
}

TEST(Founding, draws_an_id_where_all_know_ids) {
  State state = founder();
  const Entry entry = opening(state, blank(), kEnvelopesLevel);
  EXPECT_EQ(entry.kind, EntryKind::kNoop);
  EXPECT_EQ(decode_cluster(entry.payload.view()), state.cluster());
  EXPECT_TRUE(state.cluster().is_known());
  EXPECT_FALSE(is_settled(state));
  EXPECT_TRUE(belonging_of(state).is_blank) << "a founding may still be forgotten";
}

TEST(Founding, draws_none_beside_an_original_or_who_may_go_back) {
  State beside_original = founder();
  EXPECT_EQ(opening(beside_original, {}, kOriginalLevel).payload.size_bytes(), 0U);
  State beside_holder = founder();
  EXPECT_EQ(opening(beside_holder, blank(), kEnvelopesLevel, true).payload.size_bytes(), 0U);
}

TEST(Founding, a_cluster_without_an_id_draws_one_when_all_know_the_level) {
  Restart restart = of_three({1}, 1);
  State state = start(restart, {.level = kEnvelopesLevel});
  (void)step_one(state, Campaign{});
  write_done(state);
  (void)receive_vote(state, "n2");
  write_done(state);
  const auto answer = [&](const char* from) {
    (void)receive(
        state, from,
        AppendResponse{
            .term = state.term(), .success = true, .match = state.trail.last_index(), .level = kEnvelopesLevel});
  };
  answer("n2");
  EXPECT_FALSE(state.cluster().is_known());
  answer("n3");
  EXPECT_TRUE(state.cluster().is_known());
  EXPECT_EQ(state.levels.latest(), kOriginalLevel) << "the level comes behind the id, when that is committed";
  EXPECT_FALSE(state.takes_proposals());
  write_done(state);
  answer("n2");
  EXPECT_EQ(state.levels.latest(), kEnvelopesLevel);
  EXPECT_TRUE(state.takes_proposals());
  EXPECT_FALSE(is_settled(state));
  write_done(state);
  EXPECT_TRUE(is_settled(state));
  EXPECT_EQ(violated(state), std::nullopt);
}

TEST(Founding, an_older_release_stops_before_it_takes_an_id) {
  State state = start(of_three({}, 1), {.level = kOriginalLevel});
  AppendRequest append{.term = 2, .leader = "n2", .entries = {{2, EntryKind::kNoop, Payload(encode_cluster(kOurs))}}};
  EXPECT_EQ(receive(state, "n2", append).too_new, kEnvelopesLevel);
}

}  // namespace
}  // namespace timestore::raft
