// What a node says to somebody who wants other members: alone, as a follower, and to bodies that make no sense. How
// whole clusters grow and shrink is seen in tests/system/membership_test.cc.
#include "net/members/members_api.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <future>

#include "engine/wire/codec.h"
#include "net/members/wish.h"
#include "tests/net/one_node.h"

namespace timestore::net {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr const char* kMembers = "/cluster/members";
constexpr const char* kJsonType = "application/json";

class MembersApiTest : public ApiTest<MembersApi> {
 protected:
  httplib::Response post(const std::string& body, const std::string& query = "") const {
    return post_to(kMembers + query, {}, body);
  }
  httplib::Response remove(const std::string& id_and_query) const {
    const auto answer = client().Delete(std::string(kMembers) + "/" + id_and_query);
    EXPECT_TRUE(answer) << httplib::to_string(answer.error());
    return answer ? *answer : httplib::Response();
  }
  httplib::Response get(const std::string& path) const { return *client().Get(path); }

  // "n1 voter" and so on.
  std::vector<std::string> members() const {
    std::vector<std::string> members;
    const auto status = node_->status(Clock::now() + std::chrono::minutes(2));
    for (const auto& peer : status->peers) members.push_back(peer.id + (peer.url.empty() ? "" : " " + peer.url));
    return members;
  }
};

TEST_F(MembersApiTest, a_body_that_makes_no_sense_is_refused_with_a_sentence_and_changes_nothing) {
  start_alone();
  const std::string deep = std::string(2000, '[') + std::string(2000, ']');
  const std::pair<std::string, const char*> bodies[] = {
      {"", "not a JSON object"},
      {"null", "not a JSON object"},
      {"[]", "not a JSON object"},
      {"\"n2\"", "not a JSON object"},
      {"{", "not a JSON object"},
      {"{\"id\":\"\xff\"}", "not a JSON object"},
      {deep, "not a JSON object"},
      {R"({"id":)" + deep + "}", "not a JSON object"},
      {R"({"id":"n2","url":"http://h:1"}{})", "not a JSON object"},
      {"{}", "`id` is missing"},
      {R"({"id":"n2"})", "`url` is missing"},
      {R"({"url":"http://h:1"})", "`id` is missing"},
      {R"({"id":null,"url":"http://h:1"})", "`id` must be a text"},
      {R"({"id":7,"url":"http://h:1"})", "`id` must be a text"},
      {R"({"id":"","url":"http://h:1"})", "`id` must be a text"},
      {R"({"id":"a b","url":"http://h:1"})", "`id`"},
      {R"({"id":"n\u0000","url":"http://h:1"})", "`id`"},
      {R"({"id":"../n2","url":"http://h:1"})", "`id`"},
      {R"({"id":")" + std::string(65, 'n') + R"(","url":"http://h:1"})", "65 bytes"},
      {R"({"id":"n2","url":7})", "`url` must be a text"},
      {R"({"id":"n2","url":"n2:5001"})", "`url`"},
      {R"({"id":"n2","url":"https://h:1"})", "`url`"},
      {R"({"id":"n2","url":"http://h:1/path"})", "`url`"},
      {R"({"id":"n2","url":"http://h:1?a"})", "`url`"},
      {R"({"id":"n2","url":"http://u@h:1"})", "`url`"},
      {R"({"id":"n2","url":"http://:1"})", "`url`"},
      {R"({"id":"n2","url":"http://h:99999"})", "`url`"},
      {R"({"id":"n2","url":"http://h\n:1"})", "`url`"},
      {R"({"id":"n2","url":"http://+:1"})", "one host"},
      {R"({"id":"n2","url":"http://0.0.0.0:1"})", "one host"},
      {R"({"id":"n2","url":"http://)" + std::string(2100, 'h') + R"(:1"})", "too long"},
      {R"({"id":"n2","url":"http://h:1","role":"leader"})", "`role`"},
      {R"({"id":"n2","url":"http://h:1","role":true})", "`role`"},
      {R"({"id":"n2","url":"http://h:1","replaces":["n1"]})", "`replaces`"},
      {R"({"id":"n2","url":"http://h:1","replaces":"a/b"})", "`replaces`"},
      {R"({"id":"n2","url":"http://h:1","replaces":"n2"})", "another id"},
      {R"({"id":"n2","url":"http://h:1","replaces":"n1","role":"learner"})", "not a learner"},
      {R"({"id":"n2","url":"http://h:1","port":1})", "The properties"},
      {R"({"id":"n2","url":"http://h:1","ID":"n3"})", "twice"},
  };
  for (const auto& [body, sentence] : bodies) {
    const auto answer = post(body);
    EXPECT_EQ(answer.status, 400) << body;
    EXPECT_THAT(detail_of(answer), HasSubstr(sentence)) << body;
  }
  EXPECT_EQ(post(R"({"id":"n2","url":")" + std::string(9000, 'h') + "\"}").status, 413);
  EXPECT_EQ(client().Post(kMembers, R"({"id":"n2","url":"http://h:1"})", "text/plain")->status, 415);
  for (const char* query : {"?wait=yes", "?wait", "?force=true", "?wait=true&x=1", "?wait=true&wait=true"}) {
    EXPECT_EQ(post(R"({"id":"n2","url":"http://h:1"})", query).status, 400) << query;
  }
  EXPECT_THAT(members(), ElementsAre("n1"));
}

TEST_F(MembersApiTest, a_node_is_let_in_once_however_often_it_asks) {
  start_alone();
  for (const char* body :
       {R"({"id":"n2","url":"http://127.0.0.1:1"})", R"({"ID":"n2","Url":"http://127.0.0.1:1/","role":null})"}) {
    const auto answer = post(body);
    EXPECT_EQ(answer.status, 202) << answer.body;
    EXPECT_EQ(answer.get_header_value("Location"), "/cluster/members/n2");
    EXPECT_THAT(answer.body, HasSubstr(R"("role":"joining")"));
    EXPECT_EQ(get("/cluster/members/n2").body.substr(0, 45), answer.body.substr(0, 45));
  }
  EXPECT_THAT(members(), ElementsAre("n1", "n2 http://127.0.0.1:1"));
  EXPECT_THAT(get(kMembers).body, HasSubstr(R"("isJoint":false,"leaderId":"n1"})"));
}

TEST_F(MembersApiTest, a_learner_stays_one_until_it_is_to_vote) {
  start_alone();
  const std::string learner = R"({"id":"n2","url":"http://127.0.0.1:1","role":"learner"})";
  for (int time = 0; time < 2; ++time) {
    const auto answer = post(learner);
    EXPECT_EQ(answer.status, 200) << answer.body;
    EXPECT_THAT(answer.body, HasSubstr(R"("role":"learner")"));
    EXPECT_EQ(answer.get_header_value("Location"), "");
  }
  EXPECT_EQ(post(R"({"id":"n2","url":"http://127.0.0.1:1"})").status, 202);
  const auto back = post(learner);
  EXPECT_EQ(back.status, 409);
  EXPECT_THAT(detail_of(back), HasSubstr("about to become a voter"));
}

TEST_F(MembersApiTest, what_belongs_to_one_member_is_not_given_to_another) {
  start_alone();
  ASSERT_EQ(post(R"({"id":"n2","url":"http://127.0.0.1:1"})").status, 202);
  const auto moved = post(R"({"id":"n2","url":"http://127.0.0.1:2"})");
  EXPECT_EQ(moved.status, 409);
  EXPECT_THAT(detail_of(moved), HasSubstr("a member already, at http://127.0.0.1:1"));
  const auto twin = post(R"({"id":"n3","url":"http://127.0.0.1:1"})");
  EXPECT_EQ(twin.status, 409);
  EXPECT_THAT(detail_of(twin), HasSubstr("belongs to node n2"));
  EXPECT_EQ(twin.get_header_value("Retry-After"), "") << "it does not pass by itself";
  const auto unknown = post(R"({"id":"n3","url":"http://127.0.0.1:3","replaces":"n9"})");
  EXPECT_EQ(unknown.status, 409);
  EXPECT_THAT(detail_of(unknown), HasSubstr("no voter has that id"));
  EXPECT_THAT(members(), ElementsAre("n1", "n2 http://127.0.0.1:1"));
}

TEST_F(MembersApiTest, a_member_that_is_found_elsewhere_has_moved) {
  start_alone();
  const AskedNode there("GET", "/raft/status", [](const auto&, http::Response& response) {
    response.set_content(R"({"nodeId":"n2","isMember":true})", kJsonType);
  });
  ASSERT_EQ(post(R"({"id":"n2","url":"http://127.0.0.1:1","role":"learner"})").status, 200);
  const std::string url = "http://" + there.address().text();
  const auto answer = post(R"({"id":"n2","role":"learner","ifUnreachable":true,"url":")" + url + "\"}");
  EXPECT_EQ(answer.status, 200) << answer.body;
  EXPECT_THAT(answer.body, HasSubstr(url));
  EXPECT_THAT(members(), ElementsAre("n1", "n2 " + url));
  EXPECT_EQ(post(R"({"id":"n2","url":"http://127.0.0.1:1","ifUnreachable":"yes"})").status, 400);
}

TEST_F(MembersApiTest, there_are_not_more_than_a_cluster_may_have) {
  start_alone();
  const auto learner = [](std::size_t number) {
    return R"({"role":"learner","id":"m)" + std::to_string(number) + R"(","url":"http://127.0.0.1:)" +
           std::to_string(number) + "\"}";
  };
  for (std::size_t number = 1; number < raft::kMaxMembers; ++number) ASSERT_EQ(post(learner(number)).status, 200);
  const auto answer = post(learner(raft::kMaxMembers));
  EXPECT_EQ(answer.status, 409);
  EXPECT_THAT(detail_of(answer), HasSubstr("at most 32"));
}

TEST_F(MembersApiTest, a_member_goes_and_is_not_found_any_more) {
  start_alone();
  ASSERT_EQ(post(R"({"id":"n2","url":"http://127.0.0.1:1"})").status, 202);
  EXPECT_EQ(remove("n2?force=maybe").status, 400);
  const auto answer = remove("n2");
  EXPECT_EQ(answer.status, 200) << answer.body;
  EXPECT_THAT(answer.body, HasSubstr(R"({"members":[{"id":"n1")"));
  EXPECT_THAT(members(), ElementsAre("n1"));
  for (const char* id : {"n2", "n9", "a%2Fb", "%22%7d"}) {
    EXPECT_EQ(remove(id).status, 404) << id;
    EXPECT_EQ(get(std::string(kMembers) + "/" + id).status, 404) << id;
  }
}

// A peer with the original's fields that has all it is sent, while it answers.
class Acknowledging {
 public:
  Acknowledging()
      : node_("POST", "/raft/append", [this](const http::Request& request, http::Response& response) {
          const auto append = raft::decode_append_request(request.body);
          if (!answers || !append) {
            response.status = 503;
            return;
          }
          response.set_content(R"({"term":)" + std::to_string(append->term) + R"(,"success":true})", kJsonType);
        }) {}
  std::string url() const { return "http://127.0.0.1:" + std::to_string(node_.address().port); }

  std::atomic<bool> answers = true;

 private:
  AskedNode node_;
};

TEST_F(MembersApiTest, a_removal_that_waits_for_a_majority_is_not_called_done) {
  Acknowledging n2;
  start_alone(3000);  // it leads on without the other one for longer than a removal is waited for
  ASSERT_EQ(post(R"({"id":"n2","url":")" + n2.url() + "\"}", "?wait=true").status, 200);
  n2.answers = false;
  auto first = std::async(std::launch::async, [&] { return remove("n2"); });
  const auto is_joint = [](const replica::Status& status) { return status.is_joint; };
  ASSERT_TRUE(node_->await_status(is_joint, Clock::now() + std::chrono::minutes(2))->is_joint);

  const auto second = remove("n2");
  EXPECT_EQ(second.status, 202) << second.body;
  EXPECT_EQ(second.get_header_value("Location"), "/cluster/members/n2");
  EXPECT_THAT(second.body, HasSubstr(R"("role":"outgoing")"));
  n2.answers = true;
  EXPECT_EQ(first.get().status, 200);
  EXPECT_EQ(get("/cluster/members/n2").status, 404);
}

TEST_F(MembersApiTest, a_removal_that_would_lose_the_majority_says_what_force_does_and_what_helps) {
  Acknowledging n2;
  Acknowledging n3;
  start_alone(50);
  ASSERT_EQ(post(R"({"id":"n2","url":")" + n2.url() + "\"}", "?wait=true").status, 200);
  ASSERT_EQ(post(R"({"id":"n3","url":")" + n3.url() + "\"}", "?wait=true").status, 200);
  n3.answers = false;
  const auto is_silent = [&](const replica::Status& status) {
    return find_member(status, "n3")->silent_ticks >= node_->unreachable_ticks();
  };
  ASSERT_TRUE(is_silent(*node_->await_status(is_silent, Clock::now() + std::chrono::minutes(2))));
  const auto answer = remove("n2");
  EXPECT_EQ(answer.status, 409) << answer.body;
  EXPECT_THAT(detail_of(answer), HasSubstr("With ?force=true the removal begins and waits for them"));
  EXPECT_THAT(detail_of(answer), HasSubstr("recover --force-single"));
}

TEST_F(MembersApiTest, the_last_voter_stays_even_by_force) {
  start_alone();
  for (const char* request : {"n1", "n1?force=true"}) {
    const auto answer = remove(request);
    EXPECT_EQ(answer.status, 409) << answer.body;
    EXPECT_THAT(detail_of(answer), HasSubstr("last voter"));
  }
  EXPECT_TRUE(node_->leadership().is_leader);
}

TEST_F(MembersApiTest, a_follower_passes_the_request_on_and_the_answer_back) {
  AskedNode n2("POST", kMembers, [](const auto&, http::Response& response) {
    response.status = 202;
    response.set_header("Location", "/cluster/members/n4");
    response.set_content("{}", kJsonType);
  });
  start_as_follower({{"n2", n2.address()}});
  follow("n2", 1);
  const std::string body = R"({"id":"n4","url":"http://127.0.0.1:4"})";
  const auto answer = post(body);
  EXPECT_EQ(answer.status, 202);
  EXPECT_EQ(answer.get_header_value("Location"), "/cluster/members/n4");
  EXPECT_EQ(post("{").status, 400) << "and it does not bother the leader with nonsense";
  EXPECT_THAT(n2.requests(), ElementsAre("n1: /cluster/members " + body));

  AskedNode n3("DELETE", "/cluster/members/{id}", [](const auto&, http::Response& response) {
    response.status = 409;
    response.set_header("Retry-After", "7");
    response.set_content(R"({"detail":"Another change."})", "application/problem+json");
  });
  forwarder_->set_addresses({{"n2", n3.address()}});
  const auto removed = remove("n3?force=true");
  EXPECT_EQ(removed.status, 409);
  EXPECT_EQ(removed.get_header_value("Retry-After"), "7");
  EXPECT_EQ(detail_of(removed), "Another change.");
  EXPECT_THAT(n3.requests(), ElementsAre("n1: /cluster/members/n3?force=true "));
}

TEST_F(MembersApiTest, what_was_passed_on_once_is_not_passed_on_again) {
  expect_not_passed_on_again(kMembers, R"({"id":"n4","url":"http://127.0.0.1:4"})");
}

// ------------------------------------------------------------------------------------------------ what a wish needs

replica::Status status_of(std::vector<replica::Status::Peer> peers) {
  replica::Status status;
  status.peers = std::move(peers);
  return status;
}
using Role = replica::Status::Peer::Role;

TEST(WishStep, of_a_replacement_that_is_done_is_none_and_of_one_that_cannot_be_says_why) {
  const auto wish = parse_wish(R"({"id":"n4","url":"http://h:4","replaces":"n2"})");
  ASSERT_TRUE(wish) << wish.error().message;
  const replica::Status::Peer n4{.id = "n4", .url = "http://h:4", .role = Role::kVoter};
  const replica::Status::Peer n2{.id = "n2", .url = "http://h:2", .role = Role::kVoter};
  EXPECT_EQ(next_step(*wish, status_of({n2})).change.kind, raft::Change::Kind::kReplace);
  EXPECT_EQ(next_step(*wish, status_of({n4})).kind, Step::Kind::kNothing);
  const Step both = next_step(*wish, status_of({n2, n4}));
  EXPECT_EQ(both.kind, Step::Kind::kConflict);
  EXPECT_THAT(both.reason, HasSubstr("Remove n2"));
}

TEST(WishStep, lets_a_node_take_over_the_url_of_the_one_it_replaces_and_of_no_other) {
  const auto wish = parse_wish(R"({"id":"n4","url":"http://h:2","replaces":"n2"})");
  const replica::Status::Peer n2{.id = "n2", .url = "http://h:2", .role = Role::kVoter};
  const replica::Status::Peer n3{.id = "n3", .url = "http://h:2", .role = Role::kVoter};
  EXPECT_EQ(next_step(*wish, status_of({n2})).kind, Step::Kind::kChange);
  EXPECT_EQ(next_step(*wish, status_of({n3})).kind, Step::Kind::kConflict);
}

TEST(WishStep, comes_later_for_a_node_that_is_on_its_way_out) {
  const auto wish = parse_wish(R"({"id":"n4","url":"http://h:4"})");
  const replica::Status::Peer n4{.id = "n4", .url = "http://h:4", .role = Role::kOutgoing};
  EXPECT_EQ(next_step(*wish, status_of({n4})).kind, Step::Kind::kLater);
}

}  // namespace
}  // namespace timestore::net
