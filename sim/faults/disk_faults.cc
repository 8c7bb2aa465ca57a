// Faults of disks, within their contract (disk.h) and beyond.
#include <algorithm>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "engine/base/mark.h"
#include "sim/faults/faults.h"

namespace timestore::sim {

namespace {
constexpr std::uint32_t kChancePerStrength[] = {0, 3'000, 30'000, 300'000};  // of a disk operation, in a million
}  // namespace

bool Faults::sick(Nemesis& nemesis, Stream& choices, std::uint32_t strength, const char* what,
                  const DiskFaults& faults) {
  const std::size_t node = nemesis.victim(choices);
  nemesis.world_.note(node, what);
  nemesis.world_.cluster().disk(node).set_faults(faults);
  nemesis.for_a_while(choices, strength, [&nemesis, node] { nemesis.world_.cluster().disk(node).set_faults({}); });
  return true;
}

bool Faults::sync_error(Nemesis& nemesis, Stream& choices, std::uint32_t strength) {
  return sick(nemesis, choices, strength, "its syncs fail", {.sync_error = kChancePerStrength[strength]});
}

bool Faults::write_error(Nemesis& nemesis, Stream& choices, std::uint32_t strength) {
  return sick(nemesis, choices, strength, "its writes fail", {.write_error = kChancePerStrength[strength]});
}

bool Faults::read_error(Nemesis& nemesis, Stream& choices, std::uint32_t strength) {
  return sick(nemesis, choices, strength, "its reads fail", {.read_error = kChancePerStrength[strength]});
}

bool Faults::full(Nemesis& nemesis, Stream& choices, std::uint32_t strength) {
  const std::size_t node = nemesis.victim(choices);
  Disk& disk = nemesis.world_.cluster().disk(node);
  nemesis.world_.note(node, "its disk is nearly full");
  disk.set_faults({.capacity_bytes = disk.size_bytes() + choices.below(50'000)});
  nemesis.for_a_while(choices, strength, [&nemesis, node] { nemesis.world_.cluster().disk(node).set_faults({}); });
  return true;
}

bool Faults::slow(Nemesis& nemesis, Stream& choices, std::uint32_t strength) {
  const std::size_t node = nemesis.victim(choices);
  nemesis.world_.note(node, "its disk is slow");
  nemesis.world_.set_disk_delay(node, static_cast<std::uint32_t>(choices.between(2, 60) * strength));
  nemesis.for_a_while(choices, strength, [&nemesis, node] { nemesis.world_.set_disk_delay(node, 1); });
  return true;
}

bool Faults::stall(Nemesis& nemesis, Stream& choices, std::uint32_t strength) {
  const std::size_t node = nemesis.victim(choices);
  if (nemesis.world_.cluster().leader() == node) TIMESTORE_MARK("nemesis: a leader's disk stood still");
  nemesis.world_.note(node, "its disk stands still");
  nemesis.world_.stall_disk(node, nemesis.length(choices, strength) * 2);
  return true;
}

// A client reads a node's series file very slowly: checkpoints and installations must wait for it.
bool Faults::slow_reader(Nemesis& nemesis, Stream& choices, std::uint32_t strength) {
  const std::size_t node = nemesis.victim(choices);
  Cluster& cluster = nemesis.world_.cluster();
  if (!cluster.is_up(node)) return false;
  nemesis.world_.note(node, "is read slowly");
  nemesis.world_.cluster().begin_slow_read(node);
  nemesis.for_a_while(choices, strength, [&nemesis, node] { nemesis.world_.cluster().end_slow_read(node); });
  return true;
}

// Whose bits rotted; nullopt: nobody's.
std::optional<std::size_t> Faults::rot(Nemesis& nemesis, Stream& choices, std::string_view path,
                                       std::uint32_t strength) {
  const std::size_t node = nemesis.victim(choices);
  std::uint32_t bits = 0;
  while (bits < strength && nemesis.rot(node, path)) ++bits;
  if (bits == 0) return std::nullopt;
  TIMESTORE_MARK("nemesis: bits rotted");
  nemesis.world_.note(node, "bits rot", std::to_string(bits) + " in " + std::string(path));
  return node;
}

bool Faults::rot_log(Nemesis& nemesis, Stream& choices, std::uint32_t strength) {
  const bool is_wal = choices.below(2) == 1;
  const bool dies = is_wal && choices.below(2) == 1;
  const Time down = nemesis.length(choices, strength);
  const std::optional<std::size_t> node = rot(nemesis, choices, is_wal ? "log.db-wal" : "log.db", strength);
  if (!node) return false;
  // Only whoever starts reads a write-ahead log. Later it goes on behind the damage, or has begun anew.
  if (dies && nemesis.world_.cluster().is_up(*node)) nemesis.world_.kill(*node, down);
  return true;
}

bool Faults::rot_series(Nemesis& nemesis, Stream& choices, std::uint32_t strength) {
  return rot(nemesis, choices, "series.db", strength).has_value();
}

bool Faults::lost_disk(Nemesis& nemesis, Stream& choices, std::uint32_t strength) {
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

bool Faults::wipe(Nemesis& nemesis, Stream& choices, std::uint32_t strength) {
  const std::size_t node = nemesis.victim(choices);
  const Time down = nemesis.length(choices, strength);
  if (!nemesis.world_.may_be_wiped(node)) return false;
  TIMESTORE_MARK("nemesis: a node came back with an empty disk");
  nemesis.world_.note(node, "loses what is on its disk");
  nemesis.world_.wipe(node, down);
  return true;
}

// More than Raft survives: a bare majority, one disk more, or two. Every other time the nodes come back, with empty
// disks: they must wait to be let in, for ever, instead of founding a cluster that has forgotten everything.
bool Faults::majority(Nemesis& nemesis, Stream& choices, std::uint32_t strength) {
  if (nemesis.is_hopeless_ || choices.below(20) != 19) return false;
  TIMESTORE_MARK("nemesis: a majority of the disks was lost for good");
  nemesis.is_hopeless_ = true;
  const std::size_t first = nemesis.victim(choices);
  const Time down = nemesis.length(choices, strength);
  const bool come_back = choices.below(2) == 1;
  const std::size_t lost = std::min<std::size_t>(nemesis.world_.size(), nemesis.world_.size() / 2 + strength);
  for (std::size_t i = 0; i < lost; ++i) {
    const std::size_t node = (first + i) % nemesis.world_.size();
    if (nemesis.world_.is_gone(node)) continue;
    if (come_back) {
      nemesis.world_.wipe(node, down);
    } else {
      nemesis.world_.lose_disk(node);
    }
  }
  if (come_back) TIMESTORE_MARK("nemesis: a majority came back with empty disks");
  return true;
}

}  // namespace timestore::sim
