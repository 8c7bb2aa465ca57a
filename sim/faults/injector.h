// What faults are made with: a victim, a time to last, a cut link. All that has begun ends at once with heal().
//
// A fault is fair when a correct cluster must survive it: whatever happens to links, clocks and processes; whatever a
// disk may do under its contract (disk.h); and for a minority of the nodes, that their disks are lost or rot. The kind
// `majority` goes beyond: it takes more disks than Raft can survive, and then only silence is fair, never a lie.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string_view>
#include <utility>
#include <vector>

#include "sim/clients/operator.h"
#include "sim/words/action.h"
#include "sim/words/choices.h"
#include "sim/world/world.h"

namespace timestore::sim {

class Injector {
 public:
  // Faults that last take `most` at most, times half their strength.
  Injector(World& world, Time most) : world_(world), operator_(world), most_(most) {}

  World& world() { return world_; }
  Operator& operators() { return operator_; }
  const Operator& operators() const { return operator_; }

  Time election() const;                                 // the longest time-out of one
  Time length(Stream& choices, std::uint32_t strength);  // of a fault that lasts
  std::size_t victim(Stream& choices) const;             // any node, the leader more often
  void later(Time delay, Action action);                 // unless all has been healed by then
  void for_a_while(Stream& choices, std::uint32_t strength, Action heal);
  void cut(std::size_t from, std::size_t to, Time length);
  bool rot(std::size_t node, std::string_view path);  // one bit
  bool may_lose_a_disk() const;

  bool is_hopeless() const { return is_hopeless_; }  // more disks are lost than a cluster survives
  void give_up_hope() { is_hopeless_ = true; }

  // From now on these nodes are well, alone and with each other; what ails the others stays, and nothing more happens.
  void heal_only(const std::vector<bool>& well);
  [[nodiscard]] bool is_well(std::size_t node) const { return well_.empty() || well_[node]; }
  void heal();  // everything; nodes whose disks are lost stay away

 private:
  World& world_;
  Operator operator_;
  Time most_;
  std::uint64_t epoch_ = 0;  // when it ends, planned ends of faults mean nothing any more
  bool is_hopeless_ = false;
  std::map<std::pair<std::size_t, std::size_t>, Time> cut_until_;
  std::vector<bool> well_;  // by node; empty while nobody stays sick
};

}  // namespace timestore::sim
