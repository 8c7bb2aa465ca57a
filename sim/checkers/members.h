// Who belonged to the cluster, as each node believed: before its newest turn and after it. What a node counts in a turn
// it may count by either.
#pragma once

#include <vector>

#include "engine/raft/state.h"

namespace timestore::sim {

class Members {
 public:
  explicit Members(std::size_t nodes) : nodes_(nodes) {}

  void started(std::size_t node, const raft::State& core);
  void stepped(std::size_t node, const raft::State& core);

  const raft::Configuration& before(std::size_t node) const { return nodes_[node].before; }
  const raft::Configuration& now(std::size_t node) const { return nodes_[node].now; }

 private:
  struct Node {
    raft::Configuration before;
    raft::Configuration now;
    raft::Position at;  // the entry that says so: it names the configuration
    bool has_changed = false;
  };

  static raft::Position place_of_members(const raft::State& core);

  std::vector<Node> nodes_;
};

}  // namespace timestore::sim
