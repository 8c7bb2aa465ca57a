// Nodes that come back at other addresses, one of them or all, and what the others and newcomers know of them then.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <filesystem>

#include "tests/system/cluster.h"

namespace timestore::system::moves_test {
namespace {

using ::testing::HasSubstr;

constexpr const char* kMembers = "/cluster/members";

class Moves : public ::testing::Test {
 protected:
  void start(std::size_t size) {
    cluster_ = std::make_unique<Cluster>(size);
    cluster_->start_all();
    ASSERT_TRUE(cluster_->await_leader());
    Client client = cluster_->client(0);
    ASSERT_TRUE(await([&] { return client.post(kSeries, to_json(entry(1))).status == 200; }));
  }

  static Entry entry(std::uint64_t number) {
    return {.id = guid(number), .device = "boiler", .timestamp = timestamp_at(1), .value = 0.5, .attributes = {}};
  }

  void stop(std::size_t node) const {
    cluster_->process(node).send_signal(SIGTERM);
    EXPECT_EQ(cluster_->process(node).await_exit(), 0) << cluster_->id(node);
  }

  // Where this node believes the members to be.
  std::vector<std::string> urls(std::size_t asked) const {
    const Json json(cluster_->client(asked).get(kMembers).body);
    std::vector<std::string> urls;
    for (std::size_t member = 0; member < json.size("/members"); ++member) {
      urls.push_back(json.text("/members/" + std::to_string(member) + "/url").value_or(""));
    }
    return urls;
  }

  bool all_know_where_all_are() const {
    std::vector<std::string> true_ones;
    for (std::size_t node = 0; node < cluster_->size(); ++node) true_ones.push_back(cluster_->url(node));
    for (std::size_t node = 0; node < cluster_->size(); ++node) {
      if (urls(node) != true_ones) return false;
    }
    return true;
  }

  std::unique_ptr<Cluster> cluster_;
};

TEST_F(Moves, of_one_node_are_told_by_itself) {
  ASSERT_NO_FATAL_FAILURE(start(3));
  for (const std::size_t node : {1U, 0U}) {
    stop(node);
    ASSERT_TRUE(cluster_->await_leader());
    cluster_->move(node);
    cluster_->start(node);
    EXPECT_TRUE(await([&] { return all_know_where_all_are(); })) << cluster_->client(2).get(kMembers);
  }
  Client client = cluster_->client(1);
  EXPECT_TRUE(await([&] { return client.post(kSeries, to_json(entry(2))).status == 200; }));
  EXPECT_TRUE(cluster_->await_agreement());
}

TEST_F(Moves, of_all_nodes_leave_no_dead_address_behind) {
  ASSERT_NO_FATAL_FAILURE(start(3));
  cluster_->kill9_all();
  for (std::size_t node = 0; node < cluster_->size(); ++node) cluster_->move(node);
  cluster_->start_all();
  ASSERT_TRUE(cluster_->await_leader());
  EXPECT_TRUE(await([&] { return all_know_where_all_are(); })) << cluster_->client(2).get(kMembers);
  cluster_->start(cluster_->add_joining(1));
  EXPECT_TRUE(await([&] { return all_know_where_all_are(); })) << "a newcomer knows those alone";
}

// They name each other by bare URLs, which their files do not know.
TEST_F(Moves, of_all_nodes_are_found_by_urls_without_ids) {
  cluster_ = std::make_unique<Cluster>(3, Cluster::Settings::kEnvironment);
  cluster_->start_all();
  ASSERT_TRUE(cluster_->await_leader());
  cluster_->kill9_all();
  for (std::size_t node = 0; node < cluster_->size(); ++node) cluster_->move(node);
  cluster_->start_all();
  EXPECT_TRUE(cluster_->await_leader()) << cluster_->log(0);
}

// A copy of a member's files runs beside it.
TEST_F(Moves, of_a_twin_are_not_believed) {
  ASSERT_NO_FATAL_FAILURE(start(3));
  const std::string copy = cluster_->database(1) + ".copy.db";
  stop(1);
  std::filesystem::copy_file(cluster_->database(1), copy);
  const auto log_of = [](std::filesystem::path path) { return path.replace_extension(".raft.db"); };
  std::filesystem::copy_file(log_of(cluster_->database(1)), log_of(copy));
  cluster_->start(1);
  ASSERT_TRUE(cluster_->await_leader());

  const Scratch scratch;
  Command command = cluster_->command(1);
  command.output_path = command.error_path = scratch.file("twin.log");
  std::replace(command.arguments.begin(), command.arguments.end(), cluster_->database(1), copy);
  std::replace(command.arguments.begin(), command.arguments.end(), cluster_->url(1).substr(7),
               "127.0.0.1:" + std::to_string(free_port()));
  Process twin(command);
  EXPECT_TRUE(await([&] {
    return read_file(scratch.file("twin.log")).find("Two processes call themselves node node2") != std::string::npos;
  })) << read_file(scratch.file("twin.log"));
  EXPECT_EQ(urls(0)[1], cluster_->url(1));
  EXPECT_THAT(cluster_->client(0).get(kMembers).body, HasSubstr(cluster_->url(1)));
}

}  // namespace
}  // namespace timestore::system::moves_test
