// Disks whose syncs take longer than an election time-out, such as an SD card's, and leaders that live beside them.
#include <gtest/gtest.h>

#include "tests/engine/raft/one_node.h"

namespace timestore::raft {
namespace {

using namespace testing;  // NOLINT: the words of these tests

constexpr std::uint32_t kHeartbeat = Options{}.heartbeat_ticks;

// The answers to appends that leave in so many ticks.
std::vector<AppendResponse> answers_in(State& state, std::uint32_t ticks) {
  std::vector<AppendResponse> answers;
  for (std::uint32_t i = 0; i < ticks; ++i) {
    for (const Send& send : step_one(state, Tick{}).sends) {
      if (const auto* answer = std::get_if<AppendResponse>(&send.message)) answers.push_back(*answer);
    }
  }
  return answers;
}

// A write is asked for and takes so long.
void sync_slowly(State& state, std::uint32_t ticks) {
  for (std::uint32_t i = 0; i < ticks; ++i) (void)step_one(state, Tick{});
  write_done(state);
}

TEST(SlowDisk, lets_a_heartbeat_be_answered_while_entries_wait_for_it) {
  State state = follower({1, 1}, 1);
  (void)receive(state, "n2", append(1, {1, 2}, {entry(1, "x")}));
  const Effects effects = receive(state, "n2", append(1, {1, 3}, {}));
  ASSERT_EQ(effects.sends.size(), 1U);
  const auto& answer = std::get<AppendResponse>(effects.sends[0].message);
  EXPECT_TRUE(answer.success);
  EXPECT_EQ(answer.match, 2U) << "it promises what is durable, and no more";
}

TEST(SlowDisk, lets_an_append_be_answered_without_a_promise_after_a_heartbeats_time) {
  State state = follower({1, 1}, 1);
  EXPECT_TRUE(receive(state, "n2", append(1, {1, 2}, {entry(1, "x")})).sends.empty());
  EXPECT_TRUE(answers_in(state, kHeartbeat - 1).empty()) << "a disk as fast as most is waited for";
  const auto answers = answers_in(state, 1);
  ASSERT_EQ(answers.size(), 1U);
  EXPECT_TRUE(answers[0].success);
  EXPECT_EQ(answers[0].match, 2U);
  EXPECT_TRUE(step_one(state, WriteDone{state.last_write}).sends.empty()) << "a request has one answer";
  const Effects later = receive(state, "n2", append(1, {1, 3}, {}));
  ASSERT_EQ(later.sends.size(), 1U);
  EXPECT_EQ(std::get<AppendResponse>(later.sends[0].message).match, 3U) << "the next one is told the rest";
}

TEST(SlowDisk, never_answers_in_a_term_that_it_does_not_hold) {
  State state = follower({1, 1}, 1);
  EXPECT_TRUE(receive(state, "n2", append(2, {1, 2}, {})).sends.empty());
  EXPECT_TRUE(answers_in(state, 3 * kHeartbeat).empty());
  EXPECT_EQ(step_one(state, WriteDone{state.last_write}).sends.size(), 1U);
}

TEST(SlowDisk, keeps_a_leader_that_knows_how_slow_it_is) {
  State state = elected_leader();
  const auto slow = Options{}.election_ticks_max - 1;
  (void)step_one(state, Propose{1, Payload("x")});
  sync_slowly(state, slow);
  (void)step_one(state, Propose{2, Payload("y")});
  const auto hear = [&] {
    for (const char* peer : {"n2", "n3"}) {
      (void)receive(state, peer, AppendResponse{.term = 2, .success = true, .match = 1, .hint = {}});
    }
  };
  for (std::uint32_t i = 0; i < 2 * slow; ++i) {
    hear();
    (void)step_one(state, Tick{});
  }
  EXPECT_TRUE(state.is_leader()) << "a sync that takes twice as long as the one before is no stall";
  for (std::uint32_t i = 0; i < 2 * slow; ++i) {
    hear();
    (void)step_one(state, Tick{});
  }
  EXPECT_FALSE(state.is_leader()) << "one that never ends is";
}

TEST(SlowDisk, of_a_leader_makes_way_where_the_others_are_faster) {
  State state = elected_leader();
  (void)step_one(state, Propose{1, Payload("x")});
  sync_slowly(state, Options{}.election_ticks_max - 1);
  (void)step_one(state, Propose{2, Payload("y")});
  for (std::uint32_t i = 0; i < Options{}.election_ticks_max; ++i) {
    for (const char* peer : {"n2", "n3"}) {
      (void)receive(state, peer, AppendResponse{.term = 2, .success = true, .match = 3, .hint = {}});
    }
    (void)step_one(state, Tick{});
  }
  EXPECT_EQ(state.commit, 3U);
  EXPECT_FALSE(state.is_leader());
}

TEST(SlowDisk, makes_a_candidate_wait_for_votes_that_must_get_onto_other_slow_disks) {
  const auto ticks_between_terms = [](std::uint32_t sync) {
    State state = follower({1}, 1);
    (void)step_one(state, Campaign{});
    sync_slowly(state, sync);
    std::uint32_t ticks = 0;
    while (std::holds_alternative<Candidate>(state.role)) {
      (void)step_one(state, Tick{});
      ++ticks;
    }
    return ticks;
  };
  EXPECT_LE(ticks_between_terms(0), Options{}.election_ticks_max);
  EXPECT_GE(ticks_between_terms(80), 160U);
  EXPECT_LE(ticks_between_terms(100'000), 9 * Options{}.election_ticks_max) << "its patience is bounded";
}

TEST(SlowDisk, is_forgotten_when_the_disk_is_fast_again) {
  State state = elected_leader();
  (void)step_one(state, Propose{1, Payload("x")});
  sync_slowly(state, 50);
  EXPECT_GE(state.sync_ticks, 50U);
  for (ProposalId id = 2; id < 100; ++id) {
    (void)step_one(state, Propose{id, Payload("x")});
    write_done(state);
  }
  EXPECT_LT(state.sync_ticks, 8U);
}

}  // namespace
}  // namespace timestore::raft
