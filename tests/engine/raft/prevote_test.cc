// Nobody is disturbed without need: pre-vote (Ongaro's thesis, section 9.6) and leader stickiness (section 4.2.3).
#include <gtest/gtest.h>

#include "engine/raft/invariants.h"
#include "tests/engine/raft/core_cluster.h"
#include "tests/engine/raft/one_node.h"

namespace timestore::raft::testing {
namespace {

void tick(State& state, std::uint32_t times) {
  for (std::uint32_t i = 0; i < times; ++i) (void)step_one(state, Tick{});
}

// A follower in term 3 that has just heard of n2, its leader.
State led_follower() {
  State state = follower({1, 3}, 3);
  (void)receive(state, "n2", append(3, {3, 2}, {}));
  return state;
}

PreVoteRequest pre_vote(Term term, Position last) {
  return {.term = term, .candidate = "n3", .last_index = last.index, .last_term = last.term};
}

PreVoteResponse asked(State& state, const PreVoteRequest& request) {
  return answer_after_write<PreVoteResponse>(state, receive(state, "n3", request));
}

TEST(Thesis_9_6, a_silent_leader_is_asked_about_before_a_term_is_entered) {
  State state = led_follower();
  Effects effects;
  while (effects.sends.empty()) effects = step_one(state, Tick{});
  EXPECT_EQ(effects.sends.size(), 2U);
  EXPECT_EQ(std::get<PreVoteRequest>(effects.sends[0].message),
            (PreVoteRequest{.term = 4, .candidate = "n1", .last_index = 2, .last_term = 3}));
  EXPECT_FALSE(effects.write) << "nothing is promised yet";
  EXPECT_EQ(state.hard_state, (HardState{.term = 3, .vote = std::nullopt}));

  effects = receive(state, "n3", PreVoteResponse{.term = 3, .proposed = 4, .granted = true});
  EXPECT_EQ(state.hard_state, (HardState{.term = 4, .vote = "n1"}));
  EXPECT_TRUE(std::holds_alternative<Candidate>(state.role));
}

TEST(Thesis_9_6, a_promise_to_vote_is_no_vote) {
  State state = led_follower();
  tick(state, kPatience);
  (void)receive(state, "n3", PreVoteResponse{.term = 3, .proposed = 4, .granted = true});
  ASSERT_TRUE(std::holds_alternative<Candidate>(state.role));
  (void)step_one(state, WriteDone{state.last_write});
  (void)receive(state, "n2", PreVoteResponse{.term = 3, .proposed = 4, .granted = true});
  EXPECT_FALSE(state.is_leader());
}

TEST(Thesis_9_6, asking_binds_nobody) {
  State state = led_follower();
  tick(state, kPatience - 1);
  const State before = state;
  EXPECT_TRUE(asked(state, pre_vote(9, {3, 2})).granted);
  EXPECT_EQ(state, before) << "neither term, vote nor timer";
}

TEST(Thesis_9_6, whoever_hears_the_leader_encourages_nobody) {
  State state = led_follower();
  tick(state, Options{}.election_ticks_min - 1);
  EXPECT_FALSE(asked(state, pre_vote(4, {3, 2})).granted);
  tick(state, 1);
  EXPECT_TRUE(asked(state, pre_vote(4, {3, 2})).granted);
}

TEST(Thesis_9_6, an_old_log_is_told_that_it_would_not_be_elected) {
  State state = follower({1, 3}, 3);
  EXPECT_FALSE(asked(state, pre_vote(4, {3, 1})).granted);
  EXPECT_FALSE(asked(state, pre_vote(4, {2, 9})).granted);
  EXPECT_FALSE(asked(state, pre_vote(3, {3, 2})).granted) << "a term that is not new";
  EXPECT_TRUE(asked(state, pre_vote(4, {3, 2})).granted);
}

TEST(Thesis_9_6, a_refusal_in_a_newer_term_is_believed) {
  State state = led_follower();
  tick(state, kPatience);
  ASSERT_TRUE(std::holds_alternative<PreCandidate>(state.role));
  (void)receive(state, "n3", PreVoteResponse{.term = 7, .proposed = 4, .granted = false});
  EXPECT_EQ(state.term(), 7U);
  EXPECT_TRUE(std::holds_alternative<Follower>(state.role));
}

TEST(Thesis_9_6, a_node_of_an_older_term_may_encourage) {
  State state = led_follower();
  tick(state, kPatience);
  (void)receive(state, "n3", PreVoteResponse{.term = 0, .proposed = 4, .granted = true});
  EXPECT_TRUE(std::holds_alternative<Candidate>(state.role));
}

TEST(Thesis_9_6, answers_to_an_older_question_are_not_counted) {
  State state = led_follower();
  tick(state, kPatience);
  (void)receive(state, "n3", PreVoteResponse{.term = 2, .proposed = 3, .granted = true});
  EXPECT_TRUE(std::holds_alternative<PreCandidate>(state.role));
}

TEST(Thesis_9_6, a_vote_survives_asking_around) {
  State state = follower({1}, 1);
  (void)receive(state, "n2", VoteRequest{.term = 2, .candidate = "n2", .last_index = 1, .last_term = 1});
  (void)step_one(state, WriteDone{state.last_write});
  tick(state, kPatience);
  ASSERT_TRUE(std::holds_alternative<PreCandidate>(state.role));
  EXPECT_EQ(state.hard_state.vote, "n2");
  (void)receive(state, "n2", append(2, {1, 1}, {}));
  EXPECT_EQ(state.hard_state.vote, "n2") << "nor does following the leader of the same term clear it";
}

TEST(Thesis_9_6, the_leader_ends_the_asking) {
  State state = led_follower();
  tick(state, kPatience);
  (void)receive(state, "n2", append(3, {3, 2}, {}));
  EXPECT_TRUE(std::holds_alternative<Follower>(state.role));
  EXPECT_EQ(state.leader, "n2");
}

TEST(Thesis_4_2_3, whoever_hears_the_leader_does_not_listen_to_a_candidate) {
  State state = led_follower();
  const VoteRequest request{.term = 9, .candidate = "n3", .last_index = 2, .last_term = 3};
  const auto refusal = answer_after_write<VoteResponse>(state, receive(state, "n3", request));
  EXPECT_EQ(refusal, (VoteResponse{.term = 3, .granted = false, .judged = {3, 2}}));
  EXPECT_EQ(state.term(), 3U);

  tick(state, Options{}.election_ticks_min);
  (void)receive(state, "n3", request);
  EXPECT_EQ(state.term(), 9U) << "the leader has been silent for long enough";
}

TEST(Thesis_4_2_3, a_forced_election_is_listened_to) {
  State state = led_follower();
  (void)receive(state, "n3",
                VoteRequest{.term = 4, .candidate = "n3", .last_index = 2, .last_term = 3, .forced = true});
  EXPECT_EQ(state.hard_state, (HardState{.term = 4, .vote = "n3"}));
}

TEST(Thesis_4_2_3, a_node_that_was_cut_off_comes_back_without_a_stir) {
  CoreCluster cluster(3, 11);
  ASSERT_TRUE(cluster.elect());
  const std::size_t leader = *cluster.leader();
  const std::size_t cut_off = (leader + 1) % 3;
  const Term term = cluster.node(leader).state.term();
  cluster.cut(cut_off, true);
  for (int second = 0; second < 20; ++second) cluster.settle(kPatience);
  EXPECT_EQ(cluster.node(cut_off).state.term(), term) << "it never found a majority to enter a new term with";
  cluster.cut(cut_off, false);
  for (int second = 0; second < 3; ++second) cluster.settle(kPatience);
  EXPECT_EQ(cluster.leader(), leader);
  EXPECT_EQ(cluster.node(leader).state.term(), term);
  EXPECT_EQ(cluster.node(cut_off).state.leader, CoreCluster::name(leader));
}

}  // namespace
}  // namespace timestore::raft::testing
