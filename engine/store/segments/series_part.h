// The points of one series in one partition, out of blocks and fresh rows, as batches.
//
// A block that overlaps nothing is handed out as it is, with its statistics, and decoded only if it is asked for. What
// overlaps is merged first.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "engine/base/result.h"
#include "engine/store/points/batch_cursor.h"
#include "engine/store/segments/chunk_merge.h"
#include "engine/store/segments/kept.h"
#include "engine/store/segments/loaded_piece.h"
#include "engine/store/segments/segment_scan.h"

namespace timestore::segments {

class SeriesPart {
 public:
  explicit SeriesPart(PieceBytesReader& bytes) : bytes_(bytes), merge_(bytes) {}

  // What is added from now on belongs to this series, until arrange() is called once. Batches may stick out of
  // `wanted`, but no point that is not kept is told. `kept` must stay.
  void begin(points::SeriesNumber series, TimeRange wanted, const Kept& kept, bool is_descending);
  [[nodiscard]] Result<void> add(LoadedPiece& piece);
  void add(const points::Generation& fresh, std::span<const std::uint32_t> rows);  // in their order
  void arrange();

  // As a BatchCursor.
  [[nodiscard]] Result<bool> next();
  const points::BatchHead& head() const { return head_; }
  [[nodiscard]] Result<const points::BlockColumns*> columns();
  [[nodiscard]] Result<const points::BlockIdentities*> identities();

 private:
  struct FreshRows {
    const points::Generation* generation = nullptr;
    std::span<const std::uint32_t> rows = {};
  };
  struct Group {
    std::size_t begin = 0;  // of the chunks
    std::size_t end = 0;
  };

  Result<void> add_narrow(LoadedPiece& piece, std::size_t block, std::int64_t from_ns);
  void cut(const FreshRows& fresh, std::span<const Chunk> blocks);
  void add_fresh(const FreshRows& fresh, std::size_t begin, std::size_t end);
  void group();
  void find_pierced();
  Result<bool> next_group();

  PieceBytesReader& bytes_;
  ChunkMerge merge_;
  points::SeriesNumber series_ = 0;
  TimeRange wanted_;
  const Kept* kept_ = nullptr;
  bool is_descending_ = false;
  std::vector<FreshRows> fresh_;
  std::vector<Chunk> chunks_;
  std::vector<Group> groups_;     // the next one is the last
  bool is_merging_ = false;       // the present group
  const Chunk* chunk_ = nullptr;  // the present batch, if it is a block or a part of one
  bool has_columns_ = false;      // of it
  bool has_identities_ = false;
  points::BatchHead head_;
  points::Pooled<DecodedBlock> batch_;
};

}  // namespace timestore::segments
