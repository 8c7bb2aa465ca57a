// Faults of links: who hears whom, and how fast.
#include <algorithm>
#include <string>

#include "engine/base/mark.h"
#include "sim/faults/faults.h"

namespace timestore::sim {

bool Faults::partition(Nemesis& nemesis, Stream& choices, std::uint32_t strength) {
  World& world = nemesis.world_;
  const std::uint64_t sides = 1 + choices.below((std::uint64_t{1} << world.size()) - 1);
  const Time length = nemesis.length(choices, strength);
  world.note(Timeline::kWorld, "partition", "sides " + std::to_string(sides));
  for (std::size_t from = 0; from < world.size(); ++from) {
    for (std::size_t to = 0; to < world.size(); ++to) {
      if ((sides >> from & 1) != (sides >> to & 1)) nemesis.cut(from, to, length);
    }
  }
  return true;
}

bool Faults::isolate(Nemesis& nemesis, Stream& choices, std::uint32_t strength) {
  const std::size_t node = nemesis.victim(choices);
  const Time length = nemesis.length(choices, strength);
  nemesis.world_.note(node, "isolated");
  if (choices.below(4) == 3)
    nemesis.world_.stall_disk(node, 2 * length);  // and when it is heard again, its disk is not
  if (nemesis.world_.cluster().leader() == node) TIMESTORE_MARK("nemesis: a leader was isolated");
  for (std::size_t other = 0; other < nemesis.world_.size(); ++other) {
    nemesis.cut(node, other, length);
    nemesis.cut(other, node, length);
  }
  return true;
}

// A node that cannot speak, or cannot hear, or a single direction of one link.
bool Faults::one_way(Nemesis& nemesis, Stream& choices, std::uint32_t strength) {
  const std::size_t node = nemesis.victim(choices);
  const std::uint64_t way = choices.below(3);
  const std::size_t single = choices.below(nemesis.world_.size());
  const Time length = nemesis.length(choices, strength);
  nemesis.world_.note(node, way == 0 ? "one link is cut" : way == 1 ? "cannot speak" : "cannot hear");
  for (std::size_t other = 0; other < nemesis.world_.size(); ++other) {
    if (way == 1 || (way == 0 && other == single)) nemesis.cut(node, other, length);
    if (way == 2) nemesis.cut(other, node, length);
  }
  return true;
}

// Two nodes that cannot talk, while everybody else hears both.
bool Faults::bridge(Nemesis& nemesis, Stream& choices, std::uint32_t strength) {
  const std::size_t one = nemesis.victim(choices);
  const std::size_t other = choices.below(nemesis.world_.size());
  const Time length = nemesis.length(choices, strength);
  if (one == other) return false;
  nemesis.world_.note(one, "does not reach", Cluster::name(other));
  nemesis.cut(one, other, length);
  nemesis.cut(other, one, length);
  return true;
}

bool Faults::flap(Nemesis& nemesis, Stream& choices, std::uint32_t strength) {
  const std::size_t node = nemesis.victim(choices);
  nemesis.world_.note(node, "its links flap");
  Time at = 0;
  for (std::uint32_t i = 0; i < 4 * strength; ++i) {
    at += choices.between(1, 400) * kMillisecond;
    const Time length = choices.between(1, 300) * kMillisecond;
    const std::size_t other = choices.below(nemesis.world_.size());
    nemesis.world_.after(at, [&nemesis, epoch = nemesis.epoch_, node, other, length] {
      if (epoch != nemesis.epoch_) return;
      nemesis.cut(node, other, length);
      nemesis.cut(other, node, length);
    });
  }
  return true;
}

// One leader after another is cut off as soon as it has been elected, and somebody else is told to take its place:
// logs diverge, and terms leave entries on single nodes (the paper's figures 7 and 8).
bool Faults::churn(Nemesis& nemesis, Stream& choices, std::uint32_t strength) {
  const Swarm& swarm = nemesis.world_.swarm();
  const Time election = swarm.tick * swarm.cluster.raft.election_ticks_max;
  nemesis.world_.note(Timeline::kWorld, "leaders are cut off one after another");
  Time at = 0;
  for (std::uint32_t i = 0; i < 5 * strength; ++i) {
    at += choices.between(election / 20, election);
    const Time length = choices.between(election / 4, election * 2);
    const std::size_t next = choices.below(nemesis.world_.size());
    const std::size_t friend_of_it = choices.below(2 * nemesis.world_.size());  // hears it still, if it exists
    nemesis.world_.after(at, [&nemesis, epoch = nemesis.epoch_, length, next, friend_of_it] {
      if (epoch == nemesis.epoch_) depose(nemesis, length, next, friend_of_it);
    });
  }
  return true;
}

void Faults::depose(Nemesis& nemesis, Time length, std::size_t next, std::size_t friend_of_it) {
  World& world = nemesis.world_;
  const auto leader = world.cluster().leader();
  for (std::size_t other = 0; leader && other < world.size(); ++other) {
    if (other == friend_of_it) continue;
    nemesis.cut(*leader, other, length);
    nemesis.cut(other, *leader, length);
  }
  if (leader == next || !world.cluster().is_up(next)) return;
  world.cluster()[next].campaign();
  world.wake(next);
}

bool Faults::clog(Nemesis& nemesis, Stream& choices, std::uint32_t strength) {
  const std::size_t from = nemesis.victim(choices);
  const std::size_t to = choices.below(nemesis.world_.size());
  nemesis.world_.note(from, "its link is clogged", "to " + Cluster::name(to));
  nemesis.world_.network().clog(from, to, choices.between(1, 700) * strength * kMillisecond);
  nemesis.for_a_while(choices, strength, [&nemesis, from, to] { nemesis.world_.network().clog(from, to, 0); });
  return true;
}

bool Faults::throttle(Nemesis& nemesis, Stream& choices, std::uint32_t strength) {
  const std::uint64_t bytes_per_second = choices.between(50'000, 500'000) / strength;
  nemesis.world_.note(Timeline::kWorld, "slow links", std::to_string(bytes_per_second) + " bytes/s");
  nemesis.world_.network().throttle(bytes_per_second);
  nemesis.for_a_while(choices, strength, [&nemesis] {
    nemesis.world_.network().throttle(nemesis.world_.swarm().network.bytes_per_second);
  });
  return true;
}

}  // namespace timestore::sim
