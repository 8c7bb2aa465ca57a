// Reading rows, pages, aggregates, entries and devices over HTTP.
#include "net/api/reads_api.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include "net/api/influx_write_api.h"
#include "net/api/queries_api.h"
#include "net/api/time_series_api.h"
#include "tests/net/one_node.h"

namespace timestore::net {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

class ReadsApiTest : public OneNodeTest {
 protected:
  void SetUp() override {
    OneNodeTest::SetUp();
    start_alone_at_the_highest_level();
  }

  void add_routes(http::Router& router) override {
    readers_.emplace(directory_.file("n1.db"), node_->board());
    writes_.emplace(*access_, *readers_, Patience{});
    writes_->add_routes(router);
    reads_.emplace(*access_, *readers_, queries_, Patience{});
    reads_->add_routes(router);
    queries_api_.add_routes(router);
    lines_.emplace(*access_, Patience{});
    lines_->add_routes(router);
  }

  void post(const std::string& csv) const {
    const auto answer = client().Post("/api/timeseries", csv, "text/csv");
    ASSERT_TRUE(answer);
    ASSERT_EQ(answer->status, 200) << answer->body;
  }

  httplib::Response get(const std::string& target, const httplib::Headers& headers = {}) const {
    const auto answer = client().Get(target, headers);
    EXPECT_TRUE(answer) << httplib::to_string(answer.error());
    return answer ? *answer : httplib::Response();
  }

  // As CSV without ids, which differ from run to run.
  std::string rows(const std::string& parameters) const {
    const auto answer = get("/api/timeseries?format=csv&" + parameters);
    EXPECT_EQ(answer.status, 200) << answer.body;
    std::string text;
    for (std::size_t begin = answer.body.find('\n') + 1; begin < answer.body.size();) {
      const std::size_t end = answer.body.find('\n', begin);
      text += answer.body.substr(begin + 37, end - begin - 36);
      begin = end + 1;
    }
    return text;
  }

  std::optional<Readers> readers_;
  std::optional<TimeSeriesApi> writes_;
  RunningQueries queries_;
  std::optional<ReadsApi> reads_;
  std::optional<InfluxWriteApi> lines_;
  QueriesApi queries_api_{queries_};
};

constexpr const char* kRooms =
    "deviceId,timestamp,value,attributes\n"
    "kitchen,2025-03-01T12:00:00Z,21.5,\n"
    "hall,2025-03-01T12:00:00Z,19,\"{\"\"door\"\":\"\"open\"\"}\"\n"
    "kitchen,2025-03-01T12:30:00Z,22,\n"
    "hall,2025-03-01T13:00:00Z,-1,\n"
    "kitchen,2025-03-01T11:00:00Z,20,\n";

TEST_F(ReadsApiTest, filters_and_orders) {
  post(kRooms);
  EXPECT_EQ(rows("deviceId=kitchen"),
            "\"kitchen\",2025-03-01T11:00:00Z,20,\n"
            "\"kitchen\",2025-03-01T12:00:00Z,21.5,\n"
            "\"kitchen\",2025-03-01T12:30:00Z,22,\n");
  EXPECT_EQ(rows("from=2025-03-01T12:00:00Z&to=2025-03-01T12:30:00Z&order=asc"),
            "\"hall\",2025-03-01T12:00:00Z,19,\"{\"\"door\"\":\"\"open\"\"}\"\n"
            "\"kitchen\",2025-03-01T12:00:00Z,21.5,\n");
  EXPECT_EQ(rows("maxValue=0"), "\"hall\",2025-03-01T13:00:00Z,-1,\n");
  EXPECT_EQ(rows("attr.door=open"), "\"hall\",2025-03-01T12:00:00Z,19,\"{\"\"door\"\":\"\"open\"\"}\"\n");
  EXPECT_EQ(rows("devicePrefix=h&order=desc&limit=1"), "\"hall\",2025-03-01T13:00:00Z,-1,\n");
  EXPECT_EQ(rows("order=log&minValue=21"),
            "\"kitchen\",2025-03-01T12:00:00Z,21.5,\n\"kitchen\",2025-03-01T12:30:00Z,22,\n");
  EXPECT_EQ(rows("deviceId=cellar"), "");
  EXPECT_EQ(rows("deviceId=hall&from=2025-03-01T14:00:00Z&to=2025-03-01T13:00:00Z"), "") << "an empty range";
}

TEST_F(ReadsApiTest, without_parameters_everything_comes_in_the_order_of_the_log_as_it_was_posted) {
  const auto posted = client().Post("/api/timeseries", kRooms, "text/csv");
  EXPECT_EQ(get("/api/timeseries").body, posted->body);
  const auto lines = get("/api/timeseries", {{"Accept", "application/x-ndjson"}});
  EXPECT_EQ(lines.get_header_value("Content-Type"), "application/x-ndjson");
  EXPECT_EQ(std::count(lines.body.begin(), lines.body.end(), '\n'), 5);
  EXPECT_THAT(get("/api/timeseries/device/kitchen").body,
              AllOf(StartsWith(R"([{"id":")"), HasSubstr("11:00:00Z"), Not(HasSubstr("hall"))));
}

TEST_F(ReadsApiTest, what_was_read_can_be_written_again) {
  post(kRooms);
  const auto before = get("/api/timeseries?format=csv").body;
  const auto again = client().Post("/api/timeseries", before, "text/csv");
  EXPECT_EQ(again->status, 200) << again->body;
  EXPECT_EQ(get("/api/timeseries?format=csv").body, before) << "the same ids with the same content are a retry";
}

TEST_F(ReadsApiTest, pages_lead_to_the_next_until_there_is_none) {
  post(kRooms);
  for (const std::string order : {"log", "device", "asc", "desc"}) {
    const std::string target = "/api/timeseries?format=ndjson&order=" + order;
    const std::string all = get(target).body;
    std::string pages;
    std::string next = target + "&limit=2";
    int count = 0;
    while (!next.empty()) {
      const auto page = get(next);
      ASSERT_EQ(page.status, 200) << page.body;
      pages += page.body;
      ++count;
      const std::string link = page.get_header_value("Link");
      if (link.empty()) break;
      ASSERT_THAT(link, AllOf(StartsWith("</api/timeseries?format=ndjson&order="), HasSubstr(">; rel=\"next\"")));
      next = link.substr(1, link.find('>') - 1);
    }
    EXPECT_EQ(count, 3) << order;
    EXPECT_EQ(pages, all) << order;
  }
  EXPECT_EQ(get("/api/timeseries?limit=5").get_header_value("Link"), "") << "all are on the page";
}

TEST_F(ReadsApiTest, a_cursor_is_for_the_filters_that_it_came_with) {
  post(kRooms);
  const std::string link = get("/api/timeseries?order=asc&limit=1").get_header_value("Link");
  const std::string cursor = link.substr(link.find("cursor="), link.find('>') - link.find("cursor="));
  EXPECT_EQ(get("/api/timeseries?order=asc&" + cursor).status, 200) << "from here on, without pages";
  EXPECT_EQ(get("/api/timeseries?order=desc&" + cursor).status, 400);
  EXPECT_EQ(get("/api/timeseries?order=asc&deviceId=hall&" + cursor).status, 400);
  EXPECT_EQ(get("/api/timeseries?cursor=nonsense").status, 400);
}

TEST_F(ReadsApiTest, aggregates_by_bucket_and_group) {
  post(kRooms);
  const std::string by_hour = get("/api/timeseries/aggregate?format=csv&fn=count,avg,max&bucket=1h").body;
  EXPECT_EQ(by_hour,
            "timestamp,count,avg,max\n"
            "2025-03-01T11:00:00Z,1,20,20\n"
            "2025-03-01T12:00:00Z,3,20.833333333333332,22\n"
            "2025-03-01T13:00:00Z,1,-1,-1\n");
  EXPECT_EQ(get("/api/timeseries/aggregate?fn=last&groupBy=device").body,
            R"([{"deviceId":"hall","timestamp":"2025-03-01T11:00:00Z","last":-1},)"
            R"({"deviceId":"kitchen","timestamp":"2025-03-01T11:00:00Z","last":22}])");
  EXPECT_EQ(get("/api/timeseries/aggregate?fn=count&bucket=1h&fill=null&deviceId=hall&format=ndjson"
                "&from=2025-03-01T11:00:00Z&to=2025-03-01T13:00:00Z")
                .body,
            "{\"timestamp\":\"2025-03-01T11:00:00Z\",\"count\":0}\n"
            "{\"timestamp\":\"2025-03-01T12:00:00Z\",\"count\":1}\n");
}

TEST_F(ReadsApiTest, one_entry_by_its_id) {
  const auto posted = client().Post(
      "/api/timeseries", R"({"deviceId":"a","timestamp":"2024-05-01T12:00:00Z","value":1})", "application/json");
  const std::string id = posted->body.substr(7, 36);
  EXPECT_EQ(get("/api/timeseries/" + id).body, posted->body);
  EXPECT_EQ(get("/api/timeseries/" + id + "?level=none").status, 200);
  EXPECT_EQ(get("/api/timeseries/" + id + "?from=1").status, 400);
  EXPECT_EQ(get("/api/timeseries/018f3c2a-0000-7000-8000-000000000001").status, 404);
  EXPECT_EQ(get("/api/timeseries/device").status, 404);
}

TEST_F(ReadsApiTest, lines_with_their_names_and_by_their_ids) {
  const std::string lines = "cpu,host=a n=3i,who=\"me\" 1700000000000000000\ntimeseries,deviceId=hall value=2 1000000000";
  ASSERT_EQ(client().Post("/write?db=timestore", lines, "text/plain")->status, 204);
  ASSERT_EQ(client().Post("/write?db=other", "cpu n=4i 1", "text/plain")->status, 204);
  EXPECT_EQ(rows("devicePrefix=cpu"),
            "\"cpu,host=a n\",2023-11-14T22:13:20Z,3,\n\"cpu,host=a who\",2023-11-14T22:13:20Z,\"me\",\n");
  EXPECT_EQ(rows("tag.host=a&minValue=3"), "\"cpu,host=a n\",2023-11-14T22:13:20Z,3,\n");
  EXPECT_EQ(rows("db=other"), "\"cpu n\",1970-01-01T00:00:00.000000001Z,4,\n");
  const std::string one = get("/api/timeseries?deviceId=cpu,host=a%20n").body;
  EXPECT_THAT(one, HasSubstr(R"("value":3,"measurement":"cpu","tags":{"host":"a"},"field":"n"})"));
  EXPECT_EQ("[" + get("/api/timeseries/" + one.substr(8, 36)).body + "]", one);
  EXPECT_THAT(get("/api/timeseries").body, AllOf(HasSubstr("hall"), HasSubstr("cpu,host=a n"), Not(HasSubstr("who"))))
      << "clients of the original read a number in each value";
}

TEST_F(ReadsApiTest, devices_with_what_there_is_of_them) {
  post(kRooms);
  EXPECT_EQ(get("/api/devices?format=csv").body,
            "deviceId,type,count,firstTimestamp,lastTimestamp\n"
            "\"hall\",float,2,2025-03-01T12:00:00Z,2025-03-01T13:00:00Z\n"
            "\"kitchen\",float,3,2025-03-01T11:00:00Z,2025-03-01T12:30:00Z\n");
  const auto first = get("/api/devices?limit=1");
  EXPECT_EQ(first.body, R"([{"deviceId":"hall","type":"float","count":2,"firstTimestamp":"2025-03-01T12:00:00Z",)"
                        R"("lastTimestamp":"2025-03-01T13:00:00Z"}])");
  const std::string link = first.get_header_value("Link");
  const auto second = get(link.substr(1, link.find('>') - 1));
  EXPECT_THAT(second.body, AllOf(HasSubstr("kitchen"), Not(HasSubstr("hall"))));
  EXPECT_EQ(second.get_header_value("Link"), "");
  EXPECT_EQ(get("/api/devices?devicePrefix=z").body, "[]");
  EXPECT_EQ(get("/api/devices?minValue=3").status, 400);
}

TEST_F(ReadsApiTest, wrong_questions_say_which_parameter_and_why) {
  const std::pair<const char*, const char*> kWrong[] = {
      {"/api/timeseries?from=yesterday", "from: "},
      {"/api/timeseries?limit=0", "limit: "},
      {"/api/timeseries?limit=10001", "Link"},
      {"/api/timeseries?order=random", "order: "},
      {"/api/timeseries?device=kitchen", "device: is no parameter"},
      {"/api/timeseries?from=2025-01-01&from=2025-01-02", "from: "},
      {"/api/timeseries?format=xml", "format is"},
      {"/api/timeseries?level=strong", "level is"},
      {"/api/timeseries/device/a?deviceId=b", "deviceId: "},
      {"/api/timeseries/aggregate", "fn: "},
      {"/api/timeseries/aggregate?fn=avg,mean", "at character 5"},
      {"/api/timeseries/aggregate?fn=avg&bucket=1h&tz=Mars", "tz: "},
      {"/api/timeseries/aggregate?fn=avg&cursor=x", "cursor: "},
      {"/api/timeseries/aggregate?fn=%ff", "fn: "},
  };
  for (const auto& [target, expected] : kWrong) {
    const auto answer = get(target);
    EXPECT_EQ(answer.status, 400) << target;
    EXPECT_THAT(detail_of(answer), HasSubstr(expected)) << target;
  }
}

TEST_F(ReadsApiTest, accept_chooses_a_format_and_none_is_406) {
  post(kRooms);
  const auto type_for = [&](const std::string& accept) {
    const auto answer = get("/api/timeseries", {{"Accept", accept}});
    return answer.status == 200 ? answer.get_header_value("Content-Type") : std::to_string(answer.status);
  };
  EXPECT_EQ(type_for("*/*"), "application/json");
  EXPECT_EQ(type_for("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"), "application/json");
  EXPECT_EQ(type_for("text/csv"), "text/csv; charset=utf-8");
  EXPECT_EQ(type_for("text/*"), "text/csv; charset=utf-8");
  EXPECT_EQ(type_for("application/json;q=0.5, application/x-ndjson"), "application/x-ndjson");
  EXPECT_EQ(type_for("application/json;q=0, */*"), "application/x-ndjson");
  EXPECT_EQ(type_for("image/png"), "406");
  EXPECT_EQ(type_for("text/csv;q=0"), "406");
}

TEST_F(ReadsApiTest, too_many_buckets_are_too_much) {
  post("deviceId,timestamp,value\na,1970-01-01T00:00:00Z,1\na,2020-01-01T00:00:00Z,1\n");
  const auto answer = get("/api/timeseries/aggregate?fn=count&bucket=1s&fill=null");
  EXPECT_EQ(answer.status, 422);
  EXPECT_THAT(detail_of(answer), HasSubstr("1000000"));
}

TEST_F(ReadsApiTest, operators_see_what_runs_and_end_it) {
  EXPECT_EQ(get("/cluster/queries").body, "[]");
  EXPECT_EQ(client().Delete("/cluster/queries/1")->status, 404);
  EXPECT_EQ(client().Delete("/cluster/queries/x")->status, 404);
  RunningQueries::Query query(queries_, "/api/timeseries/aggregate?fn=p99", "127.0.0.1",
                              Clock::now() + std::chrono::minutes(10));
  EXPECT_TRUE(query.goes_on());
  const auto list = get("/cluster/queries").body;
  EXPECT_THAT(list, AllOf(StartsWith(R"([{"id":1,"target":"/api/timeseries/aggregate?fn=p99","client":"127.0.0.1",)"),
                          HasSubstr(R"("elapsedMs":)")));
  EXPECT_EQ(client().Delete("/cluster/queries/1")->status, 204);
  EXPECT_FALSE(query.goes_on());
  EXPECT_TRUE(query.was_ended());
}

TEST_F(ReadsApiTest, a_query_is_not_seen_any_more_when_it_is_answered) {
  post(kRooms);
  for (const char* target : {"/api/timeseries", "/api/timeseries?limit=1", "/api/devices"})
    EXPECT_EQ(get(target).status, 200);
  // The last byte of a stream is on its way before its writer has gone.
  const auto soon = Clock::now() + std::chrono::minutes(1);
  while (!queries_.list().empty() && Clock::now() < soon) std::this_thread::yield();
  EXPECT_EQ(get("/cluster/queries").body, "[]");
}

}  // namespace
}  // namespace timestore::net
