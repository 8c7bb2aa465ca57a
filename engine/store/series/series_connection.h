// What a series file is made of: a connection to SQLite, what it knows of the file, and what is fresh. For
// series_file.cc, which applies, and series_snapshot.cc, which copies and replaces the file.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "engine/base/hash.h"
#include "engine/store/series/fresh_writer.h"
#include "engine/store/series/sealer.h"
#include "engine/store/series/series_file.h"
#include "engine/store/series/series_format.h"
#include "engine/store/series/snapshot.h"
#include "engine/store/series/stored_points.h"
#include "engine/store/sqlite/sqlite.h"

namespace timestore::store {

// When the write-ahead log has grown by this many pages since the last checkpoint, the next one is due. Counted, not
// timed: the same batches and readers give the same disk operations.
inline constexpr int kCheckpointFrames = 4096;

// The file that a snapshot is made in has no name but for a moment; after a crash it may have one.
inline constexpr const char* kSnapshotSuffix = "-snapshot";

struct SeriesFile::Connection {
  Connection(std::string vfs_name, const SeriesFileOptions& file_options, Database opened);
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  std::string vfs;
  SeriesFileOptions options;
  Database database;
  SeriesShape shape;
  SeriesMeta sealed;  // what the file says
  SeriesMeta meta;    // what was applied: in the file or fresh
  std::optional<StoredPoints> points;
  std::optional<Sealer> sealer;
  std::optional<FreshWriter> fresh;
  std::optional<SaltRun> last_run = {};
  raft::Index last_told = 0;  // the log index at which an id was given last that tells its place
  int checkpoint_at_frames = kCheckpointFrames;
  std::weak_ptr<const SnapshotWriter::Hold> hold = {};  // while it lives, the main file stands still

  static Result<std::unique_ptr<Connection>> open(const std::string& path, const std::string& vfs,
                                                  const SeriesFileOptions& options);

  // What is to be done with the time entries of one command.
  struct Plan {
    std::vector<std::uint32_t> additions;  // ordinals of those that are not stored yet, ascending
    std::vector<std::uint32_t> conflicts;  // ordinals of those whose id is taken by other content, ascending
  };

  Result<void> start();
  Result<void> take_shape();
  Result<void> check_last_place();
  Result<void> begin_fresh();
  void publish() { options.board->put(fresh->view()); }

  Result<std::vector<ApplyResult>> apply(raft::Index first, std::span<const raft::Entry> entries);
  Result<ApplyResult> apply_entry(raft::Index index, const raft::Entry& entry, Hasher& hasher);
  Result<ApplyResult> apply_command(raft::Index index, std::string_view command, Hasher& hasher);
  ApplyResult follow(const RetentionOrder& order, Hasher& hasher);
  std::optional<ApplyResult> refuse_expired(const std::vector<TimeEntry>& entries) const;
  Result<Plan> plan(raft::Index index, const std::vector<TimeEntry>& entries, const std::vector<bool>& are_told);
  Result<void> add(EntryPosition position, const TimeEntry& entry, bool is_told);
  bool is_of_run(SaltRun run);
  Result<ApplyResult> apply_lines(raft::Index index, const LineWrite& write, Hasher& hasher);
  Result<ApplyResult> apply_delete(raft::Index index, const DeleteOrder& order, Hasher& hasher);
  Result<bool> seal_when_due();
  Result<bool> checkpoint(Database::CheckpointMode mode);
  Result<void> checkpoint_when_due();
  Result<std::unique_ptr<SnapshotWriter>> begin_snapshot();
  Result<std::unique_ptr<Connection>> give_way_to(IncomingSnapshot& snapshot);
};

}  // namespace timestore::store
