// The points of a block as columns, in memory: what an encoder is given, and what a decoder fills. One is used again
// and again, so it has room for a whole block and never allocates for numbers.
#pragma once

#include <array>
#include <cstddef>
#include <span>
#include <string>

#include "engine/base/guid.h"
#include "engine/store/points/point.h"

namespace timestore::points {

// At least one point, at most so many.
constexpr size_t kMaxBlockPoints = 1024;

// What every reader of values needs: a block's part of `data`.
struct BlockColumns {
  Type type = Type::kFloat;
  size_t count = 0;
  std::array<SeriesNumber, kMaxBlockPoints> series;
  std::array<int64_t, kMaxBlockPoints> times;
  std::array<uint64_t, kMaxBlockPoints> bits;           // not of strings
  std::array<std::string_view, kMaxBlockPoints> texts;  // of strings only
  std::array<bool, kMaxBlockPoints> are_lines;
};

// What identifies a point and hangs on it: a block's part of `more`.
struct BlockIdentities {
  std::array<Seq, kMaxBlockPoints> seqs;
  std::array<Guid, kMaxBlockPoints> ids;                     // nil: none that a client gave
  std::array<std::string_view, kMaxBlockPoints> attributes;  // empty: none
};

// One more, whose texts point to wherever the point's do. Requires room for it, and the type of the others.
inline void append_point(BlockColumns& columns, BlockIdentities& identities, const Point& point) {
  const size_t at = columns.count++;
  columns.type = point.type;
  columns.series[at] = point.series;
  columns.times[at] = point.time_ns;
  columns.bits[at] = point.bits;
  columns.texts[at] = point.text;
  columns.are_lines[at] = point.is_line;
  identities.seqs[at] = point.seq;
  identities.ids[at] = point.id;
  identities.attributes[at] = point.attributes;
}

// One of them, whose texts point to wherever the columns' do.
inline Point point_at(const BlockColumns& columns, const BlockIdentities& identities, size_t at) {
  const bool is_string = columns.type == Type::kString;
  return {.series = columns.series[at],
          .type = columns.type,
          .time_ns = columns.times[at],
          .seq = identities.seqs[at],
          .bits = is_string ? 0 : columns.bits[at],
          .text = is_string ? columns.texts[at] : std::string_view(),
          .is_line = columns.are_lines[at],
          .id = identities.ids[at],
          .attributes = identities.attributes[at]};
}

}  // namespace timestore::points
