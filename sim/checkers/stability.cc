#include "sim/checkers/stability.h"

#include <algorithm>
#include <utility>
#include <variant>

#include "sim/checkers/quorum.h"

namespace timestore::sim {

namespace {

template <typename Kind>
const Kind* received(const raft::Input& input) {
  const auto* receipt = std::get_if<raft::Receive>(&input);
  return receipt == nullptr ? nullptr : std::get_if<Kind>(&receipt->message);
}

// Any other reason than an order of the leader for which a node may call an election in this turn.
bool has_own_reason(std::span<const raft::Input> inputs) {
  return std::any_of(inputs.begin(), inputs.end(), [](const raft::Input& input) {
    return std::holds_alternative<raft::Campaign>(input) || received<raft::PreVoteResponse>(input) != nullptr ||
           std::holds_alternative<raft::Tick>(input);
  });
}

}  // namespace

void Stability::started(std::size_t node, const raft::State& core) {
  accounts_[node] = Account{};
  accounts_[node].term = core.term();
}

bool Stability::hears_leader(const Account& account, const raft::State& core) {
  return account.term == core.term() && !core.leader.empty() && account.silence &&
         *account.silence < core.options.election_ticks_min;
}

void Stability::stepped(std::size_t node, const raft::State& core, std::span<const raft::Input> inputs) {
  Account& account = accounts_[node];
  const Before before{.term = account.term, .recalled = account.recalled, .followed = account.followed};
  const bool log_may_have_changed = std::any_of(inputs.begin(), inputs.end(), [](const raft::Input& input) {
    return received<raft::AppendRequest>(input) != nullptr || std::holds_alternative<raft::Propose>(input);
  });
  for (const raft::Input& input : inputs) {
    if (std::holds_alternative<raft::Tick>(input) && account.silence) ++*account.silence;
    if (const auto* receipt = std::get_if<raft::Receive>(&input)) hear(account, core, *receipt, log_may_have_changed);
  }
  check_disk(node, account, core, inputs);
  check_term(node, core, inputs);
  check_order(node, before, core, inputs);
  check_late_order(node, before, core, inputs);
  check_handover(node, account, core, inputs);
  account.followed = std::holds_alternative<raft::Follower>(core.role) ? core.leader : raft::NodeId();
  if (core.term() != before.term && core.hard_state.vote == core.id) {
    account.candidacy = Candidacy{.term = core.term(), .members = {members_.before(node), members_.now(node)}};
  }
  if (account.term != core.term()) enter(account, core.term());
}

void Stability::hear(Account& account, const raft::State& core, const raft::Receive& receipt,
                     bool log_may_have_changed) {
  if (const auto* append = std::get_if<raft::AppendRequest>(&receipt.message)) {
    if (append->term < core.term() || core.leader != receipt.from) return;
    if (append->term > account.term) enter(account, append->term);
    account.silence = 0;
    account.recalled = std::max(account.recalled, append->recalled);
  } else if (const auto* answer = std::get_if<raft::PreVoteResponse>(&receipt.message)) {
    raft::Term& newest = account.encouraged_by[receipt.from];
    if (answer->granted) newest = std::max(newest, answer->proposed);
  } else if (const auto* request = std::get_if<raft::PreVoteRequest>(&receipt.message)) {
    const bool is_old =
        std::pair(request->last_term, request->last_index) < std::pair(core.trail.last_term(), core.trail.last_index());
    const bool must_refuse = hears_leader(account, core) || (is_old && !log_may_have_changed);
    account.must_refuse[{receipt.from, receipt.correlation}] = must_refuse;
  }
}

void Stability::enter(Account& account, raft::Term term) {
  account.term = term;
  account.silence.reset();
  account.recalled = 0;
}

void Stability::check_disk(std::size_t node, Account& account, const raft::State& core,
                           std::span<const raft::Input> inputs) {
  for (const raft::Input& input : inputs) {
    if (std::holds_alternative<raft::WriteDone>(input)) {
      account.slowest = std::max(account.slowest, account.stalled);
      account.stalled = 0;
    }
    if (std::holds_alternative<raft::Tick>(input) && account.is_writing) ++account.stalled;
  }
  account.is_writing = core.durable_write < core.last_write;
  if (!account.is_writing) account.stalled = 0;
  const bool is_alone = core.configuration().voters.size() == 1;  // nobody could take its place
  const std::uint32_t patience = std::min(2 * account.slowest, 8 * core.options.election_ticks_max);
  rules_.require(!core.is_leader() || is_alone || account.stalled <= core.options.election_ticks_max + patience,
                 "a leader whose disk stands still makes way", [&] {
                   return facts("node", node + 1, "term", core.term(), "its disk has stood still for", account.stalled,
                                "ticks");
                 });
}

void Stability::check_term(std::size_t node, const raft::State& core, std::span<const raft::Input> inputs) {
  for (const raft::Input& input : inputs) {
    const auto* answer = received<raft::PreVoteResponse>(input);
    if (answer == nullptr) continue;
    const raft::NodeId& from = std::get<raft::Receive>(input).from;
    const bool is_stranger = !members_.before(node).is_member(from) || !members_.now(node).is_member(from);
    if (is_stranger) continue;  // nobody listens to it
    rules_.require(answer->term <= core.term(), "whoever hears of a newer term enters it",
                   [&] { return facts("node", node + 1, "term", core.term(), "was told of term", answer->term); });
  }
}

// That its leader is no member any more is no excuse: to hand over is its last duty.
void Stability::check_order(std::size_t node, const Before& before, const raft::State& core,
                            std::span<const raft::Input> inputs) {
  const auto may_obey = [&] {
    return members_.before(node).is_voter(core.id) && members_.now(node).is_voter(core.id) && !core.hard_state.novice &&
           !has_own_reason(inputs);
  };
  for (const raft::Input& input : inputs) {
    const auto* order = received<raft::TimeoutNow>(input);
    if (order == nullptr || std::get<raft::Receive>(input).from != before.followed || !may_obey()) continue;
    const bool is_in_force = order->term == core.term() && order->round > core.recalled;
    rules_.require(!is_in_force || core.leader != before.followed, "whoever is told to take over by its leader does so",
                   [&] { return facts("node", node + 1, "term", core.term(), "leader", before.followed); });
  }
}

void Stability::check_late_order(std::size_t node, const Before& before, const raft::State& core,
                                 std::span<const raft::Input> inputs) {
  bool is_late = false;
  for (const raft::Input& input : inputs) {
    const auto* order = received<raft::TimeoutNow>(input);
    if (order == nullptr) continue;
    if (order->term != before.term || order->round > before.recalled) return;
    is_late = true;
  }
  if (!is_late || has_own_reason(inputs)) return;
  rules_.require(core.hard_state.vote != core.id || core.term() == before.term,
                 "an order to take over means nothing once the handover is over",
                 [&] { return facts("node", node + 1, "term", core.term(), "recalled up to", before.recalled); });
}

// Nothing is appended meanwhile, so that the successor can catch up; and newer appends take back what is not meant any
// more.
void Stability::check_handover(std::size_t node, Account& account, const raft::State& core,
                               std::span<const raft::Input> inputs) {
  const std::optional<raft::Position> before = std::exchange(account.hands_over_at, std::nullopt);
  const auto* leader = std::get_if<raft::Leader>(&core.role);
  if (leader == nullptr) return;
  if (leader->handover) account.hands_over_at = {.term = core.term(), .index = core.trail.last_index()};
  const bool begins_anew = std::any_of(inputs.begin(), inputs.end(), [](const raft::Input& input) {
    return std::holds_alternative<raft::Transfer>(input);
  });
  const bool goes_on = leader->handover && before && before->term == core.term() && !begins_anew;
  rules_.require(!goes_on || before->index == core.trail.last_index(), "while it hands over a leader appends nothing",
                 [&] { return facts("node", node + 1, "log to", core.trail.last_index(), "before", before->index); });
  if (!account.order || account.order->term != core.term()) return;
  const Order& order = *account.order;
  rules_.require((leader->handover && leader->handover->to == order.to) || leader->recalled >= order.round,
                 "an order to take over that is not meant any more is recalled", [&] {
                   return facts("node", node + 1, "term", core.term(), "had asked", order.to, "in round", order.round,
                                "and recalled up to", leader->recalled);
                 });
}

// Answers leave when the disk has done what was due before, some much later, and say which request they answer.
void Stability::sends(std::size_t node, const raft::Send& send) {
  Account& account = accounts_[node];
  if (const auto* answer = std::get_if<raft::PreVoteResponse>(&send.message)) {
    const auto asked = account.must_refuse.find({send.to, send.correlation});
    const bool must_refuse = asked != account.must_refuse.end() && asked->second;
    if (asked != account.must_refuse.end()) account.must_refuse.erase(asked);
    rules_.require(!answer->granted || !must_refuse, "nobody is encouraged beside a leader, or with an old log",
                   [&] { return facts("node", node + 1, "encourages", send.to, "to enter term", answer->proposed); });
  } else if (const auto* order = std::get_if<raft::TimeoutNow>(&send.message)) {
    account.order = Order{.term = order->term, .to = send.to, .round = order->round};
    rules_.require(raft::Configuration::holds(members_.before(node).voters, send.to) ||
                       raft::Configuration::holds(members_.now(node).voters, send.to),
                   "leadership is handed to voters",
                   [&] { return facts("node", node + 1, "to", send.to, "term", order->term); });
  } else if (const auto* request = std::get_if<raft::VoteRequest>(&send.message); request && !request->forced) {
    const auto is_friend = [&](const raft::NodeId& id) {
      const auto peer = account.encouraged_by.find(id);
      return id == request->candidate || (peer != account.encouraged_by.end() && peer->second >= request->term);
    };
    if (!account.candidacy || account.candidacy->term != request->term) return;  // it has called another one since
    const auto& members = account.candidacy->members;
    rules_.require(is_quorum(members[0], is_friend) || is_quorum(members[1], is_friend),
                   "a node enters a term when a majority has encouraged it",
                   [&] { return facts("node", node + 1, "enters term", request->term); });
  }
}

}  // namespace timestore::sim
