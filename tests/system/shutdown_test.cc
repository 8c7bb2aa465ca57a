// SIGTERM: what is in flight is finished or handed to the others, the files are closed, and the exit status is 0.
#include <gtest/gtest.h>
#include <signal.h>

#include <iostream>

#include "tests/system/cluster.h"
#include "tests/system/workload.h"

namespace timestore::system::shutdown_test {
namespace {

using std::chrono::duration_cast;
using std::chrono::milliseconds;

constexpr std::size_t kWriters = 16;

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
  EXPECT_EQ(cluster.process(*leader).await_exit(), 0);
  const auto failover = workload.await_success_since(Clock::now());
  ASSERT_TRUE(failover);
  std::cout << "the leader was gone " << duration_cast<milliseconds>(Clock::now() - told).count()
            << " ms after it was told to\n";

  ASSERT_TRUE(workload.await_more(300));
  cluster.start(*leader);
  workload.stop();
  expect_every_promise_kept(cluster, workload.ledger(), "after the leader was told to stop");
}

TEST(Shutdown, a_cluster_that_is_told_to_stop_loses_nothing) {
  Cluster cluster(3);
  cluster.start_all();
  Workload workload(cluster.ports(), kWriters);
  workload.start();
  ASSERT_TRUE(workload.await_more(300));
  for (std::size_t node = 0; node < cluster.size(); ++node) cluster.process(node).send_signal(SIGTERM);
  for (std::size_t node = 0; node < cluster.size(); ++node) {
    EXPECT_EQ(cluster.process(node).await_exit(), 0) << cluster.id(node);
  }
  cluster.start_all();
  ASSERT_TRUE(workload.await_more(200));
  workload.stop();
  expect_every_promise_kept(cluster, workload.ledger(), "after all were told to stop");
}

// The connections of clients that wait for nothing must not hold a node up.
TEST(Shutdown, an_idle_client_does_not_hold_a_node_that_stops) {
  Cluster cluster(1);
  cluster.start_all();
  Client idle = cluster.client(0);
  ASSERT_EQ(idle.get("/raft/status").status, 200);
  cluster.process(0).send_signal(SIGTERM);
  EXPECT_EQ(cluster.process(0).await_exit(), 0);
}

}  // namespace
}  // namespace timestore::system::shutdown_test
