// What the core decides it tells, once and with the reason.
#include "engine/raft/event.h"

#include <algorithm>

#include "tests/engine/raft/one_node.h"

namespace timestore::raft::testing {
namespace {

using Story = std::vector<std::string>;

// Without what happens with every write or read, unless that is wanted.
Story story_of(const Effects& effects, bool with_routine = false) {
  Story story;
  for (const Event& event : effects.events) {
    if (with_routine || !is_routine(event)) story.push_back(describe(event));
  }
  return story;
}

ChangeMembers wish(Change::Kind kind, const NodeId& id, const NodeId& replaced = "") {
  return {9, {.kind = kind, .member = {id, ""}, .replaced = replaced, .is_forced = false}};
}

PreVoteRequest question(Term term, Position last) {
  return {.term = term, .candidate = "n3", .last_index = last.index, .last_term = last.term};
}

TEST(Event, an_answer_to_who_asks_around_has_its_reason) {
  State state = follower({1, 3}, 3);
  EXPECT_EQ(story_of(receive(state, "n3", question(4, {3, 2}))), Story{"would vote for n3: term 4"});
  EXPECT_EQ(story_of(receive(state, "n3", question(3, {3, 2}))),
            Story{"would not vote for n3: term 3, that term has begun already"});
  EXPECT_EQ(story_of(receive(state, "n3", question(4, {1, 9}))),
            Story{"would not vote for n3: term 4, its log is older"});
  (void)receive(state, "n2", append(3, {3, 2}, {}));
  EXPECT_EQ(story_of(receive(state, "n3", question(4, {3, 2}))),
            Story{"would not vote for n3: term 4, there is a leader"});
}

TEST(Event, a_change_of_members_that_is_begun_is_told_before_its_members) {
  State state = elected_leader();
  EXPECT_EQ(story_of(step_one(state, wish(Change::Kind::kReplace, "n4", "n3"))),
            (Story{"begins to replace n3 by n4", "knows the members at 2: n1 n2 n3, learning n4"}));
}

TEST(Event, a_change_of_members_that_is_refused_has_its_reason) {
  State state = elected_leader();
  EXPECT_EQ(story_of(step_one(state, wish(Change::Kind::kPromote, "n4"))),
            Story{"refuses to promote n4: there is no such member"});
  (void)step_one(state, wish(Change::Kind::kAddLearner, "n4"));
  EXPECT_EQ(story_of(step_one(state, wish(Change::Kind::kRemove, "n3"))),
            Story{"refuses to remove n3: another change is on its way, or leadership is"});
}

// Of four voters three must answer: n3 never did, and n2 has not for so long.
TEST(Event, a_promotion_that_waits_for_voters_says_so_once) {
  State state = elected_leader();
  (void)step_one(state, wish(Change::Kind::kAdd, "n4"));
  (void)step_one(state, WriteDone{state.last_write});
  (void)receive(state, "n2", AppendResponse{.term = 2, .success = true, .match = 2, .hint = {}});
  std::get<Leader>(state.role).peers.at("n2").silent_ticks = Options{}.election_ticks_max;
  const AppendResponse caught_up{.term = 2, .success = true, .match = 2, .hint = {}};
  const Story story = story_of(receive(state, "n4", caught_up));
  EXPECT_EQ(std::count(story.begin(), story.end(), "does not promote n4 yet: those who answer would be no majority"),
            1);
  EXPECT_EQ(story_of(receive(state, "n4", caught_up)), Story{});
}

TEST(Event, an_order_that_came_too_late_is_told) {
  State state = follower({1}, 1);
  AppendRequest later = append(1, {1, 1}, {});
  later.recalled = 4;
  (void)receive(state, "n2", later);
  EXPECT_EQ(story_of(receive(state, "n2", TimeoutNow{.term = 1, .leader = "n2", .round = 4})),
            Story{"does not take over, n2 leads on: term 1"});
}

TEST(Event, whoever_cannot_hand_over_says_so) {
  State state = elected_leader();
  EXPECT_EQ(story_of(step_one(state, Transfer{"stranger"})),
            Story{"does not hand over to stranger: term 2, only a voter that answers could take over"});
}

TEST(Event, a_refused_proposal_has_its_reason_and_is_routine) {
  State state = follower({}, 1);
  const Propose proposal{7, Payload("x")};
  const Effects effects = step_one(state, proposal);
  EXPECT_EQ(story_of(effects), Story{});
  EXPECT_EQ(story_of(effects, true), Story{"refuses a proposal: it does not lead"});
  state = elected_leader();
  (void)step_one(state, Transfer{});
  EXPECT_EQ(story_of(step_one(state, proposal), true), Story{"refuses a proposal: it hands over"});
}

TEST(Event, reads_are_told_by_the_round_and_are_routine) {
  State state = elected_leader();
  const std::vector<Input> two{Read{1}, Read{2}};
  (void)step(state, two);
  AppendResponse answer{.term = 2, .success = true, .match = 1, .hint = {}};
  answer.round = std::get<Leader>(state.role).round;
  const Effects granted = receive(state, "n2", answer);
  EXPECT_EQ(story_of(granted), Story{});
  EXPECT_EQ(story_of(granted, true), Story{"grants 2 reads at 1"});
  (void)step(state, two);
  const Story story = story_of(step_one(state, StepDown{}), true);
  EXPECT_EQ(std::count(story.begin(), story.end(), "refuses 2 reads"), 1);
}

}  // namespace
}  // namespace timestore::raft::testing
