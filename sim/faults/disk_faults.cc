// Faults of disks, within their contract (disk.h) and beyond.
#include <algorithm>
#include <cstddef>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>

#include "engine/base/mark.h"
#include "sim/faults/faults.h"
#include "sim/faults/injector.h"

namespace timestore::sim {

namespace {

constexpr std::uint32_t kChancePerStrength[] = {0, 3'000, 30'000, 300'000};  // of a disk operation, in a million

constexpr const char* kFullFiles[] = {"", "log.db", "", "series.db"};  // empty: all; else those whose names begin so

bool sick(Injector& injector, Stream& choices, std::uint32_t strength, const char* what, const DiskFaults& faults) {
  const std::size_t node = injector.victim(choices);
  injector.world().note(node, what);
  injector.world().cluster().disk(node).set_faults(faults);
  injector.for_a_while(choices, strength, [&injector, node] { injector.world().cluster().disk(node).set_faults({}); });
  return true;
}

bool sync_error(Injector& injector, Stream& choices, std::uint32_t strength) {
  return sick(injector, choices, strength, "its syncs fail", {.sync_error = kChancePerStrength[strength]});
}

bool write_error(Injector& injector, Stream& choices, std::uint32_t strength) {
  return sick(injector, choices, strength, "its writes fail", {.write_error = kChancePerStrength[strength]});
}

bool read_error(Injector& injector, Stream& choices, std::uint32_t strength) {
  return sick(injector, choices, strength, "its reads fail", {.read_error = kChancePerStrength[strength]});
}

bool full(Injector& injector, Stream& choices, std::uint32_t strength) {
  const std::size_t node = injector.victim(choices);
  Disk& disk = injector.world().cluster().disk(node);
  const std::uint64_t room = choices.below(50'000);
  const char* files = kFullFiles[choices.below(std::size(kFullFiles))];
  const bool is_for_all = *files == 0;
  injector.world().note(node, is_for_all ? "its disk is nearly full" : "there is no space for", files);
  if (is_for_all) disk.set_faults({.capacity_bytes = disk.size_bytes() + room});
  if (!is_for_all) disk.set_faults({.full_files = files});
  injector.for_a_while(choices, strength, [&injector, node] { injector.world().cluster().disk(node).set_faults({}); });
  return true;
}

bool slow(Injector& injector, Stream& choices, std::uint32_t strength) {
  const std::size_t node = injector.victim(choices);
  injector.world().note(node, "its disk is slow");
  injector.world().set_disk_delay(node, static_cast<std::uint32_t>(choices.between(2, 60) * strength));
  injector.for_a_while(choices, strength, [&injector, node] { injector.world().set_disk_delay(node, 1); });
  return true;
}

// Every disk is as slow as a memory card, or half of them are: a sync may take longer than an election time-out.
bool slow_everywhere(Injector& injector, Stream& choices, std::uint32_t strength) {
  World& world = injector.world();
  const bool is_for_all = choices.below(3) > 0;
  const Time most = choices.between(injector.election() / 4, strength * injector.election());
  const std::uint32_t factor = world.disk_factor_for(most);
  world.note(Timeline::kWorld, is_for_all ? "all disks are slow" : "half of the disks are slow");
  for (std::size_t node = 0; node < world.size(); ++node) {
    if (is_for_all || node % 2 == 0) world.set_disk_delay(node, factor);
  }
  injector.for_a_while(choices, strength, [&world] {
    for (std::size_t node = 0; node < world.size(); ++node) world.set_disk_delay(node, 1);
  });
  return true;
}

bool stall(Injector& injector, Stream& choices, std::uint32_t strength) {
  const std::size_t node = injector.victim(choices);
  if (injector.world().cluster().leader() == node) TIMESTORE_MARK("nemesis: a leader's disk stood still");
  injector.world().note(node, "its disk stands still");
  injector.world().stall_disk(node, injector.length(choices, strength) * 2);
  return true;
}

// A client reads a node's series file very slowly: checkpoints and installations must wait for it.
bool slow_reader(Injector& injector, Stream& choices, std::uint32_t strength) {
  const std::size_t node = injector.victim(choices);
  Cluster& cluster = injector.world().cluster();
  if (!cluster.is_up(node)) return false;
  injector.world().note(node, "is read slowly");
  injector.world().cluster().begin_slow_read(node);
  injector.for_a_while(choices, strength, [&injector, node] { injector.world().cluster().end_slow_read(node); });
  return true;
}

// Whose bits rotted; nullopt: nobody's.
std::optional<std::size_t> rot(Injector& injector, Stream& choices, std::string_view path, std::uint32_t strength) {
  const std::size_t node = injector.victim(choices);
  std::uint32_t bits = 0;
  while (bits < strength && injector.rot(node, path)) ++bits;
  if (bits == 0) return std::nullopt;
  TIMESTORE_MARK("nemesis: bits rotted");
  injector.world().note(node, "bits rot", std::to_string(bits) + " in " + std::string(path));
  return node;
}

bool rot_log(Injector& injector, Stream& choices, std::uint32_t strength) {
  const bool is_wal = choices.below(2) == 1;
  const bool dies = is_wal && choices.below(2) == 1;
  const Time down = injector.length(choices, strength);
  const std::optional<std::size_t> node = rot(injector, choices, is_wal ? "log.db-wal" : "log.db", strength);
  if (!node) return false;
  // Only whoever starts reads a write-ahead log. Later it goes on behind the damage, or has begun anew.
  if (dies && injector.world().cluster().is_up(*node)) injector.world().kill(*node, down);
  return true;
}

bool rot_series(Injector& injector, Stream& choices, std::uint32_t strength) {
  return rot(injector, choices, "series.db", strength).has_value();
}

bool lost_disk(Injector& injector, Stream& choices, std::uint32_t strength) {
  std::uint32_t lost = 0;
  for (std::uint32_t i = 0; i < strength; ++i) {
    const std::size_t node = injector.victim(choices);
    if (injector.world().is_gone(node) || !injector.may_lose_a_disk()) continue;
    TIMESTORE_MARK("nemesis: a disk was lost for good");
    injector.world().lose_disk(node);
    ++lost;
  }
  return lost > 0;
}

bool wipe(Injector& injector, Stream& choices, std::uint32_t strength) {
  const std::size_t node = injector.victim(choices);
  const Time down = injector.length(choices, strength);
  if (!injector.world().may_be_wiped(node)) return false;
  TIMESTORE_MARK("nemesis: a node came back with an empty disk");
  injector.world().note(node, "loses what is on its disk");
  injector.world().wipe(node, down);
  return true;
}

// Whom its own entries keep from founding a cluster anew; nobody: not where it cannot be told.
std::optional<std::size_t> keeper_of_data(World& world) {
  const auto leader = world.cluster().leader();
  const bool is_known = leader && world.options().cluster.outsiders == 0 && world.options().cluster.releases.empty();
  if (!is_known || world.is_rotten(*leader)) return std::nullopt;
  return world.cluster().core(*leader).level() > raft::kOriginalLevel ? leader : std::nullopt;
}

// More than Raft survives: a bare majority, one disk more, or two. Every other time the nodes come back, with empty
// disks: they must wait to be let in, for ever, instead of founding a cluster that has forgotten everything. Half of
// those have been cleaned and start as they did first, with the settings of founders, beside one that holds data.
bool majority(Injector& injector, Stream& choices, std::uint32_t strength) {
  if (injector.is_hopeless() || choices.below(20) != 19) return false;
  World& world = injector.world();
  TIMESTORE_MARK("nemesis: a majority of the disks was lost for good");
  injector.give_up_hope();
  const std::size_t first = injector.victim(choices);
  const Time down = injector.length(choices, strength);
  const bool come_back = choices.below(2) == 1;
  const bool wishes_to_found = choices.below(2) == 1;
  const auto keeper = come_back && wishes_to_found ? keeper_of_data(world) : std::nullopt;
  const std::size_t lost = std::min<std::size_t>(world.size(), world.size() / 2 + strength);
  for (std::size_t i = 0; i < lost; ++i) {
    const std::size_t node = (first + i) % world.size();
    if (world.is_gone(node) || node == keeper) continue;
    if (come_back) {
      world.wipe(node, down, keeper.has_value());
    } else {
      world.lose_disk(node);
    }
  }
  if (come_back) TIMESTORE_MARK("nemesis: a majority came back with empty disks");
  if (keeper) TIMESTORE_MARK("nemesis: a majority was cleaned and started as founders");
  return true;
}

}  // namespace

std::vector<FaultKind> disk_faults() {
  return {
      {"sync-error", "syncs fail and lose what they should have written", 4, sync_error},
      {"write-error", "writes to a disk fail", 3, write_error},
      {"read-error", "reads from a disk fail", 3, read_error},
      {"disk-full", "a disk has no space left", 3, full},
      {"slow-disk", "a disk takes many times longer", 4, slow},
      {"slow-disks", "all disks, or half of them, take longer than an election time-out", 2, slow_everywhere},
      {"stalled-disk", "a disk does nothing for a while", 5, stall},
      {"slow-reader", "somebody reads a node's series file and takes long", 6, slow_reader},
      {"rot-log", "bits flip in cold parts of a log file, on a minority of the nodes", 1, rot_log},
      {"rot-series", "bits flip in cold parts of a series file, on a minority of the nodes", 1, rot_series},
      {"lost-disk", "a node and its disk are gone for good, a minority at most", 1, lost_disk},
      {"wiped-disk", "a node comes back with an empty disk, once, and a minority at most", 2, wipe},
      {"majority", "rarely: more disks are lost than a cluster can survive", 1, majority},
  };
}

}  // namespace timestore::sim
