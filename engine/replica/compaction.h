// How far a log is compacted: the compactor's rules, as functions.
#pragma once

#include <cstdint>
#include <optional>

#include "engine/raft/trail.h"
#include "engine/raft/types.h"

namespace timestore::replica {

// Of the entries that were applied, so many are kept for followers that are slow.
struct LogLimits {
  std::uint64_t entries = 0;
  std::uint64_t bytes = 0;
};

// Where the log should begin, if nothing stood against it: the present base when it is within its limits. It grows to
// them, then an eighth is removed, in steps, since removing entries holds up what is to be appended.
[[nodiscard]] raft::Index wanted_base(const raft::Trail& trail, raft::Index applied, LogLimits limits);

struct CompactionBounds {
  raft::Index base = 0;            // the log begins after this entry
  raft::Index applied = 0;         // by the state machine
  raft::Index durable = 0;         // machine::Standing
  std::uint64_t kept_entries = 0;  // so many of the applied ones are kept for followers that are slow
  // A snapshot is on its way to somebody, who will go on with the entry after this one; or that entry is the cluster's
  // id, and is not settled yet.
  std::optional<raft::Index> needed_after = std::nullopt;
};

// The entry that the log may begin after, at least `base`: the one rule (and the one place) that keeps what a crash
// could still ask for.
//
// Never one that the state machine has not applied, nor one that it has not made durable: after a loss of power it goes
// back to that, and only the log has what came later.
[[nodiscard]] raft::Index compactable(const CompactionBounds& bounds);

}  // namespace timestore::replica
