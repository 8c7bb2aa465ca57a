// What operators do, at the worst moments.
#include <algorithm>
#include <string>

#include "engine/base/mark.h"
#include "sim/faults/faults.h"
#include "sim/faults/injector.h"

namespace timestore::sim {

namespace {

// So many at once: they compete.
bool campaign(Injector& injector, Stream& choices, std::uint32_t strength) {
  bool has_begun = false;
  for (std::uint32_t i = 0; i < strength; ++i) {
    const std::size_t node = injector.victim(choices);
    if (!injector.world().cluster().is_up(node)) continue;
    injector.world().note(node, "is told to campaign");
    injector.world().cluster()[node].campaign();
    injector.world().wake(node);
    has_begun = true;
  }
  return has_begun;
}

// So many leaders, one after another.
bool step_down(Injector& injector, Stream& choices, std::uint32_t strength) {
  const auto leader = injector.world().cluster().leader();
  if (!leader) return false;
  injector.world().note(*leader, "is told to step down");
  injector.world().cluster()[*leader].step_down();
  injector.world().wake(*leader);
  if (strength == 1) return true;
  const Time again = choices.between(1, 2) * injector.election();
  injector.later(again, [&injector, choices, strength]() mutable { step_down(injector, choices, strength - 1); });
  return true;
}

// To a node that may be down, cut off or far behind. Sometimes the order itself takes so long that the leader may have
// given up.
bool transfer(Injector& injector, Stream& choices, std::uint32_t strength) {
  World& world = injector.world();
  const auto leader = world.cluster().leader();
  const std::size_t to = choices.below(world.size() + 1);
  const bool is_late = choices.below(4) < strength;
  const Time election = injector.election();
  const Time delay = choices.between(election / 4, 2 * election);
  if (!leader) return false;
  const bool is_anybody = to == world.size();
  world.note(*leader, "is told to hand over", is_anybody ? "to anybody" : "to " + Cluster::name(to));
  const std::size_t asked = to % world.size();  // where nodes find the leader for their operators
  const bool asks_anybody = world.options().cluster.links && world.cluster().is_up(asked);
  injector.operators().hand_over(asks_anybody ? asked : *leader, is_anybody ? raft::NodeId() : Cluster::name(to));
  for (std::size_t other = 0; is_late && other < world.size(); ++other) {
    world.network().delay_orders(*leader, other, delay);
    injector.later(election, [&world, from = *leader, other] { world.network().delay_orders(from, other, 0); });
  }
  return true;
}

// Several wishes, some of them at once: the later ones meet the earlier. All is drawn now, so that what becomes of one
// does not change the next.
bool members(Injector& injector, Stream& choices, std::uint32_t strength) {
  const Time election = injector.election();
  injector.world().note(Timeline::kWorld, "operators change who belongs to the cluster");
  Time at = 0;
  for (std::uint32_t i = 0; i < 3 * strength; ++i) {
    const bool follows = choices.below(3) > 0;
    const Time pause = choices.between(election / 20, election);
    if (follows) at += pause;
    const Wish wish = draw_wish(choices, injector.world().size());
    injector.later(at, [&injector, wish] { injector.operators().ask(wish); });
  }
  return true;
}

// A node tells its leader that it is reached elsewhere from now on, so many times.
bool moves(Injector& injector, Stream& choices, std::uint32_t strength) {
  const Time election = injector.election();
  const std::size_t node = choices.below(injector.world().size());
  Time at = 0;
  for (std::uint32_t i = 0; i < strength; ++i) {
    const std::string url = "http://" + Cluster::name(node) + ":" + std::to_string(choices.between(1, 9));
    at += choices.between(election / 20, election);
    injector.later(at, [&injector, node, url] { injector.operators().move(node, url); });
  }
  return true;
}

// What the upgrader does (sim/clients/upgrader.h) strikes at moments of its own.
bool upgrades(Injector&, Stream&, std::uint32_t) { return false; }

}  // namespace

std::vector<FaultKind> operator_faults() {
  return {
      {"campaign", "a node is told to call an election", 3, campaign},
      {"transfer", "a leader is told to hand over, to anybody or to one node", 4, transfer},
      {"members", "operators remove, add and replace nodes, some of them at the worst moments", 6, members},
      {"moves", "a node is reached at another address, and tells its leader", 2, moves},
      {"step-down", "a leader is told to step down", 2, step_down},
      {"upgrades", "releases are mixed: nodes are upgraded, and put back, one by one", 0, upgrades},
  };
}

}  // namespace timestore::sim
