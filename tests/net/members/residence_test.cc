// Whether a member that is said to be elsewhere is believed to be there.
#include "net/members/residence.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "net/api/raft_api.h"
#include "tests/net/free_port.h"
#include "tests/net/one_node.h"

namespace timestore::net {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

constexpr const char* kOfACluster = R"({"nodeId":"n2","isMember":true})";

http::Handler answering(const std::string& status, const std::string& instance) {
  return [status, instance](const auto&, http::Response& response) {
    response.set_header(kInstanceHeader, instance);
    response.set_content(status, "application/json");
  };
}

struct Resident : AskedNode {
  explicit Resident(const std::string& status, const std::string& instance = "one")
      : AskedNode("GET", "/raft/status", answering(status, instance)) {}
  std::string url() const { return "http://" + address().text(); }
};

std::string nobody() { return "http://127.0.0.1:" + std::to_string(free_port()); }

Residence found(const std::string& from, const std::string& to, bool only_if_lost = false) {
  return find_residence({.node = "n2", .from = from, .to = to, .only_if_lost = only_if_lost});
}

TEST(Residence, of_a_member_is_where_it_answers) {
  const Resident there(kOfACluster);
  for (const bool only_if_lost : {false, true}) {
    EXPECT_EQ(found(nobody(), there.url(), only_if_lost).kind, Residence::Kind::kMoved);
    const Resident other(R"({"nodeId":"n9","isMember":true})", "two");
    EXPECT_EQ(found(other.url(), there.url(), only_if_lost).kind, Residence::Kind::kMoved) << "another has the address";
  }
}

TEST(Residence, is_not_changed_by_a_guess_as_long_as_the_old_one_leads_there) {
  const Resident there(kOfACluster);
  const Resident here(kOfACluster);
  EXPECT_EQ(found(here.url(), there.url(), true).kind, Residence::Kind::kStays);
  EXPECT_EQ(found(here.url(), there.url(), false).kind, Residence::Kind::kMoved) << "an operator wants it so";
}

TEST(Residence, of_a_twin_is_refused) {
  const Resident there(kOfACluster, "two");
  const Resident here(kOfACluster, "one");
  for (const bool only_if_lost : {false, true}) {
    const Residence twin = found(here.url(), there.url(), only_if_lost);
    EXPECT_EQ(twin.kind, Residence::Kind::kRefuted);
    EXPECT_THAT(twin.reason, AllOf(HasSubstr("Two processes call themselves node n2"), HasSubstr(here.url()),
                                   HasSubstr(there.url()), HasSubstr("Stop one")));
  }
}

TEST(Residence, is_not_believed_where_somebody_else_or_nobody_is_found) {
  const std::string from = nobody();
  EXPECT_THAT(found(from, nobody()).reason,
              AllOf(HasSubstr("a member already, at " + from), HasSubstr("nothing listens")));
  const Resident other(R"({"nodeId":"n9","isMember":true})");
  EXPECT_THAT(found(from, other.url()).reason, HasSubstr("is node n9"));
  const Resident empty(R"({"nodeId":"n2","isMember":false})");
  EXPECT_THAT(found(from, empty.url()).reason, HasSubstr("files that know no cluster"));
  const Resident nonsense("[]");
  EXPECT_EQ(found(from, nonsense.url()).kind, Residence::Kind::kRefuted);
}

TEST(Residence, of_a_node_of_another_cluster_is_refused) {
  const auto of_cluster = [](const std::string& id, bool is_settled) {
    return R"({"nodeId":"n2","isMember":true,"clusterId":")" + id + R"(","isSettled":)" +
           (is_settled ? "true}" : "false}");
  };
  const raft::ClusterId ours{.high = 1, .low = 2};
  const std::string theirs = raft::to_text({.high = 3, .low = 4});
  const auto asked = [&](const Resident& there) {
    return find_residence({.node = "n2", .from = nobody(), .to = there.url(), .cluster = ours});
  };
  EXPECT_THAT(asked(Resident(of_cluster(theirs, true))).reason,
              AllOf(HasSubstr("belongs to cluster " + theirs), HasSubstr("this is cluster " + raft::to_text(ours))));
  EXPECT_EQ(asked(Resident(of_cluster(theirs, false))).kind, Residence::Kind::kMoved) << "it may yet be cut off";
  EXPECT_EQ(asked(Resident(of_cluster(raft::to_text(ours), true))).kind, Residence::Kind::kMoved);
  EXPECT_EQ(asked(Resident(kOfACluster)).kind, Residence::Kind::kMoved) << "it has none yet";
}

}  // namespace
}  // namespace timestore::net
