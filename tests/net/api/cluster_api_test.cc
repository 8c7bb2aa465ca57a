// What a node says to somebody who wants another leader: alone, as a follower, and to bodies that make no sense. How
// whole clusters hand over is seen in tests/system/transfer_test.cc.
#include "net/api/cluster_api.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/net/one_node.h"

namespace timestore::net {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr const char* kTransfer = "/cluster/transfer";
constexpr const char* kJson = "application/json";

class ClusterApiTest : public ApiTest<ClusterApi> {
 protected:
  httplib::Response post(const std::string& body) const { return post_to(kTransfer, {}, body); }
};

TEST_F(ClusterApiTest, a_body_that_makes_no_sense_is_refused_with_a_sentence) {
  start_alone();
  const std::string deep = std::string(2000, '[') + std::string(2000, ']');
  for (const std::string& body :
       {std::string("null"), std::string("[]"), std::string("7"), std::string("\"n1\""), std::string("{"),
        std::string(R"({"to":"n1"}{"to":"n1"})"), std::string("{\"to\":\"\xff\"}"),
        std::string("{\"to\":\"n1\0\"}", 12), deep, R"({"to":)" + deep + "}"}) {
    const auto answer = post(body);
    EXPECT_EQ(answer.status, 400) << body;
    EXPECT_THAT(detail_of(answer), HasSubstr("not a JSON object")) << body;
  }
  for (const std::string body :
       {R"({"to":""})", R"({"to":7})", R"({"to":["n1"]})", R"({"to":{"id":"n1"}})", R"({"to":true})"}) {
    const auto answer = post(body);
    EXPECT_EQ(answer.status, 400) << body;
    EXPECT_THAT(detail_of(answer), HasSubstr("must be the id of a node")) << body;
  }
  EXPECT_THAT(detail_of(post(R"({"node":"n1"})")), HasSubstr("only property"));
  EXPECT_THAT(detail_of(post(R"({"to":"n1","to":"n1"})")), HasSubstr("twice"));
  EXPECT_EQ(post(R"({"to":")" + std::string(5000, 'n') + "\"}").status, 413);
}

TEST_F(ClusterApiTest, a_query_is_refused_so_that_it_is_not_ignored) {
  start_alone();
  const auto answer = post_to(std::string(kTransfer) + "?to=n1", {}, "");
  EXPECT_EQ(answer.status, 400);
  EXPECT_THAT(detail_of(answer), HasSubstr("stands in the body"));
}

TEST_F(ClusterApiTest, a_body_of_another_kind_is_refused) {
  start_alone();
  httplib::Client client = this->client();
  EXPECT_EQ(client.Post(kTransfer, R"({"to":"n1"})", "text/plain")->status, 415);
  EXPECT_EQ(client.Get(kTransfer)->status, 405);
}

TEST_F(ClusterApiTest, who_leads_already_is_handed_nothing) {
  start_alone();
  for (const char* body : {R"({"to":"n1"})", R"( { "TO" : "n1" } )"}) {
    const auto answer = post(body);
    EXPECT_EQ(answer.status, 200) << body;
    EXPECT_EQ(answer.body, R"({"leaderId":"n1"})");
  }
  EXPECT_EQ(node_->leadership().term, 1U);
}

TEST_F(ClusterApiTest, an_id_that_no_member_has_is_not_found) {
  start_alone();
  const auto answer = post(R"({"to":"n9"})");
  EXPECT_EQ(answer.status, 404);
  EXPECT_THAT(detail_of(answer), HasSubstr("No member"));
  EXPECT_EQ(post("{\"to\":\"\\u0000\\\"\\ud83d\\ude00\"}").status, 404) << "and is not repeated in the answer";
}

TEST_F(ClusterApiTest, a_learner_takes_over_from_nobody) {
  start_alone();
  const raft::Change joins{
      .kind = raft::Change::Kind::kAddLearner, .member = {"n2", "http://127.0.0.1:1"}, .replaced = {}};
  std::optional<replica::ChangeEnd> end;
  do {  // a new leader has to commit something first
    end = node_->change_members([&](const auto&) { return joins; }, Clock::now() + std::chrono::minutes(2));
  } while (end && end->refusal == raft::Refusal::kNotReady);
  ASSERT_TRUE(end && end->kind == replica::ChangeEnd::Kind::kDone);
  const auto answer = post(R"({"to":"n2"})");
  EXPECT_EQ(answer.status, 409) << answer.body;
  EXPECT_THAT(detail_of(answer), HasSubstr("Node n2 does not vote"));
  EXPECT_EQ(answer.get_header_value("Retry-After"), "") << "it does not pass by itself";
  EXPECT_EQ(post("{}").status, 409) << "nor is it chosen";
  EXPECT_TRUE(node_->leadership().is_leader);
}

TEST_F(ClusterApiTest, who_is_yet_to_become_a_voter_takes_over_from_nobody_either) {
  start_alone();
  const raft::Change joins{.kind = raft::Change::Kind::kAdd, .member = {"n2", "http://127.0.0.1:1"}, .replaced = {}};
  std::optional<replica::ChangeEnd> end;
  do {
    end = node_->change_members([&](const auto&) { return joins; }, Clock::now() + std::chrono::minutes(2));
  } while (end && end->refusal == raft::Refusal::kNotReady);
  ASSERT_TRUE(end && end->kind == replica::ChangeEnd::Kind::kDone);
  const auto answer = post(R"({"to":"n2"})");
  EXPECT_EQ(answer.status, 409) << answer.body;
  EXPECT_THAT(detail_of(answer), HasSubstr("Node n2 does not vote"));
  EXPECT_TRUE(node_->leadership().is_leader);
}

TEST_F(ClusterApiTest, a_node_alone_has_nobody_to_hand_over_to) {
  start_alone();
  for (const char* body : {"", " \n", "{}", R"({"to":null})"}) {
    const auto answer = post(body);
    EXPECT_EQ(answer.status, 409) << body;
    EXPECT_THAT(detail_of(answer), HasSubstr("only one")) << body;
  }
  EXPECT_TRUE(node_->leadership().is_leader);
}

TEST_F(ClusterApiTest, a_follower_passes_the_request_on_and_the_answer_back) {
  AskedNode n2("POST", kTransfer, [](const auto&, http::Response& response) {
    response.status = 503;
    response.set_header("Retry-After", "7");
    response.set_content(R"({"detail":"Node n3 does not answer, so node n2 leads on."})", "application/problem+json");
  });
  start_as_follower({{"n2", n2.address()}});
  follow("n2", 1);
  const auto answer = post(R"({"to":"n3"})");
  EXPECT_EQ(answer.status, 503);
  EXPECT_EQ(answer.get_header_value("Retry-After"), "7");
  EXPECT_EQ(answer.get_header_value("Content-Type"), "application/problem+json");
  EXPECT_EQ(detail_of(answer), "Node n3 does not answer, so node n2 leads on.");
  EXPECT_THAT(n2.requests(), ElementsAre(R"(n1: /cluster/transfer {"to":"n3"})"));
}

TEST_F(ClusterApiTest, what_was_passed_on_once_is_not_passed_on_again) { expect_not_passed_on_again(kTransfer, "{}"); }

TEST_F(ClusterApiTest, a_leader_that_leads_no_more_is_left_for_the_next_one) {
  AskedNode n3("POST", kTransfer,
               [](const auto&, http::Response& response) { response.set_content(R"({"leaderId":"n1"})", kJson); });
  AskedNode n2("POST", kTransfer, [&](const auto&, http::Response& response) {
    follow("n3", 2);
    response.status = 503;
    response.set_header(kNotLeaderHeader, "1");
  });
  start_as_follower({{"n2", n2.address()}, {"n3", n3.address()}});
  follow("n2", 1);
  const auto answer = post(R"({"to":"n1"})");
  EXPECT_EQ(answer.status, 200) << answer.body;
  EXPECT_EQ(answer.body, R"({"leaderId":"n1"})");
  EXPECT_THAT(n2.requests(), ElementsAre(R"(n1: /cluster/transfer {"to":"n1"})"));
  EXPECT_THAT(n3.requests(), ElementsAre(R"(n1: /cluster/transfer {"to":"n1"})"));
}

TEST_F(ClusterApiTest, a_node_that_is_about_to_stop_does_not_wait_for_a_leader) {
  start_as_follower({});
  access_->refuse_from_now_on();
  const auto answer = post("{}");
  EXPECT_EQ(answer.status, 503);
  EXPECT_THAT(detail_of(answer), HasSubstr("No leader could be asked"));
}

}  // namespace
}  // namespace timestore::net
