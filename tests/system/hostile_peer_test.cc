// Whoever can reach a node can post to its Raft endpoints. Nonsense there is refused; no node dies of it, and the
// cluster keeps its term, its log and its ability to elect.
#include <gtest/gtest.h>

#include <vector>

#include "tests/system/cluster.h"
#include "tests/system/peer_double.h"

namespace timestore::system::hostile_peer_test {
namespace {

// What stands for a number in a message, none of which any honest node sends.
const std::vector<std::string> kHostileNumbers = {"-1",
                                                  "-9223372036854775808",
                                                  "9223372036854775808",
                                                  "18446744073709551615",
                                                  "18446744073709551616",
                                                  "1e3",
                                                  "1.5",
                                                  "1e400",
                                                  "\"\"",
                                                  "\"1e3\"",
                                                  "null",
                                                  "\"nine\"",
                                                  "true",
                                                  "[]",
                                                  "{}",
                                                  "NaN",
                                                  "9007199254740993",
                                                  "99999999999999999999999999999999999999"};

std::string replaced(std::string text, const std::string& name, const std::string& value) {
  const std::size_t at = text.find('"' + name + "\":") + name.size() + 3;
  return text.replace(at, text.find_first_of(",}", at) - at, value);
}

class HostilePeer : public ::testing::Test {
 protected:
  HostilePeer() : cluster_(3) {
    cluster_.start_all();
    leader_ = cluster_.await_leader().value_or(99);
    for (std::uint64_t number = 1; number <= 5 && leader_ != 99; ++number) {
      entries_.push_back(
          {.id = guid(number), .device = "boiler", .timestamp = timestamp_at(1), .value = 1, .attributes = {}});
      EXPECT_EQ(cluster_.client(leader_).post(kSeries, to_json(entries_.back())).status, 200);
    }
    EXPECT_TRUE(cluster_.await_agreement());
    status_ = cluster_.status(leader_ % 3).value_or(Status{});
  }

  // A message of a stranger, well-formed in every other respect.
  std::string vote() const {
    return to_json(OriginalVote{status_.term + 1, "stranger", status_.last_log_index, status_.term});
  }
  std::string append() const {
    return to_json(OriginalAppend{.term = status_.term + 1,
                                  .leader = "stranger",
                                  .prev_index = status_.last_log_index,
                                  .prev_term = status_.term,
                                  .entries = {{status_.term + 1, ""}},
                                  .leader_commit = status_.last_log_index + 1});
  }

  void expect_refused(const std::string& path, const std::string& body) {
    for (std::size_t node = 0; node < cluster_.size(); ++node) {
      const Answer answer = cluster_.client(node).post(path, body);
      const std::string what = cluster_.id(node) + path + " " + body.substr(0, 200);
      if (answer.status == 200) {
        const Json json(answer.body);
        EXPECT_FALSE(json.boolean("/voteGranted").value_or(false)) << what;
        EXPECT_FALSE(json.boolean("/success").value_or(false)) << what;
      } else {
        // Who leads without saying to which cluster it belongs is no node of this one.
        EXPECT_TRUE(answer.status == 400 || answer.status == 421) << what << " got " << answer;
        EXPECT_EQ(answer.header("Content-Type"), "application/problem+json") << what;
      }
      ASSERT_TRUE(cluster_.is_running(node)) << what << " killed it";
    }
  }

  // It says that it belongs to this cluster, so that this is not what is wrong.
  std::string of_this_cluster(std::string message) const {
    const auto id = Json(cluster_.client(leader_ % 3).get("/raft/status").body).text("/clusterId");
    EXPECT_TRUE(id);
    message.pop_back();
    return message + R"(,"cluster":")" + id.value_or("") + R"(","settled":true})";
  }

  // The same leader in the same term, unless it had to be elected again; every entry in its place; and a next election.
  void expect_all_well() {
    const auto leader = cluster_.await_leader();
    ASSERT_TRUE(leader) << "no leader any more";
    const auto status = cluster_.status(*leader);
    ASSERT_TRUE(status);
    EXPECT_LE(status->term, status_.term + 20) << "terms were used up";
    expect_to_write(*leader);

    cluster_.kill9(*leader);
    const auto next = cluster_.await_leader();
    ASSERT_TRUE(next) << "no next leader";
    expect_to_write(*next);
    cluster_.start(*leader);
    ASSERT_TRUE(cluster_.await_agreement());
    for (std::size_t node = 0; node < cluster_.size(); ++node) {
      EXPECT_EQ(entries_in(cluster_.content_of(node)), entries_) << cluster_.id(node);
    }
  }

  void expect_to_write(std::size_t node) {
    entries_.push_back({.id = guid(entries_.size() + 1),
                        .device = "boiler",
                        .timestamp = timestamp_at(2),
                        .value = 1,
                        .attributes = {}});
    EXPECT_TRUE(await([&] { return cluster_.client(node).post(kSeries, to_json(entries_.back())).status == 200; }));
  }

  Cluster cluster_;
  std::size_t leader_ = 0;
  Status status_;
  std::vector<Entry> entries_;
};

TEST_F(HostilePeer, hostile_numbers_are_refused) {
  for (const std::string& number : kHostileNumbers) {
    for (const char* name : {"term", "lastLogIndex", "lastLogTerm"}) {
      ASSERT_NO_FATAL_FAILURE(expect_refused("/raft/vote", replaced(vote(), name, number)));
    }
    for (const char* name : {"term", "prevLogIndex", "prevLogTerm", "leaderCommit"}) {
      ASSERT_NO_FATAL_FAILURE(expect_refused("/raft/append", replaced(append(), name, number)));
    }
  }
  expect_all_well();
}

// The sender is a member, so that only the number can be what is wrong.
TEST_F(HostilePeer, a_members_malformed_numbers_are_a_bad_request) {
  const std::size_t to = leader_ % 3;
  const std::string from = json_string(cluster_.id(to == 1 ? 2 : 1));
  const auto expect_bad = [&](const char* path, const std::string& body) {
    const Answer answer = cluster_.client(to).post(path, body);
    EXPECT_EQ(answer.status, 400) << path << " " << body << " got " << answer;
  };
  for (const std::string& number : kHostileNumbers) {
    for (const char* name : {"term", "lastLogIndex", "lastLogTerm"}) {
      expect_bad("/raft/vote", replaced(replaced(vote(), "candidateId", from), name, number));
    }
    for (const char* name : {"term", "prevLogIndex", "prevLogTerm", "leaderCommit"}) {
      expect_bad("/raft/append", replaced(replaced(append(), "leaderId", from), name, number));
    }
  }
  expect_all_well();
}

TEST_F(HostilePeer, a_member_with_an_absurd_term_is_not_believed) {
  // As if from a member: the sender is not what is wrong here. Any of them, the receiver itself included.
  for (std::size_t member = 0; member < cluster_.size(); ++member) {
    for (const char* term : {"9007199254740992", "9007199254740991", "4611686018427387904", "9223372036854775807"}) {
      const std::string id = json_string(cluster_.id(member));
      ASSERT_NO_FATAL_FAILURE(
          expect_refused("/raft/vote", replaced(replaced(vote(), "candidateId", id), "term", term)));
      ASSERT_NO_FATAL_FAILURE(
          expect_refused("/raft/append", replaced(replaced(append(), "leaderId", id), "term", term)));
    }
  }
  expect_all_well();
}

TEST_F(HostilePeer, a_stranger_gets_neither_votes_nor_obedience) {
  expect_refused("/raft/vote", vote());
  expect_refused("/raft/append", append());
  for (const char* id : {"\"\"", "null", "7", "\"node1\\u0000\"", "\"\\u001b[2J\"", "[\"node1\"]"}) {
    ASSERT_NO_FATAL_FAILURE(expect_refused("/raft/vote", replaced(vote(), "candidateId", id)));
    ASSERT_NO_FATAL_FAILURE(expect_refused("/raft/append", replaced(append(), "leaderId", id)));
  }
  const std::string long_id = '"' + std::string(100'000, 'x') + '"';
  expect_refused("/raft/vote", replaced(vote(), "candidateId", long_id));
  expect_refused("/raft/append", replaced(append(), "leaderId", long_id));
  expect_all_well();
}

TEST_F(HostilePeer, a_node_does_not_obey_its_own_name) {
  for (std::size_t node = 0; node < cluster_.size(); ++node) {
    const std::string id = json_string(cluster_.id(node));
    Client client = cluster_.client(node);
    const Answer voted = client.post("/raft/vote", replaced(vote(), "candidateId", id));
    EXPECT_FALSE(Json(voted.body).boolean("/voteGranted").value_or(false)) << voted;
    const Answer appended = client.post("/raft/append", replaced(append(), "leaderId", id));
    EXPECT_FALSE(Json(appended.body).boolean("/success").value_or(false)) << appended;
    ASSERT_TRUE(cluster_.is_running(node));
  }
  expect_all_well();
}

TEST_F(HostilePeer, messages_of_the_wrong_shape_are_refused) {
  const std::string term = std::to_string(status_.term);
  for (const std::string& body :
       {std::string(), std::string("null"), std::string("[]"), std::string("{}"), std::string("{"), std::string("\xff"),
        R"({"term":)" + term + "}", std::string(1'000'000, '['),
        R"({"term":)" + term + R"(,"leaderId":"node1","prevLogIndex":0,"prevLogTerm":0,"leaderCommit":0,"entries":7})",
        R"({"term":)" + term +
            R"(,"leaderId":"node1","prevLogIndex":0,"prevLogTerm":0,"leaderCommit":0,"entries":[7]})",
        R"({"term":)" + term +
            R"(,"leaderId":"node1","prevLogIndex":0,"prevLogTerm":0,"leaderCommit":0,"entries":[{}]})"}) {
    ASSERT_NO_FATAL_FAILURE(expect_refused("/raft/vote", body));
    ASSERT_NO_FATAL_FAILURE(expect_refused("/raft/append", body));
  }
  expect_all_well();
}

// In the present term there is one leader, and what is committed stays, whatever somebody says in a leader's name.
TEST_F(HostilePeer, a_false_leader_of_the_present_term_changes_nothing_committed) {
  for (std::size_t member = 0; member < cluster_.size(); ++member) {
    const OriginalAppend rewriting{.term = status_.term,
                                   .leader = cluster_.id(member),
                                   .prev_index = 0,
                                   .prev_term = 0,
                                   .entries = {},
                                   .leader_commit = status_.last_log_index + 1'000'000};
    const OriginalAppend far_away{.term = status_.term,
                                  .leader = cluster_.id(member),
                                  .prev_index = 1'000'000'000,
                                  .prev_term = status_.term,
                                  .entries = {{status_.term, "x"}},
                                  .leader_commit = 1'000'000'001};
    for (std::size_t node = 0; node < cluster_.size(); ++node) {
      Client client = cluster_.client(node);
      for (const OriginalAppend& append : {rewriting, far_away}) {
        const Answer answer = client.post("/raft/append", of_this_cluster(to_json(append)));
        EXPECT_TRUE(answer.status == 200 || answer.status == 400) << answer;
        ASSERT_TRUE(cluster_.is_running(node)) << to_json(append) << " killed " << cluster_.id(node);
      }
      EXPECT_FALSE(Json(client.post("/raft/append", of_this_cluster(to_json(far_away))).body)
                       .boolean("/success")
                       .value_or(false));
    }
  }
  expect_all_well();
}

// A log that disagrees below the commit index can only come from a liar; to follow it would be to lose what was
// acknowledged.
TEST_F(HostilePeer, committed_entries_are_not_replaced) {
  for (std::size_t node = 0; node < cluster_.size(); ++node) {
    const auto status = cluster_.status(node);
    ASSERT_TRUE(status);
    const std::int64_t term = status->term + 1;
    const OriginalAppend replacing{.term = term,
                                   .leader = cluster_.id((node + 1) % cluster_.size()),
                                   .prev_index = 0,
                                   .prev_term = 0,
                                   .entries = {{term, ""}, {term, ""}},
                                   .leader_commit = 2};
    const Answer answer = cluster_.client(node).post("/raft/append", of_this_cluster(to_json(replacing)));
    EXPECT_EQ(Json(answer.body).boolean("/success"), false) << answer;
    ASSERT_TRUE(cluster_.is_running(node)) << cluster_.id(node);
  }
  expect_all_well();
}

}  // namespace
}  // namespace timestore::system::hostile_peer_test
