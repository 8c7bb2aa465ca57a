#include "sim/faults/faults.h"

namespace timestore::sim {

const std::vector<FaultKind>& fault_kinds() {
  static const std::vector<FaultKind> all = [] {
    std::vector<FaultKind> kinds;
    for (const auto& group : {link_faults(), machine_faults(), disk_faults(), operator_faults(), identity_faults()}) {
      kinds.insert(kinds.end(), group.begin(), group.end());
    }
    return kinds;
  }();
  return all;
}

std::uint32_t FaultOptions::strength(std::string_view fault) const {
  const auto found = strengths.find(fault);
  return found == strengths.end() ? 0 : found->second;
}

}  // namespace timestore::sim
