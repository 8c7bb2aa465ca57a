#include "sim/checkers/reads.h"

#include <algorithm>

#include "sim/checkers/quorum.h"

namespace timestore::sim {

void Reads::stepped(std::size_t number, const raft::State& core, std::span<const raft::Input> inputs,
                    const raft::Effects& effects) {
  Node& node = nodes_[number];
  ++turn_;
  for (const raft::Input& input : inputs) {
    if (const auto* read = std::get_if<raft::Read>(&input)) {
      node.reads.emplace(read->id, Asked{.turn = turn_, .committed = ledger_.size()});
    } else if (const auto* receipt = std::get_if<raft::Receive>(&input)) {
      receive(node, *receipt);
    }
  }
  for (const raft::Send& send_made : effects.sends) {
    if (const auto* append = std::get_if<raft::AppendRequest>(&send_made.message)) send(node, *append);
  }
  for (const raft::ReadEnd& end : effects.reads) {
    const auto asked = node.reads.extract(end.id);
    if (!rules_.require(!asked.empty(), "a read ends once",
                        [&] { return facts("node", number + 1, "read", end.id); }) ||
        !check(node, end, asked.mapped(), number)) {
      return;
    }
  }
  rules_.require(node.reads.empty() || core.is_leader(), "no read outlives the leadership it waits for",
                 [&] { return facts("node", number + 1, "reads that wait", node.reads.size()); });
}

void Reads::receive(Node& node, const raft::Receive& receipt) {
  const auto* answer = std::get_if<raft::AppendResponse>(&receipt.message);
  if (answer == nullptr || answer->term != node.term || answer->round >= node.round_begun.size()) return;
  if (answer->novice) return;  // it may have forgotten that it elected another leader
  const std::size_t from = elections_.number_of(receipt.from);
  if (from < node.heard.size()) node.heard[from] = std::max(node.heard[from], answer->round);
}

void Reads::send(Node& node, const raft::AppendRequest& request) {
  if (request.term > node.term) {
    node.term = request.term;
    node.round_begun.assign(1, 0);
    node.heard.assign(nodes_.size(), 0);
  }
  if (request.term == node.term && request.round >= node.round_begun.size()) {
    node.round_begun.resize(request.round + 1, turn_);
  }
}

// Fewer may be needed when others are members: the leader then looks again.
bool Reads::check(const Node& node, const raft::ReadEnd& end, const Asked& asked, std::size_t number) {
  if (!end.granted) return true;
  const auto has_confirmed = [&](const raft::NodeId& id) {
    const std::size_t other = elections_.number_of(id);
    return other == number || (other < node.heard.size() && node.round_begun[node.heard[other]] >= asked.turn);
  };
  const auto describe = [&] {
    return facts("node", number + 1, "read", end.id, "granted at", end.index, "committed before", asked.committed);
  };
  return rules_.require(end.index >= asked.committed,
                        "a granted read sees everything that was committed before it was asked for", describe) &&
         rules_.require(
             is_quorum(members_.before(number), has_confirmed) || is_quorum(members_.now(number), has_confirmed),
             "a read is granted when a majority has answered a question asked after it", describe);
}

}  // namespace timestore::sim
