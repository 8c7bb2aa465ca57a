#include "engine/store/series/series_format.h"

#include <algorithm>
#include <array>
#include <utility>

#include "engine/base/check.h"
#include "engine/store/segments/segment_tables.h"

namespace timestore::store {

namespace {

// Version 1 had a row for each point, version 2 kept points for ever, version 3 knew no types, and
// version 4 no deletes. No release wrote them.
constexpr const char* kSeriesVersion1 = "";
constexpr const char* kSeriesVersion2 = "";
constexpr const char* kSeriesVersion3 = "";
constexpr const char* kSeriesVersion4 = "";
const std::string kSeriesVersion5 = std::string(R"sql(
  -- What is sealed: changes in the same transaction as the data. No row: nothing yet.
  CREATE TABLE meta (
    one           INTEGER PRIMARY KEY CHECK (one = 1),
    applied_index INTEGER NOT NULL,   -- the last log entry that is in this file; what follows is in the log file
    applied_term  INTEGER NOT NULL,
    state_hash    INTEGER NOT NULL,   -- over everything ever applied; the same on every node at the same index
    configuration TEXT NOT NULL,      -- the members, as the log said last; empty: it has not said yet
    told_index    INTEGER NOT NULL,   -- up to this log index ids that tell their place may be taken
    max_age_ns    INTEGER NOT NULL,   -- for how long points are kept; 0: for ever
    edge_ns       INTEGER NOT NULL,   -- points before this time are gone; the least number: none
    swept_id      BLOB NOT NULL,      -- up to there ids of points that are gone were looked for
    purge_round   INTEGER NOT NULL,   -- in which what was deleted is removed
    purged_piece  INTEGER NOT NULL,   -- up to there it was; -1: from all pieces
    purged_id     BLOB NOT NULL,      -- and then from the ids up to there
    checksum      INTEGER NOT NULL
  );
  -- What was deleted and may not be removed yet (points/tombstones.h).
  CREATE TABLE tombstones (
    number         INTEGER PRIMARY KEY,
    first_series   INTEGER NOT NULL,
    last_series    INTEGER NOT NULL,
    first_time     INTEGER NOT NULL,
    last_time      INTEGER NOT NULL,
    first_seq      INTEGER NOT NULL,
    behind_seq     INTEGER NOT NULL,
    spares_entries INTEGER NOT NULL,
    round          INTEGER NOT NULL   -- when it is over nothing of that is left
  );
  -- When fresh points are sealed, and into what: fixed when the file is made (series_shape.h).
  CREATE TABLE shape (
    one                     INTEGER PRIMARY KEY CHECK (one = 1),
    seal_points             INTEGER NOT NULL,
    seal_bytes              INTEGER NOT NULL,
    partition_width_ns      INTEGER NOT NULL,
    fan_out                 INTEGER NOT NULL,
    least_step_points       INTEGER NOT NULL,
    least_points_of_its_own INTEGER NOT NULL,
    piece_bytes             INTEGER NOT NULL,
    block_points            INTEGER NOT NULL,
    least_wide_points       INTEGER NOT NULL
  );
  CREATE TABLE series (
    number   INTEGER PRIMARY KEY,
    hash     INTEGER NOT NULL,        -- series_key.h
    database TEXT NOT NULL,           -- empty: the one of our own API
    is_line  INTEGER NOT NULL,        -- 1: a field of line protocol, 0: a device
    name     TEXT NOT NULL,
    type     INTEGER NOT NULL         -- of its values: 1 float, 2 integer, 3 unsigned, 4 boolean, 5 string
  );
  CREATE INDEX series_by_hash ON series (hash);
  -- Of which type the fields of line protocol are: the first value has decided.
  CREATE TABLE fields (
    database    TEXT NOT NULL,
    measurement TEXT NOT NULL,        -- this and the field as they are written in names of series
    field       TEXT NOT NULL,
    type        INTEGER NOT NULL,
    PRIMARY KEY (database, measurement, field)
  ) WITHOUT ROWID;
  CREATE TABLE databases (
    name TEXT PRIMARY KEY
  ) WITHOUT ROWID;
  -- Ids that do not tell the place of their point by themselves: those that clients supplied.
  CREATE TABLE ids (
    id     BLOB PRIMARY KEY,          -- 16 bytes in the order of the GUID's text
    series INTEGER NOT NULL,
    time   INTEGER NOT NULL,          -- nanoseconds since 1970-01-01 UTC
    seq    INTEGER NOT NULL           -- log index << 17 | ordinal in the command
  ) WITHOUT ROWID;
  -- The salt of ids that do, from a log index on.
  CREATE TABLE runs (
    first_index INTEGER PRIMARY KEY,
    salt        INTEGER NOT NULL
  );
)sql") + segments::kSegmentSchema;

constexpr const char* kSelectShape =
    "SELECT seal_points, seal_bytes, partition_width_ns, fan_out, least_step_points, least_points_of_its_own, "
    "piece_bytes, block_points, least_wide_points FROM shape WHERE one = 1";

std::string_view bytes_of(const Guid& id) { return {reinterpret_cast<const char*>(id.bytes.data()), id.bytes.size()}; }

}  // namespace

const FileFormat& series_format() {
  static const std::array<const char*, 5> kMigrations = {kSeriesVersion1, kSeriesVersion2, kSeriesVersion3,
                                                         kSeriesVersion4, kSeriesVersion5.c_str()};
  static const FileFormat kFormat = {
      .name = "series file",
      .application_id = 0x54735372,  // "TsSr"
      .sharing = FileFormat::Sharing::kWithReaders,
      .cache_kib = 8 * 1024,
      .migrations = kMigrations,
      .oldest_version = 5,
  };
  return kFormat;
}

points::Seq seq_of(EntryPosition position) {
  TIMESTORE_CHECK(position.index <= kMaxSeriesIndex && position.ordinal <= kMaxEntryIdOrdinal,
                  "a point's place in the log fits into a number");
  return position.index << kOrdinalBits | position.ordinal;
}

EntryPosition position_of(points::Seq seq) {
  return {.index = seq >> kOrdinalBits, .ordinal = static_cast<std::uint32_t>(seq & kMaxEntryIdOrdinal)};
}

Result<SeriesMeta> read_meta(Statement& select, std::string_view path) {
  const ResetAtEnd reset(select);
  auto found = select.step();
  if (!found) return tl::unexpected(std::move(found.error()));
  SeriesMeta meta;
  if (!*found) return meta;
  meta.applied = {.term = select.natural(1), .index = select.natural(0)};
  meta.state_hash = select.natural(2);
  const auto [text, cluster] = raft::split_cluster(select.bytes(3));
  const auto [configuration, level] = raft::split_level(text);
  meta.configuration = std::string(configuration);
  meta.level = level;
  meta.cluster = cluster;
  meta.told_index = select.natural(4);
  meta.retention = {.max_age_ns = select.integer(5), .edge_ns = select.integer(6)};
  const std::string_view swept = select.bytes(7);
  if (swept.size() == meta.swept_id.bytes.size()) std::copy(swept.begin(), swept.end(), meta.swept_id.bytes.begin());
  meta.purge_round = select.natural(8);
  meta.purged_piece = select.integer(9);
  const std::string_view purged = select.bytes(10);
  if (purged.size() == meta.purged_id.bytes.size()) {
    std::copy(purged.begin(), purged.end(), meta.purged_id.bytes.begin());
  }
  if (meta_checksum(meta) != select.natural(11)) {
    return damaged(path, "the position up to which the log has been applied fails its checksum");
  }
  return meta;
}

std::string SeriesMeta::members_text() const {
  return raft::with_cluster(raft::with_level(configuration, level), cluster);
}

std::uint32_t meta_checksum(const SeriesMeta& meta) {
  return RowChecksum()
      .add(meta.applied.index)
      .add(meta.applied.term)
      .add(meta.state_hash)
      .add(meta.members_text())
      .add(meta.told_index)
      .add(static_cast<std::uint64_t>(meta.retention.max_age_ns))
      .add(static_cast<std::uint64_t>(meta.retention.edge_ns))
      .add(bytes_of(meta.swept_id))
      .add(meta.purge_round)
      .add(static_cast<std::uint64_t>(meta.purged_piece))
      .add(bytes_of(meta.purged_id))
      .value();
}

Result<std::vector<StoredTombstone>> read_tombstones(Statement& select) {
  const ResetAtEnd reset(select);
  std::vector<StoredTombstone> tombstones;
  while (true) {
    const auto is_there = select.step();
    if (!is_there) return tl::unexpected(is_there.error());
    if (!*is_there) return tombstones;
    tombstones.push_back({.tombstone = {.first_series = select.natural(0),
                                        .last_series = select.natural(1),
                                        .first_ns = select.integer(2),
                                        .last_ns = select.integer(3),
                                        .first_seq = select.natural(4),
                                        .behind_seq = select.natural(5),
                                        .spares_entries = select.integer(6) != 0},
                          .round = select.natural(7)});
  }
}

Result<std::optional<SeriesShape>> read_shape(Database& database) {
  auto select = database.prepare("read its shape", kSelectShape);
  if (!select) return tl::unexpected(std::move(select.error()));
  const ResetAtEnd reset(*select);
  auto found = select->step();
  if (!found) return tl::unexpected(std::move(found.error()));
  if (!*found) return std::nullopt;
  const SeriesShape shape{.seal_points = select->natural(0),
                          .seal_bytes = select->natural(1),
                          .partition_width_ns = select->integer(2),
                          .fan_out = select->natural(3),
                          .least_step_points = select->natural(4),
                          .least_points_of_its_own = select->natural(5),
                          .piece_bytes = select->natural(6),
                          .block_points = select->natural(7),
                          .least_wide_points = select->natural(8)};
  if (!is_possible(shape)) return damaged(database.path(), "it says of its shape what no file can have");
  return shape;
}

Result<void> write_shape(Database& database, const SeriesShape& shape) {
  TIMESTORE_CHECK(is_possible(shape), "a file is made in a shape that it can have");
  auto insert = database.prepare("write its shape", "INSERT INTO shape VALUES (1, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
  if (!insert) return tl::unexpected(std::move(insert.error()));
  const std::uint64_t numbers[] = {
      shape.seal_points, shape.seal_bytes,        static_cast<std::uint64_t>(shape.partition_width_ns),
      shape.fan_out,     shape.least_step_points, shape.least_points_of_its_own,
      shape.piece_bytes, shape.block_points,      shape.least_wide_points};
  int parameter = 0;
  for (const std::uint64_t number : numbers) insert->bind_integer(++parameter, static_cast<std::int64_t>(number));
  return insert->run();
}

}  // namespace timestore::store
