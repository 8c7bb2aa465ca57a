// Each trouble has its own words.
#include "net/peers/peer_errors.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <httplib.h>

#include "tests/net/free_port.h"

namespace timestore::net {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

TEST(PeerErrors, tell_a_closed_port_from_an_unknown_name_and_from_silence) {
  const HostPort closed{"127.0.0.1", free_port()};
  EXPECT_THAT(reason_of(httplib::Error::Connection, closed),
              AllOf(HasSubstr("nothing listens"), HasSubstr(closed.text())));
  EXPECT_THAT(reason_of(httplib::Error::Connection, {"no-such-node.invalid", 1}),
              AllOf(HasSubstr("no-such-node.invalid"), HasSubstr("cannot be resolved")));
  EXPECT_THAT(reason_of(httplib::Error::ConnectionTimeout, closed), HasSubstr("timed out"));
  EXPECT_THAT(reason_of(httplib::Error::Read, closed), HasSubstr("does not answer them"));
}

TEST(PeerErrors, name_who_has_an_address) {
  const HostPort there{"h", 1};
  EXPECT_EQ(reason_of_misdirection(R"({"status":421,"nodeId":"n3"})", there), "node n3 has its address, h:1");
  for (const char* body : {"", "{}", R"({"nodeId":3})", R"({"nodeId":"n3\nforged line"})"}) {
    EXPECT_EQ(reason_of_misdirection(body, there), "another node has its address, h:1") << body;
  }
}

TEST(PeerErrors, name_the_cluster_of_who_refuses) {
  const HostPort there{"h", 1};
  const std::string body = R"({"status":421,"nodeId":"n3","clusterId":"0123456789abcdef00000000000000ff"})";
  const auto refusal = refusal_in(body);
  ASSERT_TRUE(refusal);
  EXPECT_EQ(raft::to_text(refusal->belonging.cluster), "0123456789abcdef00000000000000ff");
  EXPECT_THAT(reason_of_misdirection(body, there),
              AllOf(HasSubstr("h:1"), HasSubstr("belongs to cluster 0123456789abcdef00000000000000ff")));
  for (const char* other : {"", "{}", R"({"clusterId":3})", R"({"clusterId":"x"})"}) {
    EXPECT_FALSE(refusal_in(other)) << other;
  }
}

}  // namespace
}  // namespace timestore::net
