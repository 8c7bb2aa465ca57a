// The feature level rises: what a leader needs for it, and what a node does that does not know it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <optional>
#include <string>
#include <vector>

#include "engine/raft/invariants.h"
#include "engine/raft/level.h"
#include "tests/engine/raft/clusters.h"
#include "tests/engine/raft/one_node.h"

namespace timestore::raft {
namespace {

using namespace testing;  // NOLINT: the words of these tests

// "n1" of three, which knows level 2, leads term 2 with its no-op durable. Nobody has answered yet.
State leader(const Options& options = {.level = 2}, std::vector<Member> learners = {}, Level in_log = 0) {
  Restart restart{
      .id = "n1", .configuration = {}, .hard_state = {.term = 1, .vote = {}}, .trail = {}, .applied = 0, .seed = 1};
  for (const char* id : {"n1", "n2", "n3"}) restart.configuration.voters.push_back({id, ""});
  restart.configuration.learners = std::move(learners);
  restart.trail.append(1, in_log > 0 ? EntryKind::kLevel : EntryKind::kCommand, 10);
  if (in_log > 0) restart.levels = {{1, in_log}};
  if (in_log == 0) restart.cluster = kOurs;  // it would be drawn before the level rises
  State state = start(restart, options);
  (void)step_one(state, Campaign{});
  write_done(state);
  (void)receive_vote(state, "n2");
  write_done(state);
  EXPECT_TRUE(state.is_leader());
  return state;
}

AppendResponse tells(const State& state, Level level, bool holds = false) {
  return {.term = state.term(),
          .success = true,
          .match = state.trail.last_index(),
          .level = level,
          .holds_level = holds,
          .belonging = settled(state.cluster())};
}

Entry level_entry(Term term, Level level) { return {term, EntryKind::kLevel, Payload(encode_level(level))}; }

TEST(Level, rises_to_what_all_know_when_the_last_one_has_told) {
  State state = leader();
  (void)receive(state, "n2", tells(state, 2));
  EXPECT_EQ(state.levels.latest(), 0);
  const Effects effects = receive(state, "n3", tells(state, 1));
  ASSERT_TRUE(effects.write.has_value());
  EXPECT_EQ(effects.write->entries, std::vector{level_entry(2, 1)});
  EXPECT_EQ(state.levels.latest(), 1);
  EXPECT_EQ(violated(state), std::nullopt);
}

TEST(Level, is_used_when_it_is_committed) {
  State state = leader();
  (void)receive(state, "n2", tells(state, 1));
  (void)receive(state, "n3", tells(state, 1));
  write_done(state);
  EXPECT_EQ(state.level(), 0);
  (void)receive(state, "n2", tells(state, 1));
  EXPECT_EQ(state.level(), 1);
}

TEST(Level, stays_while_one_member_says_nothing_of_it) {
  State state = leader();
  (void)receive(state, "n2", tells(state, 1));
  (void)receive(state, "n3", tells(state, 0));
  (void)receive(state, "n2", tells(state, 1));
  EXPECT_EQ(state.levels.latest(), 0);
}

TEST(Level, stays_while_one_member_holds_it_be_it_the_leader) {
  State state = leader();
  (void)receive(state, "n2", tells(state, 1, true));
  (void)receive(state, "n3", tells(state, 1));
  EXPECT_EQ(state.levels.latest(), 0);
  (void)receive(state, "n2", tells(state, 1));
  EXPECT_EQ(state.levels.latest(), 1);

  State holder = leader({.level = 2, .holds_level = true});
  (void)receive(holder, "n2", tells(holder, 1));
  (void)receive(holder, "n3", tells(holder, 1));
  EXPECT_EQ(holder.levels.latest(), 0);
}

TEST(Level, is_asked_of_learners_too) {
  State state = leader({.level = 1}, {{"n4", ""}});
  (void)receive(state, "n2", tells(state, 1));
  (void)receive(state, "n3", tells(state, 1));
  EXPECT_EQ(state.levels.latest(), 0);
  (void)receive(state, "n4", tells(state, 1));
  EXPECT_EQ(state.levels.latest(), 1);
}

TEST(Level, what_was_told_last_counts_and_only_in_this_term) {
  State state = leader();
  (void)receive(state, "n2", tells(state, 1));
  (void)receive(state, "n2", tells(state, 0));  // it was put back
  (void)receive(state, "n3", tells(state, 1));
  EXPECT_EQ(state.levels.latest(), 0);

  (void)step_one(state, StepDown{});
  (void)step_one(state, Campaign{});
  write_done(state);
  (void)receive_vote(state, "n3");
  write_done(state);
  (void)receive(state, "n2", tells(state, 1));
  EXPECT_EQ(state.levels.latest(), 0) << "n3 has told it in term 2 alone";
  (void)receive(state, "n3", tells(state, 1));
  EXPECT_EQ(state.levels.latest(), 1);
}

TEST(Level, who_tells_none_gets_nothing_above_the_originals) {
  State state = leader({.level = 2}, {}, 1);
  const Effects effects = receive(state, "n3", AppendResponse{.term = 2, .success = true, .match = 1});
  for (const Send& send : effects.sends) {
    const auto* append = std::get_if<AppendRequest>(&send.message);
    if (append != nullptr && send.to == "n3") {
      EXPECT_TRUE(append->entries.empty());
    }
  }
  const Effects told = receive(state, "n3", AppendResponse{.term = 2, .success = true, .match = 1, .level = 1});
  ASSERT_EQ(told.sends.size(), 1U);
  EXPECT_EQ(std::get<AppendRequest>(told.sends[0].message).entries.size(), 1U);
}

State follower_of_level(Level level) {
  Restart restart{
      .id = "n1", .configuration = {}, .hard_state = {.term = 1, .vote = {}}, .trail = {}, .applied = 0, .seed = 1};
  for (const char* id : {"n1", "n2", "n3"}) restart.configuration.voters.push_back({id, ""});
  return start(restart, {.level = level});
}

TEST(Level, that_a_node_does_not_know_stops_it_before_it_takes_or_acknowledges_anything) {
  State state = follower_of_level(1);
  const Effects effects = receive(state, "n2", append(1, {}, {entry(1, "a"), level_entry(1, 2), entry(1, "b")}));
  EXPECT_EQ(effects.too_new, 2U);
  EXPECT_TRUE(effects.sends.empty());
  EXPECT_FALSE(effects.write.has_value());
  EXPECT_EQ(state.trail.last_index(), 0U);
  EXPECT_EQ(
      too_new(2, 1).message,
      "The cluster is at feature level 2, and this release knows levels up to 1: start the newer release that the "
      "other members run.");
}

TEST(Level, a_follower_tells_what_it_knows) {
  State state = follower_of_level(1);
  const Effects effects = receive(state, "n2", append(1, {}, {level_entry(1, 1)}));
  EXPECT_EQ(effects.too_new, 0U);
  EXPECT_EQ(answer_after_write<AppendResponse>(state, effects).level, 1U);
}

TEST(Level, is_taken_back_with_what_is_cut_off) {
  State state = follower_of_level(1);
  (void)receive(state, "n2", append(1, {}, {entry(1, "a"), level_entry(1, 1)}));
  EXPECT_EQ(state.levels.latest(), 1U);
  AppendRequest other = append(2, {.term = 1, .index = 1}, {entry(2, "b")});
  other.leader = "n3";
  (void)receive(state, "n3", other);
  EXPECT_EQ(state.levels.latest(), 0U);
  EXPECT_EQ(violated(state), std::nullopt);
}

TEST(Level, is_kept_where_the_log_begins_anew) {
  State state = follower_of_level(1);
  (void)receive(state, "n2", append(1, {}, {level_entry(1, 1), entry(1, "a"), entry(1, "b")}, 3));
  write_done(state);
  const Input inputs[] = {Applied{3}};
  (void)step(state, inputs);
  const Effects compacted = step_one(state, Compact{2});
  EXPECT_EQ(compacted.write->begin_after->level, 1U);
  EXPECT_EQ(state.level(), 1U);
  const Configuration members = state.configuration();
  (void)step_one(state, SnapshotInstalled{.last = {1, 9}, .configuration = members, .level = 1});
  EXPECT_EQ(state.level(), 1U);
  EXPECT_EQ(violated(state), std::nullopt);
}

TEST(Level, who_does_not_know_it_is_not_let_in) {
  State state = leader();
  for (const char* peer : {"n2", "n3"}) (void)receive(state, peer, tells(state, 1));
  write_done(state);
  (void)receive(state, "n2", tells(state, 1));
  const auto add = [&](ProposalId id, Level level) {
    return step_one(
        state, ChangeMembers{id, {.kind = Change::Kind::kAdd, .member = {"n4", ""}, .replaced = {}, .level = level}});
  };
  const Effects refused = add(1, 0);
  ASSERT_EQ(refused.fates.size(), 1U);
  EXPECT_EQ(refused.fates[0].refusal, Refusal::kTooOld);
  EXPECT_TRUE(add(2, 1).fates.empty());
}

TEST(Level, an_entry_that_is_none_is_refused) {
  for (const char* text :
       {R"({"level":0})", R"({"level":-1})", R"({"level":"x"})", R"({"level":4294967296})", R"({"level":)"}) {
    EXPECT_FALSE(decode_level(text)) << text;
    State state = follower_of_level(1);
    const Effects effects = receive(state, "n2", append(1, {}, {{1, EntryKind::kLevel, Payload(text)}}));
    EXPECT_FALSE(std::get<AppendResponse>(effects.sends.at(0).message).success);
  }
}

RC_GTEST_PROP(Level, stands_beside_a_configuration, (const std::string& text)) {
  const auto level = *rc::gen::arbitrary<Level>();
  const std::string both = with_level(text, level);
  if (level > 0) {
    RC_ASSERT(split_level(both).level == level);
    RC_ASSERT(split_level(both).configuration == text);
  } else {
    RC_ASSERT(both == text);
  }
}

TEST(Members, keep_what_a_newer_release_has_given_them) {
  const std::string text =
      R"({"members":{"voters":[{"id":"n1","zone":"a","url":"u","weights":{"x":[1,2.50]}},{"id":"n2","url":"v"}],)"
      R"("outgoing":[],"learners":[]}})";
  const Configuration members = decode_configuration(text).value();
  EXPECT_EQ(members.voters[0].other, R"(,"zone":"a","weights":{"x":[1,2.5]})");
  EXPECT_EQ(members.voters[1].other, "");
  EXPECT_EQ(decode_configuration(encode(members)).value(), members);
  const Configuration next =
      changed(members, {.kind = Change::Kind::kRemove, .member = {"n2", ""}, .replaced = {}}).value();
  EXPECT_EQ(next.voters[0].other, members.voters[0].other);
}

}  // namespace
}  // namespace timestore::raft
