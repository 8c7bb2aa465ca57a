#include "sim/checkers/ledger.h"

#include <algorithm>
#include <utility>

#include "engine/raft/invariants.h"
#include "sim/checkers/quorum.h"

namespace timestore::sim {

namespace {

// All that raft::violated_between compares. The trail follows the writes, so that a turn costs what it changes.
void follow(raft::State& before, const raft::State& core, const raft::Effects& effects) {
  if (effects.write) {
    if (effects.write->truncate_from) before.trail.truncate_from(*effects.write->truncate_from);
    if (effects.write->begin_after) {
      const raft::Position base = effects.write->begin_after->last;
      if (before.trail.term_at(base.index) == base.term) {
        before.trail.begin_after(base.index);
      } else {
        before.trail = raft::Trail(base);
      }
    }
    for (const raft::Entry& entry : effects.write->entries) {
      before.trail.append(entry.term, entry.kind, entry.payload.size_bytes());
    }
    before.hard_state = core.hard_state;
  }
  if (before.role.index() != core.role.index()) before.role = core.role;
  if (before.leader != core.leader) before.leader = core.leader;
  if (before.levels != core.levels) before.levels = core.levels;
  if (before.clusters != core.clusters) before.clusters = core.clusters;
  before.commit = core.commit;
  before.applied = core.applied;
  before.durable = core.durable;
  before.last_write = core.last_write;
  before.durable_write = core.durable_write;
}

}  // namespace

Ledger::Ledger(Findings& findings, const Shadows& shadows, const Members& members, const Elections& elections)
    : rules_(findings, "ledger"),
      invariants_(findings, "invariants"),
      shadows_(shadows),
      members_(members),
      elections_(elections),
      nodes_(shadows.size()) {}

raft::Position Ledger::at(raft::Index index) const {
  return {.term = index == 0 ? 0 : entries_[index - 1].term, .index = index};
}

void Ledger::started(std::size_t number, const raft::State& core, std::uint64_t state_hash) {
  Node& node = nodes_[number];
  node = Node{.before = core, .applied = 0, .apply_through = core.applied, .state_hash = 0};
  const auto sentence = raft::violated(core);
  if (!invariants_.require(!sentence, sentence.value_or(""), [&] { return facts("node", number + 1, "starts", ""); })) {
    return;
  }
  const auto describe = [&] { return facts("node", number + 1, "applied", core.applied, "committed", size()); };
  if (!rules_.require(core.commit <= size(), "only what is committed is applied", describe)) return;
  if (!rules_.require(shadows_.durable(number).log.holds(at(core.applied)),
                      "what a node has applied, its log file holds", describe)) {
    return;
  }
  applied(number, core.applied, state_hash);
}

// ---------------------------------------------------------------------------------------------------- turns

void Ledger::stepped(std::size_t number, const raft::State& core, std::span<const raft::Input> inputs,
                     const raft::Effects& effects, const Reign* begun) {
  Node& node = nodes_[number];
  if (begun != nullptr && !is_complete(*begun)) return;
  const raft::Index known = node.before.commit;
  const bool was_novice = node.before.hard_state.novice;
  check_invariants(node, core, effects, number);
  if (core.commit > known) commit(number, known + 1, core);
  hear(node, core, inputs);
  if (was_novice && !core.hard_state.novice && !core.is_leader()) check_admission(number, core);
  if (core.is_leader()) check_matches(number, core);
  for (const raft::Input& input : inputs) {
    if (const auto* snapshot = std::get_if<raft::SnapshotInstalled>(&input)) check_snapshot(number, snapshot->last);
  }
  if (effects.apply_through > node.apply_through) check_release(number, core, effects.apply_through);
  if (!effects.fates.empty()) check_fates(number, effects.fates);
}

void Ledger::check_invariants(Node& node, const raft::State& core, const raft::Effects& effects, std::size_t number) {
  const auto describe = [&] { return facts("node", number + 1, "term", core.term(), "commit", core.commit); };
  const auto sentence = raft::violated(core);
  if (!invariants_.require(!sentence, sentence.value_or(""), describe)) return;
  const auto between = raft::violated_between(node.before, core);
  if (!invariants_.require(!between, between.value_or(""), describe)) return;
  follow(node.before, core, effects);
}

void Ledger::hear(Node& node, const raft::State& core, std::span<const raft::Input> inputs) {
  if (std::exchange(node.term, core.term()) != core.term()) node.acknowledged.assign(nodes_.size(), 0);
  for (const raft::Input& input : inputs) {
    const auto* receipt = std::get_if<raft::Receive>(&input);
    const auto* answer = receipt == nullptr ? nullptr : std::get_if<raft::AppendResponse>(&receipt->message);
    if (answer == nullptr || !answer->success || answer->term != node.term) continue;
    const std::size_t from = elections_.number_of(receipt->from);
    if (from < nodes_.size()) node.acknowledged[from] = std::max(node.acknowledged[from], answer->match);
  }
}

// What a follower has acknowledged in a term it keeps as long as it stays in that term. What it acknowledged in an
// older one, it may have replaced since.
void Ledger::check_matches(std::size_t number, const raft::State& core) {
  const LogTerms& log = shadows_.issued(number).log;
  for (std::size_t peer = 0; peer < nodes_.size(); ++peer) {
    const auto known = std::get<raft::Leader>(core.role).peers.find(elections_.id_of(peer));
    if (known == std::get<raft::Leader>(core.role).peers.end()) continue;
    if (known->second.is_novice()) continue;  // not counted; what its lost disk said may still come in
    const raft::Index match = known->second.match;
    const auto describe = [&] {
      return facts("leader", number + 1, "term", core.term(), "follower", peer + 1, "match", match, "acknowledged",
                   nodes_[number].acknowledged[peer]);
    };
    if (!rules_.require(match <= nodes_[number].acknowledged[peer],
                        "a leader believes of a follower what it acknowledged in the leader's own term", describe)) {
      return;
    }
    const LogImage& durable = shadows_.durable(peer);
    if (durable.hard_state.novice) continue;  // its disk was lost, which the leader may not have heard
    if (match == 0 || durable.hard_state.term != core.term()) continue;
    if (!rules_.require(durable.log.term_at(match) == log.term_at(match),
                        "what a leader believes of a follower is durable there", describe)) {
      return;
    }
  }
}

// Paper, section 5.4.3. What was committed in later terms, by then unknown to this leader, is left out.
bool Ledger::is_complete(const Reign& reign) {
  raft::Index last = size();
  while (last > 0 && entries_[last - 1].committed_in >= reign.term) --last;
  return rules_.require(reign.inherited.holds(at(last)), "a leader holds everything committed in earlier terms", [&] {
    return facts("node", reign.node + 1, "term", reign.term, "its log ends at", place(reign.inherited.last()),
                 "committed", place(at(last)));
  });
}

void Ledger::commit(std::size_t number, raft::Index from, const raft::State& core) {
  const LogTerms& log = shadows_.issued(number).log;
  // Paper, section 5.4.2 and figure 8. A node that follows when its turn begins cannot lead at its end, so this is what
  // the leader has counted.
  if (!rules_.require(!core.is_leader() || log.term_at(core.commit) == core.term(),
                      "a leader commits by counting only entries of its own term", [&] {
                        return facts("node", number + 1, "term", core.term(), "commits",
                                     place({log.term_at(core.commit).value_or(0), core.commit}));
                      })) {
    return;
  }
  for (raft::Index index = from; index <= core.commit; ++index) {
    const raft::Position entry{.term = log.term_at(index).value_or(0), .index = index};
    if (index <= size()) {
      if (!rules_.require(entry == at(index), "a committed index has one entry, on every node", [&] {
            return facts("node", number + 1, "commits", place(entry), "committed is", place(at(index)));
          })) {
        return;
      }
    } else if (!extend(number, entry, core.term())) {
      return;
    }
  }
}

// Whoever counts is the leader. What members it appends in a turn in which it counts asks for more votes, not for
// fewer, or comes when it has counted: so those decide who were members before.
bool Ledger::extend(std::size_t number, raft::Position entry, raft::Term committed_in) {
  const auto holds = [&](const raft::NodeId& id) {
    const std::size_t other = elections_.number_of(id);
    return other < nodes_.size() && shadows_.holds(other, entry);
  };
  const auto describe = [&] {
    return facts("node", number + 1, "term", committed_in, "commits", place(entry), "durable on",
                 shadows_.holders(entry), "nodes of", nodes_.size());
  };
  if (!rules_.require(is_quorum(members_.before(number), holds), "a committed entry is durable on a quorum",
                      describe)) {
    return false;
  }
  entries_.push_back({entry.term, committed_in});
  const auto& reigns = elections_.reigns();
  for (auto later = reigns.upper_bound(committed_in); later != reigns.end(); ++later) {
    if (!is_complete(later->second)) return false;
  }
  return true;
}

// A node that does not know what its lost disk had promised takes part again when most of the others hold an entry that
// came later; it has that one too, and it says who the members are. Founders have promised nothing that matters. What
// others held in a term that is over, they may have replaced.
void Ledger::check_admission(std::size_t number, const raft::State& core) {
  const auto& known = core.configurations.known();
  const bool is_founder = core.trail.base().index == 0 && !known.begin()->second.voters.empty();
  const bool is_over = elections_.reigns().upper_bound(core.term()) != elections_.reigns().end();
  if (is_founder || is_over) return;
  const auto is_remembered = [&](raft::Index index, raft::Configuration others) {
    const auto is_it = [&](const raft::Member& member) { return member.id == core.id; };
    std::erase_if(others.voters, is_it);
    std::erase_if(others.outgoing, is_it);
    const raft::Position entry{.term = core.trail.term_at(index).value_or(0), .index = index};
    return index > 0 && is_quorum(others, [&](const raft::NodeId& id) {
             const std::size_t other = elections_.number_of(id);
             return other < nodes_.size() && shadows_.holds(other, entry);
           });
  };
  const bool is_admitted = std::any_of(known.begin(), known.end(), [&](const auto& entry) {
    return std::any_of(known.begin(), known.end(),
                       [&](const auto& members) { return is_remembered(entry.first, members.second); });
  });
  rules_.require(is_admitted, "a novice is admitted when most of the others hold the entry that it waited for", [&] {
    return facts("node", number + 1, "term", core.term(), "members at", core.configurations.latest_index(), "log to",
                 core.trail.last_index());
  });
}

// ---------------------------------------------------------------------------------------------------- answering

void Ledger::check_release(std::size_t number, const raft::State& core, raft::Index apply_through) {
  if (rules_.any()) return;
  nodes_[number].apply_through = apply_through;
  rules_.require(apply_through <= core.commit && shadows_.durable(number).log.holds(at(apply_through)),
                 "what a node applies is committed and on its own disk", [&] {
                   return facts("node", number + 1, "apply through", apply_through, "commit", core.commit,
                                "durable log to", place(shadows_.durable(number).log.last()));
                 });
}

// It was released by the node that it comes from.
void Ledger::check_snapshot(std::size_t number, raft::Position last) {
  const bool holds =
      rules_.require(last.index <= size() && at(last.index) == last, "a snapshot holds what is committed",
                     [&] { return facts("node", number + 1, "takes over", place(last)); });
  if (holds) nodes_[number].apply_through = std::max(nodes_[number].apply_through, last.index);
}

void Ledger::check_fates(std::size_t number, const std::vector<raft::Fate>& fates) {
  for (const raft::Fate& fate : fates) {
    const bool is_decided = fate.position.index <= size();
    const bool is_committed = is_decided && at(fate.position.index) == fate.position;
    const auto describe = [&] {
      return facts("node", number + 1, "proposal", fate.id, "at", place(fate.position), "committed", size());
    };
    switch (fate.kind) {
      case raft::Fate::Kind::kCommitted:
        rules_.require(is_committed, "a proposal that is called committed is", describe);
        break;
      case raft::Fate::Kind::kSuperseded:
        rules_.require(is_decided && !is_committed, "a proposal that is called lost is", describe);
        break;
      case raft::Fate::Kind::kRefused:  // it has no place
      case raft::Fate::Kind::kUnknown:
        break;
    }
  }
}

// ---------------------------------------------------------------------------------------------------- applying

void Ledger::applied(std::size_t number, raft::Index applied, std::uint64_t state_hash) {
  Node& node = nodes_[number];
  if (applied == node.applied && state_hash == node.state_hash) return;
  const auto describe = [&] {
    return facts("node", number + 1, "applied", applied, "after", node.applied, "committed", size(), "hash",
                 state_hash);
  };
  if (!rules_.require(applied >= node.applied, "the applied index never falls in a life", describe) ||
      !rules_.require(applied <= size(), "only what is committed is applied", describe) ||
      !rules_.require(applied <= node.apply_through, "only what the core has released is applied", describe)) {
    return;
  }
  if (state_hashes_.size() <= applied) state_hashes_.resize(applied + 1);
  std::optional<std::uint64_t>& known = state_hashes_[applied];
  if (!rules_.require(!known || *known == state_hash, "nodes that have applied the same have the same state",
                      [&] { return describe() + ", known hash " + std::to_string(*known); })) {
    return;
  }
  known = state_hash;
  node.applied = applied;
  node.state_hash = state_hash;
}

}  // namespace timestore::sim
