// What must hold of a cluster of cores, and what it is fair to do to one.
#include <algorithm>

#include "tests/engine/raft/core_cluster.h"

namespace timestore::raft::testing {

// ------------------------------------------------------------------------------------------------ what must hold

void CoreCluster::note_fate(const Fate& fate) {
  const bool is_change = waiting_changes_.erase(fate.id) == 1;
  require(is_change || waiting_proposals_.erase(fate.id) == 1, "a proposal has one fate");
  fates_.emplace(fate.id, fate);
  require(is_change || fate.refusal == Refusal::kNone, "only changes are refused with a reason");
  require(!is_change || (fate.refusal != Refusal::kNone) == (fate.kind == Fate::Kind::kRefused),
          "a change is refused with a reason");
  if (fate.kind != Fate::Kind::kCommitted) return;
  const auto found = committed_.find(fate.position.index);
  require(found != committed_.end() && found->second.term == fate.position.term, "what is told committed is committed");
  const bool is_it =
      is_change ? found->second.kind == EntryKind::kMembers : found->second.payload.view() == command(fate.id);
  require(is_it, "a proposal told committed is committed");
}

void CoreCluster::check_promise(const Node& node, const Send& send) const {
  const Disk& disk = node.disk;
  const Node& to = nodes_[number_of(send.to)];
  if (const auto* vote = std::get_if<VoteRequest>(&send.message)) {
    require(disk.hard_state.term == vote->term && disk.hard_state.vote == node.state.id,
            "a vote request leaves after the vote for oneself is durable");
    require(disk.log.holds({vote->last_term, vote->last_index}), "a candidate advertises only durable entries");
  } else if (const auto* answer = std::get_if<VoteResponse>(&send.message)) {
    require(!answer->granted || (disk.hard_state.term == answer->term && disk.hard_state.vote == send.to),
            "a vote leaves after it is durable");
  } else if (const auto* response = std::get_if<AppendResponse>(&send.message)) {
    require(disk.hard_state.term >= response->term, "an answer's term is durable");
    if (!response->success) return;
    require(response->match <= disk.log.last_index(), "an acknowledged entry is durable");
    if (!to.up || !to.state.is_leader() || to.state.term() != response->term) return;
    const Index first = std::max(disk.log.base.last.index, to.log.base.last.index) + 1;
    for (Index index = first; index <= response->match; ++index) {
      require(disk.log.at(index) == to.log.at(index), "an acknowledged entry is the leader's");
    }
  }
}

void CoreCluster::note_committed(Node& node) {
  const Position base = node.log.base.last;
  if (base.index > node.compared) {
    require(committed_.at(base.index).term == base.term, "a log begins after an entry that is committed");
    node.compared = base.index;
  }
  for (; node.compared < node.state.commit; ++node.compared) {
    const Entry& entry = node.log.at(node.compared + 1);
    const auto [place, is_new] = committed_.try_emplace(node.compared + 1, entry);
    require(place->second == entry, "one entry per committed index, on every node");
    if (is_new) committed_in_.emplace(node.compared + 1, node.state.term());
  }
}

void CoreCluster::check_cluster(std::size_t number) {
  const Node& node = nodes_[number];
  if (!node.state.is_leader()) return;
  const auto [place, is_new] = leaders_.emplace(node.state.term(), node.state.id);
  require(place->second == node.state.id, "one leader per term");
  if (!is_new) return;
  for (const auto& [index, entry] : committed_) {
    if (committed_in_.at(index) >= node.state.term()) continue;
    if (index <= node.log.base.last.index) continue;  // its state machine has it
    require(index <= node.log.last_index() && node.log.at(index) == entry,
            "a leader holds everything committed before its term");
  }
}

// -------------------------------------------------------------------------------------------------- what is fair

bool CoreCluster::all_voters_remember() const {
  for (std::size_t number = 0; number < size(); ++number) {
    if (!nodes_[number].disk.hard_state.novice && !nodes_[number].state.hard_state.novice) continue;
    for (const Node& node : nodes_) {
      for (const auto& [index, configuration] : node.state.configurations.known()) {
        if (configuration.is_voter(name(number))) return false;
      }
    }
  }
  return true;
}

// A change that somebody may yet hear of, though nobody has it in its log any more.
bool CoreCluster::is_change_on_its_way() const {
  const auto carries_members = [](const Message& message) {
    const auto* append = std::get_if<AppendRequest>(&message);
    return append != nullptr && std::any_of(append->entries.begin(), append->entries.end(),
                                            [](const Entry& entry) { return entry.kind == EntryKind::kMembers; });
  };
  const auto changes = [&](const Input& input) {
    const auto* receipt = std::get_if<Receive>(&input);
    return std::holds_alternative<ChangeMembers>(input) || (receipt != nullptr && carries_members(receipt->message));
  };
  return std::any_of(network_.begin(), network_.end(),
                     [&](const Envelope& envelope) { return carries_members(envelope.message); }) ||
         std::any_of(nodes_.begin(), nodes_.end(),
                     [&](const Node& node) { return std::any_of(node.batch.begin(), node.batch.end(), changes); });
}

// As long as a cluster is being founded, nobody can tell an empty disk from a new one (engine/DESIGN.md). And a voter
// that is wiped while the cluster becomes smaller may be one that the smaller one waits for: that is for an operator.
bool CoreCluster::may_be_wiped(std::size_t number) const {
  if (is_change_on_its_way()) return false;
  const auto remembers = [&](const Member& voter) {
    const Node& node = nodes_[number_of(voter.id)];
    const bool is_novice = node.disk.hard_state.novice || node.state.hard_state.novice;
    return voter.id == name(number) || (!is_novice && holds_more_than_noops(node.disk.log));
  };
  for (const Node& node : nodes_) {
    for (const auto& [index, configuration] : node.state.configurations.known()) {
      if (configuration.voters.empty()) continue;  // it knows nobody, and nobody may know it
      const bool is_changing = configuration.is_joint() || !configuration.joining.empty();
      if (is_changing || configuration.voters.size() < 3) return false;
      if (!std::all_of(configuration.voters.begin(), configuration.voters.end(), remembers)) return false;
    }
  }
  return true;
}

}  // namespace timestore::raft::testing
