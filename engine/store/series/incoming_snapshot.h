// A snapshot that comes from another node, in chunks, until it is whole and can be installed.
//
// It lies beside the series file, in "<series file>-incoming", and what was announced of it in "-incoming-offer". Both
// outlive the process: when the same snapshot is offered again, it goes on after the last page that proves to be whole.
// What comes from elsewhere is believed only as far as it can be verified: every chunk, every page, the whole, and that
// it is a series file of the announced state. What is not becomes an error in one sentence, and both files are removed.
//
// Used by one thread at a time. Memory is bounded by a chunk.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "engine/base/result.h"
#include "engine/store/series/snapshot.h"
#include "engine/store/sqlite/page_census.h"
#include "engine/store/sqlite/page_checksums.h"
#include "engine/store/sqlite/plain_file.h"

namespace timestore::store {

class IncomingSnapshot {
 public:
  // Begins, or goes on where it ended if the same snapshot was offered before; another one is given up for it. In the
  // latter case everything that is there is read and written again, as it may never have reached the disk.
  [[nodiscard]] static Result<std::unique_ptr<IncomingSnapshot>> open(const std::string& series_path,
                                                                      const std::string& vfs,
                                                                      const SnapshotMeta& announced);

  // Removes what is left of a snapshot that tells nothing new to a series file that has applied so much, and what a
  // crash has left.
  [[nodiscard]] static Result<void> remove_stale(const std::string& series_path, const std::string& vfs,
                                                 raft::Position applied);

  const SnapshotMeta& meta() const { return meta_; }
  std::uint64_t next_offset() const { return census_.pages() * kPageBytes; }  // of the chunk that is expected
  bool is_complete() const { return next_offset() == meta_.size_bytes; }      // now it can be finished
  bool is_finished() const { return is_finished_; }                           // now it can be installed

  enum class Arrival : std::uint8_t {
    kTaken,
    kOutOfOrder,  // it does not begin at next_offset()
    kTorn,        // it fails its checksum, is no number of whole pages, or goes beyond the end: it was not taken
  };
  // After an error it is over, and so it is for finish().
  [[nodiscard]] Result<Arrival> add_chunk(std::uint64_t offset, std::span<const std::uint8_t> bytes,
                                          std::uint32_t checksum);

  // Verifies the whole and makes it durable. Requires that it is complete.
  [[nodiscard]] Result<void> finish();

  raft::Level level() const { return level_; }  // of the state that it is. Requires that it is finished.

  // Gets the name of the series file (SeriesFile::install), and is over. Requires that it is finished, and that no
  // write-ahead log stands beside that file.
  [[nodiscard]] Result<void> take_place_of(const std::string& series_path);

 private:
  IncomingSnapshot(std::string path, std::string vfs, const SnapshotMeta& meta, PlainFile file);

  Result<void> resume();
  Result<void> take(std::span<const std::uint8_t> bytes);
  Result<void> verify();
  Result<void> verify_content();
  tl::unexpected<Error> give_up(Error cause);

  std::string path_;
  std::string vfs_;
  SnapshotMeta meta_;
  std::optional<PlainFile> file_;  // none: it is the series file now
  PageCensus census_;
  std::uint64_t unsynced_bytes_ = 0;
  bool is_finished_ = false;
  raft::Level level_ = raft::kOriginalLevel;
  std::optional<Error> failure_;
};

}  // namespace timestore::store
