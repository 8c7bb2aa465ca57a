#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "net/access/cluster_access.h"
#include "net/api/raft_api.h"
#include "net/members/members.h"

namespace timestore::net {
namespace {

TEST(Status, has_the_originals_fields_and_ours) {
  replica::Status status{.role = replica::Status::Role::kLeader,
                         .node = "n1",
                         .leader = "n1",
                         .term = 3,
                         .commit = 9,
                         .applied = 8,
                         .first = 1,
                         .last = 10,
                         .state_hash = 7,
                         .level = 1,
                         .highest_level = 2,
                         .holds_level = true,
                         .cluster = {.high = 1, .low = 255},
                         .is_settled = true,
                         .strangers = {{"n2", {.high = 0, .low = 2}}},
                         .waits_for = {"n3", "n4"},
                         .peers = {{.id = "n1", .url = "http://a:1", .match = 10, .silent_ticks = 0},
                                   {.id = "n2", .url = "http://b:2", .match = 4, .silent_ticks = 70,
                                    .contradicts = true}}};
  EXPECT_EQ(
      status_json(status, "1.2.3", std::chrono::milliseconds(2900), std::chrono::milliseconds(10), 60),
      R"({"state":"Leader","leaderId":"n1","nodeId":"n1","term":3,"commitIndex":9,"appliedIndex":8,)"
      R"("firstLogIndex":1,"lastLogIndex":10,"snapshotIndex":0,"featureLevel":1,"highestLevel":2,"version":"1.2.3","uptimeSeconds":2,)"
      R"("isMember":true,"isJoint":false,"isNovice":false,"holdsLevel":true,)"
      R"("clusterId":"000000000000000100000000000000ff","isSettled":true,)"
      R"("strangers":[{"id":"n2","clusterId":"00000000000000000000000000000002"}],"waitsFor":["n3","n4"],)"
      R"("contradiction":null,"contradicts":["n2"],"members":[)"
      R"({"id":"n1","url":"http://a:1","role":"voter","isJoining":false,"isOutgoing":false,"matchIndex":10,)"
      R"("lagEntries":0,"reachable":true,"lastContactMs":0},)"
      R"({"id":"n2","url":"http://b:2","role":"voter","isJoining":false,"isOutgoing":false,"matchIndex":4,)"
      R"("lagEntries":6,"reachable":false,"lastContactMs":700}]})");
}

TEST(Status, names_what_contradicts_the_node) {
  replica::Status status;
  status.contradiction = {.leader = "n2", .term = 7, .index = 5, .ours = 1, .theirs = 3};
  EXPECT_THAT(status_json(status, "1", Clock::duration{}, std::chrono::milliseconds(10), 60),
              testing::HasSubstr(
                  R"("contradiction":{"leaderId":"n2","term":7,"index":5,"termHere":1,"termThere":3},"contradicts":[],)"));
}

TEST(Status, calls_a_member_what_it_is_now_and_says_beside_it_what_it_will_be) {
  using Role = replica::Status::Peer::Role;
  struct Told {
    Role role;
    std::string in_status;
    std::string among_members;
  };
  const Told cases[] = {
      {Role::kVoter, R"("role":"voter","isJoining":false,"isOutgoing":false,)", R"("role":"voter",)"},
      {Role::kLearner, R"("role":"learner","isJoining":false,"isOutgoing":false,)", R"("role":"learner",)"},
      {Role::kJoining, R"("role":"learner","isJoining":true,"isOutgoing":false,)", R"("role":"joining",)"},
      {Role::kOutgoing, R"("role":"voter","isJoining":false,"isOutgoing":true,)", R"("role":"outgoing",)"},
  };
  for (const Told& told : cases) {
    replica::Status status;
    status.peers = {{.id = "n2", .url = "http://b:2", .role = told.role}};
    const std::chrono::milliseconds tick(10);
    const std::string head = R"({"id":"n2","url":"http://b:2",)";
    const std::string whole = status_json(status, "1", Clock::duration{}, tick, 60);
    EXPECT_NE(whole.find(head + told.in_status + "\"matchIndex\""), std::string::npos) << whole;
    const std::string member = member_json(status, status.peers[0], RoleNames::kFour, tick, 60);
    EXPECT_EQ(member.find(head + told.among_members + "\"matchIndex\""), 0U) << member;
  }
}

TEST(Status, of_a_follower_does_not_pretend_to_know_the_others) {
  replica::Status status;
  status.node = "n1";
  status.peers = {{.id = "n2", .url = "http://b:2", .match = 0, .silent_ticks = 0}};
  const std::string json = status_json(status, "1", Clock::duration{}, std::chrono::milliseconds(10), 60);
  EXPECT_NE(json.find(R"("leaderId":null)"), std::string::npos);
  EXPECT_NE(json.find(R"("matchIndex":null,"lagEntries":null,"reachable":null,"lastContactMs":null)"),
            std::string::npos);
}

TEST(Status, a_node_id_is_read_from_what_the_original_answers) {
  EXPECT_EQ(*parse_node_id(R"({"state":"Follower","leaderId":null,"nodeId":"node2"})"), "node2");
  EXPECT_FALSE(parse_node_id("{}"));
  EXPECT_FALSE(parse_node_id("not json"));
  EXPECT_FALSE(parse_node_id(R"({"nodeId":7})"));
  EXPECT_FALSE(parse_node_id(R"({"nodeId":""})"));
}

TEST(ReadIndex, is_read_back_and_nothing_else_is) {
  EXPECT_EQ(parse_read_index(read_index_body(42)), std::optional<raft::Index>(42));
  for (const char* body :
       {"", "{}", "{\"index\":}", "{\"index\":-1}", "{\"index\":1.5}", "{\"index\":99999999999999999999}"}) {
    EXPECT_EQ(parse_read_index(body), std::nullopt) << body;
  }
}

TEST(TimeOrderedGuid, is_of_version_7_and_never_the_same_twice) {
  const Guid first = make_time_ordered_guid();
  const Guid second = make_time_ordered_guid();
  EXPECT_NE(first, second);
  for (const Guid& id : {first, second}) {
    EXPECT_EQ(id.bytes[6] >> 4, 7);
    EXPECT_EQ(id.bytes[8] >> 6, 2);
  }
}

}  // namespace
}  // namespace timestore::net
