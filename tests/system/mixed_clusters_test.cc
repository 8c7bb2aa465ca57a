// People give node ids and addresses, and mix them up: two clusters whose nodes have the same names, and directories
// that were cleaned. Nothing is mixed, and each node says what is wrong.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <algorithm>
#include <string>
#include <vector>

#include "tests/system/cluster.h"
#include "tests/system/json.h"

namespace timestore::system::mixed_clusters_test {
namespace {

using ::testing::HasSubstr;

std::string body_of(const std::string& device, int value) {
  return R"({"deviceId":")" + device + R"(","timestamp":"2026-01-01T00:00:00Z","value":)" + std::to_string(value) + "}";
}

void write(Cluster& cluster, const std::string& device, int count) {
  const auto leader = cluster.await_leader();
  ASSERT_TRUE(leader);
  Client client = cluster.client(*leader);
  for (int i = 0; i < count; ++i) {
    ASSERT_TRUE(await([&] { return client.post(kSeries, body_of(device, i)).status == 200; })) << device << i;
  }
}

std::string cluster_id_of(const Cluster& cluster, std::size_t node) {
  return Json(cluster.client(node).get("/raft/status").body).text("/clusterId").value_or("");
}

// The value of a flag in a node's command line.
std::string& argument_of(Command& command, const std::string& flag) {
  const auto found = std::find(command.arguments.begin(), command.arguments.end(), flag);
  EXPECT_NE(found, command.arguments.end()) << flag;
  return *(found + 1);
}

std::size_t stored_of(const std::string& content, const std::string& device) {
  const auto entries = entries_in(content);
  return static_cast<std::size_t>(
      std::count_if(entries.begin(), entries.end(), [&](const Entry& entry) { return entry.device == device; }));
}

TEST(MixedClusters, a_node_of_another_cluster_under_the_same_name_changes_nothing) {
  Cluster a(3);
  Cluster b(3);
  a.start_all();
  b.start_all();
  ASSERT_NO_FATAL_FAILURE(write(a, "a", 5));
  ASSERT_NO_FATAL_FAILURE(write(b, "b", 30));
  ASSERT_TRUE(a.await_agreement());
  ASSERT_TRUE(b.await_agreement());
  const std::string id_of_a = cluster_id_of(a, 0);
  const std::string id_of_b = cluster_id_of(b, 0);
  EXPECT_EQ(id_of_a.size(), 32U);
  EXPECT_NE(id_of_a, id_of_b);
  EXPECT_EQ(cluster_id_of(a, 2), id_of_a);

  // The files of A's node3 are started with the addresses of B.
  const std::string before = a.content_of(2);
  a.kill9(2);
  b.kill9(2);
  Command mixed = a.command(2);
  argument_of(mixed, "--listen") = b.url(2).substr(sizeof("http://") - 1);
  argument_of(mixed, "--peers") = "node1=" + b.url(0) + ",node2=" + b.url(1);
  {
    Process stray(mixed);
    ASSERT_TRUE(await([&] {
      const Json status(b.client(2).get("/raft/status").body);
      return status.text("/strangers/0/clusterId") == id_of_b;
    })) << "it does not say whom it met";
    ASSERT_NO_FATAL_FAILURE(write(b, "b", 20));
    const auto leader = b.await_leader();
    ASSERT_TRUE(leader);
    EXPECT_TRUE(await([&] {
      const Json status(b.client(*leader).get("/raft/status").body);
      return status.text("/strangers/0/clusterId") == id_of_a && status.text("/strangers/0/id") == "node3";
    }));
    const std::string log_of_leader = b.log(*leader);
    EXPECT_THAT(log_of_leader, HasSubstr("node3"));
    EXPECT_THAT(log_of_leader, HasSubstr(id_of_a));
    EXPECT_THAT(log_of_leader, HasSubstr(id_of_b));
    EXPECT_THAT(log_of_leader, HasSubstr("Correct the addresses"));
    EXPECT_EQ(stored_of(b.client(2).get(std::string(kSeries) + "?level=none").body, "b"), 0U);
    stray.kill9();
  }
  EXPECT_THAT(a.log(2), HasSubstr(id_of_b)) << "the stray node says it too";
  EXPECT_THAT(a.log(2), HasSubstr("Correct the addresses"));

  // With their own addresses both go on.
  a.start(2);
  b.start(2);
  ASSERT_NO_FATAL_FAILURE(write(a, "a", 1));
  ASSERT_TRUE(a.await_agreement());
  ASSERT_TRUE(b.await_agreement());
  for (std::size_t node = 0; node < 3; ++node) {
    EXPECT_EQ(stored_of(a.content_of(node), "a"), 6U);
    EXPECT_EQ(stored_of(a.content_of(node), "b"), 0U);
    EXPECT_EQ(stored_of(b.content_of(node), "b"), 50U);
    EXPECT_EQ(stored_of(b.content_of(node), "a"), 0U);
  }
  EXPECT_THAT(a.content_of(2), HasSubstr(before.substr(1, before.size() - 2))) << "nothing that it held has gone";
}

TEST(MixedClusters, cleaned_directories_found_no_second_cluster) {
  Cluster cluster(3);
  cluster.start_all();
  ASSERT_NO_FATAL_FAILURE(write(cluster, "a", 3));
  ASSERT_TRUE(cluster.await_agreement());
  const std::string id = cluster_id_of(cluster, 2);
  cluster.kill9_all();
  cluster.clean(0);
  cluster.clean(1);
  cluster.start_all();
  ASSERT_TRUE(await([&] { return cluster.log(0).find("recover --force-single") != std::string::npos; }));
  const std::string said = cluster.log(0);
  EXPECT_THAT(said, HasSubstr("node3 holds data: no new cluster is founded beside it"));
  EXPECT_FALSE(await_within(3s, [&] {
    for (std::size_t node = 0; node < 3; ++node) {
      const auto status = cluster.status(node);
      if (status && !status->leader_id.empty()) return true;
    }
    return false;
  })) << "somebody leads";
  EXPECT_EQ(stored_of(cluster.content_of(0), "a"), 0U);

  // The way out that it names.
  cluster.kill9_all();
  const Outcome recovered =
      run_to_end({timestored_binary(), "recover", "--force-single", "--database", cluster.database(2)});
  ASSERT_EQ(recovered.status, 0) << recovered.output;
  cluster.start(2);
  for (const std::size_t node : {0U, 1U}) {
    cluster.wipe(node, 2);
    cluster.start(node);
  }
  ASSERT_NO_FATAL_FAILURE(write(cluster, "a", 1));
  ASSERT_TRUE(cluster.await_agreement());
  for (std::size_t node = 0; node < 3; ++node) {
    EXPECT_EQ(stored_of(cluster.content_of(node), "a"), 4U) << node;
    EXPECT_EQ(cluster_id_of(cluster, node), cluster_id_of(cluster, 2));
  }
  EXPECT_NE(cluster_id_of(cluster, 2), id) << "it is another cluster than the old one";
}

TEST(MixedClusters, a_founder_says_whom_it_waits_for_and_goes_on_without_who_is_lost) {
  Cluster cluster(3);
  cluster.start(0);
  cluster.start(1);
  ASSERT_TRUE(await([&] { return cluster.log(0).find("--found-without node3") != std::string::npos; }));
  EXPECT_EQ(Json(cluster.client(0).get("/raft/status").body).text("/waitsFor/0"), "node3");
  EXPECT_EQ(cluster.status(0)->leader_id, "");
  cluster.kill9_all();
  cluster.set_further_flags({"--found-without", "node3"});
  cluster.start(0);
  cluster.start(1);
  ASSERT_NO_FATAL_FAILURE(write(cluster, "a", 1));
}

}  // namespace
}  // namespace timestore::system::mixed_clusters_test
