// Stretches of one series that overlap in time, as one sequence without the points that others have replaced.
//
// What only one of them has is taken as a whole; points are compared one by one only where times are equal. And only
// there, or where somebody asks for them, are identities decoded.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <vector>

#include "engine/base/result.h"
#include "engine/store/points/generation.h"
#include "engine/store/points/pooled.h"
#include "engine/store/segments/kept.h"
#include "engine/store/segments/loaded_piece.h"

namespace timestore::segments {

// Points of one series that stand in their order in one place: a block, a part of a narrow block, or fresh rows.
struct Chunk {
  std::int64_t first_ns = 0;  // no point is before, or behind
  std::int64_t last_ns = 0;
  LoadedPiece* piece = nullptr;  // of blocks
  std::size_t block = 0;
  bool is_narrow = false;
  std::size_t begin = 0;  // of narrow blocks: rows of the block; of fresh points: of `rows`
  std::size_t end = 0;
  std::int64_t from_ns = std::numeric_limits<std::int64_t>::min();  // of wide blocks: earlier points do not count
  const points::Generation* generation = nullptr;                   // of fresh points
  const std::uint32_t* rows = nullptr;                              // likewise
  bool is_pierced = false;                                          // some of its points may be gone
};

class ChunkMerge {
 public:
  explicit ChunkMerge(PieceBytesReader& bytes) : bytes_(bytes) {}

  // In the order of their first times. What they point to must stay until the merge is over, or begins anew.
  // Without `kept` all points are told; otherwise those that are.
  void begin(std::vector<Chunk> chunks, bool is_descending, const Kept* kept);

  // The columns of the next points, as many as there is room for, in ascending order also if the last ones come first.
  // How many they are: 0 when it is over. Texts live until the next call.
  [[nodiscard]] Result<std::size_t> fill(points::BlockColumns& columns);

  // Of the points that were filled in.
  [[nodiscard]] Result<void> fill(points::BlockIdentities& identities);

 private:
  // A chunk of which points were taken.
  struct Open {
    Chunk chunk = {};
    std::optional<points::Pooled<DecodedBlock>> own = {};  // of a wide block
    const DecodedBlock* block = nullptr;                   // null: fresh
    bool has_identities = false;                           // of the block
    std::size_t begin = 0;                                 // what is left
    std::size_t end = 0;

    std::int64_t time_at(std::size_t at) const;
    bool is_line_at(std::size_t at) const;
  };
  // Points of one chunk that follow each other in the sequence too.
  struct Run {
    Open* open = nullptr;
    std::size_t begin = 0;
    std::size_t end = 0;
  };
  struct Last {
    std::int64_t time_ns = 0;
    bool is_line = false;
  };

  Result<void> open_due();
  Result<void> open(const Chunk& chunk);
  Result<void> load_identities(Open& open);
  bool is_due(const Chunk& chunk) const;
  bool is_earlier(std::int64_t left_ns, std::int64_t right_ns) const {
    return is_descending_ ? left_ns > right_ns : left_ns < right_ns;
  }
  std::size_t next_of(const Open& open) const { return is_descending_ ? open.end - 1 : open.begin; }
  std::int64_t next_ns(const Open& open) const { return open.time_at(next_of(open)); }
  std::size_t count_before(const Open& open, std::optional<std::int64_t> limit_ns) const;
  Result<bool> take_some(std::size_t at, std::optional<std::int64_t> limit_ns);
  Result<std::size_t> first_of_equal(std::size_t at);
  Result<points::Point> point_of(Open& open, std::size_t at);
  void take(Open& open, std::size_t count);
  Result<bool> take_next(Open& open);
  bool may_replace_last() const;
  void close_if_empty(std::size_t at);
  static void append(const Run& run, points::BlockColumns& columns);

  PieceBytesReader& bytes_;
  bool is_descending_ = false;
  const Kept* kept_ = nullptr;
  std::vector<Chunk> waiting_;  // the next one is the last
  std::vector<std::unique_ptr<Open>> open_;
  std::vector<std::unique_ptr<Open>> spent_;  // points of the present batch are in them
  std::vector<Run> runs_;                     // of the present batch
  std::size_t count_ = 0;                     // of their points
  std::size_t enough_ = 0;                    // for it
  std::optional<Last> last_;                  // point that was taken
};

}  // namespace timestore::segments
