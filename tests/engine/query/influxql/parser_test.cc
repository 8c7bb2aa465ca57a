// InfluxQL as Grafana, the influx shell, Telegraf and TSBS write it, and what is said of the rest.
#include "engine/query/influxql/parser.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/base/prng.h"

namespace timestore::query::influxql {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;

template <typename Kind>
Kind one(const std::string& text) {
  auto statements = parse(text);
  if (!statements) {
    ADD_FAILURE() << text << ": " << statements.error().sentence;
    return {};
  }
  EXPECT_THAT(*statements, SizeIs(1)) << text;
  const auto* statement = std::get_if<Kind>(&statements->front());
  if (statement == nullptr) ADD_FAILURE() << text << " is another statement";
  return statement == nullptr ? Kind() : *statement;
}

Select select(const std::string& text) { return one<Select>(text); }
std::string where(const std::string& text) { return text_of(select("SELECT x FROM m WHERE " + text).where.value()); }
std::string field(const std::string& text) { return text_of(select("SELECT " + text + " FROM m").fields.at(0).value); }

QueryError error_of(const std::string& text) {
  const auto statements = parse(text);
  EXPECT_FALSE(statements) << text;
  return statements ? QueryError() : statements.error();
}

std::vector<std::string> texts(const std::vector<Expression>& expressions) {
  std::vector<std::string> texts;
  for (const Expression& expression : expressions) texts.push_back(text_of(expression));
  return texts;
}

// --- SELECT ---------------------------------------------------------------------------------------------------------

TEST(InfluxQl, of_grafana_is_read) {
  const Select query = select(
      "SELECT mean(\"value\") / 100 AS \"share\" FROM \"rp\".\"m\" WHERE (\"host\"::tag = 'a' AND \"x\" =~ "
      "/^(a|b\\/c)$/) AND "
      "time >= 1700000000000ms and time <= 1700003600000ms GROUP BY time(10s), \"host\"::tag fill(null) ORDER BY time "
      "DESC limit 5 slimit 3 tz('Europe/Berlin')");
  EXPECT_EQ(text_of(query.fields.at(0).value), "(mean(\"value\") / 100)");
  EXPECT_EQ(query.fields[0].alias, "share");
  EXPECT_EQ(query.from.at(0).measurement.policy, "rp");
  EXPECT_EQ(query.from[0].measurement.name, "m");
  EXPECT_EQ(
      text_of(query.where.value()),
      "((((\"host\"::tag = 'a') AND (\"x\" =~ /^(a|b/c)$/)) AND (\"time\" >= 1700000000000000000ns)) AND (\"time\" "
      "<= 1700003600000000000ns))");
  EXPECT_THAT(texts(query.group_by), ElementsAre("time(10000000000ns)", "\"host\"::tag"));
  EXPECT_EQ(query.fill.kind, QueryFill::Kind::kNull);
  EXPECT_TRUE(query.is_descending);
  EXPECT_EQ(query.page.limit, 5u);
  EXPECT_EQ(query.page.series_limit, 3u);
  EXPECT_EQ(query.zone, "Europe/Berlin");
}

TEST(InfluxQl, of_tsbs_is_read) {
  const Select query = select(
      "SELECT max(usage_user), max(usage_system) from cpu where (hostname = 'host_1' or hostname = 'host_2') and time "
      ">= "
      "'2016-01-01T00:00:00Z' and time < '2016-01-01T01:00:00Z' group by time(1m),hostname order by time desc limit 1");
  EXPECT_THAT(query.fields, SizeIs(2));
  EXPECT_THAT(texts(query.group_by), ElementsAre("time(60000000000ns)", "\"hostname\""));
  EXPECT_EQ(query.page.limit, 1u);
  const Select nested = select(
      "SELECT count(\"ms\") FROM (SELECT mean(v) AS ms FROM (SELECT v FROM readings WHERE fleet = 'x') GROUP BY "
      "time(10m), \"name\") WHERE ms > 1 GROUP BY time(1d)");
  ASSERT_TRUE(nested.from.at(0).subquery);
  ASSERT_TRUE(nested.from[0].subquery->from.at(0).subquery);
  EXPECT_EQ(nested.from[0].subquery->from[0].subquery->from.at(0).measurement.name, "readings");
}

TEST(InfluxQl, binds_operators_as_1_x_does) {
  EXPECT_EQ(field("a + b * 2 - c"), "((\"a\" + (\"b\" * 2)) - \"c\")");
  EXPECT_EQ(field("(a + b) * 2"), "((\"a\" + \"b\") * 2)");
  EXPECT_EQ(field("a & b | c ^ d % 3"), "(((\"a\" & \"b\") | \"c\") ^ (\"d\" % 3))");
  EXPECT_EQ(where("a = 1 OR b = 2 AND c <> 3"), "((\"a\" = 1) OR ((\"b\" = 2) AND (\"c\" != 3)))");
  EXPECT_EQ(where("time > now() - 1h30m"), "(\"time\" > (now() - 5400000000000ns))");
  EXPECT_EQ(field("-a * -2"), "((-1 * \"a\") * -2)");
  EXPECT_EQ(field("a / b / c"), "((\"a\" / \"b\") / \"c\")");
}

TEST(InfluxQl, reads_every_kind_of_word) {
  EXPECT_EQ(field("\"a\\\"b\"::float"), "\"a\"b\"::float");
  EXPECT_EQ(field("*::field"), "*::field");
  EXPECT_EQ(field("DISTINCT x"), "distinct(\"x\")");
  EXPECT_EQ(field("COUNT(DISTINCT(x))"), "count(distinct(\"x\"))");
  EXPECT_EQ(field("mean(/^us.r$/)"), "mean(/^us.r$/)");
  EXPECT_EQ(field("percentile(x, 99.5)"), "percentile(\"x\", 99.5)");
  EXPECT_EQ(field("now()"), "now()");
  EXPECT_EQ(where("s = 'it\\'s'"), "(\"s\" = 'it's')");
  EXPECT_EQ(where("b = true AND c = FALSE AND d = $p"), "(((\"b\" = true) AND (\"c\" = false)) AND (\"d\" = $p))");
  EXPECT_EQ(where("x = 1 -- a comment\n /* and another */ + 2"), "(\"x\" = (1 + 2))");
  EXPECT_EQ(where("x = .5"), "(\"x\" = 0.5)");
  EXPECT_EQ(where("t = 10u + 10\u00b5 + 1ms"), "(\"t\" = ((10000ns + 10000ns) + 1000000ns))");
}

TEST(InfluxQl, reads_sources) {
  const Select query = select("SELECT x FROM a, rp.b, db.rp.c, db..d, /e.*/, db.rp./f/");
  ASSERT_THAT(query.from, SizeIs(6));
  EXPECT_EQ(query.from[0].measurement.name, "a");
  EXPECT_EQ(query.from[1].measurement.policy, "rp");
  EXPECT_EQ(query.from[2].measurement.database, "db");
  EXPECT_EQ(query.from[2].measurement.policy, "rp");
  EXPECT_EQ(query.from[3].measurement.database, "db");
  EXPECT_EQ(query.from[3].measurement.policy, "");
  EXPECT_EQ(query.from[3].measurement.name, "d");
  EXPECT_EQ(query.from[4].measurement.regex, "e.*");
  EXPECT_EQ(query.from[5].measurement.regex, "f");
  EXPECT_EQ(query.from[5].measurement.database, "db");
}

TEST(InfluxQl, reads_fills) {
  const auto fill = [](const std::string& text) {
    return select("SELECT mean(x) FROM m GROUP BY time(1m) " + text).fill;
  };
  EXPECT_EQ(fill("fill(none)").kind, QueryFill::Kind::kNone);
  EXPECT_EQ(fill("FILL(previous)").kind, QueryFill::Kind::kPrevious);
  EXPECT_EQ(fill("fill(linear)").kind, QueryFill::Kind::kLinear);
  EXPECT_EQ(fill("fill(-1.5)").number, -1.5);
  EXPECT_EQ(fill("fill(0)").kind, QueryFill::Kind::kNumber);
  EXPECT_EQ(fill("").kind, QueryFill::Kind::kNull);
}

// --- SHOW and the rest ----------------------------------------------------------------------------------------------

TEST(InfluxQl, shows_what_editors_ask_for) {
  EXPECT_EQ(one<Show>("SHOW measurements").what, Show::What::kMeasurements);
  EXPECT_EQ(one<Show>("SHOW RETENTION POLICIES on \"db\"").database, "db");
  const Show measurements = one<Show>("SHOW MEASUREMENTS WITH MEASUREMENT =~ /(?i)text/ WHERE a = 'b' LIMIT 100");
  EXPECT_EQ(measurements.with.value().regex, "(?i)text");
  EXPECT_EQ(measurements.page.limit, 100u);
  EXPECT_EQ(one<Show>("SHOW FIELD KEYS FROM \"rp\".\"m\"").from.at(0).measurement.policy, "rp");
  EXPECT_EQ(one<Show>("SHOW TAG KEYS").what, Show::What::kTagKeys);
  const Show values = one<Show>("SHOW TAG VALUES FROM m WITH KEY = \"k\" WHERE \"tag\" = 'v' AND time > now() - 1h");
  EXPECT_THAT(values.with.value().names, ElementsAre("k"));
  EXPECT_THAT(one<Show>("SHOW TAG VALUES WITH KEY IN (a, \"b\")").with.value().names, ElementsAre("a", "b"));
  EXPECT_TRUE(one<Show>("SHOW SERIES EXACT CARDINALITY ON db").is_exact);
  EXPECT_TRUE(one<Show>("SHOW TAG KEY CARDINALITY").counts);
  EXPECT_TRUE(one<Show>("SHOW MEASUREMENT CARDINALITY").counts);
  EXPECT_EQ(one<Show>("show databases").what, Show::What::kDatabases);
}

TEST(InfluxQl, defines_and_drops) {
  EXPECT_EQ(one<CreateDatabase>("CREATE DATABASE \"telegraf\"").name, "telegraf");
  EXPECT_EQ(one<CreateDatabase>("CREATE DATABASE x WITH REPLICATION 1").options.replication, 1);
  const auto database =
      one<CreateDatabase>("CREATE DATABASE x WITH DURATION 3d REPLICATION 1 SHARD DURATION 1h NAME y");
  EXPECT_EQ(database.options.duration_ns, 259'200'000'000'000);
  EXPECT_EQ(database.options.shard_duration_ns, 3'600'000'000'000);
  EXPECT_EQ(database.policy, "y");
  const auto policy = one<CreatePolicy>("CREATE RETENTION POLICY p ON d DURATION INF REPLICATION 1 DEFAULT");
  EXPECT_EQ(policy.options.duration_ns, 0);
  EXPECT_TRUE(policy.options.is_default);
  EXPECT_TRUE(one<CreatePolicy>("ALTER RETENTION POLICY p ON d DEFAULT").alters);
  EXPECT_EQ(one<DropDatabase>("drop database x").name, "x");
  EXPECT_EQ(one<DropPolicy>("DROP RETENTION POLICY p ON d").database, "d");
  EXPECT_EQ(one<DropMeasurement>("DROP MEASUREMENT m").name, "m");
  EXPECT_TRUE(one<Delete>("DROP SERIES FROM m WHERE a = 'b'").drops_series);
  EXPECT_EQ(text_of(one<Delete>("DELETE WHERE time < 5").where.value()), "(\"time\" < 5)");
}

TEST(InfluxQl, takes_several_statements) {
  EXPECT_THAT(parse("SHOW DATABASES; SELECT x FROM m;;SHOW SERIES;").value(), SizeIs(3));
}

// --- Errors ---------------------------------------------------------------------------------------------------------

TEST(InfluxQl, says_what_it_found_and_expected_and_where) {
  struct Case {
    const char* text;
    size_t position;
    const char* sentence;
  };
  for (const auto& [text, position, sentence] : {
           Case{"", 1, "found EOF, expected SELECT, DELETE, SHOW, CREATE, DROP, ALTER at line 1, char 1"},
           {"SELEC x", 1, "found SELEC, expected SELECT"},
           {"SELECT x FORM m", 10, "found FORM, expected FROM at line 1, char 10"},
           {"SELECT x\n FROM m WHERE", 23, "found EOF, expected identifier, string, number, bool at line 2, char 14"},
           {"SELECT FROM m", 8, "found FROM, expected identifier"},
           {"SELECT x FROM m x", 17, "found x, expected ; or EOF"},
           {"SELECT x FROM m LIMIT -1", 23, "expected an integer behind LIMIT"},
           {"SELECT x FROM m LIMIT x", 23, "expected an integer behind LIMIT"},
           {"SELECT x INTO y FROM m", 10, "SELECT INTO is not supported"},
           {"SELECT x FROM m ORDER BY x", 27, "only ORDER BY time is supported"},
           {"SELECT x FROM m GROUP BY max(y)", 32, "GROUP BY takes tags and time(...)"},
           {"SELECT x FROM m WHERE a = /b/", 30, "a regular expression stands only behind"},
           {"SELECT x FROM m WHERE a =~ 'b'", 31, "a regular expression stands behind"},
           {"SELECT x FROM m WHERE a = 'b", 27, "no closing '"},
           {"SELECT x FROM \"m", 15, "no closing \""},
           {"SELECT x FROM /m", 15, "no closing slash"},
           {"SELECT x FROM m WHERE a = '\\q'", 28, "a backslash stands before"},
           {"SELECT x FROM m WHERE time > 99999999w", 30, "longer than 292 years"},
           {"SELECT x # FROM m", 10, "means nothing here"},
           {"SELECT mean(x FROM m", 15, "found FROM, expected )"},
           {"SELECT x::text FROM m", 11, "expected float, integer"},
           {"CREATE CONTINUOUS QUERY q", 8, "CREATE CONTINUOUS is not supported"},
           {"CREATE USER u", 8, "CREATE USER is not supported"},
           {"GRANT ALL TO u", 1, "GRANT is not supported"},
           {"SHOW SHARDS", 6, "SHOW SHARDS is not supported"},
           {"SHOW TAG VALUES", 16, "found EOF, expected WITH"},
           {"CREATE RETENTION POLICY p ON d DURATION 1h", 43, "expected REPLICATION"},
           {"DELETE", 7, "expected FROM, WHERE"},
           {"DROP TABLE x", 6, "found TABLE, expected DATABASE, MEASUREMENT, RETENTION, SERIES"},
       }) {
    const QueryError error = error_of(text);
    EXPECT_THAT(error.sentence, HasSubstr(sentence)) << text;
    EXPECT_EQ(error.position, position) << text << ": " << error.sentence;
    EXPECT_EQ(error.parameter, "q");
  }
}

TEST(InfluxQl, bounds_what_is_nested_and_what_is_long) {
  const auto nested = [](size_t depth) {
    return "SELECT " + std::string(depth, '(') + "x" + std::string(depth, ')') + " FROM m";
  };
  EXPECT_TRUE(parse(nested(60)));
  EXPECT_THAT(error_of(nested(100'000)).sentence, HasSubstr("nested too deeply"));
  EXPECT_THAT(error_of("SELECT " + std::string(100'000, '-') + "x FROM m").sentence, HasSubstr("EOF"));
  std::string sum = "SELECT x";
  for (int count = 0; count < 200'000; ++count) sum += "+x";
  EXPECT_THAT(error_of(sum + " FROM m").sentence, HasSubstr("too many operators"));
  std::string inner = "SELECT x FROM m";
  for (int depth = 0; depth < 8; ++depth) inner = "SELECT x FROM (" + inner + ")";
  EXPECT_TRUE(parse(inner));
  EXPECT_THAT(error_of("SELECT x FROM (" + inner + ")").sentence, HasSubstr("subqueries are nested too deeply"));
  std::string distinct = "SELECT ";
  for (int count = 0; count < 100'000; ++count) distinct += "distinct ";
  EXPECT_FALSE(parse(distinct + "x FROM m"));
}

// Any text gives statements or an error: pieces of good ones in any order.
TEST(InfluxQl, survives_any_text) {
  constexpr const char* kPieces[] = {
      "SELECT ", "x",    "mean(",   ")", " FROM ",     "m",        "/a/", " WHERE ", "=",
      "=~",      "'s'",  "1h",      "(", " GROUP BY ", "time(1m)", ",",   " fill(",  "null",
      "SHOW ",   "TAG ", "VALUES ", "*", "::",         "field",    "\"",  "'",       "\\",
      "--",      "/*",   ";",       ".", "-",          "1",        "1.5", "$p",      " LIMIT "};
  size_t good = 0;
  for (uint64_t seed = 0; seed < 5'000; ++seed) {
    Prng prng(seed);
    std::string text = prng.chance(1, 2) ? "SELECT x FROM m" : "";
    for (size_t count = prng.below(12); count > 0; --count) text += kPieces[prng.below(std::size(kPieces))];
    const auto parsed = parse(text);
    if (parsed) {
      ++good;
    } else {
      EXPECT_LE(parsed.error().position, text.size() + 1) << text;
    }
  }
  EXPECT_GT(good, 10u);
}

}  // namespace
}  // namespace timestore::query::influxql
