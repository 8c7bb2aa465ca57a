// Whether releases may be mixed: the feature level of the cluster rises when all members have said that they know it,
// is used when it is committed, is lost by nobody, and meets no node that does not know it (engine/raft/level.h).
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <vector>

#include "engine/raft/effects.h"
#include "engine/raft/state.h"
#include "sim/checkers/findings.h"

namespace timestore::sim {

class Levels {
 public:
  Levels(Findings& findings, std::size_t nodes) : rules_(findings, "levels"), accounts_(nodes) {}

  void started(std::size_t node, const raft::State& core);
  // After the ledger has heard of the turn.
  void stepped(std::size_t node, const raft::State& core, std::span<const raft::Input> inputs,
               const raft::Effects& effects);
  void sends(std::size_t node, const raft::Send& send);
  void committed(raft::Index index, const raft::Entry& entry);  // in the order of the ledger
  void applied(std::size_t node, raft::Index applied);

  raft::Level highest() const { return highest_; }  // that stands in anybody's log, or ever stood there
  // It ran a release that knows a higher level than this one.
  bool was_put_back(std::size_t node, raft::Level level) const { return level < accounts_[node].most; }

 private:
  // What a follower has told a leader in its term.
  struct Told {
    raft::Level level = 0;
    bool holds = false;
    raft::Level most = 0;
  };
  struct Account {
    raft::Level level = 0;  // of the release that it runs
    bool holds = false;
    raft::Level most = 0;  // of those that it ever ran
    raft::Term term = 0;   // in which this was heard:
    std::map<raft::NodeId, Told> told;
  };

  void hear(Account& account, const raft::State& core, std::span<const raft::Input> inputs);
  void check_entry(std::size_t node, const Account& account, const raft::State& core, const raft::Entry& entry);

  Rules rules_;
  std::vector<Account> accounts_;
  raft::Level highest_ = 0;
  std::map<raft::Index, raft::Level> levels_ = {{0, 0}};    // what is committed, where it rises
  std::map<raft::Index, raft::Level> commands_ = {{0, 0}};  // the newest version of commands, likewise
};

}  // namespace timestore::sim
