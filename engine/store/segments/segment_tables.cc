#include "engine/store/segments/segment_tables.h"

#include <algorithm>
#include <cstddef>
#include <limits>
#include <span>
#include <string>

#include "engine/base/checksum.h"

namespace timestore::segments {

using store::ResetAtEnd;
using store::Statement;

const char* const kSegmentSchema = R"sql(
  CREATE TABLE segments (
    id        INTEGER PRIMARY KEY,
    partition INTEGER,              -- NULL: it is mixed
    level     INTEGER NOT NULL,
    job       INTEGER NOT NULL,     -- 0: none
    is_output INTEGER NOT NULL,
    pieces    INTEGER NOT NULL,
    min_time  INTEGER NOT NULL,
    max_time  INTEGER NOT NULL,
    first_seq INTEGER NOT NULL,
    last_seq  INTEGER NOT NULL,
    points    INTEGER NOT NULL,
    bytes     INTEGER NOT NULL,
    checksum  INTEGER NOT NULL
  );
  CREATE TABLE pieces (
    key          INTEGER PRIMARY KEY,  -- segment << 24 | number
    segment      INTEGER NOT NULL,
    partition    INTEGER NOT NULL,
    first_series INTEGER NOT NULL,
    last_series  INTEGER NOT NULL,
    min_time     INTEGER NOT NULL,
    max_time     INTEGER NOT NULL,
    first_seq    INTEGER NOT NULL,
    last_seq     INTEGER NOT NULL,
    points       INTEGER NOT NULL,
    data         BLOB NOT NULL,
    more         BLOB NOT NULL
  );
  CREATE INDEX pieces_by_place ON pieces (segment, partition, last_series);
  -- Merges under way: where the next step begins, and where it ends.
  CREATE TABLE jobs (
    id              INTEGER PRIMARY KEY,
    level           INTEGER NOT NULL,
    begin_partition INTEGER NOT NULL,
    begin_series    INTEGER NOT NULL,
    begin_time      INTEGER NOT NULL,
    end_partition   INTEGER NOT NULL,
    end_series      INTEGER NOT NULL,
    end_time        INTEGER NOT NULL
  );
  -- Numbers are never used again.
  CREATE TABLE numbers (
    one          INTEGER PRIMARY KEY CHECK (one = 1),
    next_segment INTEGER NOT NULL,
    next_job     INTEGER NOT NULL
  );
  INSERT INTO numbers VALUES (1, 1, 1);
)sql";

namespace {

constexpr unsigned kPieceBits = 24;

// In the order of the verbs. The inputs of job ?1 whose pieces end before its place (?2, ?3, ?4) hold nothing from
// there on; a piece of several series may, where its last series is that of the place.
struct VerbText {
  const char* attempt;
  const char* sql;
};
constexpr VerbText kVerbTexts[] = {
    {"read the numbers of segments", "SELECT next_segment, next_job FROM numbers"},
    {"number a segment", "UPDATE numbers SET next_segment = next_segment + 1"},
    {"number a merge", "UPDATE numbers SET next_job = next_job + 1"},
    {"list the segments",
     "SELECT id, partition, level, job, is_output, pieces, min_time, max_time, first_seq, last_seq, points, bytes, "
     "checksum FROM segments ORDER BY id"},
    {"write a segment",
     "INSERT OR REPLACE INTO segments VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)"},
    {"remove a segment", "DELETE FROM segments WHERE id = ?1"},
    {"remove the pieces of a segment", "DELETE FROM pieces WHERE key >= ?1 AND key < ?2"},
    {"list expired pieces",
     "SELECT key, points FROM pieces WHERE segment = ?1 AND partition <= ?2 AND max_time < ?3 "
     "ORDER BY partition, last_series, key LIMIT ?4"},
    {"remove a piece", "DELETE FROM pieces WHERE key = ?1"},
    {"look for a piece", "SELECT EXISTS (SELECT 1 FROM pieces WHERE key >= ?1 AND key < ?2)"},
    {"list pieces to purge",
     "SELECT key, segment, first_series, last_series, min_time, max_time, first_seq FROM pieces WHERE key > ?1 "
     "ORDER BY key LIMIT ?2"},
    {"read a piece to purge", "SELECT data, more FROM pieces WHERE key = ?1"},
    {"write a piece anew",
     "UPDATE pieces SET first_series = ?2, last_series = ?3, min_time = ?4, max_time = ?5, first_seq = ?6, "
     "last_seq = ?7, points = ?8, data = ?9, more = ?10 WHERE key = ?1"},
    {"list the merges", "SELECT * FROM jobs ORDER BY id"},
    {"write a merge", "INSERT OR REPLACE INTO jobs VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)"},
    {"remove a merge", "DELETE FROM jobs WHERE id = ?1"},
    {"write a piece", "INSERT INTO pieces VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)"},
    {"list pieces",
     "SELECT partition, first_series, min_time, points FROM pieces "
     "WHERE segment IN (SELECT id FROM segments WHERE job = ?1 AND NOT is_output) AND partition >= ?2 AND "
     "(partition > ?2 OR last_series > ?3 OR (last_series = ?3 AND max_time >= ?4)) "
     "ORDER BY partition, first_series, min_time, points"},
    {"count points",
     "SELECT partition, sum(points) FROM pieces "
     "WHERE segment IN (SELECT id FROM segments WHERE job = ?1 AND NOT is_output) GROUP BY partition ORDER BY "
     "partition"},
    {"remove merged pieces",
     "DELETE FROM pieces WHERE segment IN (SELECT id FROM segments WHERE job = ?1 AND NOT is_output) AND "
     "(partition < ?2 OR (partition = ?2 AND (last_series < ?3 OR (last_series = ?3 AND max_time < ?4))))"},
};

std::int64_t key_of(SegmentId segment, std::uint64_t number) {
  return segment << kPieceBits | static_cast<std::int64_t>(number);
}

std::int64_t integer(std::uint64_t natural) { return static_cast<std::int64_t>(natural); }

std::span<const std::uint8_t> bytes_of(const std::string& text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

void bind_place(Statement& statement, int parameter, const Place& place) {
  statement.bind_integer(parameter, place.partition)
      .bind_integer(parameter + 1, integer(place.series))
      .bind_integer(parameter + 2, place.time_ns);
}

// What of a piece stands in a row of its own, from `parameter` on.
void bind_piece(Statement& statement, int parameter, const points::Piece& piece) {
  for (const std::int64_t value :
       {integer(piece.first_series), integer(piece.last_series), piece.min_time, piece.max_time,
        integer(piece.first_seq), integer(piece.last_seq), integer(piece.points)}) {
    statement.bind_integer(parameter++, value);
  }
  statement.bind_blob(parameter, bytes_of(piece.data)).bind_blob(parameter + 1, bytes_of(piece.more));
}

Place place_in(const Statement& row, int column) {
  return {.partition = row.integer(column), .series = row.natural(column + 1), .time_ns = row.integer(column + 2)};
}

Segment segment_in(const Statement& row) {
  Segment segment{.id = row.integer(0),
                  .level = static_cast<std::uint32_t>(row.integer(2)),
                  .job = row.integer(3),
                  .is_output = row.integer(4) != 0,
                  .pieces = row.natural(5),
                  .min_time = row.integer(6),
                  .max_time = row.integer(7),
                  .first_seq = row.natural(8),
                  .last_seq = row.natural(9),
                  .points = row.natural(10),
                  .bytes = row.natural(11),
                  .checksum = static_cast<std::uint32_t>(row.integer(12))};
  if (!row.is_null(1)) segment.partition = row.integer(1);
  return segment;
}

// All rows of a statement whose parameters are bound.
template <typename Row, typename Read>
Result<std::vector<Row>> rows_of(Statement& statement, Read read) {
  const ResetAtEnd reset(statement);
  std::vector<Row> rows;
  while (true) {
    const auto is_there = statement.step();
    if (!is_there) return tl::unexpected(is_there.error());
    if (!*is_there) return rows;
    rows.push_back(read(statement));
  }
}

void take_in(Segment& segment, const points::Piece& piece) {
  const bool is_first = segment.points == 0;
  segment.min_time = is_first ? piece.min_time : std::min(segment.min_time, piece.min_time);
  segment.max_time = is_first ? piece.max_time : std::max(segment.max_time, piece.max_time);
  segment.first_seq = is_first ? piece.first_seq : std::min(segment.first_seq, piece.first_seq);
  segment.last_seq = is_first ? piece.last_seq : std::max(segment.last_seq, piece.last_seq);
  segment.points += piece.points;
  segment.bytes += piece.data.size() + piece.more.size();
  segment.checksum = crc32(piece.more, crc32(piece.data, segment.checksum));
  ++segment.pieces;
}

}  // namespace

Result<SegmentTables> SegmentTables::open(store::Database& database) {
  static_assert(std::size(kVerbTexts) == kVerbs);
  std::vector<Statement> statements;
  for (const VerbText& text : kVerbTexts) {
    auto statement = database.prepare(text.attempt, text.sql);
    if (!statement) return tl::unexpected(std::move(statement.error()));
    statements.push_back(std::move(*statement));
  }
  return SegmentTables(std::move(statements));
}

Result<std::int64_t> SegmentTables::next_number(Verb take, int column) {
  std::int64_t number = 0;
  {
    const ResetAtEnd reset(verb(kNumbers));
    const auto is_there = verb(kNumbers).step();
    if (!is_there) return tl::unexpected(is_there.error());
    if (!*is_there) return fail("the table of numbers is empty");
    number = verb(kNumbers).integer(column);
  }
  if (auto taken = verb(take).run(); !taken) return tl::unexpected(std::move(taken.error()));
  return number;
}

Result<SegmentId> SegmentTables::next_segment() { return next_number(kTakeSegment, 0); }

Result<JobId> SegmentTables::next_job() { return next_number(kTakeJob, 1); }

Result<std::vector<Segment>> SegmentTables::segments() { return rows_of<Segment>(verb(kSegments), segment_in); }

Result<void> SegmentTables::put(const Segment& segment) {
  Statement& put = verb(kPutSegment);
  put.bind_integer(1, segment.id);
  segment.partition ? put.bind_integer(2, *segment.partition) : put.bind_null(2);
  const std::int64_t rest[] = {segment.level,
                               segment.job,
                               segment.is_output ? 1 : 0,
                               integer(segment.pieces),
                               segment.min_time,
                               segment.max_time,
                               integer(segment.first_seq),
                               integer(segment.last_seq),
                               integer(segment.points),
                               integer(segment.bytes),
                               segment.checksum};
  int parameter = 3;
  for (const std::int64_t value : rest) put.bind_integer(parameter++, value);
  return put.run();
}

Result<void> SegmentTables::erase(const Segment& segment) {
  verb(kErasePieces).bind_integer(1, key_of(segment.id, 0)).bind_integer(2, key_of(segment.id + 1, 0));
  if (auto erased = verb(kErasePieces).run(); !erased) return erased;
  return verb(kEraseSegment).bind_integer(1, segment.id).run();
}

// Each has a point at least.
Result<std::vector<SegmentTables::PieceSize>> SegmentTables::expired_pieces(const Segment& segment, Partition last,
                                                                            std::int64_t first_time,
                                                                            std::uint64_t most_points) {
  verb(kExpiredPieces)
      .bind_integer(1, segment.id)
      .bind_integer(2, last)
      .bind_integer(3, first_time)
      .bind_integer(4, integer(most_points));
  return rows_of<PieceSize>(verb(kExpiredPieces),
                            [](const Statement& row) { return PieceSize(row.integer(0), row.natural(1)); });
}

Result<void> SegmentTables::erase_piece(std::int64_t key) { return verb(kErasePiece).bind_integer(1, key).run(); }

Result<bool> SegmentTables::has_pieces(const Segment& segment) {
  verb(kAnyPiece).bind_integer(1, key_of(segment.id, 0)).bind_integer(2, key_of(segment.id + 1, 0));
  const auto rows = rows_of<std::int64_t>(verb(kAnyPiece), [](const Statement& row) { return row.integer(0); });
  if (!rows) return tl::unexpected(rows.error());
  return rows->front() != 0;
}

Result<std::vector<PieceRow>> SegmentTables::pieces_behind(std::int64_t key, std::uint64_t most) {
  constexpr std::uint64_t kNoLimit = std::numeric_limits<std::int64_t>::max();
  verb(kPiecesBehind).bind_integer(1, key).bind_integer(2, integer(std::min(most, kNoLimit)));
  return rows_of<PieceRow>(verb(kPiecesBehind), [](const Statement& row) {
    return PieceRow{.key = row.integer(0),
                    .segment = row.integer(1),
                    .extent = {.first_series = row.natural(2),
                               .last_series = row.natural(3),
                               .first_ns = row.integer(4),
                               .last_ns = row.integer(5),
                               .first_seq = row.natural(6)}};
  });
}

Result<SegmentTables::PieceStrings> SegmentTables::read_piece(std::int64_t key) {
  verb(kReadPiece).bind_integer(1, key);
  auto rows = rows_of<PieceStrings>(verb(kReadPiece), [](const Statement& row) {
    return PieceStrings(std::string(row.bytes(0)), std::string(row.bytes(1)));
  });
  if (!rows) return tl::unexpected(std::move(rows.error()));
  if (rows->empty()) return fail("a piece that was listed is not there");
  return std::move(rows->front());
}

Result<void> SegmentTables::rewrite(std::int64_t key, const points::Piece& piece) {
  bind_piece(verb(kRewritePiece).bind_integer(1, key), 2, piece);
  return verb(kRewritePiece).run();
}

Result<std::vector<Job>> SegmentTables::jobs() {
  return rows_of<Job>(verb(kJobs), [](const Statement& row) {
    return Job{.id = row.integer(0),
               .level = static_cast<std::uint32_t>(row.integer(1)),
               .begin = place_in(row, 2),
               .end = place_in(row, 5)};
  });
}

Result<void> SegmentTables::put(const Job& job) {
  Statement& put = verb(kPutJob).bind_integer(1, job.id).bind_integer(2, job.level);
  bind_place(put, 3, job.begin);
  bind_place(put, 6, job.end);
  return put.run();
}

Result<void> SegmentTables::erase(const Job& job) { return verb(kEraseJob).bind_integer(1, job.id).run(); }

Result<void> SegmentTables::append(Segment& segment, Partition partition, const points::Piece& piece) {
  Statement& append = verb(kAppend);
  append.bind_integer(1, key_of(segment.id, segment.pieces)).bind_integer(2, segment.id).bind_integer(3, partition);
  bind_piece(append, 4, piece);
  if (auto appended = append.run(); !appended) return appended;
  take_in(segment, piece);
  return {};
}

Result<std::vector<PieceExtent>> SegmentTables::extents(const Job& job) {
  bind_place(verb(kExtents).bind_integer(1, job.id), 2, job.begin);
  return rows_of<PieceExtent>(verb(kExtents), [](const Statement& row) {
    return PieceExtent{.partition = row.integer(0),
                       .first_series = row.natural(1),
                       .min_time = row.integer(2),
                       .points = row.natural(3)};
  });
}

Result<std::vector<std::pair<Partition, std::uint64_t>>> SegmentTables::points_by_partition(const Job& job) {
  verb(kPoints).bind_integer(1, job.id);
  return rows_of<std::pair<Partition, std::uint64_t>>(
      verb(kPoints), [](const Statement& row) { return std::pair(row.integer(0), row.natural(1)); });
}

Result<void> SegmentTables::erase_consumed(const Job& job) {
  bind_place(verb(kEraseConsumed).bind_integer(1, job.id), 2, job.begin);
  return verb(kEraseConsumed).run();
}

}  // namespace timestore::segments
