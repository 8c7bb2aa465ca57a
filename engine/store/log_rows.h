// The rows of the log file, and what makes them believable.
//
// Every entry's checksum is seeded with that of the entry before it, and the state row holds the index and checksum of
// the last one. So damage to an entry is found, and so is an entry that is missing, even the last, or that stands where
// an older version of its page survived.
//
//   entries  idx  checksum                          state   term, vote
//            1    crc(0,  1, term, kind, command)           last_index = 3
//            2    crc(c1, 2, term, kind, command)           last_checksum = c3
//            3    crc(c2, 3, term, kind, command) = c3      checksum = crc(all of these)
#pragma once

#include <cstdint>
#include <string_view>

#include "engine/base/result.h"
#include "engine/store/file_format.h"
#include "engine/store/log_file.h"

namespace timestore::store {

const FileFormat& log_format();

// The last entry of the log; all zero when it is empty.
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

inline constexpr std::string_view kEntryColumns = "idx, term, kind, checksum, command";

// The current row of a query for kEntryColumns, which must be the entry that follows `before`.
[[nodiscard]] Result<EntryRow> read_entry_row(const Statement& row, std::string_view path, const LogEnd& before);

std::uint32_t identity_checksum(const LogFile::Identity& identity);
std::uint32_t state_checksum(const raft::HardState& hard_state, const LogEnd& end);

struct RecoveredLog {
  LogFile::Recovered recovered;
  LogEnd end;
};

// Reads and verifies the whole file.
[[nodiscard]] Result<RecoveredLog> recover_log(Database& database);

}  // namespace timestore::store
