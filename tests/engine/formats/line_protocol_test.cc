#include "engine/formats/line_protocol.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "tests/engine/formats/parsed_lines.h"
#include "tests/engine/formats/pieces.h"

namespace timestore::line_protocol_test {
namespace {

using namespace std::string_literals;

LineOutcome only(std::string_view body, const LineReading& reading = kReading) {
  const LineOutcomes outcomes = parsed(body, reading);
  EXPECT_EQ(outcomes.size(), 1) << body;
  return outcomes.empty() ? LineOutcome{} : outcomes.front();
}

std::string field_of(const std::string& text, const LineReading& reading = kReading) {
  const LineOutcome outcome = only("m f=" + text + " 1", reading);
  return outcome.refusal.empty() ? outcome.fields.at(0).second : outcome.refusal;
}

// The reason alone; the message must be about this very line.
std::string reason_of(const std::string& line, const LineReading& reading = kReading) {
  const std::string refusal = only(line, reading).refusal;
  const std::string beginning = "unable to parse '" + line + "': ";
  EXPECT_TRUE(refusal.starts_with(beginning)) << refusal;
  return refusal.substr(std::min(beginning.size(), refusal.size()));
}

TEST(LineProtocol, a_full_line_is_read) {
  const LineOutcome line =
      only("cpu,region=eu,host=a idle=1.5,count=3i,up=t,name=\"x y\",big=7u 1714564800000000001\n");
  EXPECT_EQ(line, (LineOutcome{.number = 1,
                               .refusal = "",
                               .measurement = "cpu",
                               .tags = {{"host", "a"}, {"region", "eu"}},
                               .fields = {{"idle", "float 0x1.8p+0"},
                                          {"count", "integer 3"},
                                          {"up", "boolean true"},
                                          {"name", "string x y"},
                                          {"big", "unsigned 7"}},
                               .key = "cpu,host=a,region=eu",
                               .time_ns = 1'714'564'800'000'000'001}));
}

TEST(LineProtocol, texts_without_escapes_are_views_into_the_piece) {
  struct : LineSink {
    void take(const Line& line) override {
      const auto lies_within = [this](std::string_view text) {
        return text.data() >= body.data() && text.data() + text.size() <= body.data() + body.size();
      };
      EXPECT_TRUE(lies_within(line.measurement) && lies_within(line.key));
      EXPECT_TRUE(lies_within(line.tags[0].key) && lies_within(line.tags[0].value));
      EXPECT_TRUE(lies_within(line.fields[0].key) && lies_within(std::get<std::string_view>(line.fields[0].value)));
      ++lines;
    }
    void refuse(const BadLine& line) override { FAIL() << line.reason; }
    std::string body = "m,t=a f=\"text\" 1\nm,t=b f=\"text\" 2\n";
    int lines = 0;
  } sink;
  LineParser parser(sink, kWideLimits, kReading);
  EXPECT_TRUE(parser.feed(sink.body));
  EXPECT_EQ(sink.lines, 2);
}

TEST(LineProtocol, blank_lines_and_comments_are_passed_over_but_counted) {
  const LineOutcomes lines = parsed("\n  \t\n# cpu f=1\n  # too\n \t\0cpu f=1\r\n\r\ncpu f=2"s);
  ASSERT_EQ(lines.size(), 2);
  EXPECT_EQ(lines[0].number, 5);
  EXPECT_EQ(lines[0].measurement, "cpu");
  EXPECT_EQ(lines[1].number, 7);
}

TEST(LineProtocol, names_are_unescaped_and_only_there_where_a_backslash_means_something) {
  const LineOutcome line = only(R"(a\,b\ c\=d\e,k\,\ \=\x=v\,\ \=\x f\,\ \=\x=1 1)");
  EXPECT_EQ(line.measurement, R"(a,b c\=d\e)");
  EXPECT_EQ(line.tags, (std::vector<std::pair<std::string, std::string>>{{R"(k, =\x)", R"(v, =\x)"}}));
  EXPECT_EQ(line.fields.at(0).first, R"(f, =\x)");
  EXPECT_EQ(line.key, R"(a\,b\ c\=d\e,k\,\ \=\x=v\,\ \=\x)");
  EXPECT_EQ(only("\"m\",\"k\"=\"v\" \"f\"=1").key, R"("m","k"="v")");
}

TEST(LineProtocol, no_name_ends_in_a_backslash) {
  EXPECT_EQ(only(R"(a\\,b=c f=1)").refusal, "");
  EXPECT_EQ(only(R"(a\\,b=c f=1)").measurement, R"(a\,b=c)");
  EXPECT_EQ(reason_of(R"(m,t=a\ f=1)"), "invalid tag format");
  EXPECT_EQ(reason_of(R"(m,t=a\\ f=1)"), "invalid tag format");
  EXPECT_EQ(reason_of(R"(m,t=a\)"), "missing fields");
  EXPECT_EQ(reason_of(R"(m f\\=1)"), "invalid field format");
  EXPECT_EQ(only(R"(m f\\\=1=2)").fields.at(0).first, R"(f\\=1)");
}

TEST(LineProtocol, a_tag_value_may_begin_with_an_equals_sign_and_is_one_series_however_it_is_written) {
  EXPECT_EQ(only("m,t==a,b=c f=1").key, R"(m,b=c,t=\=a)");
  EXPECT_EQ(only(R"(m,b=c,t=\=a f=1)").key, R"(m,b=c,t=\=a)");
  EXPECT_EQ(reason_of("m,t=a=b f=1"), "invalid tag format");
}

TEST(LineProtocol, tags_are_ordered_by_their_unescaped_keys_and_given_once) {
  EXPECT_EQ(only(R"(m,b=1,a!=2,a\ =3 f=1)").key, R"(m,a\ =3,a!=2,b=1)");
  EXPECT_EQ(reason_of("m,a=1,a=2 f=1"), "duplicate tags");
  EXPECT_EQ(reason_of("m,b=1,a=1,c=1,b=2 f=1"), "duplicate tags");
}

TEST(LineProtocol, what_is_missing_in_a_key_is_told) {
  EXPECT_EQ(reason_of(",t=a f=1"), "missing measurement");
  EXPECT_EQ(reason_of("m"), "missing fields");
  EXPECT_EQ(reason_of("m,t=a"), "missing fields");
  EXPECT_EQ(reason_of("m, f=1"), "missing tag key");
  EXPECT_EQ(reason_of("m,=a f=1"), "missing tag key");
  EXPECT_EQ(reason_of("m,,t=a f=1"), "missing tag key");
  EXPECT_EQ(reason_of("m,"), "missing tag key");
  EXPECT_EQ(reason_of("m,t f=1"), "missing tag value");
  EXPECT_EQ(reason_of("m,t,u=a f=1"), "missing tag value");
  EXPECT_EQ(reason_of("m,t= f=1"), "missing tag value");
  EXPECT_EQ(reason_of("m,t=,u=a f=1"), "missing tag value");
  EXPECT_EQ(reason_of("m,t="), "missing tag value");
}

TEST(LineProtocol, what_is_wrong_with_fields_is_told) {
  EXPECT_EQ(reason_of("m "), "invalid field format");
  EXPECT_EQ(reason_of("m f"), "invalid field format");
  EXPECT_EQ(reason_of("m f=1,"), "invalid field format");
  EXPECT_EQ(reason_of("m f=1,g 1"), "invalid field format");
  EXPECT_EQ(reason_of("m f,g=1"), "invalid field format");
  EXPECT_EQ(reason_of("m 1714564800000000000"), "invalid field format");
  EXPECT_EQ(reason_of("m f=\"a\"b"), "invalid field format");
  EXPECT_EQ(reason_of("m =1"), "missing field key");
  EXPECT_EQ(reason_of("m f=1,=2"), "missing field key");
  EXPECT_EQ(reason_of("m \t=1"), "missing field key");
  EXPECT_EQ(reason_of("m f="), "missing field value");
  EXPECT_EQ(reason_of("m f=,g=1"), "missing field value");
  EXPECT_EQ(reason_of("m f= 1"), "missing field value");
  EXPECT_EQ(reason_of("m f=\"a"), "unbalanced quotes");
  EXPECT_EQ(reason_of("m f=\"a\\\""), "unbalanced quotes");
  EXPECT_EQ(only(R"(m \ =1,a\,=2)").fields.size(), 2);
}

TEST(LineProtocol, floats_are_read_and_others_refused) {
  for (const std::string text :
       {"1", "-1", ".5", "5.", "-.5", "1e5", "1E-5", "1.5e+3", "0001", "-0", "1e-400", "1e308"}) {
    EXPECT_TRUE(field_of(text).starts_with("float ")) << text << ": " << field_of(text);
  }
  EXPECT_EQ(field_of("-1e-400"), "float -0x0p+0");
  for (const std::string text : {"1e400", "-1e400", "1e", "1e+", "1ee5", "1e5.5", "-e5", ".e5"}) {
    EXPECT_EQ(reason_of("m f=" + text + " 1"), "invalid float") << text;
  }
  EXPECT_EQ(reason_of("m f=" + std::string(310, '9')), "invalid float");
  for (const std::string text : {"-", ".", "-.", "NaN", "nan", "n", "-inf", "-nan", "1.1.1", "1-", "1+", "1x", "0x10",
                                 "--1", "1e-+5", "1_0", "1\t"}) {
    EXPECT_EQ(reason_of("m f=" + text + " 1"), "invalid number") << text;
  }
}

TEST(LineProtocol, integers_and_unsigned_are_exact_and_in_range) {
  EXPECT_EQ(field_of("9223372036854775807i"), "integer 9223372036854775807");
  EXPECT_EQ(field_of("-9223372036854775808i"), "integer -9223372036854775808");
  EXPECT_EQ(field_of("18446744073709551615u"), "unsigned 18446744073709551615");
  EXPECT_EQ(field_of("-0i"), "integer 0");
  EXPECT_EQ(reason_of("m f=9223372036854775808i"),
            "unable to parse integer 9223372036854775808: strconv.ParseInt: parsing \"9223372036854775808\": value out "
            "of range");
  EXPECT_EQ(reason_of("m f=18446744073709551616u"),
            "unable to parse unsigned 18446744073709551616: strconv.ParseUint: parsing \"18446744073709551616\": value "
            "out of range");
  for (const std::string text : {"1.0i", "1e5i", "-i", "1i5", "1ii", "-1u", "1.0u", "1iu", ".i", "0x1i"}) {
    EXPECT_EQ(reason_of("m f=" + text), "invalid number") << text;
  }
  EXPECT_EQ(reason_of("m f=+1"), "invalid boolean");
  LineReading without_unsigned = kReading;
  without_unsigned.has_unsigned = false;
  EXPECT_EQ(reason_of("m f=7u", without_unsigned), "invalid number");
}

TEST(LineProtocol, booleans_have_ten_spellings) {
  for (const std::string text : {"t", "T", "true", "True", "TRUE"}) EXPECT_EQ(field_of(text), "boolean true");
  for (const std::string text : {"f", "F", "false", "False", "FALSE"}) EXPECT_EQ(field_of(text), "boolean false");
  for (const std::string text : {"tr", "tRUE", "yes", "fALSE", "falsee", "e5", "'a'", "="}) {
    EXPECT_EQ(reason_of("m f=" + text), "invalid boolean") << text;
  }
}

TEST(LineProtocol, strings_escape_quotes_and_backslashes_and_hold_anything_else) {
  EXPECT_EQ(field_of(R"("")"), "string ");
  EXPECT_EQ(field_of(R"("a\"b\\c\d\,e f=g,h")"), R"(string a"b\c\d\,e f=g,h)");
  EXPECT_EQ(field_of(R"("a\\")"), "string a\\");
  EXPECT_EQ(field_of("\"two\nlines\r\nand\0more\""s), "string two\nlines\r\nand\0more"s);
}

TEST(LineProtocol, a_line_feed_ends_no_line_within_quotes_or_behind_a_backslash) {
  const LineOutcomes lines = parsed("m f=\"a\nb\" 1\nm\\\nn f=2 2\n# \"quotes count=\"for\nnothing=\" 1\nm f=3 3\n");
  ASSERT_EQ(lines.size(), 3);
  EXPECT_EQ(lines[0].fields.at(0).second, "string a\nb");
  EXPECT_EQ(lines[1].number, 3);
  EXPECT_EQ(lines[1].measurement, "m\\\nn");
  EXPECT_EQ(lines[2].number, 7);
  // Quotes in a key, or before an equals sign, are characters like any other.
  EXPECT_EQ(parsed("m\" f=1 1\nm f\"=1 1\nm,t=\" f=1 1\n").size(), 3);
}

TEST(LineProtocol, times_are_counted_in_the_precision) {
  const std::vector<std::pair<std::string, int64_t>> units = {{"n", 1},
                                                              {"ns", 1},
                                                              {"u", 1'000},
                                                              {"us", 1'000},
                                                              {"ms", 1'000'000},
                                                              {"s", 1'000'000'000},
                                                              {"m", 60'000'000'000},
                                                              {"h", 3'600'000'000'000}};
  for (const auto& [name, unit] : units) {
    LineReading reading = kReading;
    reading.precision = line_precision_named(name).value();
    EXPECT_EQ(only("m f=1 42", reading).time_ns, 42 * unit) << name;
    EXPECT_EQ(only("m f=1 -42   ", reading).time_ns, -42 * unit) << name;
    EXPECT_EQ(only("m f=1  ", reading).time_ns, kReading.default_time_ns / unit * unit) << name;
  }
  LineReading before_1970 = {.precision = LinePrecision::kSeconds, .default_time_ns = -1};
  EXPECT_EQ(only("m f=1", before_1970).time_ns, -1'000'000'000);
  for (const std::string name : {"", "d", "w", "S", "sec", "µ"}) EXPECT_EQ(line_precision_named(name), std::nullopt);
}

TEST(LineProtocol, what_is_wrong_with_a_time_is_told) {
  const std::string outside = "time outside range -9223372036854775806 - 9223372036854775806";
  EXPECT_EQ(only("m f=1 9223372036854775806").time_ns, 9223372036854775806);
  EXPECT_EQ(only("m f=1 -9223372036854775806").time_ns, -9223372036854775806);
  EXPECT_EQ(only("m f=1 0007").time_ns, 7);
  EXPECT_EQ(reason_of("m f=1 9223372036854775807"), outside);
  EXPECT_EQ(reason_of("m f=1 -9223372036854775807"), outside);
  EXPECT_EQ(reason_of("m f=1 9223372037", {.precision = LinePrecision::kSeconds}), outside);
  EXPECT_EQ(reason_of("m f=1 9223372036854775808"),
            "strconv.ParseInt: parsing \"9223372036854775808\": value out of range");
  EXPECT_EQ(reason_of("m f=1 -"), "strconv.ParseInt: parsing \"-\": invalid syntax");
  for (const std::string text : {"x", "1x", "1.5", "1e5", "--1", "1-", "1\t", "+1", "1i"}) {
    EXPECT_EQ(reason_of("m f=1 " + text), "bad timestamp") << text;
  }
  EXPECT_EQ(reason_of("m f=1 1 2"), "point is invalid");
  EXPECT_EQ(reason_of("m f=1 1  \tx"), "point is invalid");
}

TEST(LineProtocol, keys_keep_their_limit) {
  const auto line = [](size_t tag_bytes, size_t field_bytes) {
    return "m,t=" + std::string(tag_bytes, 'v') + " " + std::string(field_bytes, 'f') + "=1";
  };
  EXPECT_EQ(only(line(65'526, 1)).refusal, "");
  EXPECT_EQ(reason_of(line(65'527, 1)), "max key length exceeded: 65536 > 65535");
  EXPECT_EQ(reason_of(line(65'532, 1)), "max key length exceeded: 65536 > 65535");
  EXPECT_EQ(reason_of(line(60'000, 6'000)), "max key length exceeded: 66008 > 65535");
  EXPECT_EQ(only(line(59'527, 6'000)).refusal, "");
}

TEST(LineProtocol, a_line_that_is_no_utf8_is_refused_and_shown_with_replacements) {
  EXPECT_EQ(only("m,t=\xff f=1").refusal, "unable to parse 'm,t=\ufffd f=1': invalid UTF-8");
  EXPECT_EQ(only("m f=\"\xed\xa0\x80\"").refusal, "unable to parse 'm f=\"\ufffd\ufffd\ufffd\"': invalid UTF-8");
  EXPECT_EQ(only("# \xff\nm,t=é f=\"😀\"").refusal, "");
}

TEST(LineProtocol, good_and_bad_lines_come_in_their_order) {
  const LineOutcomes lines = parsed("m f=1 1\nm f=x 2\nm f=3 3\nbad\n");
  ASSERT_EQ(lines.size(), 4);
  EXPECT_EQ(lines[0].refusal, "");
  EXPECT_EQ(lines[1].refusal, "unable to parse 'm f=x 2': invalid boolean");
  EXPECT_EQ(lines[2].time_ns, 3);
  EXPECT_EQ(lines[3], (LineOutcome{.number = 4, .refusal = "unable to parse 'bad': missing fields"}));
}

TEST(LineProtocol, a_series_has_one_name) {
  struct : LineSink {
    void take(const Line& line) override {
      for (const LineField& field : line.fields) append_series_name(names, line, field.key);
      names += '\n';
    }
    void refuse(const BadLine& line) override { FAIL() << line.reason; }
    std::string names;
  } sink;
  LineParser parser(sink, kWideLimits, kReading);
  parser.feed("Living room=1\ncpu,b=2,a=1 x\\ y=1\nm\\ n,k\\,=v\\= a\\=b\\,c=1\n");
  EXPECT_EQ(sink.names, "Living room\ncpu,a=1,b=2 x\\ y\nm\\ n,k\\,=v\\= a\\=b\\,c\n");
}

}  // namespace
}  // namespace timestore::line_protocol_test
