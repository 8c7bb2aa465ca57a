// Whether leadership stays where it works and nowhere else: terms are entered only where an election could be won,
// nobody is asked to depose a leader that is heard (Ongaro's thesis, 3.10, 4.2.3 and 9.6), and a leader whose disk
// stands still makes way. Breaking these rules costs no data, only progress, which few other checkers would notice.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "engine/raft/effects.h"
#include "engine/raft/state.h"
#include "sim/checkers/findings.h"
#include "sim/checkers/members.h"

namespace timestore::sim {

class Stability {
 public:
  Stability(Findings& findings, const Members& members, std::size_t nodes)
      : rules_(findings, "stability"), members_(members), accounts_(nodes) {}

  void started(std::size_t node, const raft::State& core);
  void stepped(std::size_t node, const raft::State& core, std::span<const raft::Input> inputs);
  void sends(std::size_t node, const raft::Send& send);

 private:
  // An election that it has called, and whose agreement it needed for that: by one of these.
  struct Candidacy {
    raft::Term term = 0;
    std::array<raft::Configuration, 2> members = {};
  };
  struct Order {  // to take over
    raft::Term term = 0;
    raft::NodeId to;
    raft::Round round = 0;
  };
  // What one node has heard in its present life.
  struct Account {
    raft::Term term = 0;
    std::optional<std::uint32_t> silence;  // ticks since its leader was heard; none: it never was in this term
    raft::Round recalled = 0;              // by the term's leader
    raft::NodeId followed = {};            // when its last turn ended; empty: nobody
    std::optional<Candidacy> candidacy = {};
    std::optional<Order> order = {};                   // the newest that it has given
    std::optional<raft::Position> hands_over_at = {};  // its term and its last entry, when its last turn ended
    bool is_writing = false;                           // its disk owes it a write since before this turn
    std::uint32_t stalled = 0;                         // ticks for which its disk has not done a write that is due
    std::uint32_t slowest = 0;                         // of its writes, in ticks
    std::map<raft::NodeId, raft::Term> encouraged_by;  // the newest term that this peer would vote in
    std::map<std::pair<raft::NodeId, raft::Correlation>, bool> must_refuse;  // who asked, and was not answered yet
  };

  struct Before {  // the turn
    raft::Term term = 0;
    raft::Round recalled = 0;
    raft::NodeId followed;
  };

  static void hear(Account& account, const raft::State& core, const raft::Receive& receipt, bool log_may_have_changed);
  static void enter(Account& account, raft::Term term);
  void check_disk(std::size_t node, Account& account, const raft::State& core, std::span<const raft::Input> inputs);
  void check_term(std::size_t node, const raft::State& core, std::span<const raft::Input> inputs);
  void check_order(std::size_t node, const Before& before, const raft::State& core,
                   std::span<const raft::Input> inputs);
  void check_late_order(std::size_t node, const Before& before, const raft::State& core,
                        std::span<const raft::Input> inputs);
  void check_handover(std::size_t node, Account& account, const raft::State& core, std::span<const raft::Input> inputs);
  static bool hears_leader(const Account& account, const raft::State& core);

  Rules rules_;
  const Members& members_;
  std::vector<Account> accounts_;
};

}  // namespace timestore::sim
