#include "engine/replica/compaction.h"

#include <algorithm>

namespace timestore::replica {

namespace {
constexpr raft::Index kMaxStep = 1000;  // entries (store/log/log_file.h, write())
constexpr std::uint64_t kShare = 8;
}  // namespace

raft::Index wanted_base(const raft::Trail& trail, raft::Index applied, LogLimits limits) {
  const raft::Index base = trail.base().index;
  const bool is_too_long = applied - base > limits.entries;
  if (!is_too_long && trail.size_bound_bytes() <= limits.bytes) return base;
  const std::uint64_t entries = limits.entries - limits.entries / kShare;
  const std::uint64_t bytes = limits.bytes - limits.bytes / kShare;
  raft::Index wanted = base;
  std::uint64_t left = trail.size_bound_bytes();
  while (wanted < std::min(applied, base + kMaxStep) && (applied - wanted > entries || left > bytes)) {
    left -= trail.size_bound_bytes(++wanted);
  }
  return wanted;
}

raft::Index compactable(const CompactionBounds& bounds) {
  const raft::Index kept_from = bounds.applied - std::min(bounds.applied, bounds.kept_entries);
  const raft::Index limit = std::min({bounds.applied, bounds.durable, kept_from});
  return std::max(bounds.base, std::min(limit, bounds.needed_after.value_or(limit)));
}

}  // namespace timestore::replica
