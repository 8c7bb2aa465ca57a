#include "tests/engine/raft/plain_log.h"

#include <algorithm>
#include <stdexcept>
#include <string>

namespace timestore::raft::testing {

void require(bool condition, std::string_view sentence) {
  if (!condition) throw std::runtime_error("broken: " + std::string(sentence));
}

bool PlainLog::holds(Position position) const {
  if (position.index < base.last.index || position.index > last_index()) return false;
  return position == base.last || (position.index > base.last.index && at(position.index).term == position.term);
}

bool holds_more_than_noops(const PlainLog& log) {
  return log.base.last.index > 0 || std::any_of(log.entries.begin(), log.entries.end(),
                                                [](const Entry& entry) { return entry.kind != EntryKind::kNoop; });
}

Trail trail_of(const PlainLog& log) {
  Trail trail(log.base.last);
  for (const Entry& entry : log.entries) trail.append(entry.term, entry.kind, entry.payload.size_bytes());
  return trail;
}

// The entries of a write, without its hard state.
void replay(PlainLog& log, const Write& write) {
  if (write.truncate_from) {
    require(*write.truncate_from > log.base.last.index, "only what the log holds is removed from its end");
    log.entries.resize(*write.truncate_from - log.base.last.index - 1);
  }
  if (write.begin_after) {
    const Position last = write.begin_after->last;
    require(last.index >= log.base.last.index, "a log never gets back what it has forgotten");
    require(log.holds(last) || log.last_index() < last.index, "a log begins after an entry of its own, or is empty");
    const auto forgotten = std::min<Index>(last.index - log.base.last.index, log.entries.size());
    log.entries.erase(log.entries.begin(), log.entries.begin() + static_cast<std::ptrdiff_t>(forgotten));
    log.base = *write.begin_after;
  }
  if (!write.entries.empty()) require(write.first_index == log.last_index() + 1, "a write continues the log on disk");
  log.entries.insert(log.entries.end(), write.entries.begin(), write.entries.end());
}

}  // namespace timestore::raft::testing
