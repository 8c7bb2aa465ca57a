// Queries that ask for too much, or for nothing good: each is answered soon, with an error or with what was asked.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "tests/engine/query/influxql/asked.h"
#include "tests/engine/query/influxql/line_store.h"

namespace timestore::query::influxql {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

// A point near 1970, and two in 2024, so that there is room for intervals.
class Hostile : public testing::Test {
 protected:
  std::string ask(const std::string& query, Limits limits = {}) {
    MemorySource source(store_);
    return asked({.source = source, .limits = std::move(limits)}, query, "epoch=ns");
  }

  MemoryStore store_ = store_of_lines(
      "m,k=a v=1,n=1i,s=\"x\" 20\nm,k=a v=2,n=2i 1714521600000000000\nm,k=b v=3,n=9223372036854775807i "
      "1714521600000000000\n");
};

TEST_F(Hostile, a_limit_ends_intervals_without_end) {
  EXPECT_EQ(ask("SELECT max(v) FROM m GROUP BY time(10s) LIMIT 2"),
            R"({"results":[{"statement_id":0,"series":[{"name":"m","columns":["time","max"],"values":[[0,1],)"
            R"([10000000000,null]]}]}]})"
            "\n");
  EXPECT_THAT(ask("SELECT count(v) FROM m GROUP BY time(1ns) fill(previous) LIMIT 5"), HasSubstr("[24,1]]"));
  EXPECT_THAT(ask("SELECT mean(v) FROM m WHERE v > 0 GROUP BY time(1ns) LIMIT 3 OFFSET 2"), HasSubstr("[[22,null]"));
  EXPECT_THAT(ask("SELECT max(m) FROM (SELECT count(v) AS m FROM m GROUP BY time(1m) fill(0) LIMIT 4)"),
              HasSubstr("\"values\":[[0,1]]"));
}

TEST_F(Hostile, intervals_without_end_and_without_a_limit_are_too_many) {
  for (const std::string query :
       {"SELECT max(v) FROM m GROUP BY time(10s)", "SELECT max(v) FROM m GROUP BY time(10s), k",
        "SELECT mean(v), count(n) FROM m WHERE time > 0 GROUP BY time(1ns) fill(7)",
        "SELECT difference(mean(v)) FROM m GROUP BY time(1ns)",
        "SELECT non_negative_difference(median(v)) FROM m GROUP BY time(1ns) fill(previous)",
        "SELECT last(x) FROM (SELECT count(v) AS x FROM m GROUP BY time(1s) fill(0)) WHERE x > 5",
        "SELECT max(v) FROM m GROUP BY time(1ns) ORDER BY time DESC"}) {
    EXPECT_THAT(ask(query), HasSubstr("ask for a shorter range, larger intervals")) << query;
  }
}

TEST_F(Hostile, fill_none_makes_no_intervals) {
  EXPECT_THAT(ask("SELECT sum(v) FROM m GROUP BY time(1ns) fill(none)"), HasSubstr("[[20,1],[1714521600000000000,5]]"));
}

TEST_F(Hostile, times_at_the_ends_of_time) {
  for (const std::string bound :
       {"time >= -9223372036854775806", "time <= 9223372036854775806", "time > 9223372036854775807",
        "time < -9223372036854775807", "time >= 0 AND time < 9223372036854775807"}) {
    for (const std::string rest : {"", " GROUP BY time(1w) fill(none)", " GROUP BY time(106751d, 5d) fill(none)",
                                   " GROUP BY time(7d) fill(none) tz('America/New_York')"}) {
      for (const std::string what : {"sum(v)", "integral(v)", "last(v)"}) {
        EXPECT_THAT(ask("SELECT " + what + " FROM m WHERE " + bound + rest),
                    StartsWith("{\"results\":[{\"statement_id\":0"));
      }
    }
  }
}

TEST_F(Hostile, sums_of_integers_beyond_64_bits_are_an_error) {
  EXPECT_THAT(ask("SELECT sum(n) FROM m"), HasSubstr("\"error\":"));
  EXPECT_THAT(ask("SELECT sum(n) FROM m WHERE v > 0"), HasSubstr("beyond 64 bits"));
  EXPECT_THAT(ask("SELECT mean(n) FROM m WHERE v > 0"), HasSubstr("[[0,3074457345618258400]]"));
}

TEST_F(Hostile, what_keeps_every_value_is_bounded_by_memory) {
  for (const std::string call :
       {"median(v)", "percentile(v, 50)", "distinct(v)", "mode(v)", "stddev(v)", "top(v, 1)"}) {
    EXPECT_THAT(ask("SELECT " + call + " FROM m", {.bytes = 100}), HasSubstr("needs more than")) << call;
  }
  EXPECT_THAT(ask("SELECT v, n FROM m", {.bytes = 10}), HasSubstr("\"error\":"));
}

TEST_F(Hostile, regular_expressions_take_linear_time_or_are_refused) {
  EXPECT_THAT(ask("SELECT v FROM m WHERE k =~ /(a+)+(a*)+(a*)+$/"), HasSubstr("[20,1]"));
  EXPECT_THAT(ask("SELECT v FROM m WHERE k =~ /((a{500}){500}){500}/"), StartsWith("400 "));
  EXPECT_THAT(ask("SELECT v FROM m WHERE s =~ /" + std::string(20'000, 'a') + "/"), HasSubstr("at most 16384 bytes"));
  EXPECT_THAT(ask("SELECT v FROM m WHERE k =~ /\\1/"), StartsWith("400 "));
}

TEST_F(Hostile, nesting_to_the_limit) {
  std::string query = "SELECT v FROM m";
  for (int depth = 0; depth < 8; ++depth) query = "SELECT v FROM (" + query + ")";
  EXPECT_THAT(ask(query), HasSubstr("[20,1]"));
  EXPECT_THAT(ask("SELECT v FROM (" + query + ")"), HasSubstr("nested too deeply"));
  std::string sum = "v";
  for (int terms = 0; terms < 900; ++terms) sum += " + v";
  EXPECT_THAT(ask("SELECT " + sum + " FROM m LIMIT 1"), HasSubstr("901"));
  for (int terms = 0; terms < 9'000; ++terms) sum += " + v";
  EXPECT_THAT(ask("SELECT " + sum + " FROM m"), HasSubstr("operators in a row"));
  EXPECT_THAT(ask("SELECT v FROM m WHERE 1 < " + sum), HasSubstr("operators in a row"));
  std::string condition = "v = 1";
  for (int terms = 0; terms < 900; ++terms) condition += " OR v = 1";
  EXPECT_THAT(ask("SELECT v FROM m WHERE " + condition), HasSubstr("[20,1]"));
}

TEST_F(Hostile, a_query_that_may_not_go_on_ends) {
  for (const std::string query :
       {"SELECT v FROM m", "SELECT mean(v) FROM m", "SELECT median(v) FROM m", "SHOW SERIES"}) {
    EXPECT_EQ(ask(query, {.goes_on = [] { return false; }}), "failed: the query was ended") << query;
  }
}

TEST_F(Hostile, what_is_not_supported_is_refused_by_its_name) {
  for (const auto& [query, name] :
       {std::pair("SELECT holt_winters(mean(v), 2, 2) FROM m GROUP BY time(1d)", "holt_winters()"),
        {"SELECT sample(v, 2) FROM m", "sample()"},
        {"SELECT v INTO x FROM m", "SELECT INTO"},
        {"DROP DATABASE corpus", "DROP DATABASE"},
        {"DROP MEASUREMENT m", "DROP MEASUREMENT"},
        {"DELETE FROM m", "DELETE"},
        {"DROP SERIES FROM m", "DROP SERIES"},
        {"CREATE DATABASE other", "CREATE DATABASE"},
        {"ALTER RETENTION POLICY autogen ON corpus DURATION 1d", "ALTER RETENTION POLICY"},
        {"SHOW USERS", "SHOW USERS"},
        {"EXPLAIN SELECT v FROM m", "EXPLAIN"}}) {
    const std::string answer = ask(query);
    EXPECT_THAT(answer, HasSubstr(name)) << query;
    EXPECT_THAT(answer, HasSubstr("not supported")) << query;
  }
}

}  // namespace
}  // namespace timestore::query::influxql
