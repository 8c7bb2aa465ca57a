// Faults of processes, of the power and of clocks.
#include <algorithm>
#include <string>

#include "engine/base/mark.h"
#include "sim/faults/faults.h"
#include "sim/faults/injector.h"

namespace timestore::sim {

namespace {

bool kill(Injector& injector, Stream& choices, std::uint32_t strength) {
  const std::size_t node = injector.victim(choices);
  const Time down = injector.length(choices, strength);
  if (!injector.world().cluster().is_up(node)) return false;
  injector.world().kill(node, down);
  return true;
}

CrashPolicy policy(Stream& choices) { return kCrashPolicies[choices.below(std::size(kCrashPolicies))]; }

bool power(Injector& injector, Stream& choices, std::uint32_t strength) {
  const std::size_t node = injector.victim(choices);
  const CrashPolicy after = policy(choices);
  const Time down = injector.length(choices, strength);
  if (!injector.world().cluster().is_up(node)) return false;
  injector.world().lose_power(node, after, down);
  return true;
}

// In the middle of what the disk does next.
bool tear(Injector& injector, Stream& choices, std::uint32_t strength) {
  const std::size_t node = injector.victim(choices);
  const std::uint64_t change = choices.between(1, 12 * strength);
  const CrashPolicy after = policy(choices);
  injector.world().lose_power_at(node, change, after, injector.length(choices, strength));
  return true;
}

bool blackout(Injector& injector, Stream& choices, std::uint32_t strength) {
  TIMESTORE_MARK("nemesis: every node lost power at once");
  for (std::size_t node = 0; node < injector.world().size(); ++node) {
    const CrashPolicy after = policy(choices);
    injector.world().lose_power(node, after, injector.length(choices, strength));
  }
  return true;
}

bool pause(Injector& injector, Stream& choices, std::uint32_t strength) {
  const std::size_t node = injector.victim(choices);
  if (injector.world().cluster().leader() == node) TIMESTORE_MARK("nemesis: a leader was paused");
  injector.world().note(node, "paused");
  injector.world().pause(node, injector.length(choices, strength));
  return true;
}

bool clock_rate(Injector& injector, Stream& choices, std::uint32_t strength) {
  const std::size_t node = injector.victim(choices);
  const auto percent = static_cast<std::uint32_t>(choices.between(100 - 25 * strength, 100 + 100 * strength));
  injector.world().note(node, "its clock runs", "at " + std::to_string(percent) + " %");
  injector.world().set_clock(node, percent);
  injector.for_a_while(choices, strength, [&injector, node] { injector.world().set_clock(node, 100); });
  return true;
}

bool clock_jump(Injector& injector, Stream& choices, std::uint32_t strength) {
  const std::size_t node = injector.victim(choices);
  const auto ticks = static_cast<std::uint32_t>(
      choices.below(injector.world().options().cluster.raft.election_ticks_max * strength) + 1);
  injector.world().note(node, "its clock jumps", std::to_string(ticks) + " ticks");
  injector.world().jump_clock(node, ticks);
  return true;
}

}  // namespace

std::vector<FaultKind> machine_faults() {
  return {
      {"kill", "a process dies; what it wrote stays with the operating system", 8, kill},
      {"power", "a node loses power between two operations of its disk", 8, power},
      {"tear", "a node loses power in the middle of a write of its disk", 10, tear},
      {"blackout", "all nodes lose power at once", 2, blackout},
      {"pause", "a process stands still and then goes on as if nothing had been", 5, pause},
      {"clock-rate", "a node's clock runs too slowly or too fast", 3, clock_rate},
      {"clock-jump", "a node's clock jumps forward", 4, clock_jump},
  };
}

}  // namespace timestore::sim
