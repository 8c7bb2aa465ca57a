// What becomes of a command when it is applied.
#pragma once

#include <cstdint>
#include <vector>

#include "engine/series/retention.h"

namespace timestore {

struct ApplyResult {
  enum class Outcome : std::uint8_t {
    kNothing,       // a no-op, members or a level
    kStored,        // every time entry of the command is stored: now, or before with the same id and content
    kConflict,      // an id is already stored with other content: nothing of the command was stored
    kMalformed,     // nobody can read the command: nothing was stored
    kExpired,       // a time entry is before the edge of retention: nothing of the command was stored
    kRetention,     // an order of retention was followed
    kTypeConflict,  // a field of a line has values of another type: nothing of the command was stored
    kPartlyStored,  // some lines of the command were refused, as those of a time before the edge; the others are stored
    kDeleted,       // what was there of what the command deletes is gone
    kTooScattered,  // nothing was deleted: it is too much at once (store/points/tombstones.h)
  };
  Outcome outcome = Outcome::kNothing;
  // The ordinals of the time entries in conflict or before the edge, ascending. Of lines that are refused, the ordinals of
  // the first points that are wrong, one for each line.
  std::vector<std::uint32_t> conflicts = {};
  std::int64_t edge_ns = kNoEdge;        // that a time entry is before, or that is in force after the order
  // Of lines: what the values of the first of these fields are (points::Type); 0, where it is before the edge.
  std::uint8_t stored_type = 0;
  std::uint64_t deleted = 0;  // so many points
  bool operator==(const ApplyResult&) const = default;
};

// Whether a result says where the edge of retention is.
constexpr bool tells_edge(ApplyResult::Outcome outcome) {
  return outcome == ApplyResult::Outcome::kExpired || outcome == ApplyResult::Outcome::kRetention;
}

// Whether a result says of which type a field is.
constexpr bool tells_type(ApplyResult::Outcome outcome) {
  return outcome == ApplyResult::Outcome::kTypeConflict || outcome == ApplyResult::Outcome::kPartlyStored;
}

// Whether a result says how many points were deleted.
constexpr bool tells_deleted(ApplyResult::Outcome outcome) { return outcome == ApplyResult::Outcome::kDeleted; }

}  // namespace timestore
