// The feature level of a cluster of processes: it rises when every node has said that it knows it, and holds it no
// more.
#include <gtest/gtest.h>

#include "tests/system/await.h"
#include "tests/system/cluster.h"
#include "tests/system/json.h"

namespace timestore::system::upgrade_test {
namespace {

std::int64_t level(const Cluster& cluster, std::size_t node) {
  return Json(cluster.client(node).get("/raft/status").body).integer("/featureLevel").value_or(-1);
}

TEST(Upgrade, the_level_rises_when_the_last_node_holds_it_no_more) {
  Cluster cluster(3);
  cluster.set_further_flags({"--hold-level"});
  cluster.start(0);
  cluster.set_further_flags({});
  cluster.start(1);
  cluster.start(2);
  ASSERT_TRUE(cluster.await_leader());
  const auto stored =
      cluster.client(1).post("/api/timeseries", R"({"deviceId":"a","timestamp":"2025-01-01","value":1})");
  ASSERT_EQ(stored.status, 200) << stored.body;
  ASSERT_TRUE(cluster.await_agreement());
  for (std::size_t node = 0; node < 3; ++node) EXPECT_EQ(level(cluster, node), 0);
  EXPECT_EQ(Json(cluster.client(0).get("/raft/status").body).boolean("/holdsLevel"), true);

  cluster.kill9(0);
  cluster.start(0);
  const auto highest = Json(cluster.client(0).get("/raft/status").body).integer("/highestLevel");
  ASSERT_GT(highest.value_or(0), 0);
  EXPECT_TRUE(await([&] {
    return level(cluster, 0) == *highest && level(cluster, 1) == *highest && level(cluster, 2) == *highest;
  }));
  const auto more = cluster.client(1).post("/api/timeseries", R"({"deviceId":"a","timestamp":"2025-01-02","value":2})");
  ASSERT_EQ(more.status, 200) << more.body;
  ASSERT_TRUE(cluster.await_agreement());
  EXPECT_EQ(cluster.content_of(0), cluster.content_of(1));
}

}  // namespace
}  // namespace timestore::system::upgrade_test
