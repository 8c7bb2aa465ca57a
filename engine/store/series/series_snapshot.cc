// Copies the series file, and replaces it.
#include "engine/base/check.h"
#include "engine/base/mark.h"
#include "engine/store/series/incoming_snapshot.h"
#include "engine/store/series/series_connection.h"
#include "engine/store/sqlite/page_checksums.h"
#include "engine/store/sqlite/plain_file.h"

namespace timestore::store {

Result<std::unique_ptr<SnapshotWriter>> SeriesFile::begin_snapshot() {
  if (auto usable = connection_->database.usable(); !usable) return tl::unexpected(std::move(usable.error()));
  TIMESTORE_CHECK(connection_->hold.expired(), "one snapshot is made at a time");
  if (connection_->sealed.applied.index == 0) return nullptr;
  auto complete = checkpoint();
  if (!complete) return tl::unexpected(std::move(complete.error()));
  if (!*complete) {
    TIMESTORE_MARK("store: a snapshot had to wait for a reader");
    return nullptr;
  }
  return connection_->begin_snapshot();
}

// A failure at any point leaves an object that refuses every further call.
Result<bool> SeriesFile::install(IncomingSnapshot& snapshot) {
  if (auto usable = connection_->database.usable(); !usable) return tl::unexpected(std::move(usable.error()));
  TIMESTORE_CHECK(connection_->hold.expired(), "a snapshot that is being made ends before the file is replaced");
  TIMESTORE_CHECK(snapshot.is_finished(), "a snapshot is verified before it is installed");
  auto next = connection_->give_way_to(snapshot);
  if (!next) {
    connection_->database.stop(next.error());
    return tl::unexpected(std::move(next.error()));
  }
  if (*next == nullptr) return false;
  connection_ = std::move(*next);
  return true;
}

// Requires that everything sealed is in the main file. A reader that begins now needs nothing of the write-ahead log.
Result<std::unique_ptr<SnapshotWriter>> SeriesFile::Connection::begin_snapshot() {
  constexpr const char* kAttempt = "begin a snapshot";
  const std::string path = database.path();
  auto reader = open_for_reading(path, vfs, series_format());
  if (!reader) return tl::unexpected(std::move(reader.error()));
  if (auto begun = reader->run(kAttempt, "BEGIN"); !begun) return tl::unexpected(std::move(begun.error()));
  auto select_meta = reader->prepare(kAttempt, kSelectMeta);
  if (!select_meta) return tl::unexpected(std::move(select_meta.error()));
  auto found = read_meta(*select_meta, path);
  if (!found) return tl::unexpected(std::move(found.error()));
  TIMESTORE_CHECK(*found == sealed, "a reader sees what was sealed last");
  auto pages = reader->integer(kAttempt, "PRAGMA page_count");
  if (!pages) return tl::unexpected(std::move(pages.error()));

  // The file is used without its name, which a crash may leave or bring back: see SeriesFile::open.
  auto file = PlainFile::open(path + kSnapshotSuffix, vfs, PlainFile::Mode::kNew);
  if (!file) return tl::unexpected(std::move(file.error()));
  if (auto removed = remove_file(path + kSnapshotSuffix, vfs); !removed) {
    return tl::unexpected(std::move(removed.error()));
  }
  TIMESTORE_MARK("store: a snapshot was begun");
  const SnapshotMeta snapshot{.applied = sealed.applied,
                              .state_hash = sealed.state_hash,
                              .size_bytes = static_cast<std::uint64_t>(*pages) * kPageBytes};
  auto new_hold = std::make_shared<const SnapshotWriter::Hold>();
  hold = new_hold;
  return std::make_unique<SnapshotWriter>(snapshot, std::move(*reader), std::move(*file), std::move(new_hold));
}

// Opens the snapshot in the place of this file; nullptr when a reader is in the way. First the main file becomes all
// that there is of this one: everything is in it, and no write-ahead log stands at the path, durably. Were another file
// to get the name while there is one, SQLite would take that for the other's. This connection stays open until the next
// one is, but never looks at its file again.
Result<std::unique_ptr<SeriesFile::Connection>> SeriesFile::Connection::give_way_to(IncomingSnapshot& snapshot) {
  auto complete = checkpoint(Database::CheckpointMode::kPassive);
  if (!complete && !complete.error().is_full) return tl::unexpected(std::move(complete.error()));
  if (!complete || !*complete) return nullptr;  // a reader is in the way, or there is no space
  const std::string path = database.path();
  database.leave_wal_on_close();
  for (const char* suffix : {"-wal", "-shm"}) {
    if (auto removed = remove_file(path + suffix, vfs); !removed) return tl::unexpected(std::move(removed.error()));
  }
  if (auto placed = snapshot.take_place_of(path); !placed) return tl::unexpected(std::move(placed.error()));
  auto next = open(path, vfs, options);
  if (next && (*next)->sealed.applied != snapshot.meta().applied) return damaged(path, "it is not the snapshot");
  if (next) TIMESTORE_MARK("store: a snapshot was installed");
  return next;
}

}  // namespace timestore::store
