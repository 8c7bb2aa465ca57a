// Which version of commands may be written at a feature level: level n brings version n, and a node that knows level n
// reads all versions up to n.
#pragma once

#include <algorithm>

#include "engine/raft/level.h"
#include "engine/series/command.h"

namespace timestore::store {

constexpr CommandVersion command_version(raft::Level level) {
  return static_cast<CommandVersion>(std::min<raft::Level>(level, 255));
}
static_assert(command_version(raft::kOriginalLevel) == kOriginalText);
static_assert(command_version(raft::kRetentionLevel) == kRetentionVersion);
static_assert(command_version(raft::kLinesLevel) == kLinesVersion);
static_assert(command_version(raft::kDeletesLevel) == kDeletesVersion);
static_assert(command_version(raft::kHighestLevel) == kNewestCommandVersion);

}  // namespace timestore::store
