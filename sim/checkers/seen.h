// What clients ask for and what they are told, as the checkers hear of it.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "engine/raft/types.h"
#include "engine/series/time_entry.h"
#include "sim/checkers/inquiry.h"

namespace timestore::sim {

using OperationId = std::uint64_t;

// What a client asked to read: the entries of one device.
struct ReadSeen {
  raft::Index granted = 0;                // the index that the node promised to have applied
  raft::Position position;                // of the state that was read
  std::vector<TimeEntry> entries;         // in the order in which they came
  std::optional<AnswerSeen> answer = {};  // to what else was asked of that state
};

}  // namespace timestore::sim
