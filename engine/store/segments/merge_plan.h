// Which segments are merged, and how far at a time: pure functions of what the file says, so that every node merges the
// same at the same seal.
//
// Segments of one partition and level are merged when there are enough of them, the oldest first, into one of the next
// level. So a point is written again as often as its partition grows eightfold, and a reader meets some eight segments
// for each level. Segments that hold little of many partitions (*mixed* ones) are merged among themselves, which gives
// each partition a segment of its own as soon as there are enough points for one.
//
// A job is carried out in steps, one for each seal: each takes about as many points as it is told, up to a place that
// was chosen when the seal before was written. What stands before that place is in the output from then on, and gone
// from the inputs. So no seal waits long for a merge, and the file never needs twice the space.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "engine/store/segments/place.h"

namespace timestore::segments {

using SegmentId = std::int64_t;  // from 1 on, never used again

struct MergeOptions {
  std::size_t fan_out = 8;                       // segments of one level that become one of the next
  std::uint64_t least_step_points = 1 << 17;     // of each level and seal; twice the points of the seal if that is more
  std::uint64_t least_points_of_its_own = 4096;  // of a partition, else it shares a mixed segment
};

struct Mergeable {
  SegmentId id = 0;
  std::optional<Partition> partition;  // none: mixed
  std::uint32_t level = 0;
};

struct Group {
  std::optional<Partition> partition;
  std::uint32_t level = 0;
  std::vector<SegmentId> inputs;
  bool operator==(const Group&) const = default;
};

// The jobs to begin, of segments that are in no job, which are given in the order of their ids.
std::vector<Group> choose_jobs(std::span<const Mergeable> idle, const MergeOptions& options);

// What a step needs to know of a piece of an input.
struct PieceExtent {
  Partition partition = 0;
  points::SeriesNumber first_series = 0;
  std::int64_t min_time = 0;
  std::uint64_t points = 0;
};

struct Step {
  Place end = {};
  std::uint64_t points = 0;  // about
};

// A step that begins at `begin` and takes up to about so many points. It ends before the first piece that is too much,
// where possible between two series. `pieces` are those of all inputs that are not wholly before `begin`, in the order
// of these members. With no points to take it ends where it begins.
Step choose_step(Place begin, std::span<const PieceExtent> pieces, std::uint64_t max_points);

}  // namespace timestore::segments
