// The kinds of faults that there are. A kind is a function and a line of the table at the end of its file:
// link_faults.cc, machine_faults.cc, disk_faults.cc, operator_faults.cc or identity_faults.cc.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "sim/words/choices.h"
#include "sim/words/event_queue.h"

namespace timestore::sim {

class Injector;

inline constexpr std::uint32_t kMaxStrength = 3;  // of a fault; the least is 1

// One kind of fault, with its own switch, its own stream of choices, and a strength.
struct FaultKind {
  std::string_view name;  // as on the command line: "partition"
  std::string_view help;  // one sentence
  std::uint32_t weight;   // how often it is chosen beside the others; 0: it belongs to the swarm alone
  bool (*inject)(Injector& injector, Stream& choices, std::uint32_t strength);  // false: there was nothing to do
};

// All of them. Their order is part of what a seed means.
[[nodiscard]] const std::vector<FaultKind>& fault_kinds();

[[nodiscard]] std::vector<FaultKind> link_faults();
[[nodiscard]] std::vector<FaultKind> machine_faults();
[[nodiscard]] std::vector<FaultKind> disk_faults();
[[nodiscard]] std::vector<FaultKind> operator_faults();
[[nodiscard]] std::vector<FaultKind> identity_faults();

// One fault at one moment, for runs whose faults are given instead of drawn.
struct PlannedFault {
  Time at = 0;
  std::string kind;
  std::uint32_t strength = 1;  // 1 to 3
};

struct FaultOptions {
  Time pause = kSecond;                                         // between faults, on average
  Time length = kSecond;                                        // of a fault that lasts, at most
  std::map<std::string, std::uint32_t, std::less<>> strengths;  // of the faults that are on
  std::uint32_t strength(std::string_view fault) const;         // 0: off
};

}  // namespace timestore::sim
