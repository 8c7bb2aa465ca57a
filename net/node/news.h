// What an operator should hear of a running node, beside who leads: that a disk is full and has room again, that a
// snapshot is sent or installed, that a disk was empty and counts again. Each once, when it begins and when it ends.
// And that the log holds commands which nobody can read.
//
// Everything else that the core decides goes to the debug log, in the words of the simulator's timeline.
#pragma once

#include <cstdint>
#include <set>

#include "engine/replica/replica.h"

namespace timestore::net {

// Used on the engine's thread.
class News final : public replica::Witness {
 public:
  void stepped(const raft::State& core, std::span<const raft::Input> inputs, const raft::Effects& effects) override;
  void wrote(raft::WriteId) override {}

  void tell(const replica::Replica& replica);  // after each turn

 private:
  void tell(const raft::Event& event);
  void tell_if_admitted(bool is_novice);

  std::set<raft::NodeId> need_snapshots_;
  std::set<raft::NodeId> novices_;  // that were told
  std::uint64_t unreadable_ = 0;    // commands that were told
  bool is_novice_ = false;
  bool is_full_ = false;
  bool is_fetching_ = false;
};

}  // namespace timestore::net
