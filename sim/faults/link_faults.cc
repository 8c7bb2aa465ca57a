// Faults of links: who hears whom, and how fast.
#include <algorithm>
#include <string>

#include "engine/base/mark.h"
#include "sim/faults/faults.h"
#include "sim/faults/injector.h"

namespace timestore::sim {

namespace {

bool partition(Injector& injector, Stream& choices, std::uint32_t strength) {
  World& world = injector.world();
  const std::uint64_t sides = 1 + choices.below((std::uint64_t{1} << world.size()) - 1);
  const Time length = injector.length(choices, strength);
  world.note(Timeline::kWorld, "partition", "sides " + std::to_string(sides));
  for (std::size_t from = 0; from < world.size(); ++from) {
    for (std::size_t to = 0; to < world.size(); ++to) {
      if ((sides >> from & 1) != (sides >> to & 1)) injector.cut(from, to, length);
    }
  }
  return true;
}

bool isolate(Injector& injector, Stream& choices, std::uint32_t strength) {
  const std::size_t node = injector.victim(choices);
  const Time length = injector.length(choices, strength);
  injector.world().note(node, "isolated");
  if (choices.below(4) == 3)
    injector.world().stall_disk(node, 2 * length);  // and when it is heard again, its disk is not
  if (injector.world().cluster().leader() == node) TIMESTORE_MARK("nemesis: a leader was isolated");
  for (std::size_t other = 0; other < injector.world().size(); ++other) {
    injector.cut(node, other, length);
    injector.cut(other, node, length);
  }
  return true;
}

// A node that cannot speak, or cannot hear, or a single direction of one link.
bool one_way(Injector& injector, Stream& choices, std::uint32_t strength) {
  const std::size_t node = injector.victim(choices);
  const std::uint64_t way = choices.below(3);
  const std::size_t single = choices.below(injector.world().size());
  const Time length = injector.length(choices, strength);
  injector.world().note(node, way == 0 ? "one link is cut" : way == 1 ? "cannot speak" : "cannot hear");
  for (std::size_t other = 0; other < injector.world().size(); ++other) {
    if (way == 1 || (way == 0 && other == single)) injector.cut(node, other, length);
    if (way == 2) injector.cut(other, node, length);
  }
  return true;
}

// Two nodes that cannot talk, while everybody else hears both.
bool bridge(Injector& injector, Stream& choices, std::uint32_t strength) {
  const std::size_t one = injector.victim(choices);
  const std::size_t other = choices.below(injector.world().size());
  const Time length = injector.length(choices, strength);
  if (one == other) return false;
  injector.world().note(one, "does not reach", Cluster::name(other));
  injector.cut(one, other, length);
  injector.cut(other, one, length);
  return true;
}

bool flap(Injector& injector, Stream& choices, std::uint32_t strength) {
  const std::size_t node = injector.victim(choices);
  injector.world().note(node, "its links flap");
  Time at = 0;
  for (std::uint32_t i = 0; i < 4 * strength; ++i) {
    at += choices.between(1, 400) * kMillisecond;
    const Time length = choices.between(1, 300) * kMillisecond;
    const std::size_t other = choices.below(injector.world().size());
    injector.later(at, [&injector, node, other, length] {
      injector.cut(node, other, length);
      injector.cut(other, node, length);
    });
  }
  return true;
}

void depose(Injector& injector, Time length, std::size_t next, std::size_t friend_of_it) {
  World& world = injector.world();
  const auto leader = world.cluster().leader();
  for (std::size_t other = 0; leader && other < world.size(); ++other) {
    if (other == friend_of_it) continue;
    injector.cut(*leader, other, length);
    injector.cut(other, *leader, length);
  }
  if (leader == next || !world.cluster().is_up(next)) return;
  world.cluster()[next].campaign();
  world.wake(next);
}

// One leader after another is cut off as soon as it has been elected, and somebody else is told to take its place:
// logs diverge, and terms leave entries on single nodes (the paper's figures 7 and 8).
bool churn(Injector& injector, Stream& choices, std::uint32_t strength) {
  const Time election = injector.election();
  injector.world().note(Timeline::kWorld, "leaders are cut off one after another");
  Time at = 0;
  for (std::uint32_t i = 0; i < 5 * strength; ++i) {
    at += choices.between(election / 20, election);
    const Time length = choices.between(election / 4, election * 2);
    const std::size_t next = choices.below(injector.world().size());
    const std::size_t friend_of_it = choices.below(2 * injector.world().size());  // hears it still, if it exists
    injector.later(at, [&injector, length, next, friend_of_it] { depose(injector, length, next, friend_of_it); });
  }
  return true;
}

bool clog(Injector& injector, Stream& choices, std::uint32_t strength) {
  const std::size_t from = injector.victim(choices);
  const std::size_t to = choices.below(injector.world().size());
  injector.world().note(from, "its link is clogged", "to " + Cluster::name(to));
  injector.world().network().clog(from, to, choices.between(1, 700) * strength * kMillisecond);
  injector.for_a_while(choices, strength, [&injector, from, to] { injector.world().network().clog(from, to, 0); });
  return true;
}

bool throttle(Injector& injector, Stream& choices, std::uint32_t strength) {
  const std::uint64_t bytes_per_second = choices.between(50'000, 500'000) / strength;
  injector.world().note(Timeline::kWorld, "slow links", std::to_string(bytes_per_second) + " bytes/s");
  injector.world().network().throttle(bytes_per_second);
  injector.for_a_while(choices, strength, [&injector] {
    injector.world().network().throttle(injector.world().options().network.bytes_per_second);
  });
  return true;
}

// What the swarm alone does.
bool nothing(Injector&, Stream&, std::uint32_t) { return false; }

}  // namespace

std::vector<FaultKind> link_faults() {
  return {
      {"loss", "single messages are lost", 0, nothing},
      {"duplication", "single messages arrive twice", 0, nothing},
      {"reordering", "single messages are overtaken by later ones", 0, nothing},
      {"straggling", "single messages arrive seconds later", 0, nothing},
      {"partition", "the nodes fall into two groups that do not hear each other", 6, partition},
      {"isolate", "one node, often the leader, is cut off", 8, isolate},
      {"one-way", "links are cut in one direction only", 6, one_way},
      {"bridge", "two nodes do not hear each other, the others hear both", 4, bridge},
      {"flap", "the links of a node come and go quickly", 3, flap},
      {"churn", "leaders are cut off one after another, and others told to take their place", 6, churn},
      {"clog", "one link delays everything by up to seconds", 4, clog},
      {"throttle", "links carry few bytes a second", 2, throttle},
  };
}

}  // namespace timestore::sim
