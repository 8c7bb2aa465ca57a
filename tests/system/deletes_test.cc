// What is deleted at any node is gone on all, and still so when they come back.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/system/await.h"
#include "tests/system/cluster.h"
#include "tests/system/json.h"

namespace timestore::system::deletes_test {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TEST(Deletes, hold_on_every_node_and_over_restarts) {
  Cluster cluster(3);
  cluster.start_all();
  const auto leader = cluster.await_leader();
  ASSERT_TRUE(leader);
  const std::size_t follower = cluster.follower_of(*leader);
  const auto store = [&](const std::string& body) { return cluster.client(follower).post(kSeries, body); };
  const Answer stored = store(R"({"deviceId":"a","value":1,"timestamp":"2025-01-01T00:00:00Z"})");
  ASSERT_EQ(stored.status, 200);
  ASSERT_EQ(store(R"({"deviceId":"b","value":2,"timestamp":"2025-01-01T00:00:00Z"})").status, 200);
  ASSERT_EQ(store(R"({"deviceId":"c","value":3,"timestamp":"2025-01-01T00:00:00Z"})").status, 200);
  Answer gone;
  const auto is_gone = [&] {  // 503 until all members have said that they know it
    gone = cluster.client(follower).send("DELETE", kSeries + std::string("?deviceId=b"));
    return gone.status == 200;
  };
  ASSERT_TRUE(await(is_gone)) << gone;
  EXPECT_EQ(gone.body, R"({"deleted":1})");
  const std::string entry = std::string(kSeries) + "/" + Json(stored.body).text("/id").value();
  EXPECT_EQ(cluster.client(*leader).send("DELETE", entry).status, 204);
  EXPECT_EQ(cluster.client(follower).send("DELETE", entry).status, 404);

  const auto expect_gone = [&] {
    for (std::size_t node = 0; node < 3; ++node) {
      const std::string all = cluster.client(node).get(kSeries).body;
      EXPECT_THAT(all, HasSubstr(R"("deviceId":"c")")) << node;
      EXPECT_THAT(all, Not(HasSubstr(R"("deviceId":"a")"))) << node;
      EXPECT_THAT(all, Not(HasSubstr(R"("deviceId":"b")"))) << node;
    }
  };
  expect_gone();
  cluster.kill9_all();
  cluster.start_all();
  ASSERT_TRUE(cluster.await_leader());
  expect_gone();
  ASSERT_EQ(store(R"({"deviceId":"b","value":4,"timestamp":"2025-01-01T00:00:00Z"})").status, 200);
  ASSERT_TRUE(cluster.await_agreement());
  EXPECT_THAT(cluster.client(follower).get(kSeries).body, HasSubstr(R"("deviceId":"b")")) << "a later write stays";
  EXPECT_EQ(cluster.content_of(0), cluster.content_of(1));
  EXPECT_EQ(cluster.content_of(1), cluster.content_of(2));
}

}  // namespace
}  // namespace timestore::system::deletes_test
