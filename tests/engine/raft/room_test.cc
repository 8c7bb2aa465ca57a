// Disks without space, and leaders that live beside them: a write needs a leader that can store it.
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "tests/engine/raft/one_node.h"

namespace timestore::raft {
namespace {

using namespace testing;  // NOLINT: the words of these tests

constexpr std::uint32_t kTimeout = Options{}.election_ticks_max;

struct Voter {
  NodeId id;
  Index applied = 0;
  bool full = false;
};

// The leader hears these voters for so many ticks; whom it asks to take over meanwhile.
std::vector<NodeId> asked_to_take_over(State& state, const std::vector<Voter>& voters, std::uint32_t ticks) {
  std::vector<NodeId> asked;
  for (std::uint32_t i = 0; i < ticks && state.is_leader(); ++i) {
    for (const Voter& voter : voters) {
      (void)receive(state, voter.id,
                    AppendResponse{.term = state.term(),
                                   .success = true,
                                   .match = state.trail.last_index(),
                                   .hint = {},
                                   .applied = voter.applied,
                                   .full = voter.full});
    }
    for (const Send& send : step_one(state, Tick{}).sends) {
      if (std::holds_alternative<TimeoutNow>(send.message)) asked.push_back(send.to);
    }
  }
  return asked;
}

void fill_disk(State& state) { (void)step_one(state, Room{false}); }

TEST(Room, is_told_with_each_answer_to_an_append) {
  State state = follower({1}, 1);
  for (const bool has_room : {false, true}) {
    (void)step_one(state, Room{has_room});
    const Effects effects = receive(state, "n2", append(1, {1, 1}, {}));
    ASSERT_EQ(effects.sends.size(), 1U);
    EXPECT_EQ(std::get<AppendResponse>(effects.sends[0].message).full, !has_room);
  }
}

TEST(Room, that_a_leader_lacks_makes_it_hand_over_to_a_voter_that_has_some) {
  State state = acknowledged_leader({1});
  fill_disk(state);
  const auto asked = asked_to_take_over(state, {{"n2", 2, true}, {"n3", 1}}, kTimeout);
  ASSERT_FALSE(asked.empty());
  EXPECT_EQ(asked.front(), "n3");
}

TEST(Room, that_all_lack_keeps_the_leader) {
  State state = acknowledged_leader({1});
  fill_disk(state);
  EXPECT_TRUE(asked_to_take_over(state, {{"n2", 2, true}, {"n3", 2, true}}, 3 * kTimeout).empty());
  EXPECT_TRUE(state.is_leader());
  EXPECT_TRUE(state.takes_proposals()) << "it refuses writes itself, and answers reads";
  EXPECT_FALSE(asked_to_take_over(state, {{"n2", 2, true}, {"n3", 2}}, kTimeout).empty()) << "somebody has some again";
}

TEST(Room, that_a_leader_has_keeps_it) {
  State state = acknowledged_leader({1});
  (void)step_one(state, Applied{2});
  EXPECT_TRUE(asked_to_take_over(state, {{"n2", 2}, {"n3", 2}}, 3 * kTimeout).empty());
}

// A disk that takes entries but cannot apply them: every read on every node would wait for this leader.
TEST(Room, or_whatever_else_a_state_machine_waits_for_makes_its_leader_hand_over_to_who_has_applied_more) {
  State state = acknowledged_leader({1});
  EXPECT_EQ(asked_to_take_over(state, {{"n2", 1}, {"n3", 1}}, 2 * kTimeout).size(), 0U) << "they wait as well";
  const auto asked = asked_to_take_over(state, {{"n2", 1}, {"n3", 2}}, 2 * kTimeout);
  ASSERT_FALSE(asked.empty());
  EXPECT_EQ(asked.front(), "n3");
}

// Elected by n2 and n3, who have its no-op; n4 and n5 were not heard yet, and a command waits to be committed.
State leader_of_five() {
  State state = follower({}, 1, 0, 5);
  (void)step_one(state, Campaign{});
  write_done(state);
  for (const char* voter : {"n2", "n3"}) (void)receive_vote(state, voter);
  write_done(state);
  for (const char* voter : {"n2", "n3"}) {
    (void)receive(state, voter, AppendResponse{.term = 2, .success = true, .match = 1, .hint = {}});
  }
  EXPECT_EQ(state.commit, 1U);
  (void)step_one(state, Propose{.id = 1, .payload = Payload("a command")});
  write_done(state);
  EXPECT_EQ(state.trail.last_index(), 2U);
  return state;
}

// Five voters, two of them not heard. Whom a leader with an entry to commit asks to take over, if n3 is as told.
std::vector<NodeId> asked_beside_the_silent(bool n3_is_full, const std::vector<NodeId>& silent) {
  State state = leader_of_five();
  std::vector<NodeId> asked;
  for (std::uint32_t i = 0; i < 4 * kTimeout && state.is_leader(); ++i) {
    for (const NodeId voter : {"n2", "n3", "n4", "n5"}) {
      if (std::find(silent.begin(), silent.end(), voter) != silent.end()) continue;
      const bool is_full = voter != "n2" && n3_is_full;
      const Index match = is_full ? state.trail.last_index() - 1 : state.trail.last_index();
      (void)receive(state, voter,
                    AppendResponse{.term = state.term(), .success = true, .match = match, .hint = {}, .full = is_full});
    }
    for (const Send& send : step_one(state, Tick{}).sends) {
      if (std::holds_alternative<TimeoutNow>(send.message)) asked.push_back(send.to);
    }
  }
  return asked;
}

// Enough answer for the leader to stay, and too few store anything: another voter may hear those that it does not.
TEST(Room, that_the_others_lack_makes_a_leader_hand_over_that_does_not_hear_all) {
  const auto asked = asked_beside_the_silent(true, {"n4", "n5"});
  ASSERT_FALSE(asked.empty());
  EXPECT_EQ(asked.front(), "n2");
  EXPECT_TRUE(asked_beside_the_silent(false, {"n4", "n5"}).empty()) << "they store it";
  EXPECT_TRUE(asked_beside_the_silent(true, {}).empty()) << "nobody hears more than this leader";
}

TEST(Room, decides_who_takes_over_before_the_length_of_the_log_does) {
  State state = acknowledged_leader({1});
  for (const auto& [id, match, full] :
       std::initializer_list<std::tuple<const char*, Index, bool>>{{"n2", 2, true}, {"n3", 1, false}}) {
    (void)receive(state, id, AppendResponse{.term = 2, .success = true, .match = match, .hint = {}, .full = full});
  }
  (void)step_one(state, Transfer{""});
  EXPECT_EQ(std::get<Leader>(state.role).handover->to, "n3");
  (void)step_one(state, Transfer{"n2"});
  EXPECT_EQ(std::get<Leader>(state.role).handover->to, "n2") << "an operator may have a reason";
}

TEST(Room, lets_a_node_be_elected_before_those_that_have_none) {
  const auto ticks_until_it_asks = [](bool is_full) {
    State state = follower({1}, 1);
    if (is_full) fill_disk(state);
    std::uint32_t ticks = 0;
    while (std::holds_alternative<Follower>(state.role)) {
      (void)step_one(state, Tick{});
      ++ticks;
    }
    return ticks;
  };
  EXPECT_LE(ticks_until_it_asks(false), kTimeout);
  EXPECT_GT(ticks_until_it_asks(true), kTimeout) << "whoever has space has asked by then";
  EXPECT_LE(ticks_until_it_asks(true), 2 * kTimeout) << "but perhaps nobody can be elected who has";
}

}  // namespace
}  // namespace timestore::raft
