// Which series a statement makes a source list.
#include <gtest/gtest.h>

#include "engine/query/influxql/parser.h"
#include "engine/query/influxql/wanted_series.h"

namespace timestore::query::influxql {
namespace {

std::string wanted(const std::string& text) {
  const auto statements = parse(text);
  EXPECT_TRUE(statements) << text;
  const auto series = series_wanted(std::get<Select>(statements->at(0)));
  if (series.are_all) return "all";
  std::string list;
  for (const std::string& name : series.names) list += "'" + name + "' ";
  for (const std::string& prefix : series.prefixes) list += "'" + prefix + "'* ";
  return list;
}

TEST(WantedSeries, a_measurement_is_a_prefix) {
  EXPECT_EQ(wanted("SELECT v FROM cpu"), "'cpu,'* 'cpu '* ");
  EXPECT_EQ(wanted("SELECT v FROM \"a b,c=d\""), "'a\\ b\\,c=d,'* 'a\\ b\\,c=d '* ");
  EXPECT_EQ(wanted("SELECT v FROM (SELECT v FROM cpu), mem"), "'cpu,'* 'cpu '* 'mem,'* 'mem '* ");
  EXPECT_EQ(wanted("SELECT v FROM /cpu/"), "all");
}

TEST(WantedSeries, devices_are_known_where_nothing_else_can_be_true) {
  const std::string lines = "'timeseries,'* 'timeseries '* ";
  EXPECT_EQ(wanted("SELECT value FROM timeseries"), "all");
  EXPECT_EQ(wanted("SELECT value FROM timeseries WHERE deviceId = 'a' AND time > 0"), "'a' " + lines);
  EXPECT_EQ(wanted("SELECT value FROM timeseries WHERE time > 0 AND (deviceId = 'a' OR \"deviceId\"::tag = 'b')"),
            "'a' 'b' " + lines);
  EXPECT_EQ(wanted("SELECT value FROM timeseries WHERE deviceId = 'a' OR value > 5"), "all");
  EXPECT_EQ(wanted("SELECT value FROM timeseries WHERE deviceId != 'a'"), "all");
  EXPECT_EQ(wanted("SELECT value FROM timeseries WHERE deviceId =~ /a/"), "all");
  EXPECT_EQ(wanted("SELECT value FROM timeseries WHERE deviceId = ''"), "all");
  EXPECT_EQ(wanted("SELECT value FROM timeseries WHERE deviceId::field = 'a'"), "all");
  EXPECT_EQ(wanted("SELECT x FROM (SELECT value AS x FROM timeseries) WHERE deviceId = 'a'"), "all");
}

}  // namespace
}  // namespace timestore::query::influxql
