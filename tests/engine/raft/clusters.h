// Clusters by name, and what their nodes say of themselves: the words of the tests about who belongs where.
#pragma once

#include <utility>
#include <vector>

#include "engine/raft/state.h"
#include "tests/engine/raft/one_node.h"

namespace timestore::raft::testing {

inline constexpr ClusterId kOurs{.high = 1, .low = 2};
inline constexpr ClusterId kTheirs{.high = 3, .low = 4};

inline Belonging settled(const ClusterId& id) { return {.is_told = true, .cluster = id, .is_settled = true}; }
inline Belonging unsettled(const ClusterId& id) { return {.is_told = true, .cluster = id}; }
inline Belonging blank() { return {.is_told = true, .cluster = {}, .is_blank = true}; }

// "n1" of three, whose log has entries of these terms.
inline Restart of_three(std::vector<Term> terms, Term term) {
  Restart restart{.id = "n1", .configuration = {}, .hard_state = {}, .trail = {}, .applied = 0, .seed = 1};
  for (const char* id : {"n1", "n2", "n3"}) restart.configuration.voters.push_back({id, ""});
  for (const Term entry : terms) restart.trail.append(entry, EntryKind::kCommand, 10);
  restart.hard_state.term = term;
  return restart;
}

// "n1" whose log has entries of these terms, after a no-op with the id.
inline State member_with_id(std::vector<Term> terms, Term term, Index applied, const ClusterId& id = kOurs) {
  Restart restart = of_three({}, term);
  restart.trail.append(1, EntryKind::kNoop, encode_cluster(id).size());
  for (const Term entry : terms) restart.trail.append(entry, EntryKind::kCommand, 10);
  restart.clusters = {{1, id}};
  restart.applied = applied;
  return start(restart, {.level = kEnvelopesLevel});
}

// "n1" leads, with its id committed.
inline State leader_with_id() {
  State state = member_with_id({1, 1}, 1, 3);
  (void)step_one(state, Campaign{});
  write_done(state);
  (void)receive(state, "n2",
                VoteResponse{.term = 2, .granted = true, .judged = state.trail.last(), .belonging = settled(kOurs)});
  write_done(state);
  EXPECT_TRUE(state.is_leader());
  return state;
}

}  // namespace timestore::raft::testing
