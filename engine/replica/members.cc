// Who belongs to the cluster: what is wanted, what became of it, and what is known.
#include <utility>

#include "engine/base/check.h"
#include "engine/base/mark.h"
#include "engine/replica/replica.h"

namespace timestore::replica {

void Replica::change_members(raft::Change change, ChangeCallback callback) {
  const raft::ProposalId id = ++last_ticket_;
  changes_.emplace(id, std::move(callback));
  inputs_.emplace_back(raft::ChangeMembers{id, std::move(change)});
}

bool Replica::end_change(const raft::Fate& fate) {
  auto found = changes_.extract(fate.id);
  if (found.empty()) return false;
  ChangeEnd end{.kind = ChangeEnd::Kind::kUnknown, .refusal = fate.refusal, .index = 0};
  switch (fate.kind) {
    case raft::Fate::Kind::kCommitted:
      end.kind = ChangeEnd::Kind::kDone;
      end.index = fate.position.index;
      break;
    case raft::Fate::Kind::kRefused:
      end.kind = fate.refusal == raft::Refusal::kNotLeader ? ChangeEnd::Kind::kNotLeader : ChangeEnd::Kind::kRefused;
      break;
    case raft::Fate::Kind::kSuperseded:
      end.kind = ChangeEnd::Kind::kNotLeader;
      break;
    case raft::Fate::Kind::kUnknown:
      break;
  }
  if (found.mapped()) found.mapped()(end);
  return true;
}

Status Replica::status() const {
  Status status{.role = Status::Role::kFollower,
                .node = core_.id,
                .leader = core_.leader,
                .term = core_.term(),
                .commit = core_.commit,
                .applied = applied_,
                .first = core_.trail.first_index(),
                .last = core_.trail.last_index(),
                .state_hash = state_hash_,
                .is_joint = core_.configuration().is_joint(),
                .is_novice = core_.hard_state.novice,
                .peers = {}};
  const auto* leader = std::get_if<raft::Leader>(&core_.role);
  if (leader != nullptr) {
    status.role = Status::Role::kLeader;
  } else if (!std::holds_alternative<raft::Follower>(core_.role)) {
    status.role = Status::Role::kCandidate;
  }
  const raft::Configuration& configuration = core_.configuration();
  const auto role_of = [&](const raft::NodeId& id) {
    if (configuration.is_joining(id)) return Status::Peer::Role::kJoining;
    if (configuration.is_learner(id)) return Status::Peer::Role::kLearner;
    const bool stays = raft::Configuration::holds(configuration.voters, id);
    return stays ? Status::Peer::Role::kVoter : Status::Peer::Role::kOutgoing;
  };
  for (const raft::Member& member : configuration.members()) {
    Status::Peer peer{.id = member.id, .url = member.url, .role = role_of(member.id), .match = 0, .silent_ticks = 0};
    if (member.id == core_.id) {
      peer.match = core_.durable;
    } else if (leader != nullptr) {
      const raft::Progress& progress = leader->peers.at(member.id);
      peer.match = progress.match;
      peer.silent_ticks = progress.silent_ticks;
    }
    status.peers.push_back(std::move(peer));
  }
  return status;
}

}  // namespace timestore::replica
