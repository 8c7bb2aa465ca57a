// Who the members are on a first start, when peers are given by their URLs.
#include "net/members/members.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/net/free_port.h"
#include "tests/net/one_node.h"

namespace timestore::net {
namespace {

using ::testing::HasSubstr;

class MembersTest : public ::testing::Test {
 protected:
  void SetUp() override { start_log("error", "text", "test"); }

  Result<std::vector<raft::Member>> members(const raft::NodeId& self,
                                            const std::vector<const AskedNode*>& peers) const {
    SettingsText text;
    text.node_id = self;
    text.listen = "127.0.0.1:" + std::to_string(free_port());
    text.database = directory_.file("s.db");
    for (const AskedNode* peer : peers) text.peers += "http://" + peer->address().text() + ",";
    const auto settings = check(text);
    EXPECT_TRUE(settings) << settings.error().message;
    return find_members(*settings, {}, [] { return false; });
  }

  static http::Handler says(const std::string& id) {
    return [id](const auto&, http::Response& response) {
      response.set_content(R"({"nodeId":")" + id + "\"}", "application/json");
    };
  }

  ScratchDirectory directory_;
};

TEST_F(MembersTest, are_learnt_from_those_who_are_asked) {
  const AskedNode n2("GET", "/raft/status", says("n2"));
  const AskedNode n3("GET", "/raft/status", says("n3"));
  const auto found = members("n1", {&n3, &n2});
  ASSERT_TRUE(found) << found.error().message;
  ASSERT_EQ(found->size(), 3U);
  EXPECT_EQ((*found)[1], (raft::Member{"n2", "http://" + n2.address().text()}));
  EXPECT_EQ((*found)[2], (raft::Member{"n3", "http://" + n3.address().text()}));
}

TEST_F(MembersTest, with_one_id_for_two_are_refused) {
  const AskedNode one("GET", "/raft/status", says("n2"));
  const AskedNode twin("GET", "/raft/status", says("n2"));
  const auto twins = members("n1", {&one, &twin});
  ASSERT_FALSE(twins);
  EXPECT_THAT(twins.error().message, HasSubstr("Two members call themselves \"n2\""));
  const auto own = members("n2", {&one});
  ASSERT_FALSE(own) << "nor may one have this node's own";
  EXPECT_THAT(own.error().message, HasSubstr("Two members call themselves \"n2\""));
}

}  // namespace
}  // namespace timestore::net
