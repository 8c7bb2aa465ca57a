// What a series file is made of: a connection to SQLite, and what it knows of the file. For series_file.cc, which
// applies, and series_snapshot.cc, which copies and replaces the file.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "engine/base/hash.h"
#include "engine/store/series/series_file.h"
#include "engine/store/series/series_rows.h"
#include "engine/store/series/snapshot.h"
#include "engine/store/sqlite/sqlite.h"

namespace timestore::store {

// When the write-ahead log has grown by this many pages since the last checkpoint, the next one is due. Counted, not
// timed: the same batches and readers give the same disk operations.
inline constexpr int kCheckpointFrames = 4096;

// The file that a snapshot is made in has no name but for a moment; after a crash it may have one.
inline constexpr const char* kSnapshotSuffix = "-snapshot";

struct SeriesFile::Connection {
  std::string vfs;
  CommandVersion newest;
  Database database;
  PointTable points;
  Statement save_meta;
  SeriesMeta meta;
  raft::Index durable_index = 0;
  int checkpoint_at_frames = kCheckpointFrames;
  std::weak_ptr<const SnapshotWriter::Hold> hold = {};  // while it lives, the main file stands still

  static Result<std::unique_ptr<Connection>> open(const std::string& path, const std::string& vfs,
                                                  CommandVersion newest);

  // What is to be done with the time entries of one command.
  struct Plan {
    std::vector<std::uint32_t> additions;  // ordinals of those that are not stored yet, ascending
    std::vector<std::uint32_t> conflicts;  // ordinals of those whose id is taken by other content, ascending
  };

  Result<std::vector<ApplyResult>> apply(raft::Index first, std::span<const raft::Entry> entries);
  Result<ApplyResult> apply_entry(raft::Index index, const raft::Entry& entry, SeriesMeta& next, Hasher& hasher);
  Result<Plan> plan(raft::Index index, const std::vector<TimeEntry>& entries);
  Result<void> save(const SeriesMeta& next);
  Result<bool> checkpoint(Database::CheckpointMode mode);
  Result<void> checkpoint_when_due();
  Result<std::unique_ptr<SnapshotWriter>> begin_snapshot();
  Result<std::unique_ptr<Connection>> give_way_to(IncomingSnapshot& snapshot);
};

}  // namespace timestore::store
