// Random, hostile schedules over the pure core: messages are lost, doubled and reordered, disks are slow, nodes crash
// with any part of their unwritten log, and after every step everything that core_cluster.h lists must hold.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <array>

#include "tests/engine/raft/core_cluster.h"

namespace timestore::raft {
namespace {

using testing::CoreCluster;

Options small_options() {
  Options options;
  options.election_ticks_min = 3;
  options.election_ticks_max = 8;
  options.heartbeat_ticks = 2;
  options.orphan_ticks = 16;
  options.max_append_entries = 3;
  options.max_append_bytes = 64;
  options.max_inflight_appends = 2;
  return options;
}

enum class Event : std::uint8_t {
  kTick,
  kDeliver,
  kDeliverOldest,
  kDouble,
  kLose,
  kWriteDone,
  kPropose,
  kRead,
  kCrash,
  kRestart,
  kCut,
  kHeal,
  kUnreachable,
  kStepDown,
  kGather,
  kTakeTurn,
  kCount,
};

// One choice of the schedule: what happens, to which node, and in which way.
struct Choice {
  Event event = Event::kTick;
  std::size_t where = 0;
  std::size_t how = 0;
};

// Up to four proposals to somebody who thinks itself the leader, deposed or not; one to anybody when nobody does.
void propose_to_a_leader(CoreCluster& cluster, const Choice& choice) {
  std::size_t number = choice.where % cluster.size();
  for (std::size_t i = 0; i < cluster.size(); ++i) {
    const std::size_t candidate = (choice.where + i) % cluster.size();
    if (!cluster.node(candidate).up || !cluster.node(candidate).state.is_leader()) continue;
    number = candidate;
    break;
  }
  for (std::size_t i = 0; i <= choice.how % 4; ++i) cluster.propose(number);
}

void run(CoreCluster& cluster, const Choice& choice) {
  const std::size_t number = choice.where % cluster.size();
  auto& network = cluster.network();
  const std::size_t letter = network.empty() ? 0 : choice.how % network.size();
  switch (choice.event) {
    case Event::kTick:
      return cluster.tick(number);
    case Event::kDeliver:
      if (!network.empty()) cluster.deliver(letter);
      return;
    case Event::kDeliverOldest:
      if (!network.empty()) cluster.deliver(0);
      return;
    case Event::kDouble:
      if (!network.empty()) cluster.deliver(letter, true);
      return;
    case Event::kLose:
      if (!network.empty()) network.erase(network.begin() + static_cast<std::ptrdiff_t>(letter));
      return;
    case Event::kWriteDone:
      // The first node's disk is slow: its writes are often still on the way when the world has moved on.
      if (number != 0 || choice.how % 16 == 0) cluster.write_done(number);
      return;
    case Event::kPropose:
      propose_to_a_leader(cluster, choice);
      return;
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
    case Event::kGather:
      return cluster.gather(number, true);
    case Event::kTakeTurn:
      return cluster.gather(number, false);
    case Event::kCount:
      return;
  }
}

// How often each event comes, drawn anew for each seed: a fault that is always on hides what only its absence shows.
struct Swarm {
  std::array<std::uint64_t, static_cast<std::size_t>(Event::kCount)> weights{};
  std::uint64_t total = 0;

  explicit Swarm(Prng& prng) {
    // Tick, deliver, oldest, double, lose, write, propose, read | crash, restart, cut, heal, unreachable, step down,
    // gather, take turn
    constexpr auto usual =
        std::to_array<std::uint64_t>({60, 160, 320, 20, 20, 160, 60, 30, 4, 12, 8, 12, 4, 1, 30, 60});
    static_assert(usual.size() == static_cast<std::size_t>(Event::kCount));
    for (std::size_t event = 0; event < weights.size(); ++event) {
      constexpr std::array<std::uint64_t, 6> strength = {0, 1, 2, 4, 8, 16};
      const bool needed = event == 0 || event == 2 || event == 5 || event == 6;
      weights[event] = usual[event] * strength[needed ? 1 + prng.below(5) : prng.below(6)];
      total += weights[event];
    }
  }

  Choice draw(Prng& prng) const {
    std::uint64_t left = prng.below(total);
    std::size_t event = 0;
    for (; left >= weights[event]; ++event) left -= weights[event];
    Choice choice{.event = static_cast<Event>(event)};
    choice.where = prng.below(1 << 16);
    choice.how = prng.below(1 << 16);
    return choice;
  }
};

void heal_and_demand_progress(CoreCluster& cluster) {
  for (std::size_t number = 0; number < cluster.size(); ++number) {
    cluster.cut(number, false);
    cluster.gather(number, false);
    if (!cluster.node(number).up) cluster.restart(number, cluster.node(number).applied);
  }
  ASSERT_TRUE(cluster.elect()) << "no leader after healing";
  const ProposalId id = cluster.propose(*cluster.leader());
  cluster.settle(10);
  const auto fate = cluster.fates().find(id);
  ASSERT_TRUE(fate != cluster.fates().end()) << "no fate after healing";
  EXPECT_EQ(fate->second.kind, Fate::Kind::kCommitted);
  const auto& expected = cluster.node(0).disk.log;
  for (std::size_t number = 1; number < cluster.size(); ++number) {
    EXPECT_EQ(cluster.node(number).disk.log, expected) << "logs differ after healing";
  }
}

// "Certainly not committed" and "certainly refused" are promises about the whole future of the run.
void check_fates_at_the_end(const CoreCluster& cluster) {
  for (const auto& [id, fate] : cluster.fates()) {
    if (fate.kind != Fate::Kind::kRefused && fate.kind != Fate::Kind::kSuperseded) continue;
    const std::string text = "command " + std::to_string(id);
    for (const auto& [index, entry] : cluster.committed_entries()) {
      ASSERT_NE(entry.payload.view(), text) << "a proposal told lost was committed at " << index;
    }
  }
}

RC_GTEST_PROP(Schedule, every_truth_holds_in_every_schedule_and_a_healed_cluster_makes_progress, ()) {
  const auto size = *rc::gen::inRange<std::size_t>(1, 6);
  const auto choices = *rc::gen::scale(
      6.0, rc::gen::container<std::vector<std::uint32_t>>(rc::gen::inRange<std::uint32_t>(0, 1U << 24)));
  CoreCluster cluster(size, *rc::gen::arbitrary<std::uint16_t>(), small_options());
  for (const std::uint32_t word : choices) {
    run(cluster, {.event = static_cast<Event>((word & 255) % static_cast<std::uint32_t>(Event::kCount)),
                  .where = (word >> 8) & 15,
                  .how = word >> 12});
  }
  heal_and_demand_progress(cluster);
  check_fates_at_the_end(cluster);
}

// Long schedules by seed: RapidCheck's are short, so that they shrink well.
TEST(Schedule, every_truth_holds_over_many_long_seeded_schedules) {
  std::size_t commits = 0;
  std::size_t leaders = 0;
  for (std::uint64_t seed = 1; seed <= 400; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Prng prng(seed);
    const Swarm swarm(prng);
    CoreCluster cluster(1 + prng.below(7), seed, small_options());
    for (int step = 0; step < 4000; ++step) run(cluster, swarm.draw(prng));
    heal_and_demand_progress(cluster);
    check_fates_at_the_end(cluster);
    commits += cluster.committed();
    leaders += cluster.node(0).state.term();
    if (::testing::Test::HasFailure()) return;
  }
  EXPECT_GT(commits, 3000U) << "the schedules hardly commit anything: they prove nothing";
  EXPECT_GT(leaders, 1000U) << "the schedules hardly change leaders: they prove nothing";
}

TEST(Schedule, equal_seeds_give_equal_states_to_the_last_bit) {
  const auto hashes = [] {
    std::vector<std::uint64_t> result;
    Prng prng(7);
    const Swarm swarm(prng);
    CoreCluster cluster(5, 7, small_options());
    for (int step = 0; step < 3000; ++step) {
      run(cluster, swarm.draw(prng));
      for (std::size_t number = 0; number < 5; ++number) result.push_back(hash_of(cluster.node(number).state));
    }
    return result;
  };
  EXPECT_EQ(hashes(), hashes());
}

}  // namespace
}  // namespace timestore::raft
