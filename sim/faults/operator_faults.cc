// What operators do, at the worst moments.
#include <algorithm>
#include <string>

#include "engine/base/mark.h"
#include "sim/faults/faults.h"

namespace timestore::sim {

// So many at once: they compete.
bool Faults::campaign(Nemesis& nemesis, Stream& choices, std::uint32_t strength) {
  bool has_begun = false;
  for (std::uint32_t i = 0; i < strength; ++i) {
    const std::size_t node = nemesis.victim(choices);
    if (!nemesis.world_.cluster().is_up(node)) continue;
    nemesis.world_.note(node, "is told to campaign");
    nemesis.world_.cluster()[node].campaign();
    nemesis.world_.wake(node);
    has_begun = true;
  }
  return has_begun;
}

// So many leaders, one after another.
bool Faults::step_down(Nemesis& nemesis, Stream& choices, std::uint32_t strength) {
  const auto leader = nemesis.world_.cluster().leader();
  if (!leader) return false;
  nemesis.world_.note(*leader, "is told to step down");
  nemesis.world_.cluster()[*leader].step_down();
  nemesis.world_.wake(*leader);
  if (strength == 1) return true;
  const Swarm& swarm = nemesis.world_.swarm();
  const Time again = choices.between(1, 2) * swarm.tick * swarm.cluster.raft.election_ticks_max;
  nemesis.world_.after(again, [&nemesis, choices, epoch = nemesis.epoch_, strength]() mutable {
    if (epoch == nemesis.epoch_) step_down(nemesis, choices, strength - 1);
  });
  return true;
}

// To a node that may be down, cut off or far behind. Sometimes the order itself takes so long that the leader may have
// given up.
bool Faults::transfer(Nemesis& nemesis, Stream& choices, std::uint32_t strength) {
  World& world = nemesis.world_;
  const Swarm& swarm = world.swarm();
  const auto leader = world.cluster().leader();
  const std::size_t to = choices.below(world.size() + 1);
  const bool is_late = choices.below(4) < strength;
  const Time election = swarm.tick * swarm.cluster.raft.election_ticks_max;
  const Time delay = choices.between(election / 4, 2 * election);
  if (!leader) return false;
  const bool is_anybody = to == world.size();
  world.note(*leader, "is told to hand over", is_anybody ? "to anybody" : "to " + Cluster::name(to));
  world.cluster()[*leader].transfer(is_anybody ? raft::NodeId() : Cluster::name(to));
  world.wake(*leader);
  for (std::size_t other = 0; is_late && other < world.size(); ++other) {
    world.network().delay_orders(*leader, other, delay);
    world.after(election, [&nemesis, epoch = nemesis.epoch_, from = *leader, other] {
      if (epoch == nemesis.epoch_) nemesis.world_.network().delay_orders(from, other, 0);
    });
  }
  return true;
}

// Several wishes, some of them at once: the later ones meet the earlier. All is drawn now, so that what becomes of one
// does not change the next.
bool Faults::members(Nemesis& nemesis, Stream& choices, std::uint32_t strength) {
  const Swarm& swarm = nemesis.world_.swarm();
  const Time election = swarm.tick * swarm.cluster.raft.election_ticks_max;
  nemesis.world_.note(Timeline::kWorld, "operators change who belongs to the cluster");
  Time at = 0;
  for (std::uint32_t i = 0; i < 3 * strength; ++i) {
    const bool follows = choices.below(3) > 0;
    const Time pause = choices.between(election / 20, election);
    if (follows) at += pause;
    const Wish wish = draw_wish(choices, nemesis.world_.size());
    nemesis.world_.after(at, [&nemesis, epoch = nemesis.epoch_, wish] {
      if (epoch == nemesis.epoch_) nemesis.operator_.ask(wish);
    });
  }
  return true;
}

}  // namespace timestore::sim
