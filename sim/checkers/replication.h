// Whether a leader's appends to a follower follow each other: one begins at the latest where what was sent before it
// ends, or where the follower has said that its log ends. Whatever begins later leaves a gap, can only be refused, and
// makes the leader begin anew (paper, section 5.3). That costs no data, only progress, and on a link that loses nothing
// it need not happen at all.
#pragma once

#include <map>
#include <optional>
#include <span>
#include <vector>

#include "engine/raft/effects.h"
#include "engine/raft/state.h"
#include "sim/checkers/findings.h"

namespace timestore::sim {

class Replication {
 public:
  Replication(Findings& findings, std::size_t nodes) : rules_(findings, "replication"), leaders_(nodes) {}

  void started(std::size_t node) { leaders_[node] = {}; }
  void stepped(std::size_t node, const raft::State& core, std::span<const raft::Input> inputs);
  void sends(std::size_t node, const raft::Send& send);

 private:
  struct Stream {
    std::optional<raft::Index> end = {};  // of what the follower was sent in this term, or has said that it has
    raft::Index acknowledged = 0;         // in this term
  };
  struct Leader {
    raft::Term term = 0;
    raft::Index base = 0;                    // it has forgotten its log up to here, perhaps before it could send it
    std::map<raft::NodeId, Stream> streams;  // to those that it knows as members
  };

  Rules rules_;
  std::vector<Leader> leaders_;
};

}  // namespace timestore::sim
