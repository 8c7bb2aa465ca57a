// What a body of lines stores: series in their order, each line as a whole, cut where a command is full.
#include "engine/formats/line_collector.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <bit>
#include <map>
#include <set>

#include "tests/engine/formats/parsed_lines.h"

namespace timestore::line_collector_test {
namespace {

using points::Type;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr int64_t kNow = kReading.default_time_ns;
constexpr int64_t kDayNs = int64_t{86'400} * 1'000'000'000;

struct Collected : LineCollector::Lines {
  std::vector<LineWrite> writes;
};

tl::expected<Collected, Refusal> collected(std::string_view body, LineCollector::Options options) {
  std::vector<LineWrite> writes;
  LineCollector collector(std::move(options), [&](LineWrite write) { writes.push_back(std::move(write)); });
  LineParser parser(collector, kWideLimits, kReading);
  parser.feed(body);
  EXPECT_TRUE(parser.finish().has_value());
  auto lines = collector.finish();
  if (!lines) return tl::unexpected(lines.error());
  return Collected{*std::move(lines), std::move(writes)};
}

LineCollector::Options keeping() { return {.database = "db", .keeps_good_lines = true, .now_ns = kNow}; }

Collected collected(std::string_view body) {
  auto lines = collected(body, keeping());
  EXPECT_TRUE(lines.has_value());
  return lines ? *std::move(lines) : Collected();
}

// Of a body that is one write.
LineWrite write_of(std::string_view body) {
  const auto lines = collected(body);
  EXPECT_EQ(lines.messages, "");
  EXPECT_EQ(lines.writes.size(), 1U);
  return lines.writes.empty() ? LineWrite() : lines.writes.front();
}

uint64_t bits(double number) { return std::bit_cast<uint64_t>(number); }

TEST(LineCollector, makes_a_series_of_each_field_in_the_order_of_their_appearance) {
  const LineWrite expected = {.database = "db",
                              .keeps_good_lines = true,
                              .series = {{.name = "cpu,host=a idle", .type = Type::kFloat},
                                         {.name = "cpu,host=a state", .type = Type::kString},
                                         {.name = "cpu,host=b idle", .type = Type::kFloat},
                                         {.name = "cpu,host=b up", .type = Type::kBoolean},
                                         {.name = "cpu,host=a jobs", .type = Type::kInteger},
                                         {.name = "cpu,host=a ticks", .type = Type::kUnsigned}},
                              .points = {{.series = 0, .time_ns = 5, .bits = bits(-0.0)},
                                         {.series = 1, .time_ns = 5, .text = "on"},
                                         {.series = 2, .time_ns = 6, .bits = bits(1.5)},
                                         {.series = 3, .time_ns = 6, .bits = 1},
                                         {.series = 0, .time_ns = 7, .bits = bits(2)},
                                         {.series = 4, .time_ns = 7, .bits = static_cast<uint64_t>(int64_t{-3})},
                                         {.series = 5, .time_ns = 7, .bits = UINT64_MAX}},
                              .line_ends = {2, 4, 7}};
  EXPECT_EQ(write_of("cpu,host=a idle=-0,state=\"on\" 5\n"
                     "cpu,host=b idle=1.5,up=true 6\n"
                     "cpu,host=a idle=2,jobs=-3i,ticks=18446744073709551615u 7\n"),
            expected);
}

TEST(LineCollector, knows_a_series_whatever_the_order_of_its_tags) {
  const LineWrite write = write_of("m,b=2,a=1 f=1 1\nm,a=1,b=2 f=2 2\n");
  ASSERT_EQ(write.series.size(), 1U);
  EXPECT_EQ(write.series.front().name, "m,a=1,b=2 f");
}

TEST(LineCollector, lists_a_name_once_for_each_type_of_its_values) {
  const LineWrite write = write_of("m f=1 1\nm f=1i 2\nm f=2 3\nm f=\"x\" 4\n");
  EXPECT_THAT(write.series, ElementsAre(LineSeries{.name = "m f", .type = Type::kFloat},
                                        LineSeries{.name = "m f", .type = Type::kInteger},
                                        LineSeries{.name = "m f", .type = Type::kString}));
  EXPECT_EQ(write.points[2].series, 0U);
}

TEST(LineCollector, takes_the_last_of_a_field_that_is_named_twice) {
  const LineWrite write = write_of("m f=1,g=2,f=3i,h=4,f=5i 1\n");
  EXPECT_THAT(write.series, ElementsAre(LineSeries{.name = "m g"}, LineSeries{.name = "m h"},
                                        LineSeries{.name = "m f", .type = Type::kInteger}));
  EXPECT_THAT(write.points, ElementsAre(LinePoint{.series = 0, .time_ns = 1, .bits = bits(2)},
                                        LinePoint{.series = 1, .time_ns = 1, .bits = bits(4)},
                                        LinePoint{.series = 2, .time_ns = 1, .bits = 5}));
}

TEST(LineCollector, takes_a_device_of_our_own_api_for_what_it_is) {
  const LineWrite write = write_of(
      "timeseries,deviceId=Living\\ room value=21.5 1\n"
      "timeseries,deviceId=Living\\ room value=1i 2\n"
      "timeseries,deviceId=Living\\ room other=1 3\n"
      "timeseries,deviceId=x,b=1 value=1 4\n"
      "timeseries value=1 5\n"
      "timeseries,deviceid=x value=1 6\n"
      "other,deviceId=x value=1 7\n");
  EXPECT_THAT(
      write.series,
      ElementsAre(LineSeries{.name = "Living room", .is_device = true},
                  LineSeries{.name = "Living room", .is_device = true, .type = Type::kInteger},
                  LineSeries{.name = "timeseries,deviceId=Living\\ room other"},
                  LineSeries{.name = "timeseries,b=1,deviceId=x value"}, LineSeries{.name = "timeseries value"},
                  LineSeries{.name = "timeseries,deviceid=x value"}, LineSeries{.name = "other,deviceId=x value"}));
}

TEST(LineCollector, refuses_what_is_no_name_of_a_device) {
  const std::string at_most(kMaxDeviceIdBytes, 'd');
  EXPECT_EQ(collected("timeseries,deviceId=" + at_most + " value=1 1\n").good, 1U);
  const auto lines = collected("timeseries,deviceId=" + at_most + "d value=1 1\n" +
                               "timeseries,deviceId=a\x01 value=1 1\n"
                               "timeseries,deviceId=" +
                               at_most + "d other=1 1\n");
  EXPECT_EQ(lines.bad, 2U);
  EXPECT_EQ(lines.good, 1U) << "a field that is no value of a device";
  EXPECT_THAT(lines.messages, HasSubstr("': A deviceId has at most 256 bytes; this one has 257.\n"));
  EXPECT_THAT(lines.messages, HasSubstr("': A deviceId has no control characters."));
}

TEST(LineCollector, has_no_tags_and_fields_named_time) {
  const auto lines = collected("m,time=a f=1 1\nm time=1 2\nm time=1,time=2i 3\nm f=1,time=5i,g=2 4\nx Time=1 5\n");
  EXPECT_EQ(lines.dropped, 3U);
  EXPECT_EQ(lines.reason, "invalid tag key: input tag \"time\" on measurement \"m\" is invalid");
  EXPECT_EQ(lines.good, 2U);
  EXPECT_EQ(lines.bad, 0U);
  ASSERT_EQ(lines.writes.size(), 1U);
  EXPECT_THAT(lines.writes[0].series,
              ElementsAre(LineSeries{.name = "m f"}, LineSeries{.name = "m g"}, LineSeries{.name = "x Time"}));
  EXPECT_THAT(lines.writes[0].line_ends, ElementsAre(2, 3));
  EXPECT_EQ(collected("a\\ b time=1").reason,
            "invalid field name: input field \"time\" on measurement \"a b\" is invalid");
}

TEST(LineCollector, refuses_times_that_are_too_far_ahead) {
  const int64_t last = kNow + kMaxDaysAhead * kDayNs;
  EXPECT_EQ(collected("m f=1 " + std::to_string(last) + "\n").good, 1U);
  const std::string line = "m f=1 " + std::to_string(last + 1);
  const auto lines = collected(line + "\n");
  EXPECT_EQ(lines.good, 0U);
  EXPECT_EQ(lines.messages, "unable to parse '" + line + "': time is more than 366 days ahead");
  LineCollector::Options options = keeping();
  options.max_days_ahead = 1'000'000;
  EXPECT_EQ(collected("m f=1 9223372036854775806\n", options)->good, 1U) << "any time that there is";
  EXPECT_EQ(collected("m f=1 -9223372036854775806\n").good, 1U);
}

TEST(LineCollector, tells_the_first_bad_lines_and_counts_all) {
  std::string body = "m f=1 1\nm g\n  m h=x 2\n";
  const auto few = collected(body);
  EXPECT_EQ(few.good, 1U);
  EXPECT_EQ(few.bad, 2U);
  EXPECT_EQ(few.messages, "unable to parse 'm g': invalid field format\nunable to parse 'm h=x 2': invalid boolean");
  for (int line = 0; line < 1'000; ++line) body += "m g\n";
  const auto many = collected(body);
  EXPECT_EQ(many.bad, 1'002U);
  EXPECT_THAT(many.messages, ::testing::EndsWith("invalid field format\nand 902 more lines"));
}

TEST(LineCollector, tells_only_the_beginning_of_a_long_bad_line) {
  const auto lines = collected("m f=\"" + std::string(500'000, 'x') + "\n");
  EXPECT_LT(lines.messages.size(), 1'200U);
  EXPECT_THAT(lines.messages, HasSubstr("unbalanced quotes (of a line of 500005 bytes"));
  std::string accented = "m f=x";
  for (int i = 0; i < 1'000; ++i) accented += "\u00e9";
  EXPECT_THAT(collected(accented).messages, ::testing::Not(HasSubstr("\ufffd"))) << "no character is cut";
}

TEST(LineCollector, of_nothing_makes_nothing) {
  for (const char* body : {"", "\n\n", "# a comment\n"}) {
    const auto lines = collected(body);
    EXPECT_TRUE(lines.writes.empty());
    EXPECT_EQ(lines.good + lines.bad, 0U);
  }
}

TEST(LineCollector, cuts_between_lines_where_a_write_is_full) {
  LineCollector::Options options = keeping();
  options.max_points = 3;
  const auto lines = collected("m a=1,b=1 1\nm a=2,b=2 2\nm a=3 3\nm a=4,b=4,c=4 4\nm a=5,b=5,c=5,d=5 5\n", options);
  ASSERT_TRUE(lines);
  ASSERT_EQ(lines->writes.size(), 3U);
  EXPECT_THAT(lines->writes[0].line_ends, ElementsAre(2));
  EXPECT_THAT(lines->writes[1].line_ends, ElementsAre(2, 3));
  EXPECT_THAT(lines->writes[2].line_ends, ElementsAre(3));
  EXPECT_EQ(lines->writes[2].series.size(), 3U) << "each write names its own series";
  EXPECT_EQ(lines->writes[2].database, "db");
  EXPECT_EQ(lines->messages, "unable to parse 'm a=5,b=5,c=5,d=5 5': too many fields");
}

TEST(LineCollector, refuses_a_body_that_should_be_one_write_and_is_not) {
  LineCollector::Options options = keeping();
  options.max_points = 3;
  options.is_one_write = true;
  EXPECT_TRUE(collected("m a=1,b=1 1\nm a=2 2\n", options).has_value());
  const auto refused = collected("m a=1,b=1 1\nm a=2,b=2 2\nm a=3 3\n", options);
  ASSERT_FALSE(refused);
  EXPECT_TRUE(refused.error().is_too_large);
  EXPECT_THAT(refused.error().problems.front().detail, HasSubstr("at most 3 points"));
}

TEST(LineCollector, counts_what_names_and_strings_take) {
  LineCollector::Options options = keeping();
  options.max_text_bytes = 1'000;
  const std::string long_key(400, 'k');
  const auto cut =
      collected(long_key + " a=1 1\n" + long_key + " a=2 2\n" + long_key + " b=3 3\n" + long_key + " c=4 4\n", options);
  ASSERT_TRUE(cut);
  EXPECT_EQ(cut->writes.size(), 2U);
  const auto strings =
      collected("m s=\"" + std::string(600, 's') + "\"\nm s=\"" + std::string(600, 's') + "\"\n", options);
  ASSERT_TRUE(strings);
  EXPECT_EQ(strings->writes.size(), 2U);
  // Each field would repeat the key: a few kilobytes on the wire would become gigabytes.
  EXPECT_THAT(collected(long_key + " a=1,b=1,c=1 1\n", options)->messages, HasSubstr("too many fields"));
}

// ---- with any body

std::string any_line() {
  const auto name = [] {
    return *rc::gen::element<std::string>("a", "b", "timeseries", "x\\ y", "x\\,y", "deviceId", "value", "\u00e9",
                                          "m\\x");
  };
  std::string line = name();
  const auto tags = *rc::gen::inRange(0, 3);
  for (int tag = 0; tag < tags; ++tag)
    line += "," + name() + "=" + *rc::gen::element<std::string>("1", "b\\=", "c", "=d");
  const auto fields = *rc::gen::inRange(1, 5);
  for (int field = 0; field < fields; ++field) {
    line += (field == 0 ? " " : ",") + name() + "=" +
            *rc::gen::element<std::string>("1", "2i", "3u", "t", "\"s\"", "bad", "-0");
  }
  return line + " " + std::to_string(*rc::gen::inRange(-3, 3)) + "\n";
}

// The fields of each line that was taken, as a reader of the write sees them: nothing of how it was collected.
using Seen = std::map<std::pair<std::string, bool>, std::string>;

std::vector<Seen> seen_in(const Collected& lines) {
  std::vector<Seen> all;
  for (const auto& write : lines.writes) {
    uint32_t begin = 0;
    for (const uint32_t end : write.line_ends) {
      Seen& seen = all.emplace_back();
      for (; begin < end; ++begin) {
        const LinePoint& point = write.points[begin];
        const LineSeries& series = write.series[point.series];
        const std::string value = std::to_string(static_cast<int>(series.type)) + " " + std::to_string(point.time_ns) +
                                  " " + std::to_string(point.bits) + point.text;
        RC_ASSERT(seen.emplace(std::pair(series.name, series.is_device), value).second);
      }
    }
  }
  return all;
}

// As slow and plain as can be.
class PlainSink : public LineSink {
 public:
  void take(const Line& line) override {
    Seen& seen = all.emplace_back();
    for (const LineField& field : line.fields) {
      std::string name;
      append_series_name(name, line, field.key);
      const bool is_device = line.measurement == "timeseries" && line.tags.size() == 1 &&
                             line.tags.front().key == "deviceId" && field.key == "value";
      if (is_device) name = line.tags.front().value;
      uint64_t bits = 0;
      std::string text;
      if (const auto* value = std::get_if<double>(&field.value)) bits = std::bit_cast<uint64_t>(*value);
      if (const auto* value = std::get_if<int64_t>(&field.value)) bits = static_cast<uint64_t>(*value);
      if (const auto* value = std::get_if<uint64_t>(&field.value)) bits = *value;
      if (const auto* value = std::get_if<bool>(&field.value)) bits = *value ? 1 : 0;
      if (const auto* value = std::get_if<std::string_view>(&field.value)) text = *value;
      seen[std::pair(name, is_device)] = std::to_string(field.value.index() + 1) + " " + std::to_string(line.time_ns) +
                                         " " + std::to_string(bits) + text;
    }
  }
  void refuse(const BadLine&) override {}
  std::vector<Seen> all;
};

RC_GTEST_PROP(LineCollectorOfAnyBody, stores_what_the_lines_say_and_each_write_can_be_applied, ()) {
  std::string body;
  const auto count = *rc::gen::inRange(0, 40);
  for (int line = 0; line < count; ++line) body += any_line();
  PlainSink plain;
  LineParser parser(plain, kWideLimits, kReading);
  parser.feed(body);
  RC_ASSERT(parser.finish().has_value());

  LineCollector::Options options = keeping();
  options.max_points = *rc::gen::element<size_t>(4, 7, 1'000);
  options.hash_seed = *rc::gen::arbitrary<uint64_t>();
  const auto lines = collected(body, options);
  RC_ASSERT(lines.has_value());
  RC_ASSERT(lines->good == plain.all.size());
  RC_ASSERT(seen_in(*lines) == plain.all);
  for (const auto& write : lines->writes) {
    std::string bytes;
    append_line_write(bytes, write);
    const auto back = read_line_write(bytes);
    RC_ASSERT(back.has_value());
    RC_ASSERT(*back == write);
    std::set<std::tuple<std::string, bool, Type>> names;
    for (const LineSeries& series : write.series)
      RC_ASSERT(names.emplace(series.name, series.is_device, series.type).second);
  }
  options.hash_seed += 1;
  const auto again = collected(body, options);
  RC_ASSERT(again->writes.size() == lines->writes.size());
  for (size_t at = 0; at < again->writes.size(); ++at) RC_ASSERT(again->writes[at] == lines->writes[at]);
}

// Whatever the grammar lets through has a name that can be read again.
RC_GTEST_PROP(LineCollectorOfAnyBody, of_special_bytes_too_makes_only_what_can_be_applied, ()) {
  const auto text = rc::gen::container<std::string>(rc::gen::elementOf(std::string(",= \\\"\t\0ab1i", 11)));
  std::string body;
  for (int line = 0; line < 50; ++line) {
    body +=
        *rc::gen::element<std::string>("m", "a", "") + *text + *rc::gen::element<std::string>("f=1\n", "=t 1\n", "\n");
  }
  const auto lines = collected(body, keeping());
  RC_ASSERT(lines.has_value());
  for (const auto& write : lines->writes) {
    std::string bytes;
    append_line_write(bytes, write);
    const auto back = read_line_write(bytes);
    RC_ASSERT(back.has_value());
    RC_ASSERT(*back == write);
  }
}

}  // namespace
}  // namespace timestore::line_collector_test
