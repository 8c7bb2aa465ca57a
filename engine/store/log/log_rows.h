// The rows of the log file, and what makes them believable.
//
// Every entry's checksum is seeded with that of the entry before it. The base row holds the index and checksum of the
// entry that the log begins after, and the state row those of the last one. So damage to an entry is found, and so is
// an entry that is missing, even the first or the last, or that stands where an older version of its page survived.
//
//   base     idx = 3, entry_checksum = c3, term, configuration; checksum = crc(all of these)
//   entries  idx  checksum
//            4    crc(c3, 4, term, kind, command) = c4
//            5    crc(c4, 5, term, kind, command) = c5
//   state    last_index = 5, last_checksum = c5, term, vote; checksum = crc(all of these)
//
// A log that has its first entry begins after entry 0, whose checksum is 0. So does the chain of a log that goes on
// after a snapshot, because the entries before it were never here.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "engine/base/result.h"
#include "engine/store/log/log_file.h"
#include "engine/store/sqlite/file_format.h"

namespace timestore::store {

const FileFormat& log_format();

// The last entry of the log, or the one that it begins after. All zero before the first.
struct LogEnd {
  raft::Index index = 0;
  raft::Term term = 0;
  std::uint32_t checksum = 0;
  bool operator==(const LogEnd&) const = default;
};

// An entry as a row, with a view of its command that lives as long as the row is current.
struct EntryRow {
  raft::Index index = 0;
  raft::Term term = 0;
  raft::EntryKind kind = raft::EntryKind::kNoop;
  std::string_view command;

  std::uint32_t checksum(std::uint32_t seed) const;
};

// From this version of its format on, a log file may hold feature levels and the id of its cluster, which older
// releases do not know.
inline constexpr int kVersionOfLevels = 2;

inline constexpr std::string_view kEntryColumns = "idx, term, kind, checksum, command";

// The current row of a query for kEntryColumns, which must be the entry that follows `before`.
[[nodiscard]] Result<EntryRow> read_entry_row(const Statement& row, std::string_view path, const LogEnd& before);

std::uint32_t identity_checksum(const raft::NodeId& node);
std::uint32_t state_checksum(const raft::HardState& hard_state, const LogEnd& end);

// Where the log begins.
struct BaseRow {
  LogEnd entry;
  std::string configuration;                 // as text; empty: none is known
  raft::Level level = raft::kOriginalLevel;  // there; beside the configuration in its column (raft/level.h)
  raft::ClusterId cluster = {};              // likewise (raft/cluster_id.h)
  std::optional<raft::Position> installing;  // a snapshot that was about to be installed

  std::string members_text() const;  // of the column: what is in force there
  std::uint32_t checksum() const;
};

// A configuration as it stands in a row: as text, but empty where nobody is a member.
[[nodiscard]] std::string configuration_text(const raft::Configuration& configuration);

struct RecoveredLog {
  int version = 0;  // of the file's format
  LogFile::Recovered recovered;
  BaseRow base;
  LogEnd end;
};

// Reads and verifies the whole file.
[[nodiscard]] Result<RecoveredLog> recover_log(Database& database);

}  // namespace timestore::store
