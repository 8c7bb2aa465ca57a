#include "engine/replica/reconcile.h"

#include <string>

#include "engine/base/check.h"
#include "engine/base/mark.h"

namespace timestore::replica {

namespace {

std::string name_of(raft::Position position) {
  return "entry " + std::to_string(position.index) + " of term " + std::to_string(position.term);
}

}  // namespace

Result<std::optional<raft::Write>> reconcile(const store::LogFile::Recovered& log, const MachinePosition& machine) {
  TIMESTORE_CHECK(log.identity.has_value(), "a log that knows its node is compared with its state machine");
  const raft::Trail& trail = log.trail;
  const raft::Position applied = machine.applied;
  if (trail.term_at(applied.index) == applied.term) return std::nullopt;
  if (applied.index < trail.base().index) {
    return fail("Applied is everything up to " + name_of(applied) + ", and the log begins after " +
                name_of(trail.base()) + ": what lies between them is lost. Restore this node from its peers.");
  }
  if (log.installing != applied || applied.index == trail.base().index) {
    return fail("Applied is everything up to " + name_of(applied) + ", which the log, from entry " +
                std::to_string(trail.first_index()) + " to " + name_of(trail.last()) +
                ", does not hold: the two do not belong together. Restore this node from its peers.");
  }
  TIMESTORE_MARK("store: the log was made to follow a snapshot that was installed before a crash");
  raft::Write write;
  write.hard_state = log.hard_state;
  if (applied.index <= trail.last_index()) write.truncate_from = applied.index;
  write.begin_after = {.last = applied,
                       .configuration = machine.configuration.value_or(log.identity->configuration),
                       .level = machine.level,
                       .cluster = machine.cluster};
  write.first_index = applied.index + 1;
  return write;
}

}  // namespace timestore::replica
