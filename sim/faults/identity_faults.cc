// Faults of who is who: people give node ids and addresses, and mix them up.
#include <string>

#include "engine/base/mark.h"
#include "sim/faults/faults.h"
#include "sim/faults/injector.h"

namespace timestore::sim {

namespace {

// Two clusters whose nodes have the same names, and one wrong address: who asks for one of ours finds one of theirs,
// which takes ours for its own.
bool foreign_peer(Injector& injector, Stream& choices, std::uint32_t strength) {
  const std::size_t node = injector.victim(choices);
  const Time length = injector.length(choices, strength);
  const std::uint64_t high = 1 + choices.below(1'000'000);
  const std::uint64_t low = 1 + choices.below(1'000'000);
  injector.world().note(node, "is confused with a node of another cluster");
  if (injector.world().cluster().leader() == node) TIMESTORE_MARK("nemesis: a leader was confused with another's");
  injector.world().impersonate(node, {high, low}, length);
  return true;
}

}  // namespace

std::vector<FaultKind> identity_faults() {
  return {
      {"foreign-peer", "who looks for a node finds one of another cluster, which looks for its own", 4, foreign_peer},
  };
}

}  // namespace timestore::sim
