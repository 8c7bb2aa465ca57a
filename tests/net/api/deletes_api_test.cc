// Deletes, as clients ask for them.
#include "net/api/deletes_api.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "net/api/reads_api.h"
#include "net/api/time_series_api.h"
#include "tests/net/one_node.h"

namespace timestore::net {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr const char* kId = "11111111-1111-4111-8111-111111111111";

class DeletesApiTest : public OneNodeTest {
 protected:
  void add_routes(http::Router& router) override {
    readers_.emplace(directory_.file("n1.db"), node_->board());
    api_.emplace(*node_, *access_, *forwarder_, Patience{});
    api_->add_routes(router);
    entries_.emplace(*access_, *readers_, Patience{});
    entries_->add_routes(router);
    reads_.emplace(*access_, *readers_, queries_, Patience{});
    reads_->add_routes(router);
  }

  void fill() {
    start_alone_at_the_highest_level();
    const auto answer = client().Post("/api/timeseries", R"([
        {"id":"11111111-1111-4111-8111-111111111111","deviceId":"a","timestamp":"2025-01-01T00:00:00Z","value":1},
        {"deviceId":"a","timestamp":"2025-01-02T00:00:00Z","value":2},
        {"deviceId":"ab","timestamp":"2025-01-02T00:00:00Z","value":3},
        {"deviceId":"b","timestamp":"2025-01-03T00:00:00Z","value":4}])",
                                      "application/json");
    ASSERT_EQ(answer->status, 200) << answer->body;
  }
  httplib::Response remove(const std::string& target) const {
    const auto answer = client().Delete(target);
    EXPECT_TRUE(answer) << httplib::to_string(answer.error());
    return answer ? *answer : httplib::Response();
  }
  std::string get(const std::string& target) const { return client().Get(target)->body; }
  std::string count() const { return get("/api/timeseries/aggregate?fn=count&groupBy=device"); }

  std::optional<Readers> readers_;
  std::optional<DeletesApi> api_;
  std::optional<TimeSeriesApi> entries_;
  RunningQueries queries_;
  std::optional<ReadsApi> reads_;
};

TEST_F(DeletesApiTest, an_entry_is_gone_and_then_not_there) {
  fill();
  const std::string path = std::string("/api/timeseries/") + kId;
  const auto answer = remove(path);
  EXPECT_EQ(answer.status, 204);
  EXPECT_EQ(answer.body, "");
  EXPECT_NE(answer.get_header_value("X-Timestore-Applied-Index"), "");
  EXPECT_EQ(client().Get(path)->status, 404);
  EXPECT_EQ(remove(path).status, 404);
  EXPECT_EQ(remove("/api/timeseries/nonsense").status, 404);
  EXPECT_THAT(get("/api/timeseries?deviceId=a"), Not(HasSubstr("2025-01-01")));
  const auto again = client().Post(
      "/api/timeseries",
      std::string(R"({"id":")") + kId + R"(","deviceId":"z","timestamp":"2025-01-01T00:00:00Z","value":9})",
      "application/json");
  EXPECT_EQ(again->status, 200) << "its id is free";
  EXPECT_THAT(get(path), HasSubstr(R"("deviceId":"z")"));
}

TEST_F(DeletesApiTest, a_range_says_how_many_points_went) {
  fill();
  EXPECT_EQ(remove("/api/timeseries?deviceId=a&from=2025-01-01T12:00:00Z").body, R"({"deleted":1})");
  EXPECT_EQ(remove("/api/timeseries?deviceId=a&to=2025-01-01").body, R"({"deleted":0})") << "to is not in it";
  EXPECT_THAT(count(), HasSubstr(R"({"deviceId":"a")"));
  EXPECT_EQ(remove("/api/timeseries?devicePrefix=a").body, R"({"deleted":2})");
  EXPECT_EQ(get("/api/devices?devicePrefix=a"), "[]") << "a device is listed while it has points";
  EXPECT_EQ(remove("/api/timeseries?from=2025-01-01&to=2026-01-01&db=other").body, R"({"deleted":0})");
  EXPECT_EQ(remove("/api/timeseries?from=2025-01-01&to=2026-01-01").body, R"({"deleted":1})");
  EXPECT_EQ(get("/api/timeseries"), "[]");
}

TEST_F(DeletesApiTest, what_was_stored_behind_an_index_stays) {
  fill();
  const std::string index = client().Get("/api/timeseries?limit=1")->get_header_value("X-Timestore-Applied-Index");
  const std::string target = "/api/timeseries?deviceId=b&upTo=" + index;
  EXPECT_EQ(remove(target).body, R"({"deleted":1})");
  ASSERT_EQ(client()
                .Post("/api/timeseries", R"({"deviceId":"b","timestamp":"2025-01-03T00:00:00Z","value":5})",
                      "application/json")
                ->status,
            200);
  EXPECT_EQ(remove(target).body, R"({"deleted":0})");
  EXPECT_THAT(get("/api/timeseries?deviceId=b"), HasSubstr(R"("value":5)"));
}

TEST_F(DeletesApiTest, what_makes_no_sense_is_refused_and_deletes_nothing) {
  fill();
  for (const char* query : {"",
                            "?from=2025-01-01",
                            "?to=2026-01-01",
                            "?db=timestore",
                            "?deviceId=",
                            "?devicePrefix=",
                            "?devicePrefix=&to=2026-01-01",
                            "?deviceId=%ff",
                            "?deviceId=a&db=%ff",
                            "?deviceId=a&minValue=1",
                            "?deviceId=a&attr.x=1",
                            "?deviceId=a&tag.host=x",
                            "?deviceId=a&limit=1",
                            "?deviceId=a&level=none",
                            "?deviceId=a&devicePrefix=a",
                            "?deviceId=a&from=yesterday",
                            "?deviceId=a&from=2025-01-02&to=2025-01-02",
                            "?deviceId=a&upTo=x",
                            "?deviceId=a&upTo=1&upTo=2",
                            "?deviceId=a&format=csv"}) {
    const auto answer = remove(std::string("/api/timeseries") + query);
    EXPECT_EQ(answer.status, 400) << query;
    EXPECT_THAT(detail_of(answer), HasSubstr(".")) << query;
  }
  EXPECT_EQ(remove(std::string("/api/timeseries/") + kId + "?level=none").status, 400);
  EXPECT_EQ(remove(std::string("/api/timeseries/") + kId + "?upTo=-1").status, 400);
  EXPECT_EQ(get("/api/timeseries/aggregate?fn=count"), R"([{"timestamp":"2025-01-01T00:00:00Z","count":4}])");
}

TEST_F(DeletesApiTest, while_a_member_may_not_know_it_nothing_is_deleted) {
  options_.replica.raft.level = raft::kLinesLevel;
  start_alone();
  const auto answer = remove("/api/timeseries?deviceId=a");
  EXPECT_EQ(answer.status, 503);
  EXPECT_THAT(detail_of(answer), HasSubstr("Nothing was deleted"));
}

TEST_F(DeletesApiTest, a_node_that_does_not_lead_asks_the_leader) {
  AskedNode n2("DELETE", "/api/timeseries", [](const auto&, http::Response& response) {
    response.set_content(R"({"deleted":3})", "application/json");
  });
  start_as_follower({{"n2", n2.address()}});
  follow("n2", 1);
  const auto answer = remove("/api/timeseries?deviceId=a%20b");
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.body, R"({"deleted":3})");
  EXPECT_THAT(n2.requests(), ElementsAre("n1: /api/timeseries?deviceId=a%20b "));
}

}  // namespace
}  // namespace timestore::net
