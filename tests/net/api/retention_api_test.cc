// For how long points are kept, as clients set it and meet it.
#include "net/api/retention_api.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "net/api/reads_api.h"
#include "net/api/time_series_api.h"
#include "tests/net/one_node.h"

namespace timestore::net {
namespace {

using ::testing::HasSubstr;
using ::testing::MatchesRegex;

class RetentionApiTest : public OneNodeTest {
 protected:
  RetentionApiTest() { options_.replica.raft.level = raft::kHighestLevel; }

  void add_routes(http::Router& router) override {
    readers_.emplace(directory_.file("n1.db"), node_->board());
    api_.emplace(*node_, *access_, *forwarder_, *readers_, Patience{});
    api_->add_routes(router);
    entries_.emplace(*access_, *readers_, Patience{});
    entries_->add_routes(router);
    reads_.emplace(*access_, *readers_, queries_, Patience{});
    reads_->add_routes(router);
  }

  httplib::Response put(const std::string& body) const {
    const auto answer = client().Put("/api/retention", body, "application/json");
    EXPECT_TRUE(answer) << httplib::to_string(answer.error());
    return answer ? *answer : httplib::Response();
  }
  httplib::Response post(const std::string& body) const {
    const auto answer = client().Post("/api/timeseries", body, "application/json");
    EXPECT_TRUE(answer) << httplib::to_string(answer.error());
    return answer ? *answer : httplib::Response();
  }
  std::string get(const std::string& target) const { return client().Get(target)->body; }

  std::optional<Readers> readers_;
  std::optional<RetentionApi> api_;
  std::optional<TimeSeriesApi> entries_;
  RunningQueries queries_;
  std::optional<ReadsApi> reads_;
};

constexpr const char* kOld = R"({"deviceId":"d","timestamp":"2001-01-01T00:00:00Z","value":1})";
constexpr const char* kFuture = R"({"deviceId":"d","timestamp":"2200-01-01T00:00:00Z","value":2})";

TEST_F(RetentionApiTest, points_are_kept_for_ever_until_somebody_says_otherwise) {
  start_alone_at_the_highest_level();
  EXPECT_EQ(get("/api/retention"), R"({"maxAge":null,"edge":null})");
  EXPECT_EQ(post(kOld).status, 200);
}

TEST_F(RetentionApiTest, an_age_is_in_force_when_it_is_answered) {
  start_alone_at_the_highest_level();
  ASSERT_EQ(post(kOld).status, 200);
  ASSERT_EQ(post(kFuture).status, 200);
  const auto answer = put(R"({"maxAge":"30d"})");
  EXPECT_EQ(answer.status, 200);
  EXPECT_THAT(answer.body, MatchesRegex(R"(\{"maxAge":"30d","edge":"20[0-9][0-9]-.*Z"\})"));
  EXPECT_NE(answer.get_header_value("X-Timestore-Applied-Index"), "");
  EXPECT_EQ(get("/api/retention"), answer.body);
  EXPECT_THAT(get("/api/timeseries"), HasSubstr("2200-01-01"));
  EXPECT_THAT(get("/api/timeseries"), ::testing::Not(HasSubstr("2001-01-01")));
  EXPECT_THAT(get("/api/timeseries/device/d"), ::testing::Not(HasSubstr("2001-01-01")));
  EXPECT_EQ(get("/api/timeseries/aggregate?fn=count"), R"([{"timestamp":"2200-01-01T00:00:00Z","count":1}])");
}

TEST_F(RetentionApiTest, a_write_before_the_edge_is_refused_and_names_it) {
  start_alone_at_the_highest_level();
  ASSERT_EQ(put(R"({"maxAge":"1w"})").status, 200);
  const auto one = post(kOld);
  EXPECT_EQ(one.status, 400);
  EXPECT_THAT(detail_of(one), MatchesRegex("Nothing was stored: points before 20.*Z are not kept.*"));
  EXPECT_THAT(one.body, HasSubstr(R"("pointer":"/timestamp")"));
  const auto batch = post(std::string("[") + kFuture + "," + kOld + "]");
  EXPECT_EQ(batch.status, 400);
  EXPECT_THAT(batch.body, HasSubstr(R"("pointer":"/1/timestamp")"));
  EXPECT_EQ(get("/api/timeseries"), "[]");
}

TEST_F(RetentionApiTest, a_device_is_listed_while_it_has_points) {
  start_alone_at_the_highest_level();
  ASSERT_EQ(post(kOld).status, 200);
  EXPECT_THAT(get("/api/devices"), HasSubstr(R"("deviceId":"d")"));
  ASSERT_EQ(put(R"({"maxAge":"1w"})").status, 200);
  EXPECT_EQ(get("/api/devices"), "[]");
}

TEST_F(RetentionApiTest, null_keeps_for_ever_and_brings_nothing_back) {
  start_alone_at_the_highest_level();
  ASSERT_EQ(post(kOld).status, 200);
  ASSERT_EQ(put(R"({"maxAge":"1w"})").status, 200);
  const auto answer = put(R"({"maxAge":null})");
  EXPECT_EQ(answer.status, 200);
  EXPECT_THAT(answer.body, MatchesRegex(R"(\{"maxAge":null,"edge":"20.*Z"\})"));
  EXPECT_EQ(get("/api/timeseries"), "[]");
}

TEST_F(RetentionApiTest, what_makes_no_sense_is_refused_with_a_sentence) {
  start_alone_at_the_highest_level();
  for (const char* body : {"", "[]", "{}", R"({"maxAge":30})", R"({"maxAge":"30"})", R"({"maxAge":"0s"})",
                           R"({"maxAge":"30d","maxAge":"1d"})", R"({"maxAge":"30d","other":1})"}) {
    const auto answer = put(body);
    EXPECT_EQ(answer.status, 400) << body;
    EXPECT_THAT(detail_of(answer), HasSubstr(".")) << body;
  }
  EXPECT_THAT(detail_of(put(R"({"maxAge":"30d","select":{"deviceId":"d"}})")), HasSubstr("`select` is not there yet"));
  EXPECT_EQ(client().Get("/api/retention?level=none")->status, 400);
  EXPECT_EQ(get("/api/retention"), R"({"maxAge":null,"edge":null})");
}

TEST_F(RetentionApiTest, while_a_member_may_not_know_it_nothing_changes) {
  options_.replica.raft.level = raft::kEnvelopesLevel;
  start_alone();
  const auto answer = put(R"({"maxAge":"30d"})");
  EXPECT_EQ(answer.status, 503);
  EXPECT_THAT(detail_of(answer), HasSubstr("Nothing has changed"));
}

TEST_F(RetentionApiTest, a_node_that_does_not_lead_asks_the_leader) {
  AskedNode n2("PUT", "/api/retention", [](const auto&, http::Response& response) {
    response.set_content(R"({"maxAge":"30d","edge":null})", "application/json");
  });
  start_as_follower({{"n2", n2.address()}});
  follow("n2", 1);
  const auto answer = put(R"({"maxAge":"30d"})");
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.body, R"({"maxAge":"30d","edge":null})");
  EXPECT_THAT(n2.requests(), ::testing::ElementsAre(R"(n1: /api/retention {"maxAge":"30d"})"));
}

}  // namespace
}  // namespace timestore::net
