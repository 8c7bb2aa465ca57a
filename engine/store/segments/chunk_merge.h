// Stretches of one series that overlap in time, as one sequence without the points that others have replaced.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <vector>

#include "engine/base/result.h"
#include "engine/store/points/generation.h"
#include "engine/store/points/pooled.h"
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
};

class ChunkMerge {
 public:
  explicit ChunkMerge(PieceBytesReader& bytes) : bytes_(bytes) {}

  // In the order of their first times. What they point to must stay until the merge is over, or begins anew.
  void begin(std::vector<Chunk> chunks, bool is_descending);

  // The next points, as many as there is room for, in ascending order also if the last ones come first. How many they
  // are: 0 when it is over. Texts live until the next call.
  [[nodiscard]] Result<std::size_t> fill(DecodedBlock& batch);

 private:
  // A chunk of which points were taken.
  struct Open {
    std::optional<points::Pooled<DecodedBlock>> own = {};  // of a wide block
    const DecodedBlock* block = nullptr;                   // null: fresh
    const points::Generation* generation = nullptr;
    const std::uint32_t* rows = nullptr;
    std::size_t begin = 0;  // what is left
    std::size_t end = 0;
    points::Point point = {};  // the next one
  };

  Result<std::optional<std::size_t>> best();  // the open chunk with the next point; nothing: there is none
  Result<void> open_due();
  Result<void> open(const Chunk& chunk);
  bool is_due(const Chunk& chunk) const;
  bool comes_first(const points::Point& left, const points::Point& right) const;
  void look(Open& open) const;
  void advance(std::size_t at);

  PieceBytesReader& bytes_;
  bool is_descending_ = false;
  std::vector<Chunk> waiting_;  // the next one is the last
  std::vector<Open> open_;
  std::vector<Open> spent_;  // texts of the present batch may be in them
  std::optional<points::Point> last_;
  std::vector<points::Point> points_;
};

}  // namespace timestore::segments
