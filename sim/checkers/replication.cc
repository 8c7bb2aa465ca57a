#include "sim/checkers/replication.h"

#include <algorithm>
#include <variant>

namespace timestore::sim {

void Replication::stepped(std::size_t node, const raft::State& core, std::span<const raft::Input> inputs) {
  const auto* role = std::get_if<raft::Leader>(&core.role);
  Leader& leader = leaders_[node];
  if (role == nullptr || leader.term != core.term()) leader.streams.clear();
  if (role == nullptr) return;
  leader.term = core.term();
  leader.base = core.trail.base().index;
  const auto is_same = [](const auto& left, const auto& right) { return left.first == right.first; };
  if (!std::equal(leader.streams.begin(), leader.streams.end(), role->peers.begin(), role->peers.end(), is_same)) {
    // Whoever has left and comes again is asked anew.
    std::erase_if(leader.streams, [&](const auto& follower) { return !role->peers.contains(follower.first); });
    for (const auto& [id, progress] : role->peers) leader.streams.try_emplace(id);
  }
  for (const raft::Input& input : inputs) {
    const auto* receipt = std::get_if<raft::Receive>(&input);
    const auto* answer = receipt == nullptr ? nullptr : std::get_if<raft::AppendResponse>(&receipt->message);
    if (answer == nullptr || answer->term != leader.term) continue;
    const auto found = leader.streams.find(receipt->from);
    if (found == leader.streams.end()) continue;
    Stream& stream = found->second;
    if (stream.end) stream.end = std::max(*stream.end, answer->success ? answer->match : answer->hint.index);
    if (answer->success) stream.acknowledged = std::max(stream.acknowledged, answer->match);
  }
}

void Replication::sends(std::size_t node, const raft::Send& send) {
  const auto* append = std::get_if<raft::AppendRequest>(&send.message);
  Leader& leader = leaders_[node];
  if (append == nullptr || append->term != leader.term) return;
  const auto found = leader.streams.find(send.to);
  if (found == leader.streams.end()) return;  // it is told that it is no member any more
  Stream& stream = found->second;
  const raft::Index end = stream.end.value_or(append->prev_index);
  const bool is_exempt = append->from_snapshot || stream.acknowledged < leader.base;
  rules_.require(append->prev_index <= end || is_exempt, "an append leaves no gap behind what was sent before it", [&] {
    return facts("leader", node + 1, "term", append->term, "to", send.to, "begins after", append->prev_index,
                 "what was sent or answered ends at", end);
  });
  stream.end = std::max(end, append->prev_index + append->entries.size());
}

}  // namespace timestore::sim
