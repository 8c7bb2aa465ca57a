// A block: up to 1,024 points of one type as columns.
//
// A *wide* block holds points of one series, and statistics that answer for it. A *narrow* one holds the points of
// several series that have few each: what would be a head for each of them is one column of numbers.
//
// Its head stands in the directory of its piece (piece.h):
//
//   byte: type + 8 * narrow + 16 * has statistics + 32 * kinds (0 entries, 1 lines, 2 both)
//   varint: first series, less the last series of the block before
//   varint: last series - first series        if it is narrow
//   varint: count - 1
//   zigzag varint: least time, less the least time of the block before
//   varint: greatest time - least time
//   statistics (block_statistics.h)           if it has any
//   varint, varint: bytes in `data` and in `more`
//
// In `data`: the series' numbers (if it is narrow), times, values, and which points are lines (if they differ). In
// `more`: seqs; a byte, 1 if any client gave an id + 2 if any point has attributes; which points have such an id, and
// the two words of each of these; attributes. Points are in their order (point.h).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "engine/base/result.h"
#include "engine/store/points/block_columns.h"
#include "engine/store/points/block_statistics.h"
#include "engine/store/points/bytes.h"

namespace timestore::points {

struct BlockHead {
  SeriesNumber first_series = 0;
  SeriesNumber last_series = 0;
  Type type = Type::kFloat;
  bool is_narrow = false;
  enum class Kinds : uint8_t { kEntries, kLines, kBoth } kinds = Kinds::kEntries;
  size_t count = 0;
  int64_t min_time = 0;
  int64_t max_time = 0;
  bool has_statistics = false;
  BlockStatistics statistics = {};
  size_t data_bytes = 0;
  size_t more_bytes = 0;
};

// A block on its way into a piece.
struct EncodedBlock {
  BlockHead head;
  std::string statistics;
  std::string data;
  std::string more;
};

// A wide block if all points are of one series. `out` is used again: its memory stays. Requires points in their order,
// all of one type.
void encode_block(const BlockColumns& columns, const BlockIdentities& identities, EncodedBlock& out);

// The head in the directory of a piece, behind that of `before` (the first: behind a default one).
void put_head(std::string& out, const EncodedBlock& block, const BlockHead& before);
Result<BlockHead> take_head(ByteReader& in, const BlockHead& before);

// The columns of a block from its part of `data`. Texts point into it. Points that are not in their order, or not what
// the head says, are refused.
Result<void> decode_columns(const BlockHead& head, std::string_view data, BlockColumns& columns);

// From its part of `more`. Attributes point into it. What `columns` (of the same block) say of the order counts.
Result<void> decode_identities(const BlockHead& head, const BlockColumns& columns, std::string_view more,
                               BlockIdentities& identities);

}  // namespace timestore::points
