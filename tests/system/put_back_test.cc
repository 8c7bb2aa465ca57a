// A disk is put back to an older copy: the node forgets what it has acknowledged, and a leader is elected that lacks
// committed entries. Whoever knows that they are committed says so, instead of serving another history.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "tests/system/cluster.h"
#include "tests/system/json.h"

namespace timestore::system::put_back_test {
namespace {

using ::testing::HasSubstr;

// Of these, the node that says that it leads. (Who has stopped serving follows nobody.)
std::optional<std::size_t> leader_among(Cluster& cluster, const std::vector<std::size_t>& nodes) {
  std::optional<std::size_t> leader;
  EXPECT_TRUE(await([&] {
    for (const std::size_t node : nodes) {
      const auto status = cluster.status(node);
      if (status && status->state == "Leader") leader = node;
    }
    return leader.has_value();
  }));
  return leader;
}

void write(Cluster& cluster, std::size_t leader, const std::string& device, int count) {
  Client client = cluster.client(leader);
  for (int i = 0; i < count; ++i) {
    const std::string body =
        R"({"deviceId":")" + device + R"(","timestamp":"2026-01-01T00:00:00Z","value":)" + std::to_string(i) + "}";
    ASSERT_TRUE(await([&] { return client.post(kSeries, body).status == 200; })) << device << i;
  }
}

void copy_folder(const std::string& from, const std::string& to) {
  std::filesystem::remove_all(to);
  std::filesystem::copy(from, to, std::filesystem::copy_options::recursive);
}

// node1 and node3 commit ten entries without node2. Then node1 stands still, node3's disk is put back, and it elects
// node2, or the other way round; they commit other entries.
class PutBack : public ::testing::Test {
 protected:
  void SetUp() override {
    cluster_.start_all();
    const auto first = cluster_.await_leader();
    ASSERT_TRUE(first);
    ASSERT_NO_FATAL_FAILURE(write(cluster_, *first, "shared", 5));
    ASSERT_TRUE(cluster_.await_agreement());
    cluster_.kill9(1);
    cluster_.kill9(2);
    const std::string kept = cluster_.folder(2) + ".kept";
    copy_folder(cluster_.folder(2), kept);
    cluster_.start(2);
    const auto second = cluster_.await_leader();
    ASSERT_TRUE(second);
    ASSERT_NO_FATAL_FAILURE(write(cluster_, *second, "lost", 10));
    ASSERT_TRUE(cluster_.await_agreement());
    cluster_.pause(0);
    cluster_.kill9(2);
    copy_folder(kept, cluster_.folder(2));
    cluster_.start(1);
    cluster_.start(2);
    // A term that node1 has not heard of, so that no two entries of one term differ: that nobody could tell.
    const auto third = leader_among(cluster_, {1, 2});
    ASSERT_TRUE(third);
    leader_ = 3 - *third;
    ASSERT_TRUE(await([&] {
      (void)cluster_.client(*third).post("/cluster/transfer", R"({"to":")" + cluster_.id(leader_) + "\"}");
      const auto status = cluster_.status(leader_);
      return status && status->state == "Leader";
    }));
    ASSERT_NO_FATAL_FAILURE(write(cluster_, leader_, "new", 20));
  }

  Cluster cluster_{3};
  std::size_t leader_ = 0;  // of node2 and node3
};

TEST_F(PutBack, who_has_committed_what_the_new_leader_lacks_stops_serving_and_the_others_go_on) {
  cluster_.resume(0);
  Client alone = cluster_.client(0);
  ASSERT_TRUE(await([&] {
    return !Json(alone.get("/raft/status").body).text("/contradiction/leaderId").value_or("").empty();
  })) << alone.get("/raft/status").body;
  const auto read = alone.get(kSeries);
  EXPECT_EQ(read.status, 503);
  EXPECT_THAT(read.body, HasSubstr("exclude each other"));
  EXPECT_EQ(alone.get(std::string(kSeries) + "?level=weak").status, 503);
  EXPECT_THAT(cluster_.content_of(0), HasSubstr("lost"));
  EXPECT_THAT(cluster_.log(0), HasSubstr("timestored recover"));

  ASSERT_NO_FATAL_FAILURE(write(cluster_, leader_, "new", 5));
  EXPECT_TRUE(await([&] {
    return Json(cluster_.client(leader_).get("/raft/status").body).text("/contradicts/0") == "node1";
  })) << alone.get("/raft/status").body
      << cluster_.client(leader_).get("/raft/status").body;
  EXPECT_THAT(cluster_.log(leader_), HasSubstr("sends nothing more to node1"));

  // The way out that is named: the directory is emptied, and the node joins.
  cluster_.kill9(0);
  cluster_.wipe(0, leader_);
  cluster_.start(0);
  ASSERT_TRUE(cluster_.await_agreement());
  EXPECT_THAT(cluster_.content_of(0), HasSubstr("new"));
}

}  // namespace
}  // namespace timestore::system::put_back_test
