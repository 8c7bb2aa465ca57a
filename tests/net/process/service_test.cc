// Three whole nodes in one process, over real HTTP: what the thread sanitizer looks at.
#include "net/process/service.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <httplib.h>

#include <set>
#include <thread>

#include "net/base/log.h"
#include "tests/net/free_port.h"
#include "tests/scratch_directory.h"

namespace timestore::net {
namespace {

class ServiceTest : public ::testing::Test {
 protected:
  void SetUp() override {
    start_log("error", "text", "test");
    for (int& port : ports_) port = free_port();
  }
  void TearDown() override {
    for (auto& service : services_) service.reset();
  }

  SettingsText text(std::size_t number) const {
    SettingsText text;
    text.node_id = "node" + std::to_string(number + 1);
    text.listen = "127.0.0.1:" + std::to_string(ports_[number]);
    for (std::size_t other = 0; other < 3; ++other) {
      if (other != number) {
        text.peers += "node" + std::to_string(other + 1) + "=http://127.0.0.1:" + std::to_string(ports_[other]) + ",";
      }
    }
    text.database = directory_.file(text.node_id + ".db");
    // Sanitizers slow everything down; what is tested here is not how fast a leader is found.
    text.election_min_ms = 1000;
    text.election_max_ms = 2000;
    text.heartbeat_ms = 100;
    return text;
  }
  void start(std::size_t number, const SettingsText& settings_text, const Patience& patience = {}) {
    Settings settings = *check(settings_text);
    settings.patience = patience;
    auto service = Service::start(
        settings, "test", [](const Error& error) { ADD_FAILURE() << error.message; }, [] { return false; });
    ASSERT_TRUE(service) << service.error().message;
    services_[number] = std::move(*service);
  }
  void start(std::size_t number) { start(number, text(number)); }

  bool becomes_a_voter(const std::string& id) const {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::minutes(2);
    while (std::chrono::steady_clock::now() < deadline) {
      const auto member = client(0).Get("/cluster/members/" + id);
      if (member && member->body.find(R"("role":"voter")") != std::string::npos) return true;
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    return false;
  }

  httplib::Client client(std::size_t number) const {
    httplib::Client client("127.0.0.1", ports_[number]);
    client.set_read_timeout(std::chrono::minutes(2));
    return client;
  }

  ScratchDirectory directory_;
  std::array<int, 3> ports_{};
  std::array<std::unique_ptr<Service>, 3> services_;
};

std::string body(int number) {
  return R"({"deviceId":"d","timestamp":"2024-05-01T12:00:00Z","value":)" + std::to_string(number) + "}";
}

TEST_F(ServiceTest, three_nodes_store_what_many_clients_write_through_each_of_them) {
  for (std::size_t number = 0; number < 3; ++number) start(number);
  std::vector<std::thread> writers;
  std::atomic<int> stored = 0;
  for (std::size_t writer = 0; writer < 6; ++writer) {
    writers.emplace_back([&, writer] {
      httplib::Client http = client(writer % 3);
      for (int i = 0; i < 20; ++i) {
        const auto answer = http.Post("/api/timeseries", body(i), "application/json");
        if (answer && answer->status == 200) ++stored;
      }
    });
  }
  for (std::thread& writer : writers) writer.join();
  EXPECT_EQ(stored, 120);
  for (std::size_t number = 0; number < 3; ++number) {
    const auto answer = client(number).Get("/api/timeseries");
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->status, 200);
    EXPECT_EQ(std::count(answer->body.begin(), answer->body.end(), '{'), 120) << "linearizable on every node";
  }
}

TEST_F(ServiceTest, a_node_that_stops_lets_the_others_go_on_and_comes_back) {
  for (std::size_t number = 0; number < 3; ++number) start(number);
  const auto first = client(0).Post("/api/timeseries", body(1), "application/json");
  ASSERT_TRUE(first);
  ASSERT_EQ(first->status, 200);
  for (std::size_t number = 0; number < 3; ++number) {
    services_[number]->stop();
    services_[number].reset();
    const std::size_t other = (number + 1) % 3;
    const auto answer = client(other).Post("/api/timeseries", body(2), "application/json");
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->status, 200) << answer->body;
    start(number);
  }
}

TEST_F(ServiceTest, nodes_that_know_only_urls_learn_each_others_ids) {
  std::vector<std::thread> starters;
  for (std::size_t number = 0; number < 3; ++number) {
    SettingsText settings = text(number);
    settings.peers.clear();
    for (std::size_t other = 0; other < 3; ++other) {
      if (other != number) settings.peers += "http://127.0.0.1:" + std::to_string(ports_[other]) + ",";
    }
    starters.emplace_back([this, number, settings] { start(number, settings); });
  }
  for (std::thread& starter : starters) starter.join();
  const auto answer = client(1).Post("/api/timeseries", body(1), "application/json");
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, 200) << answer->body;
}

TEST_F(ServiceTest, without_a_quorum_nothing_is_stored_and_only_level_none_is_read) {
  start(0, text(0), {.write = std::chrono::milliseconds(500), .read = std::chrono::milliseconds(500)});
  httplib::Client http = client(0);
  const auto write = http.Post("/api/timeseries?redirect=false", body(1), "application/json");
  ASSERT_TRUE(write);
  EXPECT_EQ(write->status, 503);
  EXPECT_EQ(write->get_header_value("Retry-After"), "1");
  EXPECT_EQ(http.Get("/api/timeseries")->status, 503);
  EXPECT_EQ(http.Get("/api/timeseries?level=weak")->status, 503);
  const auto read = http.Get("/api/timeseries?level=none");
  EXPECT_EQ(read->status, 200);
  EXPECT_EQ(read->body, "[]");
}

// An address may pass from one node to another: nobody may acknowledge what was meant for somebody else.
TEST_F(ServiceTest, a_message_for_another_node_is_not_taken) {
  start(0);
  const std::string heartbeat =
      R"({"term":9,"leaderId":"node2","prevLogIndex":0,"prevLogTerm":0,"entries":[],"leaderCommit":0})";
  const auto post = [&](const httplib::Headers& headers) {
    return client(0).Post("/raft/append", headers, heartbeat, "application/json");
  };
  EXPECT_EQ(post({{kAddresseeHeader, "node3"}})->status, 421);
  EXPECT_THAT(client(0).Get("/raft/status")->body, ::testing::Not(::testing::HasSubstr(R"("term":9)")));
  EXPECT_EQ(post({{kAddresseeHeader, "node1"}})->status, 200);
  EXPECT_EQ(post({})->status, 200) << "an original names nobody";
}

// A leader of another cluster may have the name and the address of ours.
TEST_F(ServiceTest, what_a_node_of_another_cluster_hands_on_is_not_taken) {
  SettingsText alone = text(0);
  alone.peers.clear();
  start(0, alone);
  ASSERT_EQ(client(0).Post("/api/timeseries", body(1), "application/json")->status, 200);
  const std::string status = client(0).Get("/raft/status")->body;
  const std::string key = R"("clusterId":")";
  const std::string ours = status.substr(status.find(key) + key.size(), raft::kClusterIdDigits);
  const auto statuses = [&](const std::string& cluster) {
    const httplib::Headers headers = {
        {kForwardedHeader, "node2"}, {kAddresseeHeader, "node1"}, {kClusterHeader, cluster}};
    httplib::Client http = client(0);
    return std::vector<int>{http.Post("/api/timeseries", headers, body(2), "application/json")->status,
                            http.Post(client::kSubmitPath, headers, "", "application/json")->status,
                            http.Get("/raft/read-index?level=linearizable", headers)->status,
                            http.Delete("/cluster/members/node9", headers)->status};
  };
  EXPECT_EQ(statuses(ours), (std::vector<int>{200, 400, 200, 404}));
  EXPECT_EQ(statuses(std::string(raft::kClusterIdDigits, '7')), (std::vector<int>{421, 421, 421, 421}));
}

TEST_F(ServiceTest, a_node_that_joins_through_any_member_takes_part_when_the_founder_is_gone) {
  SettingsText founder = text(0);
  founder.peers.clear();
  start(0, founder);
  for (std::size_t number = 1; number < 3; ++number) {
    SettingsText joins = text(number);
    joins.peers.clear();
    joins.join = "http://127.0.0.1:" + std::to_string(ports_[number - 1]);
    start(number, joins);
    ASSERT_TRUE(becomes_a_voter(joins.node_id));
  }
  ASSERT_EQ(client(2).Post("/api/timeseries", body(1), "application/json")->status, 200);
  EXPECT_EQ(client(2).Delete("/cluster/members/node1")->status, 200);
  services_[0].reset();
  ASSERT_EQ(client(2).Post("/api/timeseries", body(2), "application/json")->status, 200);
  const auto answer = client(1).Get("/api/timeseries");
  EXPECT_EQ(std::count(answer->body.begin(), answer->body.end(), '{'), 2) << answer->body;
}

TEST_F(ServiceTest, a_port_that_is_taken_is_a_clear_error) {
  start(0);
  SettingsText settings = text(1);
  settings.listen = "127.0.0.1:" + std::to_string(ports_[0]);
  settings.peers.clear();
  const auto service = Service::start(
      *check(settings), "test", [](const Error&) {}, [] { return false; });
  ASSERT_FALSE(service);
  EXPECT_THAT(service.error().message, ::testing::HasSubstr(std::to_string(ports_[0])));
}

}  // namespace
}  // namespace timestore::net
