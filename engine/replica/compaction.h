// How far a log may be compacted: the one rule (and the one place) that keeps what a crash could still ask for.
#pragma once

#include <cstdint>
#include <optional>

#include "engine/raft/types.h"

namespace timestore::replica {

struct CompactionBounds {
  raft::Index base = 0;            // the log begins after this entry
  raft::Index applied = 0;         // by the series file
  raft::Index durable = 0;         // SeriesFile::durable_index()
  std::uint64_t kept_entries = 0;  // so many of the applied ones are kept for followers that are slow
  // A snapshot is on its way to somebody, who will go on with the entry after this one.
  std::optional<raft::Index> needed_after = std::nullopt;
};

// The entry that the log may begin after, at least `base`.
//
// Never one that the series file has not applied, nor one that it has not made durable: after a loss of power it goes
// back to durable_index(), and only the log has what came after that.
[[nodiscard]] raft::Index compactable(const CompactionBounds& bounds);

}  // namespace timestore::replica
