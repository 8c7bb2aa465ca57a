// The tables of the series file, and what the file says about itself.
//
// Points are in segments (store/segments), sorted by series and time. A series has a number, which is given in the
// order of the log and never again. Ids that tell the place of their point (entry_id.h) are not stored: the salts are,
// since each is the same for a whole term. All other ids, which clients made, are rows.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/guid.h"
#include "engine/base/result.h"
#include "engine/raft/cluster_id.h"
#include "engine/raft/level.h"
#include "engine/raft/types.h"
#include "engine/series/entry_id.h"
#include "engine/series/retention.h"
#include "engine/store/points/point.h"
#include "engine/store/points/tombstones.h"
#include "engine/store/series/series_shape.h"
#include "engine/store/sqlite/file_format.h"

namespace timestore::store {

const FileFormat& series_format();

// Places in the log are positive 64-bit integers, of which 17 bits count the time entries of one command.
inline constexpr unsigned kOrdinalBits = 17;
inline constexpr raft::Index kMaxSeriesIndex = (raft::Index{1} << (63 - kOrdinalBits)) - 1;
static_assert(kMaxEntryIdOrdinal == (1U << kOrdinalBits) - 1);

points::Seq seq_of(EntryPosition position);
EntryPosition position_of(points::Seq seq);
inline points::Seq first_seq_behind(raft::Index index) { return (index + 1) << kOrdinalBits; }

// What the file says about itself: the row of the table `meta`, which changes with every seal.
struct SeriesMeta {
  raft::Position applied;
  std::uint64_t state_hash = 0;
  std::string configuration = {};            // the last one applied, as text (raft/configuration.h); empty: none yet
  raft::Level level = raft::kOriginalLevel;  // the last one applied; beside it in its column (raft/level.h)
  raft::ClusterId cluster = {};              // likewise (raft/cluster_id.h)
  // Of ids that clients gave and that tell a place which was not reached by then, the greatest log index: up to there
  // an id that tells its place may be taken already.
  raft::Index told_index = 0;
  Retention retention = {};
  // Where removing what was deleted has come to: a round goes through all pieces, and then through all ids.
  std::uint64_t purge_round = 0;
  std::int64_t purged_piece = 0;  // the key of the piece that was looked at last; segments::SegmentStore::kAllPieces
  Guid purged_id = {};            // the id that was looked at last
  Guid swept_id = {};  // up to there the ids of points that are gone were looked for, in the round that is under way
  std::string members_text() const;  // of that column
  bool operator==(const SeriesMeta&) const = default;
};

// A new file has no such row and holds nothing. `select` is a query for kMetaColumns from meta.
inline constexpr std::string_view kSelectMeta =
    "SELECT applied_index, applied_term, state_hash, configuration, told_index, max_age_ns, edge_ns, swept_id, "
    "purge_round, purged_piece, purged_id, checksum "
    "FROM meta WHERE one = 1";
[[nodiscard]] Result<SeriesMeta> read_meta(Statement& select, std::string_view path);
// Those in the file.
struct StoredTombstone {
  points::Tombstone tombstone;
  std::uint64_t round = 0;  // when that one is over, nothing is left that it covers
};
[[nodiscard]] Result<std::vector<StoredTombstone>> read_tombstones(Statement& select);
inline constexpr std::string_view kSelectTombstones =
    "SELECT first_series, last_series, first_time, last_time, first_seq, behind_seq, spares_entries, round "
    "FROM tombstones ORDER BY number";
std::uint32_t meta_checksum(const SeriesMeta& meta);

// The shape of the file, or nothing where it has none yet.
[[nodiscard]] Result<std::optional<SeriesShape>> read_shape(Database& database);
[[nodiscard]] Result<void> write_shape(Database& database, const SeriesShape& shape);

}  // namespace timestore::store
