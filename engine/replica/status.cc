#include "engine/replica/status.h"

#include <utility>

namespace timestore::replica {

Status status_of(const raft::State& core, const machine::Standing& standing) {
  Status status{.role = Status::Role::kFollower,
                .node = core.id,
                .leader = core.leader,
                .term = core.term(),
                .commit = core.commit,
                .applied = standing.applied.index,
                .first = core.trail.first_index(),
                .last = core.trail.last_index(),
                .state_hash = standing.state_hash,
                .is_joint = core.configuration().is_joint(),
                .is_novice = core.hard_state.novice,
                .level = core.level(),
                .highest_level = core.options.level,
                .holds_level = core.options.holds_level,
                .cluster = core.cluster(),
                .is_settled = raft::is_settled(core),
                .strangers = core.strangers,
                .waits_for = core.leader.empty() ? raft::awaited_founders(core) : std::vector<raft::NodeId>(),
                .contradiction = core.contradiction,
                .peers = {}};
  for (const raft::NodeId& node : status.waits_for) {
    if (core.heard.contains(node)) status.holders.push_back(node);
  }
  const auto* leader = std::get_if<raft::Leader>(&core.role);
  if (leader != nullptr) {
    status.role = Status::Role::kLeader;
  } else if (!std::holds_alternative<raft::Follower>(core.role)) {
    status.role = Status::Role::kCandidate;
  }
  const raft::Configuration& configuration = core.configuration();
  const auto role_of = [&](const raft::NodeId& id) {
    if (configuration.is_joining(id)) return Status::Peer::Role::kJoining;
    if (configuration.is_learner(id)) return Status::Peer::Role::kLearner;
    const bool stays = raft::Configuration::holds(configuration.voters, id);
    return stays ? Status::Peer::Role::kVoter : Status::Peer::Role::kOutgoing;
  };
  for (const raft::Member& member : configuration.members()) {
    Status::Peer peer{.id = member.id, .url = member.url, .role = role_of(member.id), .match = 0, .silent_ticks = 0};
    if (member.id == core.id) {
      peer.match = core.durable;
    } else if (leader != nullptr) {
      const raft::Progress& progress = leader->peers.at(member.id);
      peer.match = progress.match;
      peer.silent_ticks = progress.silent_ticks;
      peer.contradicts = progress.contradicts;
    }
    status.peers.push_back(std::move(peer));
  }
  return status;
}

}  // namespace timestore::replica
