// The promise above all others: what was acknowledged is there, once, on every node, whatever was killed.
#include <gtest/gtest.h>
#include <signal.h>

#include <algorithm>
#include <cstdlib>
#include <iostream>

#include "tests/system/cluster.h"
#include "tests/system/workload.h"

namespace timestore::system {
namespace {

using std::chrono::duration_cast;
using std::chrono::milliseconds;

constexpr Clock::duration kFailoverPromise = 2s;
constexpr std::size_t kWriters = 16;

int rounds() {
  const char* text = std::getenv("TIMESTORE_ROUNDS");
  return text == nullptr ? 20 : std::max(1, std::atoi(text));
}

// Requires that the writers are stopped and all nodes run.
void expect_every_promise_kept(Cluster& cluster, const Workload& workload, const std::string& when) {
  ASSERT_TRUE(cluster.await_agreement()) << when << ": the nodes do not come to the same state";
  const Ledger ledger = workload.ledger();
  const std::string content = cluster.content_of(0);
  for (std::size_t node = 1; node < cluster.size(); ++node) {
    EXPECT_TRUE(cluster.content_of(node) == content) << when << ": " << cluster.id(node) << " differs from node1";
  }
  for (const std::string& contradiction : contradictions(ledger, content))
    ADD_FAILURE() << when << ": " << contradiction;
  for (const std::string& protest : ledger.protests) ADD_FAILURE() << when << ": " << protest;
}

// A cluster under load through rounds of faults.
class Ordeal {
 public:
  Ordeal(std::size_t writers, Clock::duration failover_limit)
      : cluster_(3), workload_(cluster_.ports(), writers), failover_limit_(failover_limit) {
    cluster_.start_all();
  }

  void round() {
    ASSERT_NO_FATAL_FAILURE(lose_the_leader());
    ASSERT_NO_FATAL_FAILURE(expect_every_promise_kept(cluster_, workload_, "after the leader was killed"));
    ASSERT_NO_FATAL_FAILURE(lose_everybody());
    ASSERT_NO_FATAL_FAILURE(expect_every_promise_kept(cluster_, workload_, "after all were killed"));
  }

  void print_summary() const {
    auto sorted = failovers_;
    std::sort(sorted.begin(), sorted.end());
    const Ledger ledger = workload_.ledger();
    std::cout << "from the kill to the first write: min " << sorted.front().count() << " ms, median "
              << sorted[sorted.size() / 2].count() << " ms, max " << sorted.back().count() << " ms; "
              << ledger.acknowledged.size() << " entries acknowledged, " << ledger.maybe.size() << " without answer\n";
  }

 private:
  void lose_the_leader() {
    const auto leader = cluster_.await_leader();
    ASSERT_TRUE(leader) << "no leader";
    workload_.start();
    ASSERT_TRUE(workload_.await_more(500)) << "the writers do not get on";
    // Where leadership has moved since, a follower dies, and writing goes on all the sooner.
    const auto killed = cluster_.kill9(*leader);
    const auto failover = workload_.await_success_since(killed, failover_limit_ + 10s);
    ASSERT_TRUE(failover) << "no write succeeds after the leader is gone";
    EXPECT_LE(*failover, failover_limit_) << "that is " << duration_cast<milliseconds>(*failover).count() << " ms";
    failovers_.push_back(duration_cast<milliseconds>(*failover));

    ASSERT_TRUE(workload_.await_more(500)) << "two nodes do not get on";
    cluster_.start(*leader);
    ASSERT_NO_FATAL_FAILURE(expect_to_catch_up(*leader));
    workload_.stop();
  }

  // Under load: the node reaches what another one has applied at this moment.
  void expect_to_catch_up(std::size_t node) {
    const auto other = cluster_.status(cluster_.follower_of(node));
    ASSERT_TRUE(other);
    EXPECT_TRUE(await(20s,
                      [&] {
                        const auto status = cluster_.status(node);
                        return status && status->applied_index >= other->applied_index;
                      }))
        << cluster_.id(node) << " does not catch up";
  }

  void lose_everybody() {
    workload_.start();
    ASSERT_TRUE(workload_.await_more(200)) << "the writers do not get on";
    cluster_.kill9_all();
    cluster_.start_all();
    ASSERT_TRUE(workload_.await_more(200)) << "nobody writes after all have restarted";
    workload_.stop();
  }

  Cluster cluster_;
  Workload workload_;
  Clock::duration failover_limit_;
  std::vector<milliseconds> failovers_;
};

TEST(Loss, three_nodes_lose_nothing) {
  Ordeal ordeal(kWriters, kFailoverPromise);
  for (int round = 1; round <= rounds() && !::testing::Test::HasFailure(); ++round) {
    SCOPED_TRACE("round " + std::to_string(round));
    ordeal.round();
  }
  if (!::testing::Test::HasFatalFailure()) ordeal.print_summary();
}

// Short, for builds with sanitizers, which are too slow for the promise about time.
TEST(SanitizedLoss, one_round_loses_nothing) {
  Ordeal ordeal(4, 20s);
  ordeal.round();
}

TEST(Shutdown, a_leader_that_is_told_to_stop_hands_over_and_loses_nothing) {
  Cluster cluster(3);
  cluster.start_all();
  Workload workload(cluster.ports(), kWriters);
  const auto leader = cluster.await_leader();
  ASSERT_TRUE(leader);
  workload.start();
  ASSERT_TRUE(workload.await_more(300));

  const auto told = Clock::now();
  cluster.process(*leader).send_signal(SIGTERM);
  EXPECT_EQ(cluster.process(*leader).await_exit(10s), 0);
  const auto failover = workload.await_success_since(Clock::now(), 10s);
  ASSERT_TRUE(failover);
  EXPECT_LE(*failover, kFailoverPromise);
  std::cout << "the leader was gone " << duration_cast<milliseconds>(Clock::now() - told).count()
            << " ms after it was told to\n";

  ASSERT_TRUE(workload.await_more(300));
  cluster.start(*leader);
  workload.stop();
  expect_every_promise_kept(cluster, workload, "after the leader was told to stop");
}

TEST(Shutdown, a_cluster_that_is_told_to_stop_loses_nothing) {
  Cluster cluster(3);
  cluster.start_all();
  Workload workload(cluster.ports(), kWriters);
  workload.start();
  ASSERT_TRUE(workload.await_more(300));
  for (std::size_t node = 0; node < cluster.size(); ++node) cluster.process(node).send_signal(SIGTERM);
  for (std::size_t node = 0; node < cluster.size(); ++node) {
    EXPECT_EQ(cluster.process(node).await_exit(10s), 0) << cluster.id(node);
  }
  cluster.start_all();
  ASSERT_TRUE(workload.await_more(200));
  workload.stop();
  expect_every_promise_kept(cluster, workload, "after all were told to stop");
}

// The connections of clients that wait for nothing must not hold a node up.
TEST(Shutdown, a_single_idle_node_stops_at_once) {
  Cluster cluster(1);
  cluster.start_all();
  Client idle = cluster.client(0);
  ASSERT_EQ(idle.get("/raft/status").status, 200);
  cluster.process(0).send_signal(SIGTERM);
  EXPECT_EQ(cluster.process(0).await_exit(10s), 0);
}

}  // namespace
}  // namespace timestore::system
