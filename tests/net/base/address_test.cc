#include "net/base/address.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace timestore::net {
namespace {

TEST(Address, host_and_port_are_read_in_all_their_forms) {
  EXPECT_EQ(*parse_host_port("127.0.0.1:5001"), (HostPort{"127.0.0.1", 5001}));
  EXPECT_EQ(*parse_host_port("[::1]:5001"), (HostPort{"::1", 5001}));
  EXPECT_EQ(*parse_host_port("node-1.lab:65535"), (HostPort{"node-1.lab", 65535}));
  EXPECT_EQ(*parse_host_port("+:1"), (HostPort{"+", 1}));
  EXPECT_EQ((HostPort{"::1", 5001}).text(), "[::1]:5001");
}

TEST(Address, urls_need_http_and_may_leave_out_port_80) {
  EXPECT_EQ(*parse_http_url("http://node1:5001"), (HostPort{"node1", 5001}));
  EXPECT_EQ(*parse_http_url("http://node1:5001/"), (HostPort{"node1", 5001}));
  EXPECT_EQ(*parse_http_url("http://node1"), (HostPort{"node1", 80}));
  EXPECT_EQ(*parse_http_url("http://+:5236"), (HostPort{"+", 5236}));
  EXPECT_EQ(*parse_http_url("http://[::1]"), (HostPort{"::1", 80}));
}

TEST(Address, everything_else_is_refused_with_a_sentence_that_quotes_it) {
  for (const char* text : {"", ":", "host", "host:", ":5001", "host:0", "host:65536", "host:-1", "host:1x", "a b:1",
                           "[::1:5001", "host:99999999999999999999", "::1:5001"}) {
    const auto address = parse_host_port(text);
    ASSERT_FALSE(address) << text;
    EXPECT_THAT(address.error().message, ::testing::HasSubstr(text));
  }
  for (const char* url : {"", "node1:5001", "https://node1", "http://", "http://node1/path", "http://u@h:1"}) {
    EXPECT_FALSE(parse_http_url(url)) << url;
  }
}

TEST(Address, urls_are_read_in_any_case) {
  EXPECT_EQ(*parse_http_url("HTTP://Node1:5001"), (HostPort{"Node1", 5001}));
  EXPECT_EQ(canonical_host("Node1.LAN"), "node1.lan");
  for (const char* host : {"localhost", "LocalHost", "127.0.0.1", "::1"}) EXPECT_EQ(canonical_host(host), "localhost");
}

TEST(Address, a_password_is_never_quoted) {
  for (const char* url : {"http://me:secret@h:1", "https://me:secret@h", "me:secret@h:1", "http://secret@"}) {
    for (const auto& read : {parse_http_url(url), parse_host_port(url)}) {
      ASSERT_FALSE(read) << url;
      EXPECT_THAT(read.error().message, ::testing::Not(::testing::HasSubstr("secret"))) << url;
    }
  }
}

}  // namespace
}  // namespace timestore::net
