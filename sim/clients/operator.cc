#include "sim/clients/operator.h"

#include <algorithm>
#include <string>

#include "engine/base/mark.h"

namespace timestore::sim {

namespace {

using Kind = raft::Change::Kind;

constexpr Time kGatherPeriod = 200 * kMillisecond;

// Drawn as often as they stand here.
constexpr Kind kWaysIn[] = {Kind::kAddLearner, Kind::kAddLearner, Kind::kAddLearner, Kind::kPromote, Kind::kPromote,
                            Kind::kAdd,        Kind::kAdd,        Kind::kAdd,        Kind::kReplace, Kind::kReplace};

const char* describe(Kind kind) {
  switch (kind) {
    case Kind::kAdd:
      return "is asked to add";
    case Kind::kAddLearner:
      return "is asked to add as a learner";
    case Kind::kPromote:
      return "is asked to promote";
    case Kind::kRemove:
      return "is asked to remove";
    case Kind::kReplace:
      return "is asked to replace";
    case Kind::kMove:
      return "is told of another address";
  }
  return "";
}

}  // namespace

Wish draw_wish(Stream& choices, std::size_t nodes) {
  Wish wish;
  wish.node = choices.below(nodes);
  wish.other = choices.below(nodes);
  wish.way = choices.below(std::size(kWaysIn));
  wish.is_of_leader = choices.below(4) == 3;
  wish.is_forced = choices.below(4) == 3;
  wish.is_misdirected = choices.below(10) == 9;
  return wish;
}

void Operator::ask(const Wish& wish) {
  Cluster& cluster = world_.cluster();
  const auto leader = cluster.leader();
  if (!leader) return;
  const bool asks_anybody = wish.is_misdirected || front_ != nullptr;
  const std::size_t at = asks_anybody ? wish.other : *leader;
  const std::size_t node = wish.is_of_leader ? *leader : wish.node;
  if (!cluster.is_up(at)) return;
  observe();
  submit(at, world_.is_out(node) ? to_let_in(wish, node) : to_let_go(wish, node));
}

raft::Change Operator::to_let_in(const Wish& wish, std::size_t node) const {
  raft::Change change{
      .kind = kWaysIn[wish.way], .member = Cluster::member(node), .replaced = {}, .level = world_.running(node).level};
  if (change.kind != Kind::kReplace) return change;
  if (may_go(wish.other)) {
    change.replaced = Cluster::name(wish.other);
  } else {
    change.kind = Kind::kAdd;
  }
  return change;
}

// When nobody may go, somebody else is let in, or what makes no sense is asked for.
raft::Change Operator::to_let_go(const Wish& wish, std::size_t node) const {
  if (wish.way == 0) return {.kind = Kind::kRemove, .member = {"nobody", ""}, .replaced = {}};
  if (may_go(node)) {
    return {.kind = Kind::kRemove, .member = Cluster::member(node), .replaced = {}, .is_forced = wish.is_forced};
  }
  for (std::size_t other = 0; other < world_.size(); ++other) {
    if (world_.is_out(other) && !world_.is_gone(other)) return to_let_in(wish, other);
  }
  return {.kind = Kind::kAdd, .member = Cluster::member(node), .replaced = {}};
}

void Operator::remove(std::size_t at, std::size_t node) {
  submit(at, {.kind = Kind::kRemove, .member = Cluster::member(node), .replaced = {}});
}

void Operator::move(std::size_t node, const std::string& url) {
  const auto leader = world_.cluster().leader();
  const std::size_t at = front_ != nullptr && world_.cluster().is_up(node) ? node : leader.value_or(node);
  if (!world_.cluster().is_up(at)) return;
  submit(at, {.kind = Kind::kMove, .member = {.id = Cluster::name(node), .url = url}, .replaced = {}});
}

// One voter stays. As long as a disk is bad, they are a minority together; later ones may become bad only then.
bool Operator::may_go(std::size_t node) const {
  std::size_t inside = 0;
  bool are_all_well = true;
  for (std::size_t other = 0; other < world_.size(); ++other) {
    if (!world_.is_out(other)) ++inside;
    are_all_well = are_all_well && !world_.is_bad(other);
  }
  if (world_.is_out(node) || inside < 2) return false;
  return are_all_well || world_.is_bad(node) || 2 * (world_.unreliable() + 1) < world_.size();
}

std::optional<std::size_t> Operator::who_goes(const raft::Change& change) const {
  const raft::NodeId& goes = change.kind == Kind::kRemove ? change.member.id : change.replaced;
  for (std::size_t node = 0; node < world_.size(); ++node) {
    if (Cluster::name(node) == goes) return node;
  }
  return std::nullopt;
}

void Operator::submit(std::size_t at, const raft::Change& change) {
  if (front_ == nullptr) return this->change(at, change, [](bool) {});
  const auto goes = who_goes(change);
  if (goes) world_.set_out(*goes, true);
  const auto token = goes ? requests_[*goes].token : nullptr;
  const auto errand = [this, change, token](std::size_t node, const std::function<void(bool)>& end) {
    this->change(node, change, end);
  };
  front_->run(at, errand, world_.now() + client::kErrandTime);
}

void Operator::hand_over(std::size_t at, const raft::NodeId& to) {
  const auto errand = [this, to](std::size_t node, const std::function<void(bool)>& end) {
    world_.cluster()[node].transfer(to);
    world_.wake(node);
    end(true);
  };
  if (front_ != nullptr) return front_->run(at, errand, world_.now() + client::kErrandTime);
  errand(at, [](bool) {});
}

void Operator::change(std::size_t at, const raft::Change& change, const std::function<void(bool)>& end) {
  Cluster& cluster = world_.cluster();
  std::string text = change.member.id;
  if (!change.replaced.empty()) text = change.replaced + " by " + text;
  if (change.is_forced) text += ", whatever it costs";
  world_.note(at, describe(change.kind), text);
  const auto goes = who_goes(change);
  if (goes) {
    world_.set_out(*goes, true);
    requests_[*goes].term = std::max(requests_[*goes].term, cluster.core(at).term());
    ++requests_[*goes].pending;
  }
  cluster[at].change_members(change, [this, at, goes, end](const replica::ChangeEnd& how) {
    if (goes) --requests_[*goes].pending;
    if (how.kind == replica::ChangeEnd::Kind::kRefused) TIMESTORE_MARK("operator: a change of members was refused");
    if (how.kind == replica::ChangeEnd::Kind::kUnknown) TIMESTORE_MARK("operator: a change of members got lost");
    if (how.kind == replica::ChangeEnd::Kind::kDone) world_.note(at, "has changed the members");
    end(how.kind != replica::ChangeEnd::Kind::kNotLeader);
  });
  world_.wake(at);
}

// A leader that knows all that is committed, and something of its own term: what stands in no such leader's log is
// never committed any more, except what it is asked for itself.
const raft::Configuration* Operator::committed() const {
  Cluster& cluster = world_.cluster();
  const auto number = cluster.leader();
  if (!number) return nullptr;
  const raft::State& core = cluster.core(*number);
  const auto* leader = std::get_if<raft::Leader>(&core.role);
  const bool knows = core.commit == cluster.oracle().committed() && core.commit >= leader->term_start &&
                     core.commit >= core.configurations.latest_index();
  return knows && !core.configuration().is_joint() ? &core.configuration() : nullptr;
}

void Operator::observe() {
  const raft::Configuration* members = committed();
  if (members == nullptr) return;
  const raft::Term term = world_.cluster().core(*world_.cluster().leader()).term();
  for (std::size_t node = 0; node < world_.size(); ++node) {
    const raft::NodeId id = Cluster::name(node);
    const bool is_pending = requests_[node].pending > 0 && requests_[node].term >= term;
    const bool may_yet_go = is_pending || is_on_the_way(node);
    const bool votes = raft::Configuration::holds(members->voters, id) && !members->is_replaced(id);
    if (votes && !may_yet_go) world_.set_out(node, false);
  }
}

void Operator::gather() {
  const raft::Configuration* members = committed();
  for (std::size_t node = 0; members != nullptr && node < world_.size(); ++node) {
    const raft::NodeId id = Cluster::name(node);
    if (world_.is_gone(node) || raft::Configuration::holds(members->voters, id) || members->is_joining(id)) continue;
    submit(*world_.cluster().leader(),
           {.kind = Kind::kAdd, .member = Cluster::member(node), .replaced = {}, .level = world_.running(node).level});
    break;
  }
  world_.after(kGatherPeriod, [this] { gather(); });
}

bool Operator::has_gathered() const {
  const raft::Configuration* members = committed();
  if (members == nullptr) return false;
  for (std::size_t node = 0; node < world_.size(); ++node) {
    if (!world_.is_gone(node) && !raft::Configuration::holds(members->voters, Cluster::name(node))) return false;
  }
  return true;
}

}  // namespace timestore::sim
