// Clusters by name, and what their nodes say of themselves: the words of the tests about who belongs where.
#pragma once

#include <vector>

#include "engine/raft/state.h"

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

}  // namespace timestore::raft::testing
