// The kinds of faults: what each does. The table at the end is what the command line, the swarm and the nemesis know.
#include <algorithm>
#include <string>

#include "engine/base/mark.h"
#include "sim/nemesis.h"

namespace timestore::sim {

namespace {
constexpr std::uint32_t kChancePerStrength[] = {0, 3'000, 30'000, 300'000};  // of a disk operation, in a million
}  // namespace

struct Faults {
  // ---- links
  static bool partition(Nemesis& nemesis, Stream& choices, std::uint32_t strength) {
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

  static bool isolate(Nemesis& nemesis, Stream& choices, std::uint32_t strength) {
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
  static bool one_way(Nemesis& nemesis, Stream& choices, std::uint32_t strength) {
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
  static bool bridge(Nemesis& nemesis, Stream& choices, std::uint32_t strength) {
    const std::size_t one = nemesis.victim(choices);
    const std::size_t other = choices.below(nemesis.world_.size());
    const Time length = nemesis.length(choices, strength);
    if (one == other) return false;
    nemesis.world_.note(one, "does not reach", Cluster::name(other));
    nemesis.cut(one, other, length);
    nemesis.cut(other, one, length);
    return true;
  }

  static bool flap(Nemesis& nemesis, Stream& choices, std::uint32_t strength) {
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
  static bool churn(Nemesis& nemesis, Stream& choices, std::uint32_t strength) {
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

  static void depose(Nemesis& nemesis, Time length, std::size_t next, std::size_t friend_of_it) {
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

  static bool clog(Nemesis& nemesis, Stream& choices, std::uint32_t strength) {
    const std::size_t from = nemesis.victim(choices);
    const std::size_t to = choices.below(nemesis.world_.size());
    nemesis.world_.note(from, "its link is clogged", "to " + Cluster::name(to));
    nemesis.world_.network().clog(from, to, choices.between(1, 700) * strength * kMillisecond);
    nemesis.for_a_while(choices, strength, [&nemesis, from, to] { nemesis.world_.network().clog(from, to, 0); });
    return true;
  }

  static bool throttle(Nemesis& nemesis, Stream& choices, std::uint32_t strength) {
    const std::uint64_t bytes_per_second = choices.between(50'000, 500'000) / strength;
    nemesis.world_.note(Timeline::kWorld, "slow links", std::to_string(bytes_per_second) + " bytes/s");
    nemesis.world_.network().throttle(bytes_per_second);
    nemesis.for_a_while(choices, strength, [&nemesis] {
      nemesis.world_.network().throttle(nemesis.world_.swarm().network.bytes_per_second);
    });
    return true;
  }

  // ---- processes and clocks
  static bool kill(Nemesis& nemesis, Stream& choices, std::uint32_t strength) {
    const std::size_t node = nemesis.victim(choices);
    const Time down = nemesis.length(choices, strength);
    if (!nemesis.world_.cluster().is_up(node)) return false;
    nemesis.world_.kill(node, down);
    return true;
  }

  static CrashPolicy policy(Stream& choices) { return kCrashPolicies[choices.below(std::size(kCrashPolicies))]; }

  static bool power(Nemesis& nemesis, Stream& choices, std::uint32_t strength) {
    const std::size_t node = nemesis.victim(choices);
    const CrashPolicy after = policy(choices);
    const Time down = nemesis.length(choices, strength);
    if (!nemesis.world_.cluster().is_up(node)) return false;
    nemesis.world_.lose_power(node, after, down);
    return true;
  }

  // In the middle of what the disk does next.
  static bool tear(Nemesis& nemesis, Stream& choices, std::uint32_t strength) {
    const std::size_t node = nemesis.victim(choices);
    const std::uint64_t change = choices.between(1, 12 * strength);
    const CrashPolicy after = policy(choices);
    nemesis.world_.lose_power_at(node, change, after, nemesis.length(choices, strength));
    return true;
  }

  static bool blackout(Nemesis& nemesis, Stream& choices, std::uint32_t strength) {
    TIMESTORE_MARK("nemesis: every node lost power at once");
    for (std::size_t node = 0; node < nemesis.world_.size(); ++node) {
      const CrashPolicy after = policy(choices);
      nemesis.world_.lose_power(node, after, nemesis.length(choices, strength));
    }
    return true;
  }

  static bool pause(Nemesis& nemesis, Stream& choices, std::uint32_t strength) {
    const std::size_t node = nemesis.victim(choices);
    if (nemesis.world_.cluster().leader() == node) TIMESTORE_MARK("nemesis: a leader was paused");
    nemesis.world_.note(node, "paused");
    nemesis.world_.pause(node, nemesis.length(choices, strength));
    return true;
  }

  static bool clock_rate(Nemesis& nemesis, Stream& choices, std::uint32_t strength) {
    const std::size_t node = nemesis.victim(choices);
    const auto percent = static_cast<std::uint32_t>(choices.between(100 - 25 * strength, 100 + 100 * strength));
    nemesis.world_.note(node, "its clock runs", "at " + std::to_string(percent) + " %");
    nemesis.world_.set_clock(node, percent);
    nemesis.for_a_while(choices, strength, [&nemesis, node] { nemesis.world_.set_clock(node, 100); });
    return true;
  }

  static bool clock_jump(Nemesis& nemesis, Stream& choices, std::uint32_t strength) {
    const std::size_t node = nemesis.victim(choices);
    const auto ticks = static_cast<std::uint32_t>(
        choices.below(nemesis.world_.swarm().cluster.raft.election_ticks_max * strength) + 1);
    nemesis.world_.note(node, "its clock jumps", std::to_string(ticks) + " ticks");
    nemesis.world_.jump_clock(node, ticks);
    return true;
  }

  // ---- disks
  static bool sick(Nemesis& nemesis, Stream& choices, std::uint32_t strength, const char* what,
                   const DiskFaults& faults) {
    const std::size_t node = nemesis.victim(choices);
    nemesis.world_.note(node, what);
    nemesis.world_.cluster().disk(node).set_faults(faults);
    nemesis.for_a_while(choices, strength, [&nemesis, node] { nemesis.world_.cluster().disk(node).set_faults({}); });
    return true;
  }

  static bool sync_error(Nemesis& nemesis, Stream& choices, std::uint32_t strength) {
    return sick(nemesis, choices, strength, "its syncs fail", {.sync_error = kChancePerStrength[strength]});
  }

  static bool write_error(Nemesis& nemesis, Stream& choices, std::uint32_t strength) {
    return sick(nemesis, choices, strength, "its writes fail", {.write_error = kChancePerStrength[strength]});
  }

  static bool read_error(Nemesis& nemesis, Stream& choices, std::uint32_t strength) {
    return sick(nemesis, choices, strength, "its reads fail", {.read_error = kChancePerStrength[strength]});
  }

  static bool full(Nemesis& nemesis, Stream& choices, std::uint32_t strength) {
    const std::size_t node = nemesis.victim(choices);
    Disk& disk = nemesis.world_.cluster().disk(node);
    nemesis.world_.note(node, "its disk is nearly full");
    disk.set_faults({.capacity_bytes = disk.size_bytes() + choices.below(50'000)});
    nemesis.for_a_while(choices, strength, [&nemesis, node] { nemesis.world_.cluster().disk(node).set_faults({}); });
    return true;
  }

  static bool slow(Nemesis& nemesis, Stream& choices, std::uint32_t strength) {
    const std::size_t node = nemesis.victim(choices);
    nemesis.world_.note(node, "its disk is slow");
    nemesis.world_.set_disk_delay(node, static_cast<std::uint32_t>(choices.between(2, 60) * strength));
    nemesis.for_a_while(choices, strength, [&nemesis, node] { nemesis.world_.set_disk_delay(node, 1); });
    return true;
  }

  static bool stall(Nemesis& nemesis, Stream& choices, std::uint32_t strength) {
    const std::size_t node = nemesis.victim(choices);
    if (nemesis.world_.cluster().leader() == node) TIMESTORE_MARK("nemesis: a leader's disk stood still");
    nemesis.world_.note(node, "its disk stands still");
    nemesis.world_.stall_disk(node, nemesis.length(choices, strength) * 2);
    return true;
  }

  // A client reads a node's series file very slowly: checkpoints and installations must wait for it.
  static bool slow_reader(Nemesis& nemesis, Stream& choices, std::uint32_t strength) {
    const std::size_t node = nemesis.victim(choices);
    Cluster& cluster = nemesis.world_.cluster();
    if (!cluster.is_up(node)) return false;
    nemesis.world_.note(node, "is read slowly");
    nemesis.world_.cluster().begin_slow_read(node);
    nemesis.for_a_while(choices, strength, [&nemesis, node] { nemesis.world_.cluster().end_slow_read(node); });
    return true;
  }

  static bool rot(Nemesis& nemesis, Stream& choices, std::string_view path, std::uint32_t strength) {
    const std::size_t node = nemesis.victim(choices);
    std::uint32_t bits = 0;
    while (bits < strength && nemesis.rot(node, path)) ++bits;
    if (bits == 0) return false;
    TIMESTORE_MARK("nemesis: bits rotted");
    nemesis.world_.note(node, "bits rot", std::to_string(bits) + " in " + std::string(path));
    return true;
  }

  static bool rot_log(Nemesis& nemesis, Stream& choices, std::uint32_t strength) {
    const bool is_wal = choices.below(2) == 1;
    return rot(nemesis, choices, is_wal ? "log.db-wal" : "log.db", strength);
  }

  static bool rot_series(Nemesis& nemesis, Stream& choices, std::uint32_t strength) {
    return rot(nemesis, choices, "series.db", strength);
  }

  static bool lost_disk(Nemesis& nemesis, Stream& choices, std::uint32_t strength) {
    std::uint32_t lost = 0;
    for (std::uint32_t i = 0; i < strength; ++i) {
      const std::size_t node = nemesis.victim(choices);
      if (nemesis.world_.is_gone(node) || !nemesis.may_lose_a_disk()) continue;
      TIMESTORE_MARK("nemesis: a disk was lost for good");
      nemesis.world_.lose_disk(node);
      ++lost;
    }
    return lost > 0;
  }

  static bool wipe(Nemesis& nemesis, Stream& choices, std::uint32_t strength) {
    const std::size_t node = nemesis.victim(choices);
    const Time down = nemesis.length(choices, strength);
    if (!nemesis.world_.may_be_wiped(node)) return false;
    TIMESTORE_MARK("nemesis: a node came back with an empty disk");
    nemesis.world_.note(node, "loses what is on its disk");
    nemesis.world_.wipe(node, down);
    return true;
  }

  // More than Raft survives: a bare majority, one disk more, or two.
  static bool majority(Nemesis& nemesis, Stream& choices, std::uint32_t strength) {
    if (nemesis.is_hopeless_ || choices.below(20) != 19) return false;
    TIMESTORE_MARK("nemesis: a majority of the disks was lost for good");
    nemesis.is_hopeless_ = true;
    const std::size_t first = nemesis.victim(choices);
    const std::size_t lost = std::min<std::size_t>(nemesis.world_.size(), nemesis.world_.size() / 2 + strength);
    for (std::size_t i = 0; i < lost; ++i) {
      const std::size_t node = (first + i) % nemesis.world_.size();
      if (!nemesis.world_.is_gone(node)) nemesis.world_.lose_disk(node);
    }
    return true;
  }

  // ---- operators
  // So many at once: they compete.
  static bool campaign(Nemesis& nemesis, Stream& choices, std::uint32_t strength) {
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
  static bool step_down(Nemesis& nemesis, Stream& choices, std::uint32_t strength) {
    const auto leader = nemesis.world_.cluster().leader();
    if (!leader) return false;
    nemesis.world_.note(*leader, "is told to step down");
    nemesis.world_.cluster()[*leader].step_down();
    nemesis.world_.wake(*leader);
    if (strength == 1) return true;
    const Swarm& swarm = nemesis.world_.swarm();
    const Time again = choices.between(1, 2) * swarm.tick * swarm.cluster.raft.election_ticks_max;
    nemesis.world_.after(again, [&nemesis, &choices, epoch = nemesis.epoch_, strength] {
      if (epoch == nemesis.epoch_) step_down(nemesis, choices, strength - 1);
    });
    return true;
  }

  // To a node that may be down, cut off or far behind.
  static bool transfer(Nemesis& nemesis, Stream& choices, std::uint32_t) {
    const auto leader = nemesis.world_.cluster().leader();
    const std::size_t to = choices.below(nemesis.world_.size() + 1);
    if (!leader) return false;
    const bool is_anybody = to == nemesis.world_.size();
    nemesis.world_.note(*leader, "is told to hand over", is_anybody ? "to anybody" : "to " + Cluster::name(to));
    nemesis.world_.cluster()[*leader].transfer(is_anybody ? raft::NodeId() : Cluster::name(to));
    nemesis.world_.wake(*leader);
    return true;
  }

  static bool nothing(Nemesis&, Stream&, std::uint32_t) { return false; }
};

const std::vector<Nemesis::Kind>& Nemesis::kinds() {
  static const std::vector<Kind> all = {
      {{"loss", "single messages are lost"}, 0, Faults::nothing},
      {{"duplication", "single messages arrive twice"}, 0, Faults::nothing},
      {{"reordering", "single messages are overtaken by later ones"}, 0, Faults::nothing},
      {{"straggling", "single messages arrive seconds later"}, 0, Faults::nothing},
      {{"partition", "the nodes fall into two groups that do not hear each other"}, 6, Faults::partition},
      {{"isolate", "one node, often the leader, is cut off"}, 8, Faults::isolate},
      {{"one-way", "links are cut in one direction only"}, 6, Faults::one_way},
      {{"bridge", "two nodes do not hear each other, the others hear both"}, 4, Faults::bridge},
      {{"flap", "the links of a node come and go quickly"}, 3, Faults::flap},
      {{"churn", "leaders are cut off one after another, and others told to take their place"}, 6, Faults::churn},
      {{"clog", "one link delays everything by up to seconds"}, 4, Faults::clog},
      {{"throttle", "links carry few bytes a second"}, 2, Faults::throttle},
      {{"kill", "a process dies; what it wrote stays with the operating system"}, 8, Faults::kill},
      {{"power", "a node loses power between two operations of its disk"}, 8, Faults::power},
      {{"tear", "a node loses power in the middle of a write of its disk"}, 10, Faults::tear},
      {{"blackout", "all nodes lose power at once"}, 2, Faults::blackout},
      {{"pause", "a process stands still and then goes on as if nothing had been"}, 5, Faults::pause},
      {{"clock-rate", "a node's clock runs too slowly or too fast"}, 3, Faults::clock_rate},
      {{"clock-jump", "a node's clock jumps forward"}, 4, Faults::clock_jump},
      {{"sync-error", "syncs fail and lose what they should have written"}, 4, Faults::sync_error},
      {{"write-error", "writes to a disk fail"}, 3, Faults::write_error},
      {{"read-error", "reads from a disk fail"}, 3, Faults::read_error},
      {{"disk-full", "a disk has no space left"}, 3, Faults::full},
      {{"slow-disk", "a disk takes many times longer"}, 4, Faults::slow},
      {{"stalled-disk", "a disk does nothing for a while"}, 5, Faults::stall},
      {{"slow-reader", "somebody reads a node's series file and takes long"}, 6, Faults::slow_reader},
      {{"rot-log", "bits flip in cold parts of a log file, on a minority of the nodes"}, 1, Faults::rot_log},
      {{"rot-series", "bits flip in cold parts of a series file, on a minority of the nodes"}, 1, Faults::rot_series},
      {{"lost-disk", "a node and its disk are gone for good, a minority at most"}, 1, Faults::lost_disk},
      {{"wiped-disk", "a node comes back with an empty disk, once, and a minority at most"}, 2, Faults::wipe},
      {{"majority", "rarely: more disks are lost than a cluster can survive"}, 1, Faults::majority},
      {{"campaign", "a node is told to call an election"}, 3, Faults::campaign},
      {{"transfer", "a leader is told to hand over, to anybody or to one node"}, 4, Faults::transfer},
      {{"step-down", "a leader is told to step down"}, 2, Faults::step_down},
  };
  return all;
}

}  // namespace timestore::sim
