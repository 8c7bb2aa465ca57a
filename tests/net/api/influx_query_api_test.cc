// InfluxQL over HTTP.
#include "net/api/influx_query_api.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "net/api/influx_headers.h"
#include "net/api/influx_write_api.h"
#include "net/api/time_series_api.h"
#include "tests/net/one_node.h"

namespace timestore::net {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

class InfluxQueryApiTest : public OneNodeTest {
 protected:
  void SetUp() override {
    OneNodeTest::SetUp();
    start_alone_at_the_highest_level();
    const auto posted = client().Post("/api/timeseries",
                                      "deviceId,timestamp,value,attributes\n"
                                      "kitchen,2025-03-01T12:00:00Z,21.5,\n"
                                      "hall,2025-03-01T12:00:00Z,19,\n"
                                      "kitchen,2025-03-01T12:30:00Z,22.5,\n",
                                      "text/csv");
    ASSERT_TRUE(posted && posted->status == 200);
  }

  void add_routes(http::Router& router) override {
    readers_.emplace(directory_.file("n1.db"), node_->board());
    writes_.emplace(*access_, *readers_, Patience{});
    writes_->add_routes(router);
    api_.emplace(*access_, *readers_, queries_, Patience{});
    api_->add_routes(router);
    lines_.emplace(*access_, Patience{});
    lines_->add_routes(router);
  }

  httplib::Response get(const std::string& query, const std::string& more = "") const {
    const auto answer = client().Get("/query?q=" + httplib::detail::encode_query_param(query) + more);
    EXPECT_TRUE(answer) << httplib::to_string(answer.error());
    return answer ? *answer : httplib::Response();
  }

  std::optional<Readers> readers_;
  std::optional<TimeSeriesApi> writes_;
  RunningQueries queries_;
  std::optional<InfluxQueryApi> api_;
  std::optional<InfluxWriteApi> lines_;
};

constexpr const char* kMeans = "SELECT mean(value) FROM timeseries GROUP BY deviceId";
constexpr const char* kMeansAnswer =
    R"({"results":[{"statement_id":0,"series":[{"name":"timeseries","tags":{"deviceId":"hall"},"columns":["time","mean"],)"
    R"("values":[[0,19]]},{"name":"timeseries","tags":{"deviceId":"kitchen"},"columns":["time","mean"],)"
    R"("values":[[0,22]]}]}]})"
    "\n";

TEST_F(InfluxQueryApiTest, entries_are_the_measurement_timeseries) {
  const auto answer = get(kMeans, "&epoch=ms&db=timestore&u=somebody&p=secret");
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.body, kMeansAnswer);
  EXPECT_EQ(answer.get_header_value("Content-Type"), "application/json");
  EXPECT_EQ(answer.get_header_value("X-Influxdb-Version"), kInfluxVersion);
  EXPECT_EQ(answer.get_header_value("X-Influxdb-Build"), "OSS");
  EXPECT_EQ(answer.get_header_value("Request-Id").size(), 36U);
  EXPECT_FALSE(answer.get_header_value("X-Timestore-Applied-Index").empty());
}

TEST_F(InfluxQueryApiTest, parameters_come_in_a_form_in_a_multipart_form_or_in_the_url) {
  const auto form = client().Post("/query?db=timestore", httplib::Params{{"q", kMeans}, {"epoch", "s"}});
  ASSERT_TRUE(form);
  EXPECT_EQ(form->body, kMeansAnswer);
  const auto parts =
      client().Post("/query", httplib::MultipartFormDataItems{{"q", kMeans, "", ""}, {"epoch", "s", "", ""}});
  ASSERT_TRUE(parts);
  EXPECT_EQ(parts->body, kMeansAnswer);
  const auto url = client().Post("/query?epoch=s&q=" + httplib::detail::encode_query_param(kMeans), "", "text/plain");
  ASSERT_TRUE(url);
  EXPECT_EQ(url->body, kMeansAnswer);
  const auto broken = client().Post("/query", "--x\r\n", "multipart/form-data; boundary=x");
  ASSERT_TRUE(broken);
  EXPECT_EQ(broken->status, 400);
  EXPECT_EQ(broken->body, "{\"error\":\"the body is no form\"}\n");
}

TEST_F(InfluxQueryApiTest, chunks_are_objects_of_their_own) {
  const auto answer = get("SELECT value FROM timeseries", "&epoch=s&chunked=true&chunk_size=2");
  EXPECT_EQ(answer.body, R"({"results":[{"statement_id":0,"series":[{"name":"timeseries","columns":["time","value"],)"
                         R"("values":[[1740830400,19],[1740830400,21.5]],"partial":true}],"partial":true}]})"
                         "\n"
                         R"({"results":[{"statement_id":0,"series":[{"name":"timeseries","columns":["time","value"],)"
                         R"("values":[[1740832200,22.5]]}]}]})"
                         "\n");
}

TEST_F(InfluxQueryApiTest, csv_for_those_who_accept_it) {
  const auto answer =
      client().Get("/query?q=" + httplib::detail::encode_query_param("SHOW TAG KEYS"), {{"Accept", "application/csv"}});
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->get_header_value("Content-Type"), "text/csv");
  EXPECT_EQ(answer->body, "name,tags,tagKey\ntimeseries,,deviceId\n");
}

TEST_F(InfluxQueryApiTest, errors_of_statements_stand_in_results_and_others_are_400) {
  auto answer = get("SELECT foo(value) FROM timeseries");
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.body, "{\"results\":[{\"statement_id\":0,\"error\":\"undefined function foo()\"}]}\n");
  answer = get("SELECT value FROM timeseries", "&db=elsewhere");
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.body, "{\"results\":[{\"statement_id\":0,\"error\":\"database not found: elsewhere\"}]}\n");
  answer = get("SELECT value FORM timeseries");
  EXPECT_EQ(answer.status, 400);
  EXPECT_THAT(answer.body, StartsWith("{\"error\":\"error parsing query: found FORM, expected FROM at line 1"));
  EXPECT_EQ(answer.get_header_value("X-Influxdb-Version"), kInfluxVersion);
  answer = get("");
  EXPECT_EQ(answer.status, 400);
  EXPECT_EQ(answer.body, "{\"error\":\"missing required parameter \\\"q\\\"\"}\n");
}

TEST_F(InfluxQueryApiTest, what_telegraf_and_tsbs_ask_first) {
  EXPECT_EQ(
      get("show databases").body,
      R"({"results":[{"statement_id":0,"series":[{"name":"databases","columns":["name"],"values":[["timestore"]]}]}]})"
      "\n");
  const auto created = client().Post("/query", httplib::Params{{"q", "CREATE DATABASE \"timestore\""}});
  ASSERT_TRUE(created);
  EXPECT_EQ(created->body, "{\"results\":[{\"statement_id\":0}]}\n");
  EXPECT_EQ(get("CREATE DATABASE \"timestore\"").body,
            R"({"results":[{"statement_id":0,"messages":[{"level":"warning","text":"deprecated use of )"
            R"('CREATE DATABASE timestore' in a read only context, please use a POST request instead"}]}]})"
            "\n");
  EXPECT_THAT(get("DROP DATABASE timestore").body, HasSubstr("DROP DATABASE is not supported yet"));
}

TEST_F(InfluxQueryApiTest, reads_at_the_level_that_is_asked_for) {
  EXPECT_EQ(get(kMeans, "&epoch=s&level=none").body, kMeansAnswer);
  EXPECT_EQ(get(kMeans, "&epoch=s&level=weak").body, kMeansAnswer);
  EXPECT_EQ(get(kMeans, "&level=some").status, 400);
}

TEST_F(InfluxQueryApiTest, databases_are_created_and_hold_what_is_written_to_them) {
  const auto query = [&](const std::string& text, const std::string& more = "") {
    return client().Post("/query?epoch=s" + more, httplib::Params{{"q", text}})->body;
  };
  EXPECT_THAT(query("CREATE DATABASE telegraf; SHOW DATABASES"), HasSubstr(R"("values":[["timestore"],["telegraf"]])"));
  EXPECT_EQ(query("create database telegraf with replication 1"), "{\"results\":[{\"statement_id\":0}]}\n");
  ASSERT_EQ(client().Post("/write?db=telegraf", "cpu,host=a usage=3i 1000000000", "text/plain")->status, 204);
  ASSERT_EQ(client().Post("/write?db=new", "cpu,host=a usage=4i 1000000000", "text/plain")->status, 204);
  EXPECT_THAT(query("SELECT * FROM cpu", "&db=telegraf"), HasSubstr(R"("columns":["time","host","usage"],"values":[[1,"a",3]])"));
  EXPECT_THAT(query("SELECT sum(usage) FROM cpu GROUP BY host", "&db=new"), HasSubstr(R"("values":[[0,4]])"));
  EXPECT_EQ(query("SELECT * FROM cpu", "&db=timestore"), "{\"results\":[{\"statement_id\":0}]}\n");
  EXPECT_THAT(query("SELECT * FROM cpu", "&db=none"), HasSubstr("database not found: none"));
  EXPECT_THAT(query("SHOW MEASUREMENTS", "&db=new"), HasSubstr(R"("values":[["cpu"]])"));
  EXPECT_THAT(query("DROP DATABASE new"), HasSubstr("not supported"));
  EXPECT_EQ(client().Post("/query", httplib::Params{{"q", "CREATE DATABASE \"a/b\""}})->status, 400);
}

}  // namespace
}  // namespace timestore::net
