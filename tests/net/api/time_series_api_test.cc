// What a node says of writes that it cannot take now.
#include "net/api/time_series_api.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "net/api/reads_api.h"
#include "tests/net/one_node.h"

namespace timestore::net {
namespace {

using ::testing::HasSubstr;

class TimeSeriesApiTest : public OneNodeTest {
 protected:
  void add_routes(http::Router& router) override {
    readers_.emplace(directory_.file("n1.db"), node_->board());
    api_.emplace(*access_, *readers_, Patience{});
    api_->add_routes(router);
    reads_.emplace(*access_, *readers_, queries_, Patience{});
    reads_->add_routes(router);
  }

  httplib::Response post() const {
    const auto answer = client().Post(
        "/api/timeseries", R"({"deviceId":"d","timestamp":"2024-05-01T12:00:00Z","value":1})", "application/json");
    EXPECT_TRUE(answer) << httplib::to_string(answer.error());
    return answer ? *answer : httplib::Response();
  }

  std::optional<Readers> readers_;
  std::optional<TimeSeriesApi> api_;
  RunningQueries queries_;
  std::optional<ReadsApi> reads_;
};

TEST_F(TimeSeriesApiTest, more_writes_than_may_wait_are_refused_for_a_second) {
  options_.replica.max_waiting_bytes = 1;  // less than any write needs
  start_alone();
  const auto answer = post();
  EXPECT_EQ(answer.status, 503);
  EXPECT_EQ(answer.get_header_value("Retry-After"), "1");
  EXPECT_THAT(detail_of(answer), HasSubstr("Nothing was stored"));
  EXPECT_EQ(client().Get("/api/timeseries")->body, "[]") << "and that is true";
}

TEST_F(TimeSeriesApiTest, a_retry_is_answered_with_what_is_stored) {
  start_alone();
  const std::string head =
      R"({"id":"01890000-0000-7000-8000-000000000001","deviceId":"d","timestamp":"2024-05-01T12:00:00)";
  const auto answer_to = [&](const std::string& rest) {
    const auto answer = client().Post("/api/timeseries", head + rest, "application/json");
    return answer ? answer->body : "";
  };
  const std::string stored = answer_to(R"(Z","value":0,"attributes":{"a":1.0,"b":{"c":2,"d":3}}})");
  EXPECT_THAT(stored, HasSubstr(R"("value":0,"attributes":{"a":1.0,"b":{"c":2,"d":3}})"));
  for (const char* rest : {R"(Z","value":-0.0,"attributes":{"a":1.0,"b":{"c":2,"d":3}}})",
                           R"(Z","value":0,"attributes":{"b":{"d":3,"c":2},"a":1}})",
                           R"(.000+00:00","value":0e0,"attributes":{"a":10e-1,"b":{"c":2,"d":3}}})"}) {
    EXPECT_EQ(answer_to(rest), stored) << rest;
  }
  EXPECT_EQ(client().Get("/api/timeseries")->body, "[" + stored + "]");
}

TEST_F(TimeSeriesApiTest, a_query_that_says_two_things_or_an_unknown_one_is_refused) {
  start_alone();
  for (const char* query :
       {"level=none&level=weak", "level=all", "redirect=true&redirect=false", "redirect=yes", "redirect", "device=1"}) {
    EXPECT_EQ(client().Get(std::string("/api/timeseries?") + query)->status, 400) << query;
  }
  EXPECT_EQ(client().Get("/api/timeseries?level=none&redirect=false")->status, 200);
}

TEST_F(TimeSeriesApiTest, without_a_leader_a_write_is_refused_for_a_second) {
  start_as_follower({});
  access_->refuse_from_now_on();
  const auto answer = post();
  EXPECT_EQ(answer.status, 503);
  EXPECT_EQ(answer.get_header_value("Retry-After"), "1");
  EXPECT_EQ(answer.get_header_value(kNotLeaderHeader), "1");
}

}  // namespace
}  // namespace timestore::net
