#include <gtest/gtest.h>

#include "net/cluster_access.h"
#include "net/members.h"
#include "net/raft_api.h"

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
                         .peers = {{.id = "n1", .url = "http://a:1", .match = 10, .silent_ticks = 0},
                                   {.id = "n2", .url = "http://b:2", .match = 4, .silent_ticks = 70}}};
  EXPECT_EQ(status_json(status, "1.2.3", std::chrono::milliseconds(2900), std::chrono::milliseconds(10), 60),
            R"({"state":"Leader","leaderId":"n1","nodeId":"n1","term":3,"commitIndex":9,"appliedIndex":8,)"
            R"("firstLogIndex":1,"lastLogIndex":10,"snapshotIndex":0,"version":"1.2.3","uptimeSeconds":2,)"
            R"("isMember":true,"isJoint":false,"isNovice":false,"members":[)"
            R"({"id":"n1","url":"http://a:1","role":"voter","matchIndex":10,"lagEntries":0,"reachable":true,)"
            R"("lastContactMs":0},{"id":"n2","url":"http://b:2","role":"voter","matchIndex":4,"lagEntries":6,)"
            R"("reachable":false,"lastContactMs":700}]})");
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
