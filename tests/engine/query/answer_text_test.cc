// Answers as text: what has to be quoted, what is left empty, and what stands around rows.
#include "engine/query/answer_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <bit>
#include <limits>

#include "tests/engine/query/memory_source.h"

namespace timestore::query::answer_text_test {
namespace {

using ::testing::HasSubstr;

const Guid kId = *Guid::parse("0190b6a8-5a4e-7c3d-9f12-3456789abcde");

points::Point any_point(points::Type type, uint64_t bits, std::string_view text = "") {
  return {.series = 1, .type = type, .time_ns = 1'500'000'000, .seq = 1, .bits = bits, .text = text};
}

std::string row_as(Format format, const points::Point& point, const std::string& name = "a") {
  const Series series{.number = 1, .type = point.type, .name = name};
  RowsText text(format);
  std::string out;
  text.add(out, {.series = series, .point = point}, kId);
  return out;
}

std::string value_as(Format format, const points::Point& point) {
  const std::string row = row_as(format, point);
  const std::size_t behind_time = row.find("Z,") + 2;
  if (format == Format::kCsv) return row.substr(behind_time, row.rfind(',') - behind_time);
  return row.substr(row.find("\"value\":") + 8, row.rfind('}') - row.find("\"value\":") - 8);
}

TEST(AnswerText, writes_values_of_each_type) {
  const struct {
    points::Point point;
    const char* json;
    const char* csv;
  } kValues[] = {
      {any_point(points::Type::kFloat, std::bit_cast<uint64_t>(21.5)), "21.5", "21.5"},
      {any_point(points::Type::kFloat, std::bit_cast<uint64_t>(-0.0)), "-0", "-0"},
      {any_point(points::Type::kInteger, static_cast<uint64_t>(int64_t{-7})), "-7", "-7"},
      {any_point(points::Type::kUnsigned, std::numeric_limits<uint64_t>::max()), "18446744073709551615",
       "18446744073709551615"},
      {any_point(points::Type::kBoolean, 1), "true", "true"},
      {any_point(points::Type::kString, 0, "say \"hi\",\n"), "\"say \\\"hi\\\",\\n\"", "\"say \"\"hi\"\",\n\""},
      {any_point(points::Type::kString, 0, ""), "\"\"", "\"\""},
  };
  for (const auto& [point, json, csv] : kValues) {
    EXPECT_EQ(value_as(Format::kJson, point), json);
    EXPECT_EQ(value_as(Format::kNdjson, point), json);
    EXPECT_EQ(value_as(Format::kCsv, point), csv);
  }
}

TEST(AnswerText, quotes_names_and_attributes_in_csv) {
  points::Point point = any_point(points::Type::kFloat, std::bit_cast<uint64_t>(1.0));
  point.attributes = R"({"a":"b"})";
  EXPECT_EQ(
      row_as(Format::kCsv, point, "x,\"y\""),
      "0190b6a8-5a4e-7c3d-9f12-3456789abcde,\"x,\"\"y\"\"\",1970-01-01T00:00:01.5Z,1,\"{\"\"a\"\":\"\"b\"\"}\"\n");
  EXPECT_EQ(row_as(Format::kNdjson, point, "x,\"y\""),
            R"({"id":"0190b6a8-5a4e-7c3d-9f12-3456789abcde","deviceId":"x,\"y\"",)"
            R"("timestamp":"1970-01-01T00:00:01.5Z","value":1,"attributes":{"a":"b"}})"
            "\n");
}

TEST(AnswerText, without_rows_is_what_stands_around_them) {
  const auto nothing = [](Format format) {
    const RowsText text(format);
    std::string out;
    text.begin(out);
    text.end(out);
    return out;
  };
  EXPECT_EQ(nothing(Format::kJson), "[]");
  EXPECT_EQ(nothing(Format::kNdjson), "");
  EXPECT_EQ(nothing(Format::kCsv), "id,deviceId,timestamp,value,attributes\n");
}

TEST(AnswerText, of_aggregates_has_nulls_where_there_is_nothing) {
  AggregateQuery query;
  query.functions = {{.kind = Function::Kind::kMax, .name = "max"},
                     {.kind = Function::Kind::kStddev, .name = "stddev"}};
  query.group_by = {{.kind = GroupKey::Kind::kTag, .tag = "room,x"}, {.kind = GroupKey::Kind::kDevice}};
  const GroupName group = {std::nullopt, "d"};
  const Value values[] = {std::numeric_limits<double>::infinity(), std::monostate()};
  for (const auto& [format, expected] :
       {std::pair(Format::kCsv, "\"tag.room,x\",deviceId,timestamp,max,stddev\n,\"d\",1970-01-01T00:00:00Z,,\n"),
        std::pair(Format::kNdjson,
                  "{\"tag.room,x\":null,\"deviceId\":\"d\",\"timestamp\":\"1970-01-01T00:00:00Z\","
                  "\"max\":null,\"stddev\":null}\n")}) {
    AggregateText text(format, query);
    std::string out;
    text.begin(out);
    text.add(out, {.group = group, .timestamp_ns = 0, .values = values});
    text.end(out);
    EXPECT_EQ(out, expected);
  }
}

TEST(SeriesFacts, count_points_and_tell_the_first_and_the_last) {
  MemoryStore store;
  const Series one = store.add_series("one");
  const Series none = store.add_series("none");
  for (int64_t second = 5; second > -5; --second) store.add(one, second, 1);
  MemorySource source(store, {.max_batch = 3, .statistics_in_percent = 50, .seed = 1});
  const SeriesNumber numbers[] = {one.number, none.number};
  const auto facts = facts_of(source, numbers, {}).value();
  EXPECT_EQ(facts[0].points, 10U);
  EXPECT_EQ(facts[0].first_ns, -4);
  EXPECT_EQ(facts[0].last_ns, 5);
  EXPECT_EQ(facts[1].points, 0U);
  EXPECT_EQ(source.decoded_batches(), 0U);
}

TEST(AnswerText, names_measurement_tags_and_field_of_line_protocol) {
  const Series usage{.type = points::Type::kInteger,
                     .name = "cpu,host=a,to=b usage",
                     .is_line = true,
                     .measurement = "cpu",
                     .field = "usage",
                     .tags = {{"host", "a"}, {"to", "b"}}};
  std::string row;
  append_row(row, {.series = usage, .point = {.type = points::Type::kInteger, .bits = 3, .is_line = true}}, Guid());
  EXPECT_EQ(row,
            R"({"id":"00000000-0000-0000-0000-000000000000","deviceId":"cpu,host=a,to=b usage",)"
            R"("timestamp":"1970-01-01T00:00:00Z","value":3,)"
            R"("measurement":"cpu","tags":{"host":"a","to":"b"},"field":"usage"})");
}

}  // namespace
}  // namespace timestore::query::answer_text_test
