// The committed log of the whole cluster, as the nodes' commit indices reveal it, and Raft's truths about each node.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "engine/raft/effects.h"
#include "engine/raft/state.h"
#include "sim/checkers/elections.h"
#include "sim/checkers/findings.h"
#include "sim/checkers/members.h"
#include "sim/checkers/shadows.h"

namespace timestore::sim {

class Ledger {
 public:
  Ledger(Findings& findings, const Shadows& shadows, const Members& members, const Elections& elections);

  raft::Index size() const { return entries_.size(); }
  raft::Position at(raft::Index index) const;  // requires index <= size(); of 0: the place before the first entry

  void started(std::size_t node, const raft::State& core, std::uint64_t state_hash);

  // After the shadows and the elections have heard of the turn. `begun`: a reign that began in it, or none.
  void stepped(std::size_t node, const raft::State& core, std::span<const raft::Input> inputs,
               const raft::Effects& effects, const Reign* begun);
  void applied(std::size_t node, raft::Index applied, std::uint64_t state_hash);

 private:
  struct Committed {
    raft::Term term = 0;
    raft::Term committed_in = 0;  // the term of the node whose commit index revealed it
  };
  struct Node {
    raft::State before;  // what violated_between looks at
    raft::Index applied = 0;
    raft::Index apply_through = 0;
    std::uint64_t state_hash = 0;
    raft::Term term = 0;                         // in which it was told:
    std::vector<raft::Index> acknowledged = {};  // by node: up to where, at most
  };

  void check_invariants(Node& node, const raft::State& core, const raft::Effects& effects, std::size_t number);
  bool is_complete(const Reign& reign);
  void commit(std::size_t node, raft::Index from, const raft::State& core);
  bool extend(std::size_t node, raft::Position entry, raft::Term committed_in);
  void hear(Node& node, const raft::State& core, std::span<const raft::Input> inputs);
  void check_matches(std::size_t node, const raft::State& core);
  void check_admission(std::size_t node, const raft::State& core);
  void check_release(std::size_t node, const raft::State& core, raft::Index apply_through);
  void check_snapshot(std::size_t number, raft::Position last);
  void check_fates(std::size_t node, const std::vector<raft::Fate>& fates);

  Rules rules_;
  Rules invariants_;
  const Shadows& shadows_;
  const Members& members_;
  const Elections& elections_;
  std::vector<Committed> entries_;
  std::vector<Node> nodes_;
  std::vector<std::optional<std::uint64_t>> state_hashes_;  // by applied index
};

}  // namespace timestore::sim
