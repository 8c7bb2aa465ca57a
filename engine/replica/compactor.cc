#include "engine/replica/compactor.h"

#include <algorithm>

#include "engine/base/mark.h"
#include "engine/replica/compaction.h"

namespace timestore::replica {

namespace {
constexpr raft::Index kMaxLent = 100'000;  // entries that are kept for who takes a snapshot, however long it takes
}  // namespace

void Compactor::compact_when_due() {
  if (jobs_.failure() || log_writer_.begins_anew() || machine_.is_in(Use::kInstalling)) return;
  const raft::Index wanted =
      wanted_base(core_.trail, machine_.applied(), {.entries = options_.kept_entries, .bytes = options_.kept_bytes});
  const raft::Index base = core_.trail.base().index;
  if (wanted == base) return;
  const raft::Index durable = machine_.standing().durable;
  CompactionBounds bounds{.base = base,
                          .applied = core_.applied,
                          .durable = durable,
                          .kept_entries = core_.applied - std::min(core_.applied, wanted)};
  const raft::Index lent = lender_.lent().value_or(core_.applied);
  if (core_.applied - lent <= kMaxLent + options_.kept_entries) bounds.needed_after = lent;
  // What a log begins with is settled, so the id stays in the log until what follows it proves that.
  if (core_.cluster().is_known() && !raft::is_settled(core_)) {
    bounds.needed_after = std::min(bounds.needed_after.value_or(core_.applied), core_.clusters.latest_index() - 1);
  }
  const raft::Index through = compactable(bounds);
  if (through < wanted && durable < wanted) checkpoint();
  if (through == base) return;
  log_writer_.begin_anew(raft::Compact{through});
}

void Compactor::checkpoint() {
  if (ticks_until_checkpoint_ > 0 || !machine_.begin(Use::kCheckpointing)) return;
  TIMESTORE_MARK("replica: the series file was made durable, so that the log can be forgotten");
  jobs_.run(
      Lane::kSeries,
      [this]() -> Result<raft::Index> {
        machine::StateMachine& machine = machine_.on_lane();
        if (auto made = machine.make_durable(); !made) return tl::unexpected(std::move(made.error()));
        return machine.standing().durable;
      },
      [this](const Result<raft::Index>& durable) {
        machine_.end(Use::kCheckpointing);
        if (*durable == machine_.standing().durable) ticks_until_checkpoint_ = options_.raft.heartbeat_ticks;
        machine_.is_durable(*durable);
        compact_when_due();
      });
}

void Compactor::tick() {
  if (ticks_until_checkpoint_ > 0) --ticks_until_checkpoint_;
}

}  // namespace timestore::replica
