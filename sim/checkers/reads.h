// Reads without a log write (thesis, section 6.4): a leader grants one when a majority has answered, in its term, a
// question that it asked after the read had come; and never below what was committed by then, known to a client or not.
// Every read ends, at the latest with the leadership of the node that was asked.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <vector>

#include "engine/raft/effects.h"
#include "sim/checkers/elections.h"
#include "sim/checkers/findings.h"
#include "sim/checkers/ledger.h"
#include "sim/checkers/members.h"

namespace timestore::sim {

class Reads {
 public:
  Reads(Findings& findings, const Members& members, const Ledger& ledger, const Elections& elections, std::size_t nodes)
      : rules_(findings, "reads"), members_(members), ledger_(ledger), elections_(elections), nodes_(nodes) {}

  void started(std::size_t node) { nodes_[node] = {}; }

  // Before the ledger has heard of the turn.
  void stepped(std::size_t node, const raft::State& core, std::span<const raft::Input> inputs,
               const raft::Effects& effects);

 private:
  using Turn = std::uint64_t;  // of the whole cluster

  struct Asked {
    Turn turn = 0;
    raft::Index committed = 0;
  };
  struct Node {
    std::map<raft::ReadId, Asked> reads;
    raft::Term term = 0;             // that the rounds belong to
    std::vector<Turn> round_begun;   // by round
    std::vector<raft::Round> heard;  // by node: the newest round that it answered
  };

  void receive(Node& node, const raft::Receive& receipt);
  void send(Node& node, const raft::AppendRequest& request);
  bool check(const Node& node, const raft::ReadEnd& end, const Asked& asked, std::size_t number);

  Rules rules_;
  const Members& members_;
  const Ledger& ledger_;
  const Elections& elections_;
  std::vector<Node> nodes_;
  Turn turn_ = 0;
};

}  // namespace timestore::sim
