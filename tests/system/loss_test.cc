// The promise above all others: what was acknowledged is there, once, on every node, whatever was killed.
#include <gtest/gtest.h>
#include <signal.h>

#include <algorithm>
#include <cstdlib>
#include <iostream>

#include "tests/system/cluster.h"
#include "tests/system/workload.h"

namespace timestore::system::loss_test {
namespace {

using std::chrono::duration_cast;
using std::chrono::milliseconds;

constexpr std::size_t kWriters = 16;

int rounds() {
  const char* text = std::getenv("TIMESTORE_ROUNDS");
  return text == nullptr ? 20 : std::max(1, std::atoi(text));
}

// A cluster under load through rounds of faults.
class Ordeal {
 public:
  explicit Ordeal(std::size_t writers) : cluster_(3), workload_(cluster_.ports(), writers) { cluster_.start_all(); }

  void round() {
    ASSERT_NO_FATAL_FAILURE(lose_the_leader());
    ASSERT_NO_FATAL_FAILURE(expect_every_promise_kept(cluster_, workload_.ledger(), "after the leader was killed"));
    ASSERT_NO_FATAL_FAILURE(lose_everybody());
    ASSERT_NO_FATAL_FAILURE(expect_every_promise_kept(cluster_, workload_.ledger(), "after all were killed"));
  }

  // With a clean exit, so that a sanitizer can say what it has found.
  void stop() {
    for (std::size_t node = 0; node < cluster_.size(); ++node) cluster_.process(node).send_signal(SIGTERM);
    for (std::size_t node = 0; node < cluster_.size(); ++node) {
      EXPECT_EQ(cluster_.process(node).await_exit(), 0) << cluster_.id(node);
    }
  }

  void print_summary() const {
    auto sorted = failovers_;
    std::sort(sorted.begin(), sorted.end());
    const Ledger ledger = workload_.ledger();
    // The smallest that so many hundredths do not exceed.
    const auto percentile = [&](std::size_t hundredths) {
      const std::size_t rank = (sorted.size() * hundredths + 99) / 100;
      return sorted[std::max<std::size_t>(rank, 1) - 1].count();
    };
    std::cout << "from the kill to the first write, in ms: min " << percentile(0) << ", lower quartile "
              << percentile(25) << ", median " << percentile(50) << ", upper quartile " << percentile(75)
              << ", 90th percentile " << percentile(90) << ", max " << percentile(100) << "; "
              << ledger.acknowledged.size() << " entries acknowledged, " << ledger.maybe.size() << " without answer\n";
  }

 private:
  void lose_the_leader() {
    workload_.start();
    ASSERT_TRUE(workload_.await_more(500)) << "the writers do not get on";
    const auto leader = cluster_.await_leader();
    ASSERT_TRUE(leader) << "no leader";
    const auto killed = cluster_.kill9(*leader);
    const auto failover = workload_.await_success_since(killed);
    ASSERT_TRUE(failover) << "no write succeeds after the leader is gone";
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
    EXPECT_TRUE(await([&] {
      const auto status = cluster_.status(node);
      return status && status->applied_index >= other->applied_index;
    })) << cluster_.id(node)
        << " does not catch up";
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
  std::vector<milliseconds> failovers_;
};

TEST(Loss, three_nodes_lose_nothing) {
  Ordeal ordeal(kWriters);
  for (int round = 1; round <= rounds() && !::testing::Test::HasFailure(); ++round) {
    SCOPED_TRACE("round " + std::to_string(round));
    ordeal.round();
  }
  if (!::testing::Test::HasFatalFailure()) ordeal.print_summary();
}

// Short, for builds with sanitizers.
TEST(SanitizedLoss, one_round_loses_nothing) {
  Ordeal ordeal(4);
  ordeal.round();
  ordeal.stop();
}

// Not dead but asleep: it wakes up as the leader of a term that is over, with requests in hand that their clients have
// given up and sent to others.
TEST(Loss, a_leader_that_was_asleep_loses_nothing) {
  Cluster cluster(3);
  cluster.start_all();
  Workload workload(cluster.ports(), kWriters, 1s);
  workload.start();
  for (int round = 1; round <= 3; ++round) {
    ASSERT_TRUE(workload.await_more(300)) << "the writers do not get on";
    const auto leader = cluster.await_leader();
    ASSERT_TRUE(leader);
    cluster.pause(*leader);
    EXPECT_TRUE(cluster.await_leader()) << "nobody leads in its place";
    EXPECT_TRUE(workload.await_more(300)) << "two nodes do not get on";
    cluster.resume(*leader);
  }
  workload.stop();
  expect_every_promise_kept(cluster, workload.ledger(), "after three leaders have slept");
}

TEST(Loss, five_nodes_lose_nothing_with_two_of_them) {
  Cluster cluster(5);
  cluster.start_all();
  Workload workload(cluster.ports(), kWriters);
  workload.start();
  std::vector<std::size_t> killed;
  while (killed.size() < 2) {
    ASSERT_TRUE(workload.await_more(300)) << "the writers do not get on without " << killed.size();
    const auto leader = cluster.await_leader();
    ASSERT_TRUE(leader);
    cluster.kill9(*leader);
    killed.push_back(*leader);
  }
  ASSERT_TRUE(workload.await_more(300)) << "three of five do not get on";
  workload.stop();
  expect_every_promise_kept(cluster, workload.ledger(), "without two of five");
  for (const std::size_t node : killed) cluster.start(node);
  expect_every_promise_kept(cluster, workload.ledger(), "with all five again");
}

}  // namespace
}  // namespace timestore::system::loss_test
