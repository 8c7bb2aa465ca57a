// What a follower says to appends that would make it believe in other members.
#include "net/api/raft_api.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/base/json_text.h"
#include "tests/net/one_node.h"

namespace timestore::net {
namespace {

class RaftApiTest : public OneNodeTest {
 protected:
  void add_routes(http::Router& router) override {
    api_.emplace(*node_, *access_, "test");
    api_->add_routes(router);
  }

  // An append of one entry that holds `command`.
  httplib::Response append(const std::string& leader, const std::string& command) const {
    std::string body = R"({"term":1,"leaderId":")" + leader +
                       R"(","prevLogIndex":0,"prevLogTerm":0,"leaderCommit":1,"entries":[{"term":1,"command":)";
    append_json_string(body, command);
    const auto answer = client().Post("/raft/append", body + "}]}", "application/json");
    EXPECT_TRUE(answer) << httplib::to_string(answer.error());
    return answer ? *answer : httplib::Response();
  }

  void expect_nothing_believed(const std::string& of) const {
    const auto status = node_->status(Clock::now() + std::chrono::minutes(2));
    ASSERT_TRUE(status) << of;
    EXPECT_EQ(status->last, 0U) << of;
    EXPECT_EQ(status->commit, 0U) << of;
    EXPECT_EQ(status->peers.size(), 3U) << of;
    EXPECT_FALSE(status->is_joint) << of;
  }

  std::optional<RaftApi> api_;
};

const std::string kOthers = R"({"members":{"voters":[{"id":"n1","url":"http://h:1"},{"id":"n9","url":"http://h:9"}]}})";

TEST_F(RaftApiTest, members_that_cannot_be_read_are_not_believed_of_anybody) {
  start_as_follower({});
  const std::string deep = R"({"members":)" + std::string(2000, '[') + std::string(2000, ']') + "}";
  const std::string long_id = R"({"members":{"voters":[{"id":")" + std::string(65, 'n') + R"(","url":"http://h:1"}]}})";
  const std::string bodies[] = {
      R"({"members":)",
      R"({"members":null})",
      R"({"members":7})",
      R"({"members":{}})",
      R"({"members":{"voters":[]}})",
      R"({"members":{"voters":["n1"]}})",
      R"({"members":{"voters":[{"id":7,"url":"http://h:1"}]}})",
      R"({"members":{"voters":[{"id":"","url":"http://h:1"}]}})",
      R"({"members":{"voters":[{"id":"n1","url":"http://h:1"},{"id":"n1","url":"http://h:2"}]}})",
      kOthers + "{}",
      long_id,
      deep,
  };
  for (const std::string& body : bodies) {
    for (const char* leader : {"stranger", "n2"}) {
      const auto answer = append(leader, body);
      EXPECT_THAT(answer.body, ::testing::Not(::testing::HasSubstr(R"("success":true)"))) << leader << body;
      ASSERT_NO_FATAL_FAILURE(expect_nothing_believed(leader + body));
    }
  }
}

// Without a leader they would be: a configuration may be behind that of whoever leads (paper, section 6).
TEST_F(RaftApiTest, members_that_make_sense_are_not_believed_of_a_stranger_beside_a_leader) {
  start_as_follower({});
  follow("n2", 1);
  EXPECT_THAT(append("stranger", kOthers).body, ::testing::Not(::testing::HasSubstr(R"("success":true)")));
  expect_nothing_believed("of a stranger");
  EXPECT_THAT(append("n2", kOthers).body, ::testing::HasSubstr(R"("success":true)"));
  EXPECT_EQ(node_->status(Clock::now() + std::chrono::minutes(2))->peers.size(), 2U);
}

}  // namespace
}  // namespace timestore::net
