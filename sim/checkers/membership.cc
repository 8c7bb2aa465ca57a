#include "sim/checkers/membership.h"

#include <algorithm>

#include "sim/checkers/quorum.h"

namespace timestore::sim {

namespace {

using raft::Configuration;

std::size_t count_new(const std::vector<raft::Member>& before, const std::vector<raft::Member>& after) {
  const auto is_new = [&](const raft::Member& member) { return !Configuration::holds(before, member.id); };
  return static_cast<std::size_t>(std::count_if(after.begin(), after.end(), is_new));
}

// Whether they are the same but for the address of one member.
bool is_move(Configuration before, const Configuration& after) {
  std::size_t moved = 0;
  const auto settle = [&](std::vector<raft::Member>& members, const std::vector<raft::Member>& now) {
    for (std::size_t i = 0; i < std::min(members.size(), now.size()); ++i) {
      if (members[i].url != now[i].url) ++moved;
      members[i].url = now[i].url;
    }
  };
  settle(before.voters, after.voters);
  settle(before.learners, after.learners);
  return moved == 1 && before == after;
}

// Those that it makes as the leader of its term. To say once more who the members are changes nothing.
std::size_t count_changes(const raft::State& core, const raft::Effects& effects, const Configuration& before) {
  if (!effects.write) return 0;
  std::string last;  // encoded when it is needed: nearly no write changes the members
  std::size_t count = 0;
  for (const raft::Entry& entry : effects.write->entries) {
    if (entry.kind != raft::EntryKind::kMembers || entry.term != core.term()) continue;
    if (last.empty()) last = encode(before);
    if (entry.payload.view() == last) continue;
    last = entry.payload.view();
    ++count;
  }
  return count;
}

bool has_input(std::span<const raft::Input> inputs, bool (*is_it)(const raft::Input&)) {
  return std::any_of(inputs.begin(), inputs.end(), is_it);
}

bool is_forced_change(const raft::Input& input) {
  const auto* request = std::get_if<raft::ChangeMembers>(&input);
  return request != nullptr && request->change.is_forced;
}

}  // namespace

void Membership::started(std::size_t node, const raft::State& core) {
  accounts_[node] = Account{};
  accounts_[node].members_at = core.configurations.latest_index();
}

void Membership::stepped(std::size_t node, const raft::State& core, std::span<const raft::Input> inputs,
                         const raft::Effects& effects) {
  Account& account = accounts_[node];
  hear(account, core, inputs);
  const std::size_t changes = count_changes(core, effects, members_.before(node));
  if (core.is_leader() && changes > 0) {
    rules_.require(changes == 1, "members change one step at a time",
                   [&] { return facts("node", node + 1, "term", core.term(), "steps", changes); });
    check_change(node, account, core, inputs);
  }
  check_leaving(node, account, core, inputs);
  if (core.configurations.latest_index() != account.members_at) check_agreement(node, core);
  account.members_at = core.configurations.latest_index();
}

void Membership::hear(Account& account, const raft::State& core, std::span<const raft::Input> inputs) {
  if (account.term != core.term()) {
    account.term = core.term();
    account.peers.clear();
  }
  for (const raft::Input& input : inputs) {
    if (std::holds_alternative<raft::Tick>(input)) {
      for (auto& [id, peer] : account.peers) ++peer.silent_ticks;
    }
    const auto* receipt = std::get_if<raft::Receive>(&input);
    const auto* answer = receipt == nullptr ? nullptr : std::get_if<raft::AppendResponse>(&receipt->message);
    if (answer == nullptr || answer->term != core.term()) continue;
    Peer& peer = account.peers[receipt->from];
    peer.silent_ticks = 0;
    if (answer->success) peer.match = std::max(peer.match, answer->match);
  }
}

void Membership::check_change(std::size_t node, const Account& account, const raft::State& core,
                              std::span<const raft::Input> inputs) {
  const Configuration& before = members_.before(node);
  const Configuration& after = members_.now(node);
  if (after == before) return;  // said once more, for a node that has never heard it
  const raft::Index term_start = std::get<raft::Leader>(core.role).term_start;
  const auto describe = [&] {
    return facts("node", node + 1, "term", core.term(), "which began at", term_start, "members at",
                 core.configurations.latest_index(), "after those at", account.members_at, "commit", core.commit);
  };
  rules_.require(account.members_at <= core.commit, "members change when the change before is committed", describe) &&
      rules_.require(term_start <= core.commit, "members change when a leader has committed something of its own",
                     describe);
  check_shape(node, before, after);
  check_readiness(node, account, core, before, after, has_input(inputs, is_forced_change));
}

void Membership::check_shape(std::size_t node, const Configuration& before, const Configuration& after) {
  const auto describe = [&] { return facts("node", node + 1, "from", encode(before), "to", encode(after)); };
  if (before.is_joint()) {
    rules_.require(after.voters == before.voters && !after.is_joint(),
                   "a joint configuration is followed by its new voters alone", describe);
    return;
  }
  if (is_move(before, after)) return;
  if (after.voters == before.voters) {
    rules_.require(!after.is_joint(), "only a change of voters is joint", describe);
    return;
  }
  rules_.require(after.outgoing == before.voters, "voters change through a joint configuration", describe) &&
      rules_.require(count_new(before.voters, after.voters) <= 1 && count_new(after.voters, before.voters) <= 1,
                     "at most one voter comes and one goes in a step", describe);
  for (const raft::Joining& joining : before.joining) {
    if (!Configuration::holds(after.voters, joining.id)) continue;
    rules_.require(joining.replaces.empty() || !Configuration::holds(after.voters, joining.replaces),
                   "who is replaced goes when the other comes", describe);
  }
}

// Those who have answered lately, in this term, can decide when the step is done; and whoever comes has caught up.
void Membership::check_readiness(std::size_t node, const Account& account, const raft::State& core,
                                 const Configuration& before, const Configuration& after, bool is_forced) {
  if (!after.is_joint()) return;
  const auto describe = [&] { return facts("node", node + 1, "term", core.term(), "members", encode(after)); };
  const auto answers = [&](const raft::NodeId& id) {
    const auto peer = account.peers.find(id);
    return id == core.id ||
           (peer != account.peers.end() && peer->second.silent_ticks <= core.options.election_ticks_max);
  };
  rules_.require(is_forced || is_quorum(after, answers), "members change when a majority of the new ones answers",
                 describe);
  for (const raft::Member& voter : after.voters) {
    if (Configuration::holds(before.voters, voter.id)) continue;
    const auto peer = account.peers.find(voter.id);
    rules_.require(peer != account.peers.end() &&
                       peer->second.match + core.options.max_append_entries + 1 >= core.trail.last_index(),
                   "a learner becomes a voter when it has caught up", describe);
  }
}

// It may hand over for an election time-out; an operator who names another successor begins that anew.
void Membership::check_leaving(std::size_t node, Account& account, const raft::State& core,
                               std::span<const raft::Input> inputs) {
  const bool is_removed = core.is_leader() && core.commit >= core.configurations.latest_index() &&
                          !core.configuration().is_joint() && !core.configuration().is_voter(core.id);
  const bool begins_anew =
      has_input(inputs, [](const raft::Input& input) { return std::holds_alternative<raft::Transfer>(input); });
  if (!is_removed || begins_anew) account.ticks_removed = 0;
  if (!is_removed) return;
  account.ticks_removed +=
      static_cast<std::uint32_t>(std::count_if(inputs.begin(), inputs.end(), [](const raft::Input& input) {
        return std::holds_alternative<raft::Tick>(input);
      }));
  rules_.require(account.ticks_removed <= 2 * core.options.election_ticks_max, "a leader that was removed makes way",
                 [&] { return facts("node", node + 1, "term", core.term(), "ticks", account.ticks_removed); });
}

void Membership::committed(raft::Index index, const raft::Entry& entry) {
  auto members = raft::decode_configuration(entry.payload.view());
  const bool is_one = rules_.require(members.has_value(), "what is committed as members can be read",
                                     [&] { return facts("index", index); });
  if (is_one) committed_.emplace(index, std::move(*members));
}

// Wherever a node has it from: its log, or a snapshot.
void Membership::check_agreement(std::size_t node, const raft::State& core) {
  const raft::Index index = core.configurations.latest_index();
  const auto after = committed_.upper_bound(index);
  if (index > core.commit || after == committed_.begin()) return;
  const Configuration& expected = std::prev(after)->second;
  rules_.require(core.configuration() == expected, "the committed members are the same for everybody", [&] {
    return facts("node", node + 1, "members at", index, "are", encode(core.configuration()), "committed",
                 encode(expected));
  });
}

}  // namespace timestore::sim
