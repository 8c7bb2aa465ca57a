// What a follower says to appends that would make it believe in other members.
#include "net/api/raft_api.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/base/json_text.h"
#include "engine/wire/codec.h"
#include "engine/wire/frame.h"
#include "engine/wire/paths.h"
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

httplib::Headers accepts_frames() { return {{"Accept", std::string(raft::kFrameType) + ", */*"}}; }

// Whoever asks for a frame gets one, in whatever form it has asked; nobody else does.
TEST_F(RaftApiTest, an_answer_is_a_frame_for_whoever_accepts_frames_only) {
  start_as_follower({});
  const raft::Message vote = raft::VoteRequest{.term = 1, .candidate = "n2", .forced = true};
  const raft::Message granted = raft::VoteResponse{.term = 1, .granted = true};
  constexpr std::size_t kAnswer = raft::index_of<raft::VoteResponse>;
  for (const bool asks_by_frame : {false, true}) {
    const std::string body = asks_by_frame ? raft::encode_frame(vote) : raft::encode(vote);
    const char* type = asks_by_frame ? raft::kFrameType : raft::kJsonType;
    const auto plain = client().Post("/raft/vote", body, type);
    ASSERT_TRUE(plain);
    EXPECT_EQ(plain->get_header_value("Content-Type"), raft::kJsonType) << type;
    EXPECT_EQ(raft::decode(kAnswer, plain->body, &vote), granted) << type;
    const auto framed = client().Post("/raft/vote", accepts_frames(), body, type);
    ASSERT_TRUE(framed);
    EXPECT_EQ(framed->get_header_value("Content-Type"), raft::kFrameType) << type;
    EXPECT_EQ(raft::decode_frame(kAnswer, framed->body, &vote), granted) << type;
  }
}

TEST_F(RaftApiTest, a_frame_of_a_newer_node_is_not_supported_and_a_broken_one_is_bad) {
  start_as_follower({});
  std::string frame = raft::encode_frame(raft::VoteRequest{.term = 1, .candidate = "n2"});
  const auto status = [&](const std::string& body) {
    const auto answer = client().Post("/raft/vote", accepts_frames(), body, raft::kFrameType);
    return answer ? answer->status : 0;
  };
  EXPECT_EQ(status(frame.substr(1)), 400);
  EXPECT_EQ(status("{}"), 400);
  EXPECT_EQ(status(raft::encode_frame(raft::VoteResponse{.term = 1})), 400) << "it is no request";
  frame[2] = 2;
  EXPECT_EQ(status(frame), 415);
  EXPECT_EQ(client().Post("/raft/vote", frame, "application/vnd.timestore.frame.v2")->status, 415);
  EXPECT_EQ(node_->status(Clock::now() + std::chrono::seconds(10))->term, 0U) << "nothing of it was believed";
}

}  // namespace
}  // namespace timestore::net
