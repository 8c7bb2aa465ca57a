// One node's core, driven by hand: the words of the tests about single rules.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "engine/raft/step.h"

namespace timestore::raft::testing {

// Ticks after which no follower waits any longer.
inline constexpr std::uint32_t kPatience = Options{}.election_ticks_max;

// A follower "n1" of a cluster of three, or as many as told, whose log has entries of the given terms, all durable.
inline State follower(std::vector<Term> terms, Term term, Index applied = 0, int voters = 3) {
  Restart restart{.id = "n1", .configuration = {}, .hard_state = {}, .trail = {}, .applied = applied, .seed = 1};
  for (int i = 1; i <= voters; ++i) restart.configuration.voters.push_back({"n" + std::to_string(i), ""});
  for (const Term entry : terms) restart.trail.append(entry, EntryKind::kCommand, 10);
  restart.hard_state.term = term;
  return start(restart, Options{});
}

inline Effects step_one(State& state, Input input) { return step(state, std::span<const Input>(&input, 1)); }

inline void write_done(State& state) { (void)step_one(state, WriteDone{state.last_write}); }

inline Effects receive(State& state, const NodeId& from, Message message) {
  return step_one(state, Receive{from, std::move(message)});
}

// What `voter` answers when it votes for this candidate.
inline Effects receive_vote(State& state, const NodeId& voter) {
  return receive(state, voter, VoteResponse{.term = state.term(), .granted = true, .judged = state.trail.last()});
}

// n1 leads term 2 of three; entry 1 is its no-op, durable, and n2 has acknowledged it.
inline State elected_leader() {
  State state = follower({}, 1);
  (void)step_one(state, Campaign{});
  (void)step_one(state, WriteDone{state.last_write});
  (void)receive_vote(state, "n2");
  (void)step_one(state, WriteDone{state.last_write});
  (void)receive(state, "n2", AppendResponse{.term = 2, .success = true, .match = 1, .hint = {}});
  EXPECT_EQ(state.commit, 1U);
  return state;
}

// n1 leads term 2, elected with the entries of these terms and its no-op behind them, acknowledged by both others.
inline State acknowledged_leader(std::vector<Term> terms = {}) {
  State state = follower(std::move(terms), 1);
  (void)step_one(state, Campaign{});
  write_done(state);
  (void)receive_vote(state, "n2");
  write_done(state);
  const Index last = state.trail.last_index();
  for (const char* peer : {"n2", "n3"}) {
    (void)receive(state, peer, AppendResponse{.term = 2, .success = true, .match = last, .hint = {}});
  }
  EXPECT_EQ(state.commit, last);
  return state;
}

inline Entry entry(Term term, const std::string& text) { return {term, EntryKind::kCommand, Payload(text)}; }

// What the state lets go once its latest write is done.
template <typename Answer>
Answer answer_after_write(State& state, Effects effects) {
  if (effects.sends.empty()) effects = step_one(state, WriteDone{state.last_write});
  EXPECT_EQ(effects.sends.size(), 1U);
  return std::get<Answer>(effects.sends.at(0).message);
}

inline AppendRequest append(Term term, Position prev, std::vector<Entry> entries, Index commit = 0) {
  return {.term = term,
          .leader = "n2",
          .prev_index = prev.index,
          .prev_term = prev.term,
          .leader_commit = commit,
          .round = 0,
          .entries = std::move(entries)};
}

}  // namespace timestore::raft::testing
