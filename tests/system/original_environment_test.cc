// The original's compose file, with processes for containers: the same four variables, bare URLs among them.
#include <gtest/gtest.h>

#include "tests/system/cluster.h"

namespace timestore::system::original_environment_test {
namespace {

Entry entry_number(std::uint64_t number) {
  return {.id = guid(number), .device = "boiler", .timestamp = timestamp_at(1), .value = 0.5, .attributes = {}};
}

TEST(OriginalEnvironment, it_starts_a_cluster_that_elects_and_writes) {
  Cluster cluster(3, Cluster::Settings::kEnvironment);
  cluster.start_all();
  ASSERT_TRUE(cluster.await_leader());
  std::vector<Entry> written;
  for (std::size_t node = 0; node < cluster.size(); ++node) {
    const Entry entry = written.emplace_back(entry_number(node));
    const Answer answer = cluster.client(node).post(kSeries, to_json(entry));
    EXPECT_EQ(answer.status, 200) << cluster.id(node) << ": " << answer;
  }
  ASSERT_TRUE(cluster.await_agreement());
  for (std::size_t node = 0; node < cluster.size(); ++node) {
    EXPECT_EQ(entries_in(cluster.content_of(node)), written);
    EXPECT_TRUE(std::filesystem::exists(cluster.database(node)));
    const Json status(cluster.client(node).get("/raft/status").body);
    EXPECT_EQ(status.text("/nodeId"), cluster.id(node));
    EXPECT_EQ(status.size("/members"), 3U);
  }
}

// An id learnt from a URL must outlive the learning: the peer that told it may be down at the next start.
TEST(OriginalEnvironment, ids_that_were_learnt_are_remembered) {
  Cluster cluster(3, Cluster::Settings::kEnvironment);
  cluster.start_all();
  ASSERT_TRUE(cluster.await_leader());
  ASSERT_EQ(cluster.client(0).post(kSeries, to_json(entry_number(1))).status, 200);
  ASSERT_TRUE(cluster.await_agreement());

  cluster.kill9_all();
  cluster.start(0);
  cluster.start(2);
  ASSERT_TRUE(cluster.await_leader()) << "two of three do not elect";
  EXPECT_EQ(cluster.client(2).post(kSeries, to_json(entry_number(2))).status, 200);

  cluster.start(1);
  ASSERT_TRUE(cluster.await_leader());
  ASSERT_TRUE(cluster.await_agreement());
  EXPECT_EQ(entries_in(cluster.content_of(1)), (std::vector{entry_number(1), entry_number(2)}));
}

// The peers start one after another in a compose file, and may take their time.
TEST(OriginalEnvironment, a_node_waits_for_peers_whose_ids_it_does_not_know_yet) {
  Cluster cluster(3, Cluster::Settings::kEnvironment);
  cluster.start(0);
  const Answer alone = cluster.client(0).post(kSeries, to_json(entry_number(1)));
  EXPECT_EQ(alone.status, 503) << alone;
  cluster.start(1);
  cluster.start(2);
  ASSERT_TRUE(cluster.await_leader());
  EXPECT_EQ(cluster.client(0).post(kSeries, to_json(entry_number(1))).status, 200);
}

}  // namespace
}  // namespace timestore::system::original_environment_test
