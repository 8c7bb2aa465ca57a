// The log is forgotten as far as the series file has made it durable and followers that are slow do not need it.
//
// It is done in steps, since removing entries from the log file holds up what is to be appended. The log grows to its
// limits, then an eighth of them is removed.
#include <algorithm>

#include "engine/base/mark.h"
#include "engine/replica/compaction.h"
#include "engine/replica/replica.h"

namespace timestore::replica {

namespace {
constexpr raft::Index kMaxStep = 1000;  // entries (store/log_file.h, write())
constexpr std::uint64_t kShare = 8;
constexpr raft::Index kMaxLent = 100'000;  // entries that are kept for who takes a snapshot, however long it takes
}  // namespace

// Where the log should begin, if nothing stood against it: the present base when it is within its limits.
raft::Index Replica::wanted_base() const {
  const raft::Trail& trail = core_.trail;
  const raft::Index base = trail.base().index;
  const bool is_too_long = applied_ - base > options_.kept_entries;
  if (!is_too_long && trail.size_bound_bytes() <= options_.kept_bytes) return base;
  const std::uint64_t entries = options_.kept_entries - options_.kept_entries / kShare;
  const std::uint64_t bytes = options_.kept_bytes - options_.kept_bytes / kShare;
  raft::Index wanted = base;
  std::uint64_t left = trail.size_bound_bytes();
  while (wanted < std::min(applied_, base + kMaxStep) && (applied_ - wanted > entries || left > bytes)) {
    left -= trail.size_bound_bytes(++wanted);
  }
  return wanted;
}

void Replica::compact_when_due() {
  if (failure_ || is_compacting_ || new_beginning_) return;
  const raft::Index wanted = wanted_base();
  const raft::Index base = core_.trail.base().index;
  if (wanted == base) return;
  replica::CompactionBounds bounds{.base = base,
                                 .applied = core_.applied,
                                 .durable = series_durable_,
                                 .kept_entries = core_.applied - std::min(core_.applied, wanted)};
  const raft::Index lent = lending_ ? lending_->applied : core_.applied;
  if (core_.applied - lent <= kMaxLent + options_.kept_entries) bounds.needed_after = lent;
  const raft::Index through = replica::compactable(bounds);
  if (through < wanted && series_durable_ < wanted) checkpoint();
  if (through == base) return;
  is_compacting_ = true;
  new_beginning_ = raft::Compact{through};
}

// A reader of an older state may be in the way: then the next tick tries again.
void Replica::checkpoint() {
  if (is_checkpointing_ || is_applying_ || ticks_until_checkpoint_ > 0) return;
  is_checkpointing_ = true;
  TIMESTORE_MARK("replica: the series file was made durable, so that the log can be forgotten");
  on_lane(
      Lane::kSeries,
      [this]() -> Result<raft::Index> {
        auto moved = series_->checkpoint();
        if (!moved && !moved.error().is_full) return tl::unexpected(moved.error());
        return series_->durable_index();
      },
      [this](const Result<raft::Index>& durable) {
        is_checkpointing_ = false;
        if (*durable == series_durable_)
          ticks_until_checkpoint_ = options_.raft.heartbeat_ticks;  // no space, or a reader
        series_durable_ = *durable;
        compact_when_due();
      });
}

}  // namespace timestore::replica
