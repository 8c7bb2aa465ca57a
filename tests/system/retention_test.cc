// Points are kept for a time: set at any node, in force on all, and still so when they come back.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/system/await.h"
#include "tests/system/cluster.h"
#include "tests/system/json.h"

namespace timestore::system::retention_test {
namespace {

using ::testing::HasSubstr;

TEST(Retention, holds_on_every_node_and_over_restarts) {
  Cluster cluster(3);
  cluster.start_all();
  const auto leader = cluster.await_leader();
  ASSERT_TRUE(leader);
  const std::size_t follower = cluster.follower_of(*leader);
  const auto store = [&](const char* time) {
    return cluster.client(follower).post(kSeries,
                                         std::string(R"({"deviceId":"a","value":1,"timestamp":")") + time + "\"}");
  };
  ASSERT_EQ(store("2001-01-01T00:00:00Z").status, 200);
  ASSERT_EQ(store("2200-01-01T00:00:00Z").status, 200);
  Answer set;
  const auto is_set = [&] {  // 503 until all members have said that they know it
    set = cluster.client(follower).put("/api/retention", R"({"maxAge":"30d"})");
    return set.status == 200;
  };
  ASSERT_TRUE(await(is_set)) << set;
  EXPECT_EQ(Json(set.body).text("/maxAge"), "30d");

  const auto expect_in_force = [&] {
    for (std::size_t node = 0; node < 3; ++node) {
      EXPECT_EQ(Json(cluster.client(node).get("/api/retention").body).text("/maxAge"), "30d") << node;
      const std::string all = cluster.client(node).get(kSeries).body;
      EXPECT_THAT(all, HasSubstr("2200-01-01")) << node;
      EXPECT_THAT(all, ::testing::Not(HasSubstr("2001-01-01"))) << node;
    }
    const Answer refused = store("2001-01-01T00:00:00Z");
    EXPECT_EQ(refused.status, 400) << refused;
    EXPECT_THAT(refused.body, HasSubstr("/api/retention"));
  };
  expect_in_force();
  cluster.kill9_all();
  cluster.start_all();
  ASSERT_TRUE(cluster.await_leader());
  expect_in_force();
  ASSERT_TRUE(cluster.await_agreement());
  EXPECT_EQ(cluster.content_of(0), cluster.content_of(1));
  EXPECT_EQ(cluster.content_of(1), cluster.content_of(2));
}

}  // namespace
}  // namespace timestore::system::retention_test
