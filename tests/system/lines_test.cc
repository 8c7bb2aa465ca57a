// Line protocol through real nodes: what is answered 204 is there, on each of them, whoever is killed meanwhile.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/system/await.h"
#include "tests/system/cluster.h"

namespace timestore::system::lines_test {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr const char* kWrite = "/write?db=timestore";

// 503 until all members have said that they know lines, and while nobody leads. As clients of InfluxDB do, it is sent
// again.
Answer write(const Cluster& cluster, std::size_t node, const std::string& lines, const std::string& target = kWrite) {
  Answer answer;
  EXPECT_TRUE(await([&] {
    answer = cluster.client(node).post(target, lines, {}, "text/plain; charset=utf-8");
    return answer.status != 503 && answer.status != 0;
  }));
  return answer;
}

TEST(Lines, are_stored_through_any_node_and_hold_over_restarts) {
  Cluster cluster(3);
  cluster.start_all();
  ASSERT_TRUE(cluster.await_leader());
  for (std::size_t node = 0; node < 3; ++node) {
    const Answer answer =
        write(cluster, node, "cpu,host=h" + std::to_string(node) + " idle=1.5,jobs=2i 1714564800000000000\n");
    EXPECT_EQ(answer.status, 204) << answer;
  }
  EXPECT_EQ(write(cluster, 1, "timeseries,deviceId=kitchen value=21.5 1714564800").status, 204);
  const Answer conflict =
      write(cluster, 2, "cpu,host=h9 idle=1i 5\ncpu,host=h0 idle=2.5 1714564800000000000\ncpu bad\n");
  EXPECT_EQ(conflict.status, 400);
  EXPECT_EQ(
      conflict.body,
      "{\"error\":\"partial write: field type conflict: input field \\\"idle\\\" on measurement \\\"cpu\\\" is type "
      "integer, already exists as type float dropped=1\"}\n");
  const Answer refused =
      write(cluster, 0, "cpu,host=h8 idle=1 5\ncpu,host=h8 jobs=1 5\n", "/api/v2/write?bucket=timestore");
  EXPECT_EQ(refused.status, 422) << refused;

  const auto expect_stored = [&] {
    ASSERT_TRUE(cluster.await_agreement());
    for (std::size_t node = 0; node < 3; ++node) {
      const std::string all = cluster.content_of(node);
      EXPECT_THAT(all,
                  AllOf(HasSubstr(R"("deviceId":"cpu,host=h1 idle","timestamp":"2024-05-01T12:00:00Z","value":1.5)"),
                        HasSubstr(R"("deviceId":"cpu,host=h2 jobs","timestamp":"2024-05-01T12:00:00Z","value":2,)"),
                        HasSubstr(R"("deviceId":"cpu,host=h0 idle","timestamp":"2024-05-01T12:00:00Z","value":2.5)"),
                        HasSubstr(R"("deviceId":"kitchen","timestamp":"1970-01-01T00:00:01.7145648Z","value":21.5)"),
                        Not(HasSubstr("host=h8")), Not(HasSubstr("host=h9"))));
      EXPECT_EQ(all, cluster.content_of(0));
    }
  };
  expect_stored();
  cluster.kill9_all();
  cluster.start_all();
  ASSERT_TRUE(cluster.await_leader());
  EXPECT_EQ(write(cluster, 1, "cpu,host=h0 idle=2.5 1714564800000000000\n").status, 204) << "nothing new";
  expect_stored();
}

TEST(Lines, that_were_answered_are_there_when_their_leader_was_killed_meanwhile) {
  Cluster cluster(3);
  cluster.start_all();
  auto leader = cluster.await_leader();
  ASSERT_TRUE(leader);
  const std::size_t asked = cluster.follower_of(*leader);
  constexpr int kBodies = 30;
  for (int body = 0; body < kBodies; ++body) {
    if (body == kBodies / 2) cluster.kill9(*leader);
    std::string lines;
    for (int line = 0; line < 100; ++line) {
      lines += "m,line=" + std::to_string(line) + " f=" + std::to_string(body) + "i " + std::to_string(body) + "\n";
    }
    ASSERT_EQ(write(cluster, asked, lines).status, 204) << body;
  }
  cluster.start(*leader);
  ASSERT_TRUE(cluster.await_agreement());
  for (std::size_t node = 0; node < 3; ++node) {
    const std::string all = cluster.content_of(node);
    std::size_t count = 0;
    for (std::size_t at = all.find("\"id\""); at != std::string::npos; at = all.find("\"id\"", at + 1)) ++count;
    EXPECT_EQ(count, kBodies * 100U) << "each point once, however often it was sent";
    EXPECT_EQ(all, cluster.content_of(0));
  }
}

}  // namespace
}  // namespace timestore::system::lines_test
