// The tables of segments, inside transactions of the caller. What is written here follows from what is there alone.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "engine/base/result.h"
#include "engine/store/points/piece.h"
#include "engine/store/points/tombstones.h"
#include "engine/store/segments/merge_plan.h"
#include "engine/store/segments/place.h"
#include "engine/store/sqlite/sqlite.h"

namespace timestore::segments {

// SQL that makes the tables.
extern const char* const kSegmentSchema;

using JobId = std::int64_t;  // from 1 on, never used again

struct Segment {
  SegmentId id = 0;
  std::optional<Partition> partition = {};  // none: mixed
  std::uint32_t level = 0;
  JobId job = 0;  // that it takes part in; 0: none
  bool is_output = false;
  std::uint64_t pieces = 0;  // that were ever written: the number of the next
  std::int64_t min_time = 0;
  std::int64_t max_time = 0;
  points::Seq first_seq = 0;
  points::Seq last_seq = 0;
  std::uint64_t points = 0;  // that were written
  std::uint64_t bytes = 0;
  std::uint32_t checksum = 0;  // over all pieces that were written, in their order
  bool operator==(const Segment&) const = default;
};

// Points of inputs that stand before `begin` are in the outputs, and count there alone. The next step goes up to `end`.
struct Job {
  JobId id = 0;
  std::uint32_t level = 0;  // of the inputs
  Place begin = {};
  Place end = {};
  bool operator==(const Job&) const = default;
};

// A piece, and what it may hold.
struct PieceRow {
  std::int64_t key = 0;
  SegmentId segment = 0;
  points::Extent extent = {};
};

class SegmentTables {
 public:
  // The database must outlive the tables (but may move).
  [[nodiscard]] static Result<SegmentTables> open(store::Database& database);

  [[nodiscard]] Result<SegmentId> next_segment();  // each is another
  [[nodiscard]] Result<JobId> next_job();

  [[nodiscard]] Result<std::vector<Segment>> segments();  // all, by id
  [[nodiscard]] Result<void> put(const Segment& segment);
  [[nodiscard]] Result<void> erase(const Segment& segment);  // with its pieces

  // Pieces of these partitions, up to `last`, that hold no point of `first_time` or later, and how many points each
  // holds. So many as hold that many points, or a few more, where there are.
  using PieceSize = std::pair<std::int64_t, std::uint64_t>;
  [[nodiscard]] Result<std::vector<PieceSize>> expired_pieces(const Segment& segment, Partition last,
                                                              std::int64_t first_time, std::uint64_t most_points);
  [[nodiscard]] Result<void> erase_piece(std::int64_t key);
  [[nodiscard]] Result<bool> has_pieces(const Segment& segment);

  // Pieces of any segment behind that key, by key, so many at most; the bytes of one; and others in their place.
  [[nodiscard]] Result<std::vector<PieceRow>> pieces_behind(std::int64_t key, std::uint64_t most);
  using PieceStrings = std::pair<std::string, std::string>;  // data and more
  [[nodiscard]] Result<PieceStrings> read_piece(std::int64_t key);
  [[nodiscard]] Result<void> rewrite(std::int64_t key, const points::Piece& piece);

  [[nodiscard]] Result<std::vector<Job>> jobs();  // all, by id
  [[nodiscard]] Result<void> put(const Job& job);
  [[nodiscard]] Result<void> erase(const Job& job);

  // The next piece of the segment, whose numbers it brings up to date.
  [[nodiscard]] Result<void> append(Segment& segment, Partition partition, const points::Piece& piece);

  // Of the job's inputs: pieces that may hold points from `begin` on, in the order of their members.
  [[nodiscard]] Result<std::vector<PieceExtent>> extents(const Job& job);

  // Of the job's inputs: points by partition.
  [[nodiscard]] Result<std::vector<std::pair<Partition, std::uint64_t>>> points_by_partition(const Job& job);

  // Of the job's inputs: pieces that hold nothing from the job's `begin` on go.
  [[nodiscard]] Result<void> erase_consumed(const Job& job);

 private:
  enum Verb : std::uint8_t {
    kNumbers,
    kTakeSegment,
    kTakeJob,
    kSegments,
    kPutSegment,
    kEraseSegment,
    kErasePieces,
    kExpiredPieces,
    kErasePiece,
    kAnyPiece,
    kPiecesBehind,
    kReadPiece,
    kRewritePiece,
    kJobs,
    kPutJob,
    kEraseJob,
    kAppend,
    kExtents,
    kPoints,
    kEraseConsumed,
    kVerbs,
  };
  explicit SegmentTables(std::vector<store::Statement> statements) : statements_(std::move(statements)) {}

  store::Statement& verb(Verb verb) { return statements_[verb]; }
  Result<std::int64_t> next_number(Verb take, int column);

  std::vector<store::Statement> statements_;  // by verb
};

}  // namespace timestore::segments
