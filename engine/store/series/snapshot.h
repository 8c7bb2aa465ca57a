// A snapshot: a byte copy of the series file at one applied position, for a node that is too far behind.
//
// It is made in steps while entries are applied and read. All that was applied is moved into the main file first. Then
// a read transaction is opened that needs nothing of the write-ahead log, and as long as it is, SQLite writes nothing
// into the main file (https://www.sqlite.org/walformat.html, the lock WAL_READ_LOCK(0)): what is applied meanwhile
// stays in the write-ahead log, and the bytes of the main file can be copied as they lie. Every page is verified.
//
// A snapshot has a file of its own without a name: it ends with its object, and with the process.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "engine/base/result.h"
#include "engine/raft/message.h"
#include "engine/store/sqlite/page_census.h"
#include "engine/store/sqlite/page_checksums.h"
#include "engine/store/sqlite/plain_file.h"
#include "engine/store/sqlite/sqlite.h"

namespace timestore::store {

using raft::SnapshotMeta;

// A part of a snapshot: whole pages.
struct SnapshotChunk {
  std::vector<std::uint8_t> bytes;
  std::uint32_t checksum = 0;
};
inline constexpr std::uint64_t kMinChunkBytes = kPageBytes;
[[nodiscard]] std::uint32_t chunk_checksum(std::span<const std::uint8_t> bytes);

// A complete snapshot. One thread at a time, any.
class Snapshot {
 public:
  Snapshot(const SnapshotMeta& meta, PlainFile file) : meta_(meta), file_(std::move(file)) {}

  const SnapshotMeta& meta() const { return meta_; }

  // The bytes from `offset`, a multiple of kMinChunkBytes: as many as there are, up to `max_bytes`, at least one page.
  // None at the end. Every page is verified again.
  [[nodiscard]] Result<SnapshotChunk> read_chunk(std::uint64_t offset, std::uint64_t max_bytes);

 private:
  SnapshotMeta meta_;
  PlainFile file_;
};

// A snapshot in the making (SeriesFile::begin_snapshot). Used on the thread of the series file; it may outlive it.
class SnapshotWriter {
 public:
  // While it lives, the main file stands still. Held by the series file weakly.
  struct Hold {};

  // `reader` is in a read transaction that needs nothing of the write-ahead log. `meta` has everything but the
  // checksum. The file is empty.
  SnapshotWriter(const SnapshotMeta& meta, Database reader, PlainFile file, std::shared_ptr<const Hold> hold);

  raft::Position applied() const { return meta_.applied; }
  std::uint64_t size_bytes() const { return meta_.size_bytes; }
  std::uint64_t copied_bytes() const { return census_.pages() * kPageBytes; }

  // Copies up to `max_bytes`, at least a page. The snapshot when it is complete, with which the writer has done its
  // work, and nullptr before that. An error is damage in the series file or a disk that failed: then there is no
  // snapshot, and the series file is used as before.
  [[nodiscard]] Result<std::unique_ptr<Snapshot>> step(std::uint64_t max_bytes);

  // Whether it was the series file that could not be read, or is damaged, and not the copy that could not be written.
  bool has_bad_source() const { return has_bad_source_; }

  // Lets go of the series file. It is over after that, as when it is destroyed.
  void end();

 private:
  Result<void> copy(std::uint64_t max_bytes);

  SnapshotMeta meta_;
  std::optional<Database> reader_;  // none: it is over
  PlainFile file_;
  std::shared_ptr<const Hold> hold_;
  PageCensus census_;
  bool has_bad_source_ = false;
};

}  // namespace timestore::store
