// Whether the cluster's members change as they must: one change after the other, through joint configurations, begun by
// leaders who may begin it, and the same for everybody (paper, section 6; Ongaro's thesis, chapter 4). Breaking these
// rules loses data or progress only when much else comes together, so they are checked where they are broken.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <vector>

#include "engine/raft/effects.h"
#include "engine/raft/state.h"
#include "sim/checkers/findings.h"
#include "sim/checkers/members.h"

namespace timestore::sim {

class Membership {
 public:
  Membership(Findings& findings, const Members& members, std::size_t nodes)
      : rules_(findings, "membership"), members_(members), accounts_(nodes) {}

  void started(std::size_t node, const raft::State& core);
  // After the members have heard of the turn.
  void stepped(std::size_t node, const raft::State& core, std::span<const raft::Input> inputs,
               const raft::Effects& effects);
  // An entry of the kind kMembers, in the order of the ledger.
  void committed(raft::Index index, const raft::Entry& entry);

 private:
  // What a follower has told a leader in its term.
  struct Peer {
    std::uint32_t silent_ticks = 0;
    raft::Index match = 0;
  };
  struct Account {
    raft::Term term = 0;                 // in which this was heard:
    std::map<raft::NodeId, Peer> peers;  // those who have acknowledged anything
    raft::Index members_at = 0;          // the entry of the members in force when its last turn ended
    std::uint32_t ticks_removed = 0;     // that it has led for, though it is committed that it is no voter
  };

  void hear(Account& account, const raft::State& core, std::span<const raft::Input> inputs);
  void check_change(std::size_t node, const Account& account, const raft::State& core,
                    std::span<const raft::Input> inputs);
  void check_shape(std::size_t node, const raft::Configuration& before, const raft::Configuration& after);
  void check_readiness(std::size_t node, const Account& account, const raft::State& core,
                       const raft::Configuration& before, const raft::Configuration& after, bool is_forced);
  void check_leaving(std::size_t node, Account& account, const raft::State& core, std::span<const raft::Input> inputs);
  void check_agreement(std::size_t node, const raft::State& core);

  Rules rules_;
  const Members& members_;
  std::vector<Account> accounts_;
  std::map<raft::Index, raft::Configuration> committed_;
};

}  // namespace timestore::sim
