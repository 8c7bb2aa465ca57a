// What becomes of a command when it is applied.
#pragma once

#include <cstdint>
#include <vector>

#include "engine/series/retention.h"

namespace timestore {

struct ApplyResult {
  enum class Outcome : std::uint8_t {
    kNothing,    // a no-op, members or a level
    kStored,     // every time entry of the command is stored: now, or before with the same id and content
    kConflict,   // an id is already stored with other content: nothing of the command was stored
    kMalformed,  // nobody can read the command: nothing was stored
    kExpired,    // a time entry is before the edge of retention: nothing of the command was stored
    kRetention,  // an order of retention was followed
  };
  Outcome outcome = Outcome::kNothing;
  std::vector<std::uint32_t> conflicts;  // the ordinals of the time entries in conflict or before the edge, ascending
  std::int64_t edge_ns = kNoEdge;        // that a time entry is before, or that is in force after the order
  bool operator==(const ApplyResult&) const = default;
};

// Whether a result says where the edge of retention is.
constexpr bool tells_edge(ApplyResult::Outcome outcome) {
  return outcome == ApplyResult::Outcome::kExpired || outcome == ApplyResult::Outcome::kRetention;
}

}  // namespace timestore
