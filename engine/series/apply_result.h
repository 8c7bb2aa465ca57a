// What becomes of a command when it is applied.
#pragma once

#include <cstdint>
#include <vector>

namespace timestore {

struct ApplyResult {
  enum class Outcome : std::uint8_t {
    kNothing,    // a no-op, members or a level
    kStored,     // every time entry of the command is stored: now, or before with the same id and content
    kConflict,   // an id is already stored with other content: nothing of the command was stored
    kMalformed,  // nobody can read the command: nothing was stored
  };
  Outcome outcome = Outcome::kNothing;
  std::vector<std::uint32_t> conflicts;  // the ordinals of the time entries in conflict, ascending
  bool operator==(const ApplyResult&) const = default;
};

}  // namespace timestore
