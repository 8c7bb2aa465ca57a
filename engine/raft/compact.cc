// The log's beginning is forgotten, since the state machine has it, or replaced by a snapshot: paper, section 7.
#include <algorithm>

#include "engine/base/check.h"
#include "engine/base/mark.h"
#include "engine/raft/turn.h"

namespace timestore::raft {

namespace {

void check_comes_first(const Turn& turn) {
  TIMESTORE_CHECK(turn.write.entries.empty() && !turn.write.truncate_from && !turn.write.begin_after,
                  "the log begins anew before anything else happens to it in a turn");
}

// The log holds the entry: what comes after it stays.
void begin_after(Turn& turn, Index index) {
  State& state = turn.state;
  state.trail.begin_after(index);
  state.configurations.begin_after(index);
  state.levels.begin_after(index);
  state.clusters.begin_after(index);
  turn.write.begin_after = {.last = state.trail.base(),
                            .configuration = state.configurations.at(index),
                            .level = state.levels.at(index),
                            .cluster = state.clusters.at(index)};
  send_snapshots_to_who_lags(turn);
}

// What is held back until it is durable would never come true: who asks for votes with a log that is gone, or says that
// it holds a leader's entries, asks and says nothing instead.
void forget_what_was_said_of_the_log(State& state) {
  std::erase_if(state.held_sends, [](const HeldSend& held) {
    return std::holds_alternative<VoteRequest>(held.send.message) ||
           std::holds_alternative<AppendResponse>(held.send.message);
  });
}

// The log holds another entry there, or ends before: nothing of it stays.
void begin_anew(Turn& turn, const SnapshotInstalled& snapshot) {
  State& state = turn.state;
  const Index index = snapshot.last.index;
  if (state.trail.last_index() >= index) {
    TIMESTORE_MARK("raft: a snapshot replaced entries that were never committed");
    turn.write.truncate_from = index;
  }
  // Of what the disk holds only that is the snapshot's log which was committed before.
  for (PendingWrite& write : state.pending_writes) write.last_index = std::min(write.last_index, state.commit);
  state.durable = std::min(state.durable, state.commit);
  forget_what_was_said_of_the_log(state);
  state.trail = Trail(snapshot.last);
  state.configurations = ConfigurationTrail(index, snapshot.configuration);
  state.levels = LevelTrail(index, snapshot.level);
  state.clusters = ClusterTrail(index, snapshot.cluster);
  turn.write.begin_after = {.last = snapshot.last,
                            .configuration = snapshot.configuration,
                            .level = snapshot.level,
                            .cluster = snapshot.cluster};
}

}  // namespace

void compact(Turn& turn, Index through) {
  check_comes_first(turn);
  TIMESTORE_CHECK(through <= turn.state.applied, "only what was applied is forgotten");
  if (through <= turn.state.trail.base().index) return;
  TIMESTORE_MARK("raft: a log was compacted");
  turn.tell(LogForgotten{.through = through});
  begin_after(turn, through);
}

// What the snapshot holds was committed and is durable on this node, though not in its log file yet.
void snapshot_installed(Turn& turn, const SnapshotInstalled& snapshot) {
  State& state = turn.state;
  const Index index = snapshot.last.index;
  check_comes_first(turn);
  TIMESTORE_CHECK(index > state.applied, "a snapshot never takes the state machine back");
  TIMESTORE_CHECK(snapshot.level <= state.options.level, "only a snapshot of a level that is known is installed");
  if (state.trail.term_at(index) == snapshot.last.term) {
    begin_after(turn, index);
  } else {
    TIMESTORE_MARK("raft: a log began anew after a snapshot");
    TIMESTORE_CHECK(index > state.commit, "a snapshot agrees with what is committed");
    begin_anew(turn, snapshot);
  }
  turn.tell(SnapshotTakenOver{.last = snapshot.last});
  advance_commit(turn, index);
  state.applied = index;
  state.unapplied_ticks = 0;
}

}  // namespace timestore::raft
