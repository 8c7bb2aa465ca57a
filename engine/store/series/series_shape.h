// What shapes a series file: when its fresh points are sealed, and into what.
//
// The shape is fixed when the file is made, and stands in it from then on, since what is sealed must follow from the
// log alone. It decides how points lie in the file, and nothing of what they say: files of different shapes hold the
// same points at the same position.
#pragma once

#include <cstdint>

#include "engine/store/segments/segment_store.h"

namespace timestore::store {

struct SeriesShape {
  // A seal is due after the entry with which the points since the last one reach the first number, or the bytes the
  // second: the bytes of all commands, and kEntryBytes for each entry, whatever it is.
  std::uint64_t seal_points = std::uint64_t{1} << 16;
  std::uint64_t seal_bytes = std::uint64_t{8} << 20;
  std::int64_t partition_width_ns = std::int64_t{24} * 3600 * 1'000'000'000;
  std::uint64_t fan_out = 8;
  std::uint64_t least_step_points = std::uint64_t{1} << 17;
  std::uint64_t least_points_of_its_own = 4096;
  std::uint64_t piece_bytes = 16 * 1024;
  std::uint64_t block_points = points::kMaxBlockPoints;
  std::uint64_t least_wide_points = 16;
  bool operator==(const SeriesShape&) const = default;
};

inline constexpr std::uint64_t kEntryBytes = 64;

// Whether a file can have it.
constexpr bool is_possible(const SeriesShape& shape) {
  return shape.seal_points > 0 && shape.seal_points <= std::uint64_t{1} << 18 && shape.seal_bytes > 0 &&
         shape.partition_width_ns > 1 && shape.fan_out > 1 && shape.least_step_points > 0 &&
         shape.least_points_of_its_own > 0 && shape.piece_bytes > 0 && shape.block_points > 0 &&
         shape.block_points <= points::kMaxBlockPoints;
}

constexpr segments::SegmentOptions segment_options(const SeriesShape& shape) {
  return {.partition_width_ns = shape.partition_width_ns,
          .merge = {.fan_out = shape.fan_out,
                    .least_step_points = shape.least_step_points,
                    .least_points_of_its_own = shape.least_points_of_its_own},
          .pieces = {.max_data_bytes = shape.piece_bytes,
                     .max_more_bytes = 4 * shape.piece_bytes,
                     .max_block_points = shape.block_points,
                     .least_wide_points = shape.least_wide_points}};
}

}  // namespace timestore::store
