#include "net/base/settings.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

namespace timestore::net {
namespace {

using ::testing::HasSubstr;

SettingsText good() {
  SettingsText text;
  text.node_id = "node1";
  text.listen = "127.0.0.1:5001";
  text.peers = "node2=http://127.0.0.1:5002, http://127.0.0.1:5003";
  text.database = "data/node1.db";
  return text;
}

TEST(Settings, say_where_everything_is) {
  const auto settings = check(good());
  ASSERT_TRUE(settings) << settings.error().message;
  EXPECT_EQ(settings->series_path, "data/node1.db");
  EXPECT_EQ(settings->log_path, "data/node1.raft.db");
  ASSERT_EQ(settings->peers.size(), 2U);
  EXPECT_EQ(settings->peers[0].id, "node2");
  EXPECT_EQ(settings->peers[1].id, std::nullopt);
  EXPECT_EQ(settings->peers[1].address, (HostPort{"127.0.0.1", 5003}));
  EXPECT_EQ(settings->heartbeat_ticks, 5U);
  EXPECT_EQ(settings->election_ticks_min, 30U);
  EXPECT_EQ(settings->election_ticks_max, 60U);
}

TEST(Settings, the_originals_urls_stand_in_for_listen) {
  SettingsText text = good();
  text.listen.clear();
  text.urls = "http://+:5236";
  ASSERT_TRUE(check(text));
  EXPECT_EQ(check(text)->listen, (HostPort{"+", 5236}));
}

TEST(Settings, of_a_node_that_joins_name_one_member_and_no_peers) {
  SettingsText text = good();
  text.peers.clear();
  text.join = "http://127.0.0.1:5002/";
  const auto settings = check(text);
  ASSERT_TRUE(settings) << settings.error().message;
  EXPECT_EQ(settings->join, (HostPort{"127.0.0.1", 5002}));
  EXPECT_EQ(check(good())->join, std::nullopt);
}

TEST(Settings, of_a_founder_name_peers_that_are_lost) {
  SettingsText text = good();
  text.found_without = "node2";
  const auto settings = check(text);
  ASSERT_TRUE(settings) << settings.error().message;
  EXPECT_EQ(settings->found_without, std::vector<raft::NodeId>{"node2"});
  for (const char* unknown : {"node3", "node1", "a b"}) {
    text.found_without = unknown;
    const auto refused = check(text);
    ASSERT_FALSE(refused) << unknown;
    EXPECT_THAT(refused.error().message, HasSubstr("--found-without")) << unknown;
  }
}

TEST(Settings, of_peers_may_have_the_same_port_elsewhere) {
  SettingsText text = good();
  text.listen = "+:5236";
  text.peers = "http://node-2.example:5236,http://node-3.example:5236";
  EXPECT_TRUE(check(text)) << check(text).error().message;
  text.listen = "127.0.0.2:5236";
  text.peers = "http://127.0.0.1:5236,http://127.0.0.3:5236";
  EXPECT_TRUE(check(text)) << check(text).error().message;
}

TEST(Settings, that_hold_a_password_are_refused_without_a_part_of_it) {
  for (void (*put)(SettingsText&, const std::string&) :
       {+[](SettingsText&t, const std::string&url) { t.peers = "n=" + url; },
        +[](SettingsText&t, const std::string&url) { t.advertise = url; },
        +[](SettingsText&t, const std::string&url) { t.listen = "", t.urls = url; },
        +[](SettingsText&t, const std::string&url) { t.peers = "", t.join = url; },
        +[](SettingsText&t, const std::string&url) { t.listen = url; }}) {
    SettingsText text = good();
    put(text, "http://me:sec,ret;more@127.0.0.1:7");
    const auto settings = check(text);
    ASSERT_FALSE(settings);
    for (const char* part : {"sec", "ret", "more"}) {
      EXPECT_EQ(settings.error().message.find(part), std::string::npos) << settings.error().message;
    }
  }
}

struct Wrong {
  const char* name;
  void (*break_it)(SettingsText&);
  const char* sentence;
};

class WrongSetting : public ::testing::TestWithParam<Wrong> {};

TEST_P(WrongSetting, is_one_sentence_that_names_it) {
  SettingsText text = good();
  GetParam().break_it(text);
  const auto settings = check(text);
  ASSERT_FALSE(settings);
  EXPECT_THAT(settings.error().message, HasSubstr(GetParam().sentence));
  EXPECT_EQ(settings.error().message.find('\n'), std::string::npos);
  EXPECT_EQ(settings.error().message.back(), '.');
}

const Wrong kWrongSettings[] = {
    {"no_node_id", [](SettingsText& t) { t.node_id = ""; }, "--node-id is missing"},
    {"strange_node_id", [](SettingsText& t) { t.node_id = "a b"; }, "\"a b\""},
    {"long_node_id", [](SettingsText& t) { t.node_id = std::string(65, 'a'); }, "65 bytes"},
    {"no_listen", [](SettingsText& t) { t.listen = ""; }, "--listen is missing"},
    {"bad_listen", [](SettingsText& t) { t.listen = "5001"; }, "--listen"},
    {"two_urls",
     [](SettingsText& t) {
       t.listen = "";
       t.urls = "http://a:1;http://b:2";
     },
     "several"},
    {"https",
     [](SettingsText& t) {
       t.listen = "";
       t.urls = "https://+:1";
     },
     "ASPNETCORE_URLS"},
    {"itself_as_peer", [](SettingsText& t) { t.peers = "node1=http://h:1"; }, "this node itself"},
    {"peer_twice", [](SettingsText& t) { t.peers = "n=http://h:1,n=http://h:2"; }, "twice"},
    {"address_twice", [](SettingsText& t) { t.peers = "http://h:1,n=http://h:1"; }, "twice"},
    {"bad_peer", [](SettingsText& t) { t.peers = "node2"; }, "--peers"},
    {"joining_and_founding", [](SettingsText& t) { t.join = "http://h:1"; }, "--join and --peers exclude each other"},
    {"bad_join",
     [](SettingsText& t) {
       t.peers = "";
       t.join = "node2:5002";
     },
     "--join"},
    {"own_address_as_peer", [](SettingsText& t) { t.peers = "n=http://localhost:5001"; }, "this node's own"},
    {"own_url_as_peer",
     [](SettingsText& t) {
       t.advertise = "http://Lab:80";
       t.peers = "n=http://lab";
     },
     "this node's own"},
    {"own_port_on_every_interface",
     [](SettingsText& t) {
       t.listen = "+:5001";
       t.peers = "n=http://127.0.0.1:5001";
     },
     "this node's own"},
    {"joining_itself",
     [](SettingsText& t) {
       t.peers = "";
       t.join = "http://[::1]:5001";
     },
     "this node's own"},
    {"address_twice_by_other_names", [](SettingsText& t) { t.peers = "http://localhost:1,http://127.0.0.1:1"; },
     "twice"},
    {"no_database", [](SettingsText& t) { t.database = ""; }, "--database is missing"},
    {"directory", [](SettingsText& t) { t.database = "/"; }, "is a directory"},
    {"bad_level", [](SettingsText& t) { t.log_level = "loud"; }, "loud"},
    {"bad_format", [](SettingsText& t) { t.log_format = "xml"; }, "xml"},
    {"bad_advertise", [](SettingsText& t) { t.advertise = "node1"; }, "--advertise"},
    {"tick", [](SettingsText& t) { t.tick_ms = 0; }, "--tick-ms"},
    {"heartbeat", [](SettingsText& t) { t.heartbeat_ms = 200; }, "--heartbeat-ms"},
    {"election_order", [](SettingsText& t) { t.election_min_ms = 700; }, "--election-min-ms"},
    {"election_overflow", [](SettingsText& t) { t.election_max_ms = 4'294'967'295U; }, "an hour"},
    {"no_log_entries", [](SettingsText& t) { t.log_entries = 0; }, "--log-entries"},
    {"too_much_log", [](SettingsText& t) { t.log_megabytes = 1'000'001; }, "--log-megabytes"},
};

INSTANTIATE_TEST_SUITE_P(Each, WrongSetting, ::testing::ValuesIn(kWrongSettings),
                         [](const auto& parameter) { return std::string(parameter.param.name); });

}  // namespace
}  // namespace timestore::net
