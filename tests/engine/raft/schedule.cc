#include "tests/engine/raft/schedule.h"

#include <algorithm>
#include <ostream>
#include <set>
#include <string>
#include <utility>

#include "engine/base/check.h"

namespace timestore::raft::testing {

namespace {

enum class Strength : std::uint8_t {
  kAny,   // drawn for each schedule; it may be none
  kSome,  // drawn, but never none: without this nothing happens at all
  kSame,  // that of the event before, which this one undoes: else every node would soon be down or cut off for good
};

struct EventKind {
  std::string_view name;
  std::uint64_t weight;
  Strength strength;
};

// In the order of Event.
constexpr std::array<EventKind, kEvents> kEventKinds = {{
    {"tick", 60, Strength::kSome},
    {"deliver", 160, Strength::kAny},
    {"deliver the oldest", 320, Strength::kSome},
    {"double", 20, Strength::kAny},
    {"lose", 20, Strength::kAny},
    {"write done", 160, Strength::kSome},
    {"propose", 40, Strength::kSome},
    {"read", 20, Strength::kAny},
    {"crash", 4, Strength::kAny},
    {"restart", 24, Strength::kSame},
    {"cut", 6, Strength::kAny},
    {"heal", 24, Strength::kSame},
    {"unreachable", 4, Strength::kAny},
    {"step down", 2, Strength::kAny},
    {"hand over", 4, Strength::kAny},
    {"campaign", 4, Strength::kAny},
    {"forget", 12, Strength::kAny},
    {"take a snapshot", 6, Strength::kAny},
    {"gather", 20, Strength::kAny},
    {"take turn", 60, Strength::kSame},
    {"change members", 12, Strength::kAny},
    {"wipe", 4, Strength::kAny},
}};

// While it lives, a broken invariant of the core is a sentence like any other, not the end of the process.
class CheckGuard {
 public:
  CheckGuard()
      : before_(
            std::exchange(check_handler, [](const char* sentence, const char*, int) { require(false, sentence); })) {}
  ~CheckGuard() { check_handler = before_; }
  CheckGuard(const CheckGuard&) = delete;
  CheckGuard& operator=(const CheckGuard&) = delete;

 private:
  CheckHandler before_;
};

class Swarm {
 public:
  explicit Swarm(Prng& prng) {
    constexpr std::array<std::uint64_t, 6> kFactors = {0, 1, 2, 4, 8, 16};
    std::uint64_t factor = 0;
    for (std::size_t event = 0; event < kEvents; ++event) {
      const auto& [name, weight, strength] = kEventKinds[event];
      if (strength == Strength::kAny) factor = kFactors[prng.below(kFactors.size())];
      if (strength == Strength::kSome) factor = kFactors[1 + prng.below(kFactors.size() - 1)];
      weights_[event] = weight * factor;
      total_ += weights_[event];
    }
  }

  Choice draw(Prng& prng) const {
    std::uint64_t left = prng.below(total_);
    std::size_t event = 0;
    for (; left >= weights_[event]; ++event) left -= weights_[event];
    Choice choice{.event = static_cast<Event>(event)};
    choice.where = static_cast<std::uint32_t>(prng.below(1 << 16));
    choice.how = static_cast<std::uint32_t>(prng.below(1 << 16));
    return choice;
  }

 private:
  std::array<std::uint64_t, kEvents> weights_{};
  std::uint64_t total_ = 0;
};

// For everybody, or for one node whose clock is fast.
void let_time_pass(CoreCluster& cluster, const Choice& choice) {
  if (choice.how % 4 == 0) return cluster.tick(choice.where % cluster.size());
  for (std::size_t number = 0; number < cluster.size(); ++number) cluster.tick(number);
}

// Somebody who thinks itself the leader, deposed or not; anybody when nobody does.
std::size_t some_leader(CoreCluster& cluster, const Choice& choice) {
  for (std::size_t i = 0; i < cluster.size(); ++i) {
    const std::size_t candidate = (choice.where + i) % cluster.size();
    if (cluster.node(candidate).up && cluster.node(candidate).state.is_leader()) return candidate;
  }
  return choice.where % cluster.size();
}

void change_members(CoreCluster& cluster, const Choice& choice) {
  constexpr std::uint32_t kKinds = 5;
  const auto size = static_cast<std::uint32_t>(cluster.size());
  const std::uint32_t who = choice.how / kKinds;
  // A smaller cluster may have to wait for a novice that waits for the cluster: no rule can help there.
  const bool is_smaller = static_cast<Change::Kind>(choice.how % kKinds) == Change::Kind::kRemove;
  if (is_smaller && !cluster.all_voters_remember()) return;
  cluster.change(some_leader(cluster, choice), {.kind = static_cast<Change::Kind>(choice.how % kKinds),
                                                .member = {CoreCluster::name(who % size), ""},
                                                .replaced = CoreCluster::name(who / size % size),
                                                .level = 1,
                                                .is_forced = who / size / size % 4 == 0});
}

void lose_the_disk(CoreCluster& cluster, std::size_t number) {
  if (!cluster.may_be_wiped(number)) return;
  if (cluster.node(number).up) cluster.crash(number);
  cluster.wipe(number);
}

// Up to four proposals.
void propose_to_a_leader(CoreCluster& cluster, const Choice& choice) {
  const std::size_t number = some_leader(cluster, choice);
  for (std::size_t i = 0; i <= choice.how % 4; ++i) cluster.propose(number);
}

// One write or two, of the first node from the chosen one on that has something to write. The disk of n1 is slow: its
// writes are often still on the way when the world has moved on.
void finish_a_write(CoreCluster& cluster, const Choice& choice) {
  for (std::size_t i = 0; i < cluster.size(); ++i) {
    const std::size_t number = (choice.where + i) % cluster.size();
    if (cluster.node(number).disk.queue.empty()) continue;
    if (number != 0 || choice.how % 16 == 0) return cluster.write_done(number, 1 + choice.how / 16 % 2);
  }
}

// As far as both hold it.
bool are_equal(const PlainLog& one, const PlainLog& other) {
  if (one.last_index() != other.last_index()) return false;
  for (Index index = std::max(one.base.last.index, other.base.last.index) + 1; index <= one.last_index(); ++index) {
    if (one.at(index) != other.at(index)) return false;
  }
  return true;
}

// "Certainly not committed" and "certainly refused" are promises about the whole future of the run.
void check_fates_at_the_end(const CoreCluster& cluster) {
  std::set<std::string_view> committed;
  for (const auto& [index, entry] : cluster.committed_entries()) committed.insert(entry.payload.view());
  for (const auto& [id, fate] : cluster.fates()) {
    if (fate.kind != Fate::Kind::kRefused && fate.kind != Fate::Kind::kSuperseded) continue;
    require(!committed.contains(CoreCluster::command(id)), "a proposal told lost is never committed");
  }
}

}  // namespace

Options hostile_options() {
  Options options;
  options.election_ticks_min = 3;
  options.election_ticks_max = 8;
  options.heartbeat_ticks = 2;
  options.orphan_ticks = 16;
  options.max_append_entries = 3;
  options.max_append_bytes = 64;
  options.max_inflight_appends = 2;
  options.max_inflight_bytes = 70;
  options.level = 1;
  return options;
}

std::ostream& operator<<(std::ostream& out, const Schedule& schedule) {
  out << schedule.nodes << " nodes, " << schedule.outsiders << " outside, seed " << schedule.seed
      << (schedule.is_elected ? ", one elected" : "") << '\n';
  for (const Choice& choice : schedule.choices) {
    out << "  " << CoreCluster::name(choice.where % (schedule.nodes + schedule.outsiders)) << ' '
        << kEventKinds[static_cast<std::size_t>(choice.event)].name << " (" << choice.how << ")\n";
  }
  return out;
}

Schedule draw_schedule(Prng& prng, std::size_t length) {
  const Swarm swarm(prng);
  Schedule schedule;
  schedule.nodes = 1 + prng.below(5);
  schedule.outsiders = prng.below(3);
  schedule.seed = prng.below(1 << 16);
  schedule.is_elected = prng.chance(1, 2);
  schedule.choices.reserve(length);
  for (std::size_t i = 0; i < length; ++i) schedule.choices.push_back(swarm.draw(prng));
  return schedule;
}

void take(CoreCluster& cluster, const Choice& choice) {
  const std::size_t number = choice.where % cluster.size();
  auto& network = cluster.network();
  const std::size_t letter = network.empty() ? 0 : choice.how % network.size();
  switch (choice.event) {
    case Event::kTick:
      return let_time_pass(cluster, choice);
    case Event::kDeliver:
      return network.empty() ? let_time_pass(cluster, choice) : cluster.deliver(letter);
    case Event::kDeliverOldest:
      return network.empty() ? let_time_pass(cluster, choice) : cluster.deliver(0);
    case Event::kDouble:
      return network.empty() ? let_time_pass(cluster, choice) : cluster.deliver(letter, true);
    case Event::kLose:
      if (!network.empty()) network.erase(network.begin() + static_cast<std::ptrdiff_t>(letter));
      return;
    case Event::kWriteDone:
      return finish_a_write(cluster, choice);
    case Event::kPropose:
      return propose_to_a_leader(cluster, choice);
    case Event::kRead:
      cluster.read(number);
      return;
    case Event::kCrash:
      if (cluster.node(number).up) cluster.crash(number, choice.how % 4);
      return;
    case Event::kRestart:
      if (!cluster.node(number).up) cluster.restart(number, cluster.node(number).applied / (choice.how % 3 + 1));
      return;
    case Event::kCut:
      return cluster.cut(number, true);
    case Event::kHeal:
      return cluster.cut(number, false);
    case Event::kUnreachable:
      return cluster.input(number, Input(PeerUnreachable{CoreCluster::name(choice.how % cluster.size())}));
    case Event::kStepDown:
      return cluster.input(number, Input(StepDown{}));
    case Event::kHandOver: {
      const std::size_t to = choice.how % (cluster.size() + 1);
      return cluster.input(number, Input(Transfer{to < cluster.size() ? CoreCluster::name(to) : NodeId()}));
    }
    case Event::kCampaign:
      return cluster.input(number, Input(Campaign{}));
    case Event::kCompact: {
      const Node& node = cluster.node(number);
      const Index kept = choice.how % 4;
      return cluster.compact(number, node.applied - std::min(kept, node.applied));
    }
    case Event::kInstall:
      return cluster.install_snapshot(number, choice.how % cluster.size());
    case Event::kGather:
      return cluster.gather(number, true);
    case Event::kTakeTurn:
      return cluster.gather(number, false);
    case Event::kChangeMembers:
      return change_members(cluster, choice);
    case Event::kWipe:
      return lose_the_disk(cluster, number);
  }
}

namespace {

// Every change that was begun is completed, and every novice is admitted.
bool is_calm(CoreCluster& cluster) {
  const auto leader = cluster.leader();
  if (!leader) return false;
  const State& state = cluster.node(*leader).state;
  const Configuration& configuration = state.configuration();
  bool has_novice = false;
  for (std::size_t number = 0; number < cluster.size(); ++number) {
    const State& other = cluster.node(number).state;
    has_novice = has_novice || (configuration.is_member(other.id) && other.hard_state.novice);
  }
  return state.takes_proposals() && !configuration.is_joint() && configuration.joining.empty() && !has_novice &&
         configuration.is_voter(state.id) && state.commit >= state.configurations.latest_index();
}

}  // namespace

void heal_and_demand_progress(CoreCluster& cluster) {
  for (std::size_t number = 0; number < cluster.size(); ++number) {
    cluster.cut(number, false);
    cluster.gather(number, false);
    if (!cluster.node(number).up) cluster.restart(number, cluster.node(number).applied);
  }
  cluster.settle(2 * hostile_options().election_ticks_max);  // a handover that has begun ends in any case
  require(cluster.elect(), "a healed cluster elects a leader");
  for (int attempt = 0; attempt < 100 && !is_calm(cluster); ++attempt)
    cluster.settle(hostile_options().heartbeat_ticks);
  require(is_calm(cluster), "a healed cluster completes what changes its members");
  const ProposalId id = cluster.propose(*cluster.leader());
  const ReadId read = cluster.read(*cluster.leader());
  cluster.settle(4);
  for (std::uint32_t tick = 0; tick <= hostile_options().orphan_ticks && cluster.owes_an_answer(); ++tick)
    cluster.settle(1);
  require(!cluster.owes_an_answer(), "every proposal has its fate, and every read ends");
  require(cluster.fates().at(id).kind == Fate::Kind::kCommitted, "a healed cluster commits");
  require(cluster.reads().at(read).granted, "a healed cluster grants reads");
  for (std::size_t number = 0; number < cluster.size(); ++number) {
    require(!cluster.is_member(number) ||
                are_equal(cluster.node(number).disk.log, cluster.node(*cluster.leader()).disk.log),
            "the logs of a healed cluster are equal");
  }
  check_fates_at_the_end(cluster);
}

Deeds& Deeds::operator+=(const Deeds& more) {
  schedules += more.schedules;
  choices += more.choices;
  deliveries += more.deliveries;
  commits += more.commits;
  leaders += more.leaders;
  return *this;
}

std::ostream& operator<<(std::ostream& out, const Deeds& deeds) {
  return out << deeds.schedules << " schedules of " << deeds.choices << " choices: " << deeds.deliveries
             << " messages were delivered, " << deeds.commits << " entries committed, in " << deeds.leaders
             << " terms with a leader";
}

Deeds run(const Schedule& schedule, const Taker& taker) {
  const CheckGuard guard;
  CoreCluster cluster(schedule.nodes, schedule.seed, hostile_options(), schedule.outsiders);
  if (schedule.is_elected) require(cluster.elect(), "an unharmed cluster elects a leader");
  const std::uint64_t deliveries = cluster.deliveries();
  for (const Choice& choice : schedule.choices) taker(cluster, choice);
  const Deeds deeds{.schedules = 1,
                    .choices = schedule.choices.size(),
                    .deliveries = cluster.deliveries() - deliveries,
                    .commits = cluster.committed(),
                    .leaders = cluster.terms_with_a_leader()};
  heal_and_demand_progress(cluster);
  return deeds;
}

}  // namespace timestore::raft::testing
