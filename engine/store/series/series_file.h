// The series file: the state machine, as points in a SQLite file and, what was applied last, in memory.
//
// apply() is a function of the log alone: the same entries at the same indices give the same points, outcomes and state
// hash on every node. What it appends is fresh: in memory, visible at once, and after a crash applied again from the
// log. When enough is fresh, it is sealed: sorted, compressed and written in one transaction, together with the
// position and the hash, durably (synchronous=FULL). Where seals come depends on the log alone too, so at one sealed
// position all nodes hold the same rows. The log is never compacted past what is sealed.
//
// Used by one thread at a time; readers have connections of their own (series_reader.h).
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "engine/base/result.h"
#include "engine/raft/cluster_id.h"
#include "engine/raft/configuration.h"
#include "engine/raft/level.h"
#include "engine/raft/types.h"
#include "engine/series/apply_result.h"
#include "engine/series/command.h"
#include "engine/store/series/fresh.h"
#include "engine/store/series/series_shape.h"

namespace timestore::store {

class IncomingSnapshot;
class SnapshotWriter;

struct SeriesFileOptions {
  CommandVersion newest = kNewestCommandVersion;  // of commands that are known
  SeriesShape shape = {};                         // of a file that is made; another one has its own
  // Where readers find what is fresh. Shared with them, by as many threads as it allows.
  std::shared_ptr<FreshBoard> board = std::make_shared<PlainFreshBoard>();
};

class SeriesFile {
 public:
  // Opens or creates the file. Damage, or a file that is not ours, is an error that names the file and what is wrong.
  [[nodiscard]] static Result<std::unique_ptr<SeriesFile>> open(const std::string& path, const std::string& vfs = "",
                                                                const SeriesFileOptions& options = {});
  ~SeriesFile();

  SeriesFile(const SeriesFile&) = delete;
  SeriesFile& operator=(const SeriesFile&) = delete;

  raft::Position applied() const;
  std::uint64_t state_hash() const;   // over everything ever applied, the same on every node at the same position
  raft::Index durable_index() const;  // what is sealed: no crash can take it back
  std::optional<raft::Configuration> configuration() const;  // the last one applied; none before the first
  raft::Level level() const;                                 // likewise, of the cluster's features
  const raft::ClusterId& cluster() const;                    // likewise, which it is

  // Applies entries `first`, `first` + 1, ..., visible to readers when it returns. Requires first ==
  // applied().index + 1. One result per entry, or fewer: a seal is due before the next one, and there was no space for
  // it; then it is to be tried again. A command that is newer than this build is an error that names it, and nothing
  // from it on is applied. After an error the object refuses every further call.
  [[nodiscard]] Result<std::vector<ApplyResult>> apply(raft::Index first, std::span<const raft::Entry> entries);

  // Moves everything sealed into the main file: true. False: a reader still looks at an older state.
  [[nodiscard]] Result<bool> checkpoint();

  // Begins a snapshot of what is sealed; one at a time. nullptr: not now, since nothing is, or a reader looks at an
  // older state, so try again when it has ended. Until the writer ends, the write-ahead log grows. An error of the
  // checkpoint before it ends the use of this file, any other does not.
  [[nodiscard]] Result<std::unique_ptr<SnapshotWriter>> begin_snapshot();

  // Puts a snapshot, which must be finished, in the place of this file, and is that state from then on. False: not now,
  // since a reader looks at an older state, and nothing has changed. A crash leaves the old file or the new one, whole.
  // The log file must have noted it before (LogFile::note_installation), and must begin after applied() next: what a
  // crash between the two leaves is put right by reconcile(). Readers that are open go on in the old state until they
  // end.
  [[nodiscard]] Result<bool> install(IncomingSnapshot& snapshot);

 private:
  struct Connection;
  explicit SeriesFile(std::unique_ptr<Connection> connection);
  std::unique_ptr<Connection> connection_;
};

}  // namespace timestore::store
