#include "sim/checkers/members.h"

namespace timestore::sim {

raft::Position Members::place_of_members(const raft::State& core) {
  const raft::Index index = core.configurations.latest_index();
  return {.term = core.trail.term_at(index).value_or(0), .index = index};
}

void Members::started(std::size_t node, const raft::State& core) {
  nodes_[node] = {.before = core.configuration(), .now = core.configuration(), .at = place_of_members(core)};
}

void Members::stepped(std::size_t number, const raft::State& core) {
  Node& node = nodes_[number];
  if (node.has_changed) node.before = node.now;
  const raft::Position at = place_of_members(core);
  node.has_changed = at != node.at;
  if (!node.has_changed) return;
  node.at = at;
  node.now = core.configuration();
}

}  // namespace timestore::sim
