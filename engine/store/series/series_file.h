// The series file: the state machine, as a SQLite file of time entries.
//
// apply() is a function of the log alone: the same entries at the same indices give the same rows, outcomes and state
// hash on every node. The applied position and the hash change in the same transaction as the data, so a restart
// resumes exactly there and nothing is ever applied twice. WAL with synchronous=NORMAL: a power cut may roll the file
// back to an older applied position; durable_index() is the one that cannot be lost any more, and the log is never
// compacted past it.
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
#include "engine/raft/configuration.h"
#include "engine/raft/level.h"
#include "engine/raft/types.h"
#include "engine/series/apply_result.h"
#include "engine/series/command.h"

namespace timestore::store {

class IncomingSnapshot;
class SnapshotWriter;

class SeriesFile {
 public:
  // Opens or creates the file. Damage, or a file that is not ours, is an error that names the file and what is wrong.
  // Commands up to the version `newest` are known.
  [[nodiscard]] static Result<std::unique_ptr<SeriesFile>> open(const std::string& path, const std::string& vfs = "",
                                                                CommandVersion newest = kNewestCommandVersion);
  ~SeriesFile();

  SeriesFile(const SeriesFile&) = delete;
  SeriesFile& operator=(const SeriesFile&) = delete;

  raft::Position applied() const;
  std::uint64_t state_hash() const;   // over everything ever applied, the same on every node at the same position
  raft::Index durable_index() const;  // an applied index that no crash can take back
  std::optional<raft::Configuration> configuration() const;  // the last one applied; none before the first
  raft::Level level() const;                                 // likewise, of the cluster's features

  // Applies entries `first`, `first` + 1, ... in one transaction, visible to readers when it returns. Requires
  // first == applied().index + 1. One result per entry. A command that is newer than this build is an error that names
  // it, and nothing of the call is applied. After an error the object refuses every further call, unless it
  // was a full disk (Error::is_full): then nothing has changed.
  [[nodiscard]] Result<std::vector<ApplyResult>> apply(raft::Index first, std::span<const raft::Entry> entries);

  // Moves everything applied into the main file and syncs it: true, and durable_index() is applied().index. While a
  // reader still looks at an older state this cannot be finished: false, and durable_index() stays behind.
  [[nodiscard]] Result<bool> checkpoint();

  // Begins a snapshot of the present state; one at a time. nullptr: not now, since a reader looks at an older state, so
  // try again when it has ended. Until the writer ends, durable_index() stands still and the write-ahead log grows. An
  // error of the checkpoint before it ends the use of this file, any other does not.
  [[nodiscard]] Result<std::unique_ptr<SnapshotWriter>> begin_snapshot();

  // Puts a snapshot, which must be finished, in the place of this file, and is that state from then on. False: not now,
  // since a reader looks at an older state, and nothing has changed. A crash leaves the old file or the new one, whole.
  // The log file must have noted it before (LogFile::note_installation), and must begin after applied() next: what a
  // crash between the two leaves is put right by reconcile(). Readers that are open go on in the old state, and are
  // stale (SeriesReader::is_stale).
  [[nodiscard]] Result<bool> install(IncomingSnapshot& snapshot);

 private:
  struct Connection;
  explicit SeriesFile(std::unique_ptr<Connection> connection);
  std::unique_ptr<Connection> connection_;
};

}  // namespace timestore::store
