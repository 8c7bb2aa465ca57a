// The rows of the series file: its schema, and how a time entry becomes a row and comes back.
//
// A point's row number tells its place in the log: log index << 17 | ordinal in the command. So points lie in the order
// in which they were stored, and an id that tells its own place (entry_id.h) needs no index. Only ids that stand
// elsewhere than they say, which is every id that a client made, are listed in a table of their own.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "engine/base/result.h"
#include "engine/raft/level.h"
#include "engine/raft/types.h"
#include "engine/series/entry_id.h"
#include "engine/series/time_entry.h"
#include "engine/store/sqlite/file_format.h"

namespace timestore::store {

const FileFormat& series_format();

// Row numbers are positive 64-bit integers, of which 17 bits count the time entries of one command.
inline constexpr unsigned kOrdinalBits = 17;
inline constexpr raft::Index kMaxSeriesIndex = (raft::Index{1} << (63 - kOrdinalBits)) - 1;
static_assert(kMaxEntryIdOrdinal == (1U << kOrdinalBits) - 1);

std::int64_t row_number(EntryPosition position);

// A query whose rows read_time_entry() reads. `which` is what follows its tables: WHERE, ORDER BY.
[[nodiscard]] std::string select_time_entries(std::string_view which);

// Reads the current row into `entry`, whose memory is reused.
[[nodiscard]] Result<void> read_time_entry(const Statement& row, std::string_view path, TimeEntry& entry);

// What the file says about itself: the row of the table `meta`, which changes with every transaction.
struct SeriesMeta {
  raft::Position applied;
  std::uint64_t state_hash = 0;
  std::string configuration = {};            // the last one applied, as text (raft/configuration.h); empty: none yet
  raft::Level level = raft::kOriginalLevel;  // the last one applied; beside it in its column (raft/level.h)
  bool operator==(const SeriesMeta&) const = default;
};

// A new file has no such row and has applied nothing. `select` is a query for kMetaColumns from meta.
inline constexpr std::string_view kSelectMeta =
    "SELECT applied_index, applied_term, state_hash, configuration, checksum FROM meta WHERE one = 1";
[[nodiscard]] Result<SeriesMeta> read_meta(Statement& select, std::string_view path);
std::uint32_t meta_checksum(const SeriesMeta& meta);

// Finds and adds points, inside transactions of the caller.
class PointTable {
 public:
  // The database must outlive the table (but may move).
  [[nodiscard]] static Result<PointTable> open(Database& database);

  // The stored entry with this id, if there is one. `own` is where the asking entry will stand if it is stored: nothing
  // can be there yet.
  [[nodiscard]] Result<std::optional<TimeEntry>> find(const Guid& id, EntryPosition own);

  // Adds an entry whose id is not stored yet.
  [[nodiscard]] Result<void> insert(EntryPosition position, const TimeEntry& entry);

  // The caller's transaction was rolled back: what was added in it is not there.
  void rolled_back() { devices_.clear(); }

 private:
  PointTable(std::string path, Statement find_point, Statement find_id, Statement find_device, Statement insert_point,
             Statement insert_id, Statement insert_device);

  Result<std::optional<TimeEntry>> at(std::int64_t row);
  Result<std::int64_t> device_number(std::string_view name);

  std::string path_;
  Statement find_point_, find_id_, find_device_, insert_point_, insert_id_, insert_device_;
  std::map<std::string, std::int64_t, std::less<>> devices_;  // a cache: the devices met last
};

}  // namespace timestore::store
