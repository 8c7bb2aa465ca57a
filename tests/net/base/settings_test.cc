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
