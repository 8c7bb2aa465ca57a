// Clusters whose disks take longer than an election time-out for a sync, such as memory cards: they do not depose
// leader after leader, and they store what clients write.
#include <gtest/gtest.h>

#include "sim/clients/workload.h"
#include "sim/world/world.h"

namespace timestore::sim {
namespace {

constexpr Time kElection = 600 * kMillisecond;  // at most; at least half of that
constexpr Time kDuration = 60 * kSecond;

struct Result {
  std::uint64_t leaders = 0;
  std::uint64_t commits = 0;
};

// Where `slow` nodes of three have disks whose syncs take so long at most.
Result run_with(std::uint64_t seed, std::size_t slow, Time sync) {
  Choices choices(seed);
  WorldOptions options;
  options.cluster.size = 3;
  options.cluster.seed = seed;
  options.cluster.raft.election_ticks_min = 30;
  options.cluster.raft.election_ticks_max = 60;
  options.cluster.raft.heartbeat_ticks = 5;
  World world(options, choices, nullptr);
  Workload workload(world, nullptr, {.clients = 3, .pause = 200 * kMillisecond}, choices);
  for (std::size_t node = 0; node < slow; ++node) {
    world.set_disk_delay(node, static_cast<std::uint32_t>(sync / options.disk.sync));
  }
  world.start_all();
  workload.begin();
  bool is_over = false;
  world.after(kDuration, [&is_over] { is_over = true; });
  while (!is_over && world.run_next()) continue;
  const Oracle& oracle = world.cluster().oracle();
  EXPECT_FALSE(oracle.violation()) << oracle.violation()->rule << ": " << oracle.violation()->detail;
  return {.leaders = oracle.leaders(), .commits = oracle.committed()};
}

TEST(SlowDisks, everywhere_let_clients_store_what_they_write) {
  for (const Time sync : {kElection * 2 / 3, kElection * 4 / 3, 2 * kElection}) {
    for (std::uint64_t seed = 1; seed <= 5; ++seed) {
      const Result result = run_with(seed, 3, sync);
      EXPECT_GE(result.commits, 30U) << "seed " << seed << ", syncs of " << sync / kMillisecond << " ms";
    }
  }
}

TEST(SlowDisks, everywhere_depose_no_leader_if_they_are_faster_than_elections) {
  std::uint64_t leaders = 0;
  for (std::uint64_t seed = 1; seed <= 5; ++seed) leaders += run_with(seed, 3, kElection * 2 / 3).leaders;
  EXPECT_LE(leaders, 10U);
}

TEST(SlowDisks, of_a_minority_cost_at_most_a_change_of_leaders) {
  for (const Time sync : {kElection, 3 * kElection}) {
    for (std::uint64_t seed = 1; seed <= 5; ++seed) {
      const Result result = run_with(seed, 1, sync);
      EXPECT_GE(result.commits, 100U) << "seed " << seed << ", syncs of " << sync / kMillisecond << " ms";
      EXPECT_LE(result.leaders, 3U) << "seed " << seed << ", syncs of " << sync / kMillisecond << " ms";
    }
  }
}

}  // namespace
}  // namespace timestore::sim
