// A command before it has its place in the log.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <utility>

#include "engine/raft/level.h"
#include "engine/raft/types.h"

namespace timestore::machine {

// Where a command was proposed. Ids may be made of it: the position is unique among what is committed, and the salt,
// which each leader draws anew for its term, tells it from what another leader has proposed for the same index.
struct Place {
  raft::Position position;
  std::uint64_t salt = 0;
  raft::Level level = raft::kOriginalLevel;  // in force: what the command may use
  bool operator==(const Place&) const = default;
};

// The bytes are made when the place is known, once, and only on a leader.
struct Draft {
  std::size_t size_bytes = 0;                      // that it holds in memory while it waits
  raft::Level least_level = raft::kOriginalLevel;  // that must be in force; until it is, the command is refused
  std::function<std::string(const Place&)> command;
};

// A command that is there already.
[[nodiscard]] inline Draft ready(std::string command) {
  const std::size_t size_bytes = command.size();
  return {.size_bytes = size_bytes,
          .command = [command = std::move(command)](const Place&) mutable { return std::move(command); }};
}

}  // namespace timestore::machine
