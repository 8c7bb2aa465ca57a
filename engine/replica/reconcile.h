// Whether the log file and the state machine of a node belong together, and what a crash between installing a snapshot
// and saying so in the log has left to be done.
//
// A snapshot is installed in four steps, each durable before the next:
//
//   1. the log file notes the position of the snapshot          LogFile::note_installation
//   2. the machine is in the state of the snapshot              IncomingSnapshot::install
//   3. the log begins after that position                        Write::begin_after, which takes the note back
//   4. the node goes on
//
// Between 2 and 3 the machine is ahead of the log, or stands where the log has another entry. That the position is
// the one that was noted tells this from two files that do not belong together, as when one was restored alone.
#pragma once

#include <optional>

#include "engine/base/result.h"
#include "engine/raft/effects.h"
#include "engine/store/log/log_file.h"

namespace timestore::replica {

// What the state machine says of itself.
struct MachinePosition {
  raft::Position applied;
  std::optional<raft::Configuration> configuration;
  raft::Level level = raft::kOriginalLevel;
  raft::ClusterId cluster = {};
};

// What must be written into the log before the node starts; none: nothing, they go together. An error: they do not, and
// the sentence says why. Requires that the log has an identity. Where the machine knows no members (no entry up to
// there changed them), those that the log begins with hold.
[[nodiscard]] Result<std::optional<raft::Write>> reconcile(const store::LogFile::Recovered& log,
                                                           const MachinePosition& machine);

}  // namespace timestore::replica
