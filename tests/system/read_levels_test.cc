// What a reader may rely on, by level; and how a request finds the leader.
#include <gtest/gtest.h>
#include <signal.h>

#include "tests/system/cluster.h"

namespace timestore::system::read_levels_test {
namespace {

constexpr const char* kAppliedIndex = "X-Timestore-Applied-Index";

Entry entry_number(std::uint64_t number) {
  return {.id = guid(number),
          .device = "device" + std::to_string(number),
          .timestamp = timestamp_at(1),
          .value = 0.5,
          .attributes = {}};
}

std::string device_path(const Entry& entry) { return "/api/timeseries/device/" + entry.device; }

class Reads : public ::testing::Test {
 protected:
  Reads() : cluster_(3) {
    cluster_.start_all();
    leader_ = cluster_.await_leader().value_or(cluster_.size());
    EXPECT_LT(leader_, cluster_.size()) << "no leader";
  }

  void write(std::size_t node, const Entry& entry) {
    const Answer answer = cluster_.client(node).post(kSeries, to_json(entry));
    ASSERT_EQ(answer.status, 200) << answer;
  }

  Cluster cluster_;
  std::size_t leader_ = 0;
};

TEST_F(Reads, any_node_sees_at_once_what_any_node_acknowledged) {
  std::vector<Client> clients;
  for (std::size_t node = 0; node < cluster_.size(); ++node) clients.push_back(cluster_.client(node));
  for (std::uint64_t number = 0; number < 200; ++number) {
    const Entry entry = entry_number(number);
    const std::size_t writer = number % 3;
    const std::size_t reader = (number / 3) % 3;
    const Answer written = clients[writer].post(kSeries, to_json(entry));
    ASSERT_EQ(written.status, 200) << written;
    const Answer read = clients[reader].get(device_path(entry));
    ASSERT_EQ(read.status, 200) << read;
    ASSERT_EQ(entries_in(read.body), std::vector{entry}) << cluster_.id(writer) << " to " << cluster_.id(reader);
  }
  EXPECT_EQ(entries_in(clients[0].get(kSeries).body).size(), 200U);
}

// Paused, it still believes that it leads when it wakes up. What it missed must not be missing in its answer.
TEST_F(Reads, a_deposed_leader_never_answers_with_what_was_true_before) {
  for (std::uint64_t number = 1; number <= 3; ++number) {
    cluster_.pause(leader_);
    const auto next = cluster_.await_leader();
    ASSERT_TRUE(next);
    const Entry entry = entry_number(number);
    ASSERT_NO_FATAL_FAILURE(write(*next, entry));
    // The request waits in the socket, so it is the first thing that the sleeper sees.
    RawConnection connection(cluster_.port(leader_));
    connection.send("GET " + device_path(entry) + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    cluster_.resume(leader_);
    const auto answer = connection.read_to_end();
    ASSERT_TRUE(answer);
    const bool saw = answer->find(entry.id) != std::string::npos;
    EXPECT_TRUE(saw || answer->starts_with("HTTP/1.1 503 ")) << *answer;
    leader_ = *next;
    ASSERT_TRUE(cluster_.await_leader());
  }
}

TEST_F(Reads, every_level_answers_with_the_applied_index) {
  ASSERT_NO_FATAL_FAILURE(write(0, entry_number(1)));
  ASSERT_TRUE(cluster_.await_agreement());
  const auto status = cluster_.status(0);
  ASSERT_TRUE(status);
  for (std::size_t node = 0; node < cluster_.size(); ++node) {
    Client client = cluster_.client(node);
    for (const std::string query : {"", "?level=linearizable", "?level=weak", "?level=none"}) {
      for (const std::string& path : {std::string(kSeries), device_path(entry_number(1))}) {
        const Answer answer = client.get(path + query);
        EXPECT_EQ(answer.status, 200) << path << query;
        EXPECT_EQ(entries_in(answer.body), std::vector{entry_number(1)}) << path << query;
        EXPECT_GE(std::atoll(answer.header(kAppliedIndex).c_str()), status->applied_index) << path << query;
      }
    }
  }
}

TEST_F(Reads, an_unknown_level_is_refused) {
  for (const char* level : {"strong", "", "NONE ", "linearizable,none"}) {
    const Answer answer = cluster_.client(0).get(std::string(kSeries) + "?level=" + level);
    EXPECT_EQ(answer.status, 400) << level;
    EXPECT_EQ(answer.header("Content-Type"), "application/problem+json");
  }
}

TEST_F(Reads, an_unknown_device_has_no_entries) {
  const Answer answer = cluster_.client(0).get("/api/timeseries/device/nobody");
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.body, "[]");
}

TEST_F(Reads, a_device_whose_name_needs_escapes_is_found) {
  Entry entry = entry_number(1);
  entry.device = "Keller/\"Süd\" 100% ä?#";
  ASSERT_NO_FATAL_FAILURE(write(0, entry));
  const Answer answer =
      cluster_.client(1).get("/api/timeseries/device/Keller%2F%22S%C3%BCd%22%20100%25%20%C3%A4%3F%23");
  EXPECT_EQ(entries_in(answer.body), std::vector{entry}) << answer;
}

TEST_F(Reads, without_a_quorum_a_node_answers_only_for_itself) {
  const Entry entry = entry_number(1);
  ASSERT_NO_FATAL_FAILURE(write(0, entry));
  ASSERT_TRUE(cluster_.await_agreement());
  const std::size_t last = leader_;
  for (std::size_t node = 0; node < cluster_.size(); ++node) {
    if (node != last) cluster_.kill9(node);
  }
  Client client = cluster_.client(last);
  for (const char* query : {"", "?level=linearizable"}) {
    const Answer answer = client.get(std::string(kSeries) + query);
    EXPECT_EQ(answer.status, 503) << answer;
    EXPECT_NE(answer.header("Retry-After"), "");
    EXPECT_EQ(answer.header("Content-Type"), "application/problem+json");
  }
  const Answer own = client.get(std::string(kSeries) + "?level=none");
  EXPECT_EQ(own.status, 200);
  EXPECT_EQ(entries_in(own.body), std::vector{entry});
}

TEST_F(Reads, without_a_quorum_a_write_is_not_acknowledged_and_can_be_sent_again) {
  for (std::size_t node = 0; node < cluster_.size(); ++node) {
    if (node != leader_) cluster_.kill9(node);
  }
  Client client = cluster_.client(leader_);
  Entry entry = entry_number(1);
  entry.id.clear();
  const Answer answer = client.post(kSeries, to_json(entry));
  ASSERT_EQ(answer.status, 503) << answer;
  EXPECT_NE(answer.header("Retry-After"), "");
  // The leader took it before it could know that it is alone, so it must name the id for the next attempt.
  entry.id = Json(answer.body).text("/id").value_or("");
  EXPECT_EQ(entry.id.size(), 36U) << answer;

  for (std::size_t node = 0; node < cluster_.size(); ++node) {
    if (node != leader_) cluster_.start(node);
  }
  ASSERT_TRUE(await([&] { return client.post(kSeries, to_json(entry)).status == 200; }));
  EXPECT_EQ(entries_in(client.get(kSeries).body), std::vector{entry});
}

TEST_F(Reads, a_follower_redirects_whoever_asks_for_it) {
  const std::size_t follower = cluster_.follower_of(leader_);
  Client client = cluster_.client(follower);
  const Entry entry = entry_number(1);
  for (const Answer& answer : {client.post(std::string(kSeries) + "?redirect=true", to_json(entry)),
                               client.get(std::string(kSeries) + "?redirect=true")}) {
    EXPECT_EQ(answer.status, 307) << answer;
    EXPECT_EQ(Json(answer.body).text("/leaderId"), cluster_.id(leader_)) << answer;
    EXPECT_TRUE(answer.header("Location").starts_with(cluster_.url(leader_) + kSeries)) << answer.header("Location");
  }
  EXPECT_EQ(entries_in(client.get(kSeries).body), std::vector<Entry>{}) << "a redirected write was stored";

  const std::string location = client.post(std::string(kSeries) + "?redirect=true", to_json(entry)).header("Location");
  Client there = cluster_.client(leader_);
  EXPECT_EQ(there.post(location.substr(cluster_.url(leader_).size()), to_json(entry)).status, 200);
  EXPECT_EQ(entries_in(client.get(kSeries).body), std::vector{entry});
}

TEST_F(Reads, a_leader_has_nowhere_to_redirect_to) {
  Client client = cluster_.client(leader_);
  EXPECT_EQ(client.post(std::string(kSeries) + "?redirect=true", to_json(entry_number(1))).status, 200);
  EXPECT_EQ(client.get(std::string(kSeries) + "?redirect=true").status, 200);
}

// A message that was forwarded once ends where it arrives, whoever says that it was forwarded.
TEST_F(Reads, a_forwarded_write_is_not_forwarded_again) {
  const httplib::Headers forwarded = {{"X-Timestore-Forwarded", "node9"}};
  Client follower = cluster_.client(cluster_.follower_of(leader_));
  const Answer refused = follower.post(kSeries, to_json(entry_number(1)), forwarded);
  EXPECT_EQ(refused.status, 503) << refused;
  EXPECT_EQ(refused.header("Content-Type"), "application/problem+json");

  Client leader = cluster_.client(leader_);
  EXPECT_EQ(leader.post(kSeries, to_json(entry_number(2)), forwarded).status, 200);
  EXPECT_EQ(entries_in(leader.get(kSeries).body), std::vector{entry_number(2)});
}

TEST_F(Reads, status_says_all_that_is_promised) {
  ASSERT_NO_FATAL_FAILURE(write(0, entry_number(1)));
  ASSERT_TRUE(cluster_.await_agreement());
  for (std::size_t node = 0; node < cluster_.size(); ++node) {
    const Json status(cluster_.client(node).get("/raft/status").body);
    EXPECT_EQ(status.text("/state"), node == leader_ ? "Leader" : "Follower");
    EXPECT_EQ(status.text("/leaderId"), cluster_.id(leader_));
    EXPECT_EQ(status.text("/nodeId"), cluster_.id(node));
    for (const char* number : {"/term", "/commitIndex", "/appliedIndex", "/firstLogIndex", "/lastLogIndex",
                               "/snapshotIndex", "/uptimeSeconds"}) {
      EXPECT_TRUE(status.has(number)) << number;
    }
    EXPECT_FALSE(status.text("/version").value_or("").empty());
    ASSERT_EQ(status.size("/members"), 3U);
    for (std::size_t member = 0; member < 3; ++member) {
      const std::string place = "/members/" + std::to_string(member);
      EXPECT_EQ(status.text(place + "/id"), cluster_.id(member));
      EXPECT_EQ(status.text(place + "/role"), "voter");
      EXPECT_EQ(status.text(place + "/url"), cluster_.url(member));
      for (const char* field : {"/matchIndex", "/lagEntries", "/reachable", "/lastContactMs"}) {
        EXPECT_TRUE(status.has(place + field)) << place << field;
      }
    }
  }
}

}  // namespace
}  // namespace timestore::system::read_levels_test
