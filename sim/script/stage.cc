#include "sim/script/stage.h"

#include <algorithm>

#include "sim/script/describe.h"

namespace timestore::sim::script {

namespace {

constexpr std::size_t kMaxDeliveries = 100'000;  // more in one go, and nodes are chasing each other

std::string name_of(Lane lane) { return lane == Lane::kLog ? "writes" : "applies"; }

// Whom a leader hands over to; nobody, when it does not.
raft::NodeId successor_in(const raft::Role& role) {
  const auto* leader = std::get_if<raft::Leader>(&role);
  return leader != nullptr && leader->handover ? leader->handover->to : raft::NodeId();
}

}  // namespace

Result<void> Stage::open(const ClusterOptions& options) {
  cluster_ = std::make_unique<Cluster>(options, choices_, *this);
  clients_ = std::make_unique<Clients>(*cluster_);
  submissions_ = std::make_unique<Submissions>(*cluster_);
  machines_.resize(options.size);
  told_.resize(options.size);
  for (std::size_t number = 0; number + options.outsiders < options.size; ++number) {
    if (auto started = cluster_->start(number); !started) return started;
    told_[number] = told_of(cluster_->core(number));
  }
  return {};
}

void Stage::say(Detail detail, std::string line) {
  if (detail <= detail_) lines_.push_back(std::move(line));
}

// ---------------------------------------------------------------------------------------------------- nodes

void Stage::start(std::size_t number) {
  if (auto started = cluster_->start(number); !started) {
    return say(Detail::kEndings, Cluster::name(number) + " does not start: " + started.error().message);
  }
  const raft::State& core = cluster_->core(number);
  told_[number] = told_of(core);
  say(Detail::kNodes, Cluster::name(number) + " starts: term " + std::to_string(core.term()) + ", vote " +
                          core.hard_state.vote.value_or("-") + ", log " + describe(core.trail) + ", applied " +
                          std::to_string(core.applied));
}

void Stage::act(std::size_t number) {
  if (!machines_[number].is_paused) {
    cluster_->settle(number);
    clients_->settled(number);
    run_disk(number);
  }
  tell(number);
}

void Stage::run_disk(std::size_t number) {
  for (bool is_busy = true; is_busy;) {
    is_busy = false;
    for (const Lane lane : {Lane::kLog, Lane::kSeries}) {
      while (!machine(number, lane) && cluster_->run_lane(number, lane)) is_busy = true;
    }
  }
}

void Stage::resume(std::size_t number) {
  machines_[number].is_paused = false;
  act(number);
}

void Stage::lose_disk(std::size_t number) {
  machines_[number].is_lost = true;
  cluster_->lose_disk(number);
  tell(number);
}

// ---------------------------------------------------------------------------------------------------- lanes

void Stage::release(std::size_t number, Lane lane) {
  machine(number, lane) = false;
  cluster_->done(number, lane);  // of a job whose work was done while it was held
  act(number);
}

bool Stage::work(std::size_t number, Lane lane) {
  const bool worked = cluster_->work(number, lane);
  tell(number);
  return worked;
}

bool Stage::done(std::size_t number, Lane lane) {
  const bool is_done = cluster_->done(number, lane);
  act(number);
  return is_done;
}

void Stage::queued(std::size_t number, Lane lane) {
  if (machine(number, lane)) waiting_.push_back(Cluster::name(number) + " waits for its disk: " + name_of(lane));
}

// ---------------------------------------------------------------------------------------------------- network

void Stage::deliver(MessageId id, bool keep) {
  const std::size_t to = cluster_->messages().at(id).to;
  cluster_->deliver(id, keep);
  act(to);
}

Result<void> Stage::settle(const std::set<Link>& links) {
  for (std::size_t count = 0; count < kMaxDeliveries; ++count) {
    const auto& messages = cluster_->messages();
    const auto next = std::find_if(messages.begin(), messages.end(), [&](const auto& each) {
      const Link link{each.second.from, each.second.to};
      return !held_links_.contains(link) && (links.empty() || links.contains(link));
    });
    if (next == messages.end()) return {};
    deliver(next->first, false);
  }
  return fail("The nodes do not stop talking to each other.");
}

// ---------------------------------------------------------------------------------------------------- telling

Stage::Told Stage::told_of(const raft::State& core) {
  return {.role = core.role,
          .term = core.term(),
          .vote = core.hard_state.vote,
          .leader = core.leader,
          .log = core.trail,
          .members = core.configuration(),
          .level = core.level(),
          .cluster = raft::is_settled(core) ? core.cluster() : raft::ClusterId{},
          .waits_for = core.waits_for,
          .commit = core.commit,
          .applied = core.applied};
}

void Stage::stopped(std::size_t number, StopReason, const std::string& why) {
  machines_[number].is_paused = false;
  told_[number].reset();
  waiting_.clear();
  say(Detail::kNodes, Cluster::name(number) + " stops: " + why);
}

void Stage::tell(std::size_t number) {
  tell_node(number);
  for (std::string& line : std::exchange(waiting_, {})) say(Detail::kNodes, std::move(line));
  for (const MessageId id : std::exchange(posted_, {})) {
    const auto found = cluster_->messages().find(id);
    if (found == cluster_->messages().end()) continue;
    if (kind_of(found->second.message) == MessageKind::kAppendAnswer && found->second.asked == nullptr) {
      cluster_->drop(id);  // answers a copied message, for which nobody waits
    } else {
      say(Detail::kMessages, describe(id, found->second));
    }
  }
  clients_->finish_reads();
  submissions_->go_on();
  for (std::string& line : clients_->take_news()) say(Detail::kEndings, std::move(line));
  for (std::string& line : submissions_->take_news()) say(Detail::kEndings, std::move(line));
}

void Stage::tell_node(std::size_t number) {
  if (!cluster_->is_up(number)) return;
  const Told before = std::exchange(told_[number], told_of(cluster_->core(number))).value_or(Told{});
  const Told& now = *told_[number];
  std::vector<std::string> changes;
  tell_role(before, now, changes);
  tell_log(before, now, changes);
  for (const std::string& change : changes) say(Detail::kNodes, Cluster::name(number) + " " + change);
}

void Stage::tell_role(const Told& before, const Told& now, std::vector<std::string>& changes) {
  const std::string term = "term " + std::to_string(now.term);
  const bool is_other =
      before.role.index() != now.role.index() || before.leader != now.leader || before.term != now.term;
  if (std::holds_alternative<raft::Leader>(now.role)) {
    if (is_other) changes.push_back("leads " + term);
    const raft::NodeId successor = successor_in(now.role);
    if (successor != successor_in(before.role)) {
      changes.push_back(successor.empty() ? "goes on as the leader" : "hands over to " + successor);
    }
  } else if (std::holds_alternative<raft::Candidate>(now.role)) {
    if (is_other) changes.push_back("is a candidate in " + term);
  } else if (std::holds_alternative<raft::PreCandidate>(now.role)) {
    if (is_other) changes.push_back("asks whether it would be elected after " + term);
  } else {
    if (is_other) changes.push_back("follows " + (now.leader.empty() ? "nobody" : now.leader) + " in " + term);
    if (now.vote && (before.vote != now.vote || before.term != now.term)) changes.push_back("votes for " + *now.vote);
  }
}

void Stage::tell_log(const Told& before, const Told& now, std::vector<std::string>& changes) {
  const auto positions = [](const raft::Trail& log, raft::Index from) {
    std::string text;
    for (raft::Index index = from; index <= log.last_index(); ++index) {
      text += " " + describe(raft::Position{*log.term_at(index), index});
    }
    return text;
  };
  // What the log has forgotten it still has, for whoever reads what is told.
  const raft::Position base = now.log.base();
  const bool is_forgotten = before.log.term_at(base.index) == base.term;
  raft::Index differs = is_forgotten ? base.index + 1 : base.index;
  while (differs <= before.log.last_index() && before.log.term_at(differs) == now.log.term_at(differs)) ++differs;
  if (differs <= before.log.last_index()) changes.push_back("removes" + positions(before.log, differs));
  if (base != before.log.base()) {
    changes.push_back((is_forgotten ? "forgets its log through " : "begins its log anew after ") + describe(base));
  }
  const raft::Index first_new = std::max(differs, now.log.first_index());
  if (first_new <= now.log.last_index()) changes.push_back("appends" + positions(now.log, first_new));

  if (before.members != now.members) changes.push_back("has members: " + describe(now.members));
  if (before.waits_for != now.waits_for && !now.waits_for.empty()) {
    std::string awaited;
    for (const raft::NodeId& id : now.waits_for) awaited += " " + id;
    changes.push_back("founds nothing before it has heard from" + awaited);
  }
  if (before.cluster != now.cluster && now.cluster.is_known()) changes.push_back("knows which cluster it belongs to");
  if (before.level != now.level) changes.push_back("is at level " + std::to_string(now.level));
  if (before.commit != now.commit) changes.push_back("commits through " + std::to_string(now.commit));
  const bool is_usual = before.commit != now.commit && now.applied == now.commit;
  if (before.applied != now.applied && !is_usual) {
    changes.push_back("has applied through " + std::to_string(now.applied));
  }
}

// ---------------------------------------------------------------------------------------------------- convergence

void Stage::heal() {
  held_links_.clear();
  for (std::size_t from = 0; from < size(); ++from) {
    for (std::size_t to = 0; to < size(); ++to) cluster_->set_link(from, to, false);
  }
  for (std::size_t number = 0; number < size(); ++number) {
    if (machines_[number].is_lost) continue;
    cluster_->disk(number).heal();
    if (!cluster_->is_up(number)) start(number);
    machines_[number].is_paused = false;
    for (const Lane lane : {Lane::kLog, Lane::kSeries}) release(number, lane);
  }
}

// Whoever does not belong to the cluster any more, or not yet, need not agree with it.
bool Stage::belongs(std::size_t number) const {
  const auto leader = cluster_->leader();
  return leader && cluster_->is_up(number) && cluster_->core(*leader).configuration().is_member(Cluster::name(number));
}

bool Stage::agrees() {
  const auto leader = cluster_->leader();
  if (!leader) return false;
  const raft::State& best = cluster_->core(*leader);
  if (best.commit != best.trail.last_index()) return false;
  for (std::size_t number = 0; number < size(); ++number) {
    if (!belongs(number)) continue;
    const raft::State& core = cluster_->core(number);
    if (core.term() != best.term() || core.leader != best.id || core.trail.last() != best.trail.last()) return false;
    if (core.commit != best.commit || core.applied != best.commit) return false;
  }
  return true;
}

// A heartbeat's time, for the leader and for who asks for a snapshot by its own clock.
void Stage::give_time(std::size_t leader) {
  const std::uint32_t ticks = cluster_->core(leader).options.heartbeat_ticks;
  for (std::uint32_t tick = 0; tick < ticks; ++tick) {
    for (std::size_t number = 0; number < size(); ++number) {
      if (!cluster_->is_up(number) || (number != leader && !(*cluster_)[number].is_fetching())) continue;
      (*cluster_)[number].tick();
      act(number);
    }
  }
}

// A leader is given time; where there is none, or it gets nowhere, the nodes try in turn.
void Stage::seek_leader(std::size_t round) {
  const auto leader = cluster_->leader();
  if (leader && round % 8 != 7) return give_time(*leader);
  const std::size_t chosen = (leader ? round / 8 : round / 2) % size();
  if (!cluster_->is_up(chosen) || !cluster_->core(chosen).configuration().is_voter(Cluster::name(chosen))) return;
  (*cluster_)[chosen].campaign();
  act(chosen);
}

Result<void> Stage::converge() {
  const Detail detail = std::exchange(detail_, std::min(detail_, Detail::kEndings));
  heal();
  Result<void> settled = settle();
  for (std::size_t round = 0; round < 20 * size() && settled && !agrees(); ++round) {
    seek_leader(round);
    settled = settle();
  }
  detail_ = detail;
  if (!settled) return settled;
  if (!agrees()) return fail("The healed cluster does not come to an agreement. See it with `show`.");

  for (std::size_t number = 0; number < size(); ++number) {
    if (!belongs(number)) continue;
    const replica::Status status = (*cluster_)[number].status();
    auto stored = cluster_->stored(number);
    if (!stored) return tl::unexpected(stored.error());
    cluster_->oracle().converged(number, cluster_->core(number).trail.last(), status.state_hash, *stored);
  }
  const raft::State& core = cluster_->core(*cluster_->leader());
  say(Detail::kEndings, "all agree: " + core.id + " leads term " + std::to_string(core.term()) + ", log " +
                            describe(core.trail) + ", all of it applied");
  return {};
}

}  // namespace timestore::sim::script
