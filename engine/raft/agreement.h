// Whose agreement is an agreement of the cluster: a majority of the voters, and while the configuration is joint, also
// a majority of the voters before (paper, section 6). Learners are never asked. Pure arithmetic.
#pragma once

#include <algorithm>
#include <map>
#include <vector>

#include "engine/raft/configuration.h"
#include "engine/raft/quorum.h"

namespace timestore::raft {

// The largest value that a quorum has reached, where `reached(id)` is what a voter has.
template <typename Reached>
auto reached_by_quorum(const Configuration& configuration, const Reached& reached) {
  const auto by = [&](const std::vector<Member>& voters) {
    std::vector<decltype(reached(voters.front().id))> values;
    values.reserve(voters.size());
    for (const Member& voter : voters) values.push_back(reached(voter.id));
    return reached_by_majority(std::move(values));
  };
  const auto of_voters = by(configuration.voters);
  return configuration.is_joint() ? std::min(of_voters, by(configuration.outgoing)) : of_voters;
}

// Are those for whom `agrees(id)` holds a quorum?
template <typename Agrees>
bool is_quorum(const Configuration& configuration, const Agrees& agrees) {
  return reached_by_quorum(configuration, [&](const NodeId& id) { return agrees(id) ? 1 : 0; }) == 1;
}

// The state of an election; of nobody else's votes does anything depend. Lost as soon as one majority is.
inline Tally tally(const Configuration& configuration, const std::map<NodeId, bool>& votes) {
  const auto among = [&](const std::vector<Member>& voters) {
    std::size_t granted = 0;
    std::size_t refused = 0;
    for (const Member& voter : voters) {
      const auto vote = votes.find(voter.id);
      if (vote != votes.end()) ++(vote->second ? granted : refused);
    }
    return tally(voters.size(), granted, refused);
  };
  const Tally of_voters = among(configuration.voters);
  if (!configuration.is_joint() || of_voters == Tally::kLost) return of_voters;
  const Tally before = among(configuration.outgoing);
  return of_voters == Tally::kWon || before == Tally::kLost ? before : of_voters;
}

}  // namespace timestore::raft
