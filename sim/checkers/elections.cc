#include "sim/checkers/elections.h"

#include <algorithm>
#include <utility>

#include "sim/checkers/quorum.h"

namespace timestore::sim {

namespace {

raft::Term term_of(const raft::Message& message) {
  return std::visit([](const auto& any) { return any.term; }, message);
}

// After these a node may run for election itself, and so be in another term, with another timer.
bool may_begin_election(const raft::Input& input) {
  const auto* receipt = std::get_if<raft::Receive>(&input);
  return std::holds_alternative<raft::Tick>(input) || std::holds_alternative<raft::Campaign>(input) ||
         (receipt != nullptr && (std::holds_alternative<raft::PreVoteResponse>(receipt->message) ||
                                 std::holds_alternative<raft::TimeoutNow>(receipt->message)));
}

}  // namespace

Elections::Elections(Findings& findings, const Shadows& shadows, const raft::Configuration& configuration)
    : rules_(findings, "ledger"),
      promises_(findings, "promises"),
      shadows_(shadows),
      configuration_(configuration),
      led_(shadows.size(), 0),
      hard_states_(shadows.size()),
      silences_(shadows.size()) {}

std::size_t Elections::number_of(const raft::NodeId& id) const {
  const auto& voters = configuration_.voters;
  const auto found = std::find_if(voters.begin(), voters.end(), [&](const auto& voter) { return voter.id == id; });
  return static_cast<std::size_t>(found - voters.begin());
}

const Reign* Elections::reign(raft::Term term) const {
  if (!reigns_.empty() && reigns_.rbegin()->first == term) return &reigns_.rbegin()->second;
  const auto found = reigns_.find(term);
  return found == reigns_.end() ? nullptr : &found->second;
}

Elections::Ballot& Elections::ballot(raft::Term term) {
  Ballot& ballot = ballots_[term];
  ballot.logs.resize(shadows_.size());
  ballot.votes.resize(shadows_.size());
  return ballot;
}

void Elections::started(std::size_t node) {
  hard_states_[node] = shadows_.durable(node).hard_state;
  silences_[node] = 0;
}

const Reign* Elections::stepped(std::size_t node, const raft::State& core, std::span<const raft::Input> inputs,
                                const raft::Effects& effects) {
  check_refusal(node, core, inputs);
  check_patience(node, core, inputs, effects);
  if (effects.write) {
    const raft::HardState before = std::exchange(hard_states_[node], effects.write->hard_state);
    const raft::HardState& now = hard_states_[node];
    if (now.term != before.term || now.vote != before.vote) check_vote(node, now, inputs);
  }
  const Reign* begun = nullptr;
  for (const raft::Send& send : effects.sends) {
    // A leader of one turn may be deposed before the turn ends, with its first messages sent.
    const auto* append = std::get_if<raft::AppendRequest>(&send.message);
    if (append == nullptr) continue;
    if (append->term > led_[node]) begun = crown(node, core, append->term, append->prev_index);
    if (core.term() > led_[node]) lengthen(led_[node], append->prev_index + append->entries.size());
  }
  const auto* leader = std::get_if<raft::Leader>(&core.role);
  if (leader != nullptr && core.term() != led_[node]) begun = crown(node, core, core.term(), leader->term_start - 1);
  if (core.term() == led_[node]) lengthen(core.term(), shadows_.issued(node).log.last_index());
  return begun;
}

// Whatever its leader holds, as long as it is in that term, is its own; and what it has sent before it left, it held.
void Elections::lengthen(raft::Term term, raft::Index last) {
  const auto reign = reigns_.find(term);
  if (reign != reigns_.end()) reign->second.last = std::max(reign->second.last, last);
}

// A candidate's log is durable when it asks for votes, and it takes nothing more until it is elected.
const Reign* Elections::crown(std::size_t node, const raft::State& core, raft::Term term, raft::Index inherited) {
  const LogImage& durable = shadows_.durable(node);
  const auto describe = [&] {
    return facts("node", node + 1, "term", term, "its log up to", inherited, "durable up to", place(durable.log.last()),
                 "durable term", durable.hard_state.term, "vote", durable.hard_state.vote.value_or("-"));
  };
  led_[node] = term;
  const Reign reign{.node = node, .term = term, .inherited = durable.log, .last = durable.log.last_index()};
  const auto [known, is_first] = reigns_.emplace(term, reign);
  const std::size_t leader = known->second.node;
  if (!rules_.require(is_first, "a term has one leader",
                      [&] { return describe() + ", it has node " + std::to_string(leader + 1); })) {
    return nullptr;
  }
  const bool is_durable = inherited == durable.log.last_index() && durable.hard_state.term == term &&
                          durable.hard_state.vote == configuration_.voters[node].id;
  if (!promises_.require(is_durable, "a node is elected when its log and its vote for itself are durable", describe)) {
    return nullptr;
  }
  const std::vector<std::optional<std::size_t>>& votes = ballot(term).votes;
  const raft::Configuration& members = core.configurations.at(std::max(inherited, core.trail.base().index));
  const auto& configurations = core.configurations.known();
  const bool may_lead = std::any_of(configurations.begin(), configurations.upper_bound(inherited),
                                    [&](const auto& at) { return at.second.is_voter(configuration_.voters[node].id); });
  if (!rules_.require(may_lead, "a leader is a voter, or was one", describe)) return nullptr;
  const auto voted = [&](const raft::NodeId& voter) {
    const std::size_t number = number_of(voter);
    return number == node || (number < votes.size() && votes[number] == node);
  };
  rules_.require(is_quorum(members, voted), "a leader is elected by a majority", [&] {
    return describe() + ", votes of others " + std::to_string(std::count(votes.begin(), votes.end(), node));
  });
  return &known->second;
}

// ---------------------------------------------------------------------------------------------------- votes

// The log that the voter compared with is the one after the turn, unless an append came after the request for the vote
// in the same turn: then it is not known, and not judged.
void Elections::check_vote(std::size_t node, const raft::HardState& vote, std::span<const raft::Input> inputs) {
  if (!vote.vote || *vote.vote == configuration_.voters[node].id) return;
  const auto describe = [&] { return facts("node", node + 1, "term", vote.term, "vote for", *vote.vote); };
  const std::size_t candidate = number_of(*vote.vote);
  if (!rules_.require(candidate < shadows_.size(), "a vote is for a member", describe)) return;
  const std::optional<raft::Position> log = ballot(vote.term).logs[candidate];
  if (!rules_.require(log.has_value(), "a vote goes to a node that asked for it", describe)) return;

  bool was_asked = false;
  for (const raft::Input& input : inputs) {
    const auto* receipt = std::get_if<raft::Receive>(&input);
    if (receipt == nullptr) continue;
    const auto* request = std::get_if<raft::VoteRequest>(&receipt->message);
    was_asked = was_asked || (request != nullptr && request->term == vote.term && receipt->from == *vote.vote);
    if (was_asked && std::holds_alternative<raft::AppendRequest>(receipt->message)) return;
  }
  const raft::Position own = shadows_.issued(node).log.last();
  rules_.require(std::pair(log->term, log->index) >= std::pair(own.term, own.index),
                 "a vote goes to a candidate whose log is as up to date as the voter's", [&] {
                   return describe() + ", " + facts("voter's log to", place(own), "candidate's to", place(*log));
                 });
}

// A term that begins for a node with a candidate's request finds it without a vote and without a leader: the logs alone
// decide. A turn in which something else could have begun the term, or changed the log, is not judged.
void Elections::check_refusal(std::size_t node, const raft::State& core, std::span<const raft::Input> inputs) {
  const raft::Receive* first = nullptr;
  const raft::VoteRequest* request = nullptr;
  for (const raft::Input& input : inputs) {
    if (may_begin_election(input)) return;
    const auto* receipt = std::get_if<raft::Receive>(&input);
    if (receipt == nullptr || term_of(receipt->message) <= hard_states_[node].term) continue;
    if (std::holds_alternative<raft::PreVoteRequest>(receipt->message)) continue;
    if (first != nullptr) return;
    first = receipt;
    request = std::get_if<raft::VoteRequest>(&receipt->message);
  }
  if (request == nullptr || core.term() != request->term || core.hard_state.novice) return;
  const raft::Position own = core.trail.last();
  rules_.require(std::pair(request->last_term, request->last_index) < std::pair(own.term, own.index) ||
                     core.hard_state.vote == first->from,
                 "a free voter refuses no candidate whose log is as up to date as its own", [&] {
                   return facts("node", node + 1, "term", request->term, "candidate", first->from, "voter's log to",
                                place(own), "candidate's to", place({request->last_term, request->last_index}));
                 });
}

// Whoever else could calm a voter could keep it from calling an election for ever: a candidate that cannot win, say. A
// turn in which the node counted, or ran for election itself, is not judged; in one that went through several terms,
// any append and any candidate may have been a reason.
void Elections::check_patience(std::size_t node, const raft::State& core, std::span<const raft::Input> inputs,
                               const raft::Effects& effects) {
  const std::uint32_t silence = core.election_elapsed;
  const auto before = std::exchange(silences_[node], core.is_leader() ? std::nullopt : std::optional(silence));
  const bool has_led = std::any_of(effects.sends.begin(), effects.sends.end(), [](const raft::Send& send) {
    return std::holds_alternative<raft::AppendRequest>(send.message);
  });
  if (!before || core.is_leader() || has_led) return;
  bool heard_leader = false;
  bool may_be_calm = false;
  for (const raft::Input& input : inputs) {
    if (may_begin_election(input)) return;
    const auto* receipt = std::get_if<raft::Receive>(&input);
    if (receipt == nullptr || term_of(receipt->message) < hard_states_[node].term) continue;
    const bool is_of_this_term = term_of(receipt->message) == core.term();
    const bool is_append = std::holds_alternative<raft::AppendRequest>(receipt->message);
    const bool asks_for_vote = std::holds_alternative<raft::VoteRequest>(receipt->message);
    heard_leader = heard_leader || (is_append && is_of_this_term && receipt->from == core.leader);
    may_be_calm =
        may_be_calm || is_append || (asks_for_vote && (!is_of_this_term || receipt->from == core.hard_state.vote));
  }
  const auto describe = [&] {
    return facts("node", node + 1, "term", core.term(), "ticks of silence before", *before, "after", silence);
  };
  rules_.require(may_be_calm || silence >= *before, "only its leader, or a candidate that gets its vote, calms a voter",
                 describe) &&
      rules_.require(!heard_leader || silence == 0, "a voter that hears its leader is calm", describe);
}

void Elections::asked_for_vote(std::size_t node, const raft::VoteRequest& request) {
  ballot(request.term).logs[node] = raft::Position{.term = request.last_term, .index = request.last_index};
}

void Elections::gave_vote(std::size_t node, raft::Term term, const raft::NodeId& candidate) {
  std::optional<std::size_t>& vote = ballot(term).votes[node];
  const std::size_t number = number_of(candidate);
  if (!rules_.require(!vote || *vote == number, "a node votes once in a term", [&] {
        return facts("node", node + 1, "term", term, "vote for", candidate, "after one for",
                     "n" + std::to_string(*vote + 1));
      })) {
    return;
  }
  vote = number;
}

}  // namespace timestore::sim
