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
#include <span>
#include <string>
#include <vector>

#include "engine/base/result.h"
#include "engine/raft/types.h"

namespace timestore::store {

// What became of one log entry.
struct ApplyResult {
  enum class Outcome : std::uint8_t {
    kNothing,    // a no-op
    kStored,     // every time entry of the command is stored: now, or before with the same id and content
    kConflict,   // an id is already stored with other content: nothing of the command was stored
    kMalformed,  // the command is not one that this version understands: nothing was stored
  };
  Outcome outcome = Outcome::kNothing;
  std::vector<std::uint32_t> conflicts;  // the ordinals of the time entries in conflict, ascending
  bool operator==(const ApplyResult&) const = default;
};

class SeriesFile {
 public:
  // Opens or creates the file. Damage, or a file that is not ours, is an error that names the file and what is wrong.
  [[nodiscard]] static Result<std::unique_ptr<SeriesFile>> open(const std::string& path, const std::string& vfs = "");
  ~SeriesFile();

  SeriesFile(const SeriesFile&) = delete;
  SeriesFile& operator=(const SeriesFile&) = delete;

  raft::Position applied() const;
  std::uint64_t state_hash() const;   // over everything ever applied, the same on every node at the same position
  raft::Index durable_index() const;  // an applied index that no crash can take back

  // Applies entries `first`, `first` + 1, ... in one transaction, visible to readers when it returns. Requires
  // first == applied().index + 1. One result per entry. After an error the object refuses every further call.
  [[nodiscard]] Result<std::vector<ApplyResult>> apply(raft::Index first, std::span<const raft::Entry> entries);

  // Moves everything applied into the main file and syncs it: durable_index() becomes applied().index. While a reader
  // still looks at an older state this cannot be finished: that is no error, and durable_index() stays behind.
  [[nodiscard]] Result<void> checkpoint();

 private:
  struct Connection;
  explicit SeriesFile(std::unique_ptr<Connection> connection);
  std::unique_ptr<Connection> connection_;
};

}  // namespace timestore::store
