// Whose agreement is needed, counted once more: the checkers do not believe the engine's arithmetic.
#pragma once

#include <algorithm>
#include <vector>

#include "engine/raft/configuration.h"

namespace timestore::sim {

// Is it so for a majority of the voters, and of those before while the configuration is joint?
template <typename IsSo>
bool is_quorum(const raft::Configuration& configuration, const IsSo& is_so) {
  const auto is_majority = [&](const std::vector<raft::Member>& voters) {
    const auto count = std::count_if(voters.begin(), voters.end(), [&](const auto& voter) { return is_so(voter.id); });
    return 2 * static_cast<std::size_t>(count) > voters.size();
  };
  return is_majority(configuration.voters) && (!configuration.is_joint() || is_majority(configuration.outgoing));
}

}  // namespace timestore::sim
