#include "engine/replica/compaction.h"

#include <algorithm>

namespace timestore::replica {

raft::Index compactable(const CompactionBounds& bounds) {
  const raft::Index kept_from = bounds.applied - std::min(bounds.applied, bounds.kept_entries);
  const raft::Index limit = std::min({bounds.applied, bounds.durable, kept_from});
  return std::max(bounds.base, std::min(limit, bounds.needed_after.value_or(limit)));
}

}  // namespace timestore::replica
