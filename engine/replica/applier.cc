#include "engine/replica/applier.h"

#include <algorithm>
#include <utility>

#include "engine/base/check.h"
#include "engine/base/mark.h"

namespace timestore::replica {

void Applier::apply(raft::Index through) {
  through_ = std::max(through_, through);
  start();
}

void Applier::start() {
  if (jobs_.failure() || machine_.applied() >= through_ || !space_.may_try()) return;
  if (!machine_.begin(Use::kApplying)) return;
  const raft::Index first = machine_.applied() + 1;
  const auto count = static_cast<std::size_t>(
      std::min<raft::Index>(through_ - machine_.applied(), static_cast<raft::Index>(options_.max_apply_entries)));
  if (cache_.find(first) != nullptr) return apply_entries(first, cached(first, count));
  jobs_.run(
      Lane::kLog, [this, first, count] { return log_.read(first, count, options_.max_apply_bytes); },
      [this, first](Result<std::vector<raft::Entry>> entries) {
        TIMESTORE_CHECK(!entries->empty(), "a durable entry is in the log file");
        TIMESTORE_MARK("replica: entries were applied from the log file");
        apply_entries(first, std::move(*entries));
      });
}

std::vector<raft::Entry> Applier::cached(raft::Index first, std::size_t count) const {
  std::vector<raft::Entry> entries;
  std::uint64_t bytes = 0;
  for (raft::Index index = first; index < first + count && bytes < options_.max_apply_bytes; ++index) {
    const raft::Entry* entry = cache_.find(index);
    TIMESTORE_CHECK(entry != nullptr, "the cache has no gaps");
    bytes += entry->payload.size_bytes();
    entries.push_back(*entry);
  }
  return entries;
}

void Applier::apply_entries(raft::Index first, std::vector<raft::Entry> entries) {
  struct Group {
    std::vector<machine::Outcome> outcomes;
    machine::Standing standing;
  };
  const std::size_t count = entries.size();
  jobs_.run(
      Lane::kSeries,
      [this, first, entries = std::move(entries)]() -> Result<Group> {
        auto outcomes = machine_.on_lane().apply(first, entries);
        if (!outcomes) return tl::unexpected(std::move(outcomes.error()));
        return Group{std::move(*outcomes), machine_.on_lane().standing()};
      },
      [this, first, count](Result<Group> group) {
        machine_.end(Use::kApplying);
        if (group->outcomes.size() == count) {
          space_.found(Lane::kSeries);
        } else {
          TIMESTORE_MARK("replica: the series file found no space");
          space_.missed(Lane::kSeries);
        }
        if (group->outcomes.empty()) return;
        machine_.stands(group->standing);
        applied_(first, std::move(group->outcomes));
      });
}

}  // namespace timestore::replica
