// Faults of processes, of the power and of clocks.
#include <algorithm>
#include <string>

#include "engine/base/mark.h"
#include "sim/faults/faults.h"

namespace timestore::sim {

bool Faults::kill(Nemesis& nemesis, Stream& choices, std::uint32_t strength) {
  const std::size_t node = nemesis.victim(choices);
  const Time down = nemesis.length(choices, strength);
  if (!nemesis.world_.cluster().is_up(node)) return false;
  nemesis.world_.kill(node, down);
  return true;
}

CrashPolicy Faults::policy(Stream& choices) { return kCrashPolicies[choices.below(std::size(kCrashPolicies))]; }

bool Faults::power(Nemesis& nemesis, Stream& choices, std::uint32_t strength) {
  const std::size_t node = nemesis.victim(choices);
  const CrashPolicy after = policy(choices);
  const Time down = nemesis.length(choices, strength);
  if (!nemesis.world_.cluster().is_up(node)) return false;
  nemesis.world_.lose_power(node, after, down);
  return true;
}

// In the middle of what the disk does next.
bool Faults::tear(Nemesis& nemesis, Stream& choices, std::uint32_t strength) {
  const std::size_t node = nemesis.victim(choices);
  const std::uint64_t change = choices.between(1, 12 * strength);
  const CrashPolicy after = policy(choices);
  nemesis.world_.lose_power_at(node, change, after, nemesis.length(choices, strength));
  return true;
}

bool Faults::blackout(Nemesis& nemesis, Stream& choices, std::uint32_t strength) {
  TIMESTORE_MARK("nemesis: every node lost power at once");
  for (std::size_t node = 0; node < nemesis.world_.size(); ++node) {
    const CrashPolicy after = policy(choices);
    nemesis.world_.lose_power(node, after, nemesis.length(choices, strength));
  }
  return true;
}

bool Faults::pause(Nemesis& nemesis, Stream& choices, std::uint32_t strength) {
  const std::size_t node = nemesis.victim(choices);
  if (nemesis.world_.cluster().leader() == node) TIMESTORE_MARK("nemesis: a leader was paused");
  nemesis.world_.note(node, "paused");
  nemesis.world_.pause(node, nemesis.length(choices, strength));
  return true;
}

bool Faults::clock_rate(Nemesis& nemesis, Stream& choices, std::uint32_t strength) {
  const std::size_t node = nemesis.victim(choices);
  const auto percent = static_cast<std::uint32_t>(choices.between(100 - 25 * strength, 100 + 100 * strength));
  nemesis.world_.note(node, "its clock runs", "at " + std::to_string(percent) + " %");
  nemesis.world_.set_clock(node, percent);
  nemesis.for_a_while(choices, strength, [&nemesis, node] { nemesis.world_.set_clock(node, 100); });
  return true;
}

bool Faults::clock_jump(Nemesis& nemesis, Stream& choices, std::uint32_t strength) {
  const std::size_t node = nemesis.victim(choices);
  const auto ticks =
      static_cast<std::uint32_t>(choices.below(nemesis.world_.swarm().cluster.raft.election_ticks_max * strength) + 1);
  nemesis.world_.note(node, "its clock jumps", std::to_string(ticks) + " ticks");
  nemesis.world_.jump_clock(node, ticks);
  return true;
}

}  // namespace timestore::sim
