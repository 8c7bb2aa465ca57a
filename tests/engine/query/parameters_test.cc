// Query parameters: what they mean, and what is said of those that mean nothing.
#include "engine/query/parameters.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/query/row_cursor.h"
#include "tests/engine/query/story.h"

namespace timestore::query::parameters_test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

RowsQuery rows(const std::string& text) {
  const auto query = parse_rows_query(parameters(text));
  if (!query) ADD_FAILURE() << text << ": " << query.error().parameter << " " << query.error().sentence;
  return query.value_or(RowsQuery());
}

AggregateQuery aggregates(const std::string& text) {
  const auto query = parse_aggregate_query(parameters(text));
  if (!query) ADD_FAILURE() << text << ": " << query.error().parameter << " " << query.error().sentence;
  return query.value_or(AggregateQuery());
}

QueryError rows_error(const std::string& text) {
  const auto query = parse_rows_query(parameters(text));
  EXPECT_FALSE(query) << text;
  return query ? QueryError() : query.error();
}

QueryError aggregate_error(const std::string& text) {
  const auto query = parse_aggregate_query(parameters(text));
  EXPECT_FALSE(query) << text;
  return query ? QueryError() : query.error();
}

// --- Filters --------------------------------------------------------------------------------------------------------

TEST(Parameters, of_a_filter_are_read) {
  const Filter filter =
      rows(
          "deviceId=a&deviceId=b&devicePrefix=c&from=1970-01-01T00:00:01Z&to=1970-01-01T00:00:02Z&minValue=1&"
          "maxValue=2.5&tag.room=&tag.room=x&attr.a.b=1&attr.a.b=\"2\"")
          .filter;
  EXPECT_THAT(filter.devices, ElementsAre("a", "b"));
  EXPECT_THAT(filter.prefixes, ElementsAre("c"));
  EXPECT_EQ(filter.range, (TimeRange{1'000'000'000, 2'000'000'000}));
  EXPECT_EQ(filter.min_value, Number(int64_t{1}));
  EXPECT_EQ(filter.max_value, Number(2.5));
  EXPECT_THAT(filter.tags, ElementsAre(TagTest{"room", {"", "x"}}));
  ASSERT_EQ(filter.attributes.size(), 1u);
  EXPECT_THAT(filter.attributes[0].path, ElementsAre("a", "b"));
  EXPECT_THAT(filter.attributes[0].any_of,
              ElementsAre(AttributeValue{"1", false, Number(int64_t{1})}, AttributeValue{"2", true, std::nullopt}));
}

TEST(Parameters, name_what_is_wrong) {
  struct Case {
    const char* text;
    const char* parameter;
    const char* sentence;
  };
  for (const auto& [text, parameter, sentence] : {
           Case{"deviceid=a", "deviceid", "is no parameter here; there are db, deviceId"},
           {"fn=avg", "fn", "is no parameter here"},
           {"from=yesterday", "from", ""},
           {"to=2024-13-01", "to", ""},
           {"from=2024-01-01&from=2024-01-02", "from", "more than once"},
           {"minValue=low", "minValue", "is no number"},
           {"maxValue=1e999", "maxValue", "is no number"},
           {"maxValue=nan", "maxValue", "is no number"},
           {"deviceId=", "deviceId", "is empty"},
           {"tag.=x", "tag.", "the name of a tag"},
           {"attr.=x", "attr.", "the path of an attribute"},
           {"attr.a~2=x", "attr.a~2", "~1 is a dot"},
           {"attr.a=\"x", "attr.a", "ends with one"},
           {"order=up", "order", "is log, device, asc or desc"},
           {"limit=0", "limit", "from 1 on"},
           {"limit=-1", "limit", "from 1 on"},
           {"limit=10x", "limit", "from 1 on"},
           {"limit=99999999999999999999", "limit", "from 1 on"},
           {"cursor=abc", "cursor", "begin without one"},
           {"cursor=", "cursor", "is empty"},
       }) {
    const QueryError error = rows_error(text);
    EXPECT_EQ(error.parameter, parameter) << text;
    EXPECT_THAT(error.sentence, HasSubstr(sentence)) << text;
    EXPECT_EQ(error.kind, QueryError::Kind::kBadRequest) << text;
  }
}

TEST(Parameters, of_the_door_are_passed_over) {
  const std::string_view names[] = {"db", "level"};
  EXPECT_TRUE(parse_rows_query(parameters("db=x&level=none"), names));
  EXPECT_FALSE(parse_rows_query(parameters("db=x&level=none&db=y"), names));
  EXPECT_FALSE(parse_rows_query(parameters("rp=x"), names));
}

TEST(Parameters, have_the_order_of_the_log_only_without_filters) {
  EXPECT_EQ(rows("").order, Order::kLog);
  EXPECT_EQ(rows("limit=5").order, Order::kLog);
  EXPECT_EQ(rows("deviceId=a").order, Order::kDevice);
  EXPECT_EQ(rows("from=2024-01-01").order, Order::kDevice);
  EXPECT_EQ(rows("deviceId=a&order=desc").order, Order::kDescending);
  EXPECT_EQ(rows("order=asc").order, Order::kAscending);
}

TEST(TimeRange, ends_before_its_end) {
  EXPECT_EQ(rows("to=1970-01-01T00:00:00Z").filter.range.last_ns(), -1);
  EXPECT_TRUE((TimeRange{5, 5}).is_empty());
  EXPECT_TRUE((TimeRange{6, 5}).is_empty());
  EXPECT_FALSE((TimeRange{4, 5}).is_empty());
  EXPECT_TRUE((TimeRange{{}, kMinTimestamp}).is_empty());
  EXPECT_FALSE((TimeRange{kMaxTimestamp, {}}).is_empty());
}

// --- Aggregates -----------------------------------------------------------------------------------------------------

TEST(Parameters, of_an_aggregate_are_read) {
  const AggregateQuery query =
      aggregates("fn=avg,p99.9,p0&bucket=1d&tz=Europe/Berlin&fill=-1.5&groupBy=tag.room,device&order=desc&limit=3");
  ASSERT_EQ(query.functions.size(), 3u);
  EXPECT_EQ(query.functions[0].kind, Function::Kind::kAvg);
  EXPECT_EQ(query.functions[1], (Function{Function::Kind::kPercentile, "p99.9", 999, 10}));
  EXPECT_EQ(query.functions[2], (Function{Function::Kind::kPercentile, "p0", 0, 1}));
  EXPECT_EQ(query.bucket, (BucketWidth{BucketWidth::Unit::kDays, 1}));
  EXPECT_EQ(query.zone, "Europe/Berlin");
  EXPECT_EQ(query.fill, (Fill{Fill::Kind::kNumber, Number(-1.5)}));
  EXPECT_THAT(query.group_by,
              ElementsAre(GroupKey{GroupKey::Kind::kTag, "room"}, GroupKey{GroupKey::Kind::kDevice, ""}));
  EXPECT_TRUE(query.is_descending);
  EXPECT_EQ(query.limit, 3u);
}

TEST(Parameters, of_an_aggregate_name_what_is_wrong_and_where) {
  struct Case {
    const char* text;
    const char* parameter;
    size_t position;
    const char* sentence;
  };
  for (const auto& [text, parameter, position, sentence] : {
           Case{"bucket=1h", "fn", 0, "is missing"},
           {"fn=", "fn", 1, "is no function"},
           {"fn=avg,", "fn", 5, "is no function"},
           {"fn=avg,mean,max", "fn", 5, "\"mean\" is no function"},
           {"fn=avg,max,avg", "fn", 9, "names avg twice"},
           {"fn=p101", "fn", 1, "is no function"},
           {"fn=p", "fn", 1, "is no function"},
           {"fn=p5.", "fn", 1, "is no function"},
           {"fn=p.5", "fn", 1, "is no function"},
           {"fn=p100.1", "fn", 1, "is no function"},
           {"fn=p-1", "fn", 1, "is no function"},
           {"fn=avg&bucket=1x", "bucket", 0, "a number and a unit"},
           {"fn=avg&fill=null", "fill", 0, "needs a bucket"},
           {"fn=avg&tz=UTC", "tz", 0, "needs a bucket"},
           {"fn=avg&bucket=1d&tz=", "tz", 0, "the name of a time zone"},
           {"fn=avg&bucket=1d&fill=next", "fill", 0, "previous"},
           {"fn=avg&groupBy=room", "groupBy", 1, "tag.<name>"},
           {"fn=avg&groupBy=device,tag.", "groupBy", 8, "tag.<name>"},
           {"fn=avg&groupBy=device,device", "groupBy", 8, "twice"},
           {"fn=avg&order=device", "order", 0, "asc or desc"},
           {"fn=avg&cursor=x", "cursor", 0, "for rows"},
           {"fn=avg&page=2", "page", 0, "is no parameter here"},
       }) {
    const QueryError error = aggregate_error(text);
    EXPECT_EQ(error.parameter, parameter) << text;
    EXPECT_EQ(error.position, position) << text;
    EXPECT_THAT(error.sentence, HasSubstr(sentence)) << text;
  }
}

// --- Attributes -----------------------------------------------------------------------------------------------------

bool has(const std::string& attributes, const std::string& path, const std::string& value) {
  return matches({parse_attribute_path(path).value(), {parse_attribute_value(path, value).value()}}, attributes);
}

TEST(Attributes, are_found_by_path) {
  const std::string text = R"({"a":{"b":[10,{"c":"x"},[]],"":3},"d.e":1,"t~":2,"0":"zero","a":9})";
  EXPECT_TRUE(has(text, "a.b.0", "10"));
  EXPECT_TRUE(has(text, "a.b.1.c", "x"));
  EXPECT_TRUE(has(text, "a.", "3"));
  EXPECT_TRUE(has(text, "d~1e", "1"));
  EXPECT_TRUE(has(text, "t~0", "2"));
  EXPECT_TRUE(has(text, "0", "zero"));
  for (const char* path : {"b", "a.c", "a.b.3", "a.b.00", "a.b.-1", "a.b.x", "d.e", "a.b.0.x", "a.b.2.0", "a.b"}) {
    EXPECT_FALSE(has(text, path, "10")) << path;
  }
}

TEST(Attributes, match_values_and_strings_and_quoted_only_strings) {
  struct Case {
    const char* attributes;
    const char* value;
    bool is_match;
  };
  for (const auto& [attributes, value, is_match] : {
           Case{R"({"k":1})", "1", true},
           {R"({"k":1})", "1.0", true},
           {R"({"k":1.50e1})", "15", true},
           {R"({"k":"1"})", "1", true},
           {R"({"k":"1"})", "1.0", false},
           {R"({"k":"1"})", "\"1\"", true},
           {R"({"k":1})", "\"1\"", false},
           {R"({"k":9007199254740993})", "9007199254740992", false},
           {R"({"k":9007199254740993})", "9007199254740993", true},
           {R"({"k":true})", "true", true},
           {R"({"k":"true"})", "true", true},
           {R"({"k":true})", "\"true\"", false},
           {R"({"k":null})", "null", true},
           {R"({})", "null", false},
           {R"({"k":""})", "", true},
           {R"({})", "", false},
           {R"({"k":[]})", "[]", false},
           {R"({"k":{}})", "{}", false},
           {R"({"k":"a\"b\\\u00e9\n\ud83d\ude00"})", "a\"b\\\u00e9\n\U0001f600", true},
           {R"({"k":"x}y,z"})", "x}y,z", true},
           {R"({"o":"]},","k":2})", "2", true},
           {R"({"\u006b":7})", "7", true},
       }) {
    EXPECT_EQ(has(attributes, "k", value), is_match) << attributes << " " << value;
  }
}

// Attributes are valid where they come from; these bytes show that nothing outside of them is read.
TEST(Attributes, that_are_no_json_match_nothing) {
  const std::string text = R"({"k":{"a":["x",{"b":"\u00e9"}]},"l":1})";
  for (size_t size = 0; size < text.size(); ++size) {
    const std::string cut = text.substr(0, size);
    EXPECT_FALSE(has(cut, "l", "1") && size + 1 < text.size()) << cut;
    (void)has(cut, "k.a.1.b", "x");
  }
  for (const char* junk :
       {"{", "{\"", "{\"k\"", "{\"k\":", "[", "]", "\"\\", "{\"k\":\"\\u12\"}", "{\"k\":\"\\ud800\"}"}) {
    EXPECT_FALSE(has(junk, "k", "x")) << junk;
  }
}

// --- Cursors --------------------------------------------------------------------------------------------------------

TEST(Cursor, comes_back_as_it_was) {
  RowsQuery query = rows("deviceId=a&order=asc");
  const RowPlace place{.time_ns = -5, .name = "a\xc3\xa9/+", .is_entry = true, .is_of_line = true, .seq = 1ull << 60};
  const std::string cursor = encode_cursor(query, place);
  EXPECT_EQ(cursor.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"),
            std::string::npos);
  const auto decoded = decode_cursor(cursor, query);
  ASSERT_TRUE(decoded) << decoded.error().sentence;
  EXPECT_EQ(*decoded, place);
  query.limit = 5;  // which is no filter
  EXPECT_TRUE(decode_cursor(cursor, query));
}

TEST(Cursor, of_another_question_is_refused) {
  const std::string cursor = encode_cursor(rows("deviceId=a&order=asc"), {});
  for (const char* other :
       {"deviceId=b&order=asc", "deviceId=a&order=desc", "order=asc", "devicePrefix=a&order=asc",
        "deviceId=a&order=asc&from=1970-01-01", "deviceId=a&order=asc&to=1970-01-01", "deviceId=a&order=asc&minValue=0",
        "deviceId=a&order=asc&maxValue=0", "deviceId=a&order=asc&tag.x=", "deviceId=a&order=asc&attr.x=1"}) {
    const auto decoded = decode_cursor(cursor, rows(other));
    ASSERT_FALSE(decoded) << other;
    EXPECT_THAT(decoded.error().sentence, HasSubstr("another question")) << other;
  }
}

TEST(Cursor, that_was_changed_is_refused) {
  const RowsQuery query = rows("order=asc");
  const std::string cursor = encode_cursor(query, {.time_ns = 77, .name = "pump", .seq = 3});
  for (size_t at = 0; at < cursor.size(); ++at) {
    std::string changed = cursor;
    changed[at] = changed[at] == 'A' ? 'B' : 'A';
    EXPECT_FALSE(decode_cursor(changed, query)) << at;
    EXPECT_FALSE(decode_cursor(cursor.substr(0, at), query)) << at;
  }
}

}  // namespace
}  // namespace timestore::query::parameters_test
