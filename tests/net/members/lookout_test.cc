// Why nobody leads is said with what each peer answers.
#include "net/members/lookout.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/net/free_port.h"
#include "tests/net/one_node.h"

namespace timestore::net {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

http::Handler answering(const std::string& members) {
  return [members](const auto&, http::Response& response) { response.set_content(members, "application/json"); };
}

class LookoutTest : public OneNodeTest {
 protected:
  std::string reason() { return Lookout::why_nobody_leads(*node_, *forwarder_); }
};

TEST_F(LookoutTest, who_does_not_answer_is_named_and_what_is_in_the_way) {
  AskedNode n2("GET", "/cluster/members", answering(R"({"members":[{"id":"n1"},{"id":"n2"},{"id":"n3"}]})"));
  const HostPort nobody{"127.0.0.1", free_port()};
  start_as_follower({{"n2", n2.address()}, {"n3", nobody}});
  EXPECT_THAT(reason(), AllOf(HasSubstr("n2 answers"), HasSubstr("n3 does not answer: nothing listens at"),
                              ::testing::Not(HasSubstr("no majority"))));
}

TEST_F(LookoutTest, a_missing_majority_is_named) {
  const HostPort nobody{"127.0.0.1", free_port()};
  start_as_follower({{"n2", nobody}, {"n3", nobody}});
  EXPECT_THAT(reason(), HasSubstr("no majority of 3 voters"));
}

TEST_F(LookoutTest, a_renamed_node_is_told_so) {
  AskedNode n2("GET", "/cluster/members", answering(R"({"members":[{"id":"old"},{"id":"n2"},{"id":"n3"}]})"));
  start_as_follower({{"n2", n2.address()}});
  EXPECT_THAT(reason(), AllOf(HasSubstr("a cluster of old, n2, n3"), HasSubstr("renamed")));
}

TEST_F(LookoutTest, a_cluster_of_one_has_nobody_to_ask) {
  start_alone();
  EXPECT_EQ(reason(), "");
}

}  // namespace
}  // namespace timestore::net
