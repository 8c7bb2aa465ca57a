// The one who does it: injects the faults that are on, one after another, and ends those that last.
//
// A fault is fair when a correct cluster must survive it: whatever happens to links, clocks and processes; whatever a
// disk may do under its contract (disk.h); and for a minority of the nodes, that their disks are lost or rot. The kind
// `majority` goes beyond: it takes more disks than Raft can survive, and then only silence is fair, never a lie.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "sim/clients/operator.h"
#include "sim/run/run.h"
#include "sim/words/choices.h"
#include "sim/world/world.h"

namespace timestore::sim {

class Nemesis {
 public:
  Nemesis(World& world, Choices& choices);

  void begin();                                           // faults as the seed draws them
  void begin(const std::vector<PlannedFault>& schedule);  // these, at their moments
  void end();                                             // heals everything; nodes whose disks are lost stay away

  bool is_done() const { return operator_.has_gathered(); }  // when it has ended: what it took apart is whole again
  bool is_hopeless() const { return is_hopeless_; }          // more disks are lost than a cluster survives
  const std::map<std::string, std::uint64_t, std::less<>>& injected() const { return injected_; }

 private:
  friend struct Faults;

  struct Kind {
    FaultKind kind;
    std::uint32_t weight;  // how often it is chosen beside the others; 0: it belongs to the swarm alone
    bool (*inject)(Nemesis&, Stream&, std::uint32_t strength);  // false: there was nothing to do
  };
  static const std::vector<Kind>& kinds();
  friend const std::vector<FaultKind>& fault_kinds();

  void plan_next();
  void inject(std::size_t kind, std::uint32_t strength);
  Time length(Stream& choices, std::uint32_t strength);  // of a fault that lasts
  std::size_t victim(Stream& choices) const;             // any node, the leader more often
  void for_a_while(Stream& choices, std::uint32_t strength, Action heal);
  void cut(std::size_t from, std::size_t to, Time length);
  bool rot(std::size_t node, std::string_view path);  // one bit
  bool may_lose_a_disk() const;

  World& world_;
  Operator operator_;
  Stream what_;
  std::map<std::string_view, Stream> streams_;  // of each kind, with an occasion for each stroke
  std::uint64_t strokes_ = 0;                   // of all kinds, those too that were switched off
  std::uint64_t epoch_ = 0;  // 0: not begun; when it ends, planned ends of faults mean nothing any more
  bool is_active_ = false;
  bool is_hopeless_ = false;
  std::map<std::pair<std::size_t, std::size_t>, Time> cut_until_;
  std::map<std::string, std::uint64_t, std::less<>> injected_;
};

}  // namespace timestore::sim
