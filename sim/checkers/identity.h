// Which cluster a node belongs to: a cluster gets one id, which its nodes tell truly, and nobody founds a cluster
// beside a node that holds data (engine/raft/cluster_id.h).
#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "engine/raft/effects.h"
#include "engine/raft/state.h"
#include "sim/checkers/elections.h"
#include "sim/checkers/entries.h"
#include "sim/checkers/findings.h"
#include "sim/checkers/shadows.h"

namespace timestore::sim {

class Identity {
 public:
  Identity(Findings& findings, const Shadows& shadows, const Entries& entries, const Elections& elections)
      : rules_(findings, "identity"),
        shadows_(shadows),
        entries_(entries),
        elections_(elections),
        levels_(shadows.size()),
        settled_(shadows.size()),
        have_told_(shadows.size()),
        were_novices_(shadows.size()) {}

  void started(std::size_t node, const raft::State& core);
  // After the ledger has heard of the turn.
  void stepped(std::size_t node, const raft::State& core, const Reign* begun);
  void sends(std::size_t node, const raft::Send& send);
  void committed(raft::Index index, const raft::Entry& entry);  // in the order of the ledger

  // What its disk held when its last turn ended proves that the id of the cluster is committed: what another cluster
  // says must leave it as it is.
  bool is_settled(std::size_t node) const { return settled_[node]; }
  void met_foreigner(std::size_t node, bool has_changed, const std::string& what);

 private:
  bool holds_data(std::size_t node) const;
  bool holds_proof(std::size_t node, raft::Index durable) const;

  Rules rules_;
  const Shadows& shadows_;
  const Entries& entries_;
  const Elections& elections_;
  std::optional<raft::ClusterId> id_;  // the one that is committed
  raft::Position settled_at_;
  std::vector<raft::Level> levels_;  // of the releases that run
  std::vector<bool> settled_;
  std::vector<bool> have_told_;     // an id that is settled, since their disk was new
  std::vector<bool> were_novices_;  // when their last turn began
};

}  // namespace timestore::sim
