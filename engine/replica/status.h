// What a node says of itself and of the cluster.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "engine/machine/state_machine.h"
#include "engine/raft/state.h"

namespace timestore::replica {

struct Status {
  struct Peer {
    enum class Role : std::uint8_t { kVoter, kLearner, kJoining, kOutgoing };
    raft::NodeId id;
    std::string url;
    Role role = Role::kVoter;
    raft::Index match = 0;
    std::uint32_t silent_ticks = 0;  // since it last answered; meaningless but on the leader
    bool contradicts = false;        // the leader's log, with what it has committed; likewise
  };
  enum class Role : std::uint8_t { kFollower, kCandidate, kLeader };
  Role role = Role::kFollower;
  raft::NodeId node;
  raft::NodeId leader;  // empty: not known
  raft::Term term = 0;
  raft::Index commit = 0;
  raft::Index applied = 0;
  raft::Index first = 0;
  raft::Index last = 0;
  std::uint64_t state_hash = 0;   // at `applied`
  bool is_joint = false;          // a change of the voters is on its way
  bool is_novice = false;         // no leader has admitted this node yet since its disk was empty
  raft::Level level = 0;          // of the cluster's features, in force
  raft::Level highest_level = 0;  // that this node knows
  bool holds_level = false;       // and keeps the cluster from
  raft::ClusterId cluster = {};   // in its log; zero: none yet
  bool is_settled = false;        // and it is committed
  std::map<raft::NodeId, raft::ClusterId> strangers = {};  // who was refused, or refused this node, and its cluster
  std::vector<raft::NodeId> holders = {};                  // of those who keep it from founding: they hold data
  std::vector<raft::NodeId> waits_for = {};  // who must say that it holds nothing, before this node founds
  std::optional<raft::Contradiction> contradiction = {};  // it serves nothing but level=none
  std::vector<Peer> peers;                   // every member, in the order of ids; this node too, if it is one
};

[[nodiscard]] Status status_of(const raft::State& core, const machine::Standing& standing);

}  // namespace timestore::replica
