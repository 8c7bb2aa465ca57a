// A node that was away for longer than the log reaches back comes home by way of a snapshot, while clients write.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <iostream>

#include "tests/system/cluster.h"
#include "tests/system/json.h"
#include "tests/system/workload.h"

namespace timestore::system::snapshot_test {
namespace {

constexpr std::size_t kWriters = 48;
constexpr std::int64_t kMaxGrowthKib = 64 * 1024;

// How many entries the node misses. TIMESTORE_MISSED_ENTRIES=500000 is the measured promise; it takes a minute or two.
std::uint64_t missed_entries() {
  const char* text = std::getenv("TIMESTORE_MISSED_ENTRIES");
  return text == nullptr ? 60'000 : std::strtoull(text, nullptr, 10);
}

std::int64_t snapshot_index(const Cluster& cluster, std::size_t node) {
  return Json(cluster.client(node).get("/raft/status").body).integer("/snapshotIndex").value_or(-1);
}

TEST(Snapshot, a_node_that_was_away_for_long_returns_while_clients_write) {
  Cluster cluster(3);
  cluster.set_further_flags({"--log-entries", "5000"});
  cluster.start_all();
  const auto leader = cluster.await_leader();
  ASSERT_TRUE(leader);
  const std::size_t away = cluster.follower_of(*leader);
  const std::size_t other = 3 - *leader - away;
  Workload workload({cluster.port(*leader), cluster.port(other)}, kWriters);
  workload.start();
  ASSERT_TRUE(workload.await_more(100));
  const std::int64_t had = cluster.status(away)->applied_index;
  cluster.kill9(away);
  ASSERT_TRUE(workload.await_more(missed_entries()));
  ASSERT_GT(snapshot_index(cluster, *leader), had) << "the log does not reach back to what the node has";

  const pid_t leading = cluster.process(*leader).pid();
  const std::int64_t before = resident_kib(leading);
  std::int64_t most = before;
  const std::uint64_t acknowledged = workload.acknowledged();
  const std::int64_t goal = cluster.status(*leader)->commit_index;
  const auto began = Clock::now();
  static_cast<void>(workload.longest_gap());  // the rest is about what happens from now on
  cluster.start(away);
  EXPECT_TRUE(await([&] {
    most = std::max(most, resident_kib(leading));
    const auto status = cluster.status(away);
    return status && status->applied_index >= goal;
  }));
  const auto took = std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - began);
  EXPECT_GT(snapshot_index(cluster, away), had) << "it came by way of the log";
  EXPECT_LT(most - before, kMaxGrowthKib) << "KiB by which the leader's memory grew";
  const std::uint64_t meanwhile = workload.acknowledged() - acknowledged;
  EXPECT_GT(meanwhile, 0U) << "clients could not write meanwhile";
  const auto gap = std::chrono::duration_cast<std::chrono::milliseconds>(workload.longest_gap());
  std::cout << "missed " << goal - had << " entries, returned in " << took.count() << " ms; meanwhile " << meanwhile
            << " writes were acknowledged, at most " << gap.count() << " ms apart, and the leader's memory grew by "
            << most - before << " KiB\n";
  workload.stop();
  ASSERT_TRUE(cluster.await_agreement());
  expect_every_promise_kept(cluster, workload.ledger(), "after the return");
}

}  // namespace
}  // namespace timestore::system::snapshot_test
