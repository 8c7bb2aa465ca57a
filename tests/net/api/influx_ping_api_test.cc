// Whether somebody answers.
#include "net/api/influx_ping_api.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "net/api/influx_headers.h"
#include "tests/net/one_node.h"

namespace timestore::net {
namespace {

class InfluxPingApiTest : public OneNodeTest {
 protected:
  void add_routes(http::Router& router) override {
    api_.emplace(*node_, "1.2.3");
    api_->add_routes(router);
  }
  std::optional<InfluxPingApi> api_;
};

TEST_F(InfluxPingApiTest, a_ping_is_answered_with_nothing_but_the_release) {
  start_alone();
  for (const char* target : {"/ping", "/ping?verbose=false", "/ping?verbose=0", "/ping?wait_for_leader=5s"}) {
    const auto answer = client().Get(target);
    EXPECT_EQ(answer->status, 204) << target;
    EXPECT_EQ(answer->body, "");
    EXPECT_EQ(answer->get_header_value("X-Influxdb-Version"), kInfluxVersion);
    EXPECT_FALSE(answer->get_header_value("Request-Id").empty());
  }
  EXPECT_EQ(client().Head("/ping")->status, 204);
}

TEST_F(InfluxPingApiTest, a_verbose_ping_is_answered_with_the_release) {
  start_alone();
  const auto answer = client().Get("/ping?verbose=true");
  EXPECT_EQ(answer->status, 200);
  EXPECT_EQ(answer->body, "{\"version\":\"" + std::string(kInfluxVersion) + "\"}\n");
}

TEST_F(InfluxPingApiTest, a_node_with_a_leader_is_healthy) {
  start_alone();
  const auto answer = client().Get("/health");
  EXPECT_EQ(answer->status, 200);
  EXPECT_EQ(answer->body,
            "{\"name\":\"timestore\",\"status\":\"pass\",\"message\":\"ready for queries and "
            "writes\",\"version\":\"1.2.3\"}\n");
  EXPECT_EQ(client().Head("/health")->status, 200);
}

TEST_F(InfluxPingApiTest, a_node_without_a_leader_is_not_but_answers_pings) {
  start_as_follower({});
  const auto answer = client().Get("/health");
  EXPECT_EQ(answer->status, 503);
  EXPECT_THAT(answer->body, ::testing::HasSubstr("\"status\":\"fail\",\"message\":\"no leader\""));
  EXPECT_EQ(answer->get_header_value("Retry-After"), "1");
  EXPECT_EQ(client().Get("/ping")->status, 204);
  follow("n2", 1);
  EXPECT_EQ(client().Get("/health")->status, 200);
}

}  // namespace
}  // namespace timestore::net
