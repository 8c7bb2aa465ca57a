// What a node says of writes that it cannot take now.
#include "net/api/time_series_api.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/net/one_node.h"

namespace timestore::net {
namespace {

using ::testing::HasSubstr;

class TimeSeriesApiTest : public OneNodeTest {
 protected:
  void add_routes(http::Router& router) override {
    readers_.emplace(directory_.file("n1.db"));
    api_.emplace(*access_, *readers_, Patience{});
    api_->add_routes(router);
  }

  httplib::Response post() const {
    const auto answer = client().Post(
        "/api/timeseries", R"({"deviceId":"d","timestamp":"2024-05-01T12:00:00Z","value":1})", "application/json");
    EXPECT_TRUE(answer) << httplib::to_string(answer.error());
    return answer ? *answer : httplib::Response();
  }

  std::optional<Readers> readers_;
  std::optional<TimeSeriesApi> api_;
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

TEST_F(TimeSeriesApiTest, a_query_that_says_two_things_or_an_unknown_one_is_refused) {
  start_alone();
  for (const char* query :
       {"level=none&level=weak", "level=all", "redirect=true&redirect=false", "redirect=yes", "redirect", "limit=1"}) {
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
