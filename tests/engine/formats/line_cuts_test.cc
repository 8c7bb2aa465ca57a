// Line protocol in pieces: limits, sizes, and the twin.
#include "engine/formats/line_protocol.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <string>
#include <vector>

#include "tests/engine/formats/parsed_lines.h"
#include "tests/engine/formats/pieces.h"

namespace timestore::line_cuts_test {
namespace {

Refusal refusal_of(std::string_view body, Limits limits, const Cuts& cuts = {}, size_t* lines = nullptr) {
  LineKeeper keeper;
  LineParser parser(keeper, limits, kReading);
  feed(parser, body, cuts);
  const auto finished = parser.finish();
  EXPECT_FALSE(parser.feed("m f=1\n") && !finished);
  if (lines != nullptr) *lines = keeper.outcomes.size();
  return finished ? Refusal{} : finished.error();
}

TEST(LineCuts, limits_are_told_wherever_the_body_is_cut) {
  const std::string body = "m f=1 1\nm f=2 2\nm f=3 3\n";
  for (const Cuts& cuts : cuts_of(body)) {
    size_t lines = 0;
    EXPECT_EQ(refusal_of(body, {.bytes = 24, .records = 3, .record_bytes = 7}, cuts), Refusal{});
    EXPECT_EQ(refusal_of(body, {.bytes = 23, .records = 3, .record_bytes = 7}, cuts, &lines),
              (Refusal{true, {{"", "A body has at most 23 bytes."}}}));
    EXPECT_EQ(lines, 2);
    EXPECT_EQ(refusal_of(body, {.bytes = 24, .records = 2, .record_bytes = 7}, cuts, &lines),
              (Refusal{true, {{"", "A body has at most 2 lines."}}}));
    EXPECT_EQ(lines, 2);
    EXPECT_EQ(refusal_of("m f=1\n" + body, {.bytes = 99, .records = 9, .record_bytes = 6}, cuts, &lines),
              (Refusal{true, {{"", "A line has at most 6 bytes; line 2 has more."}}}));
    EXPECT_EQ(lines, 1);
  }
}

TEST(LineCuts, a_megabyte_without_a_line_feed_is_refused_before_it_has_ended) {
  struct : LineSink {
    void take(const Line&) override { FAIL(); }
    void refuse(const BadLine&) override { FAIL(); }
  } sink;
  LineParser parser(sink, {.bytes = 64 << 20, .records = 10, .record_bytes = 1 << 20}, kReading);
  const std::string piece(1000, 'x');
  size_t pieces = 0;
  while (parser.feed(piece) && pieces < 2'000) ++pieces;
  EXPECT_EQ(pieces, (1 << 20) / 1000);
  EXPECT_EQ(parser.finish().error().problems.at(0).detail, "A line has at most 1048576 bytes; line 1 has more.");
}

TEST(LineCuts, twenty_five_megabytes_in_small_pieces_are_read) {
  std::string lines;
  for (int i = 0; i < 2'000; ++i) lines += "cpu,host=h" + std::to_string(i) + " v=" + std::to_string(i) + ".25 1\n";
  LineKeeper keeper;
  LineParser parser(keeper, {.bytes = 25'000'000, .records = 10'000'000, .record_bytes = 1'000}, kReading);
  size_t fed = 0;
  for (size_t at = 0; fed < 25'000'000; at = (at + 777) % lines.size()) {
    if (at + 777 > lines.size()) at = 0;
    const size_t size = std::min<size_t>(777, 25'000'000 - fed);
    ASSERT_TRUE(parser.feed(std::string_view(lines).substr(at, size)));
    fed += size;
    keeper.outcomes.clear();
  }
  EXPECT_TRUE(parser.finish());
  EXPECT_FALSE(parser.feed("x"));
}

const std::string kSpecials = "\\\\\\,,= ==\"\"\n\r\t#-.eEiuntf0919 \xff\xc3\xa9";

std::string random_name() {
  std::string name;
  const int parts = *rc::gen::inRange(1, 4);
  for (int i = 0; i < parts; ++i) {
    name += *rc::gen::element<std::string>("a", "b", "cpu", "\\,", "\\ ", "\\=", "\\\\", "\\", "é", "\"", "=", "x\\");
  }
  return name;
}

std::string random_value() {
  return *rc::gen::element<std::string>("1", "-2.5", ".5", "5.", "1e3", "1E-400", "1e400", "7i", "-7i",
                                        "9223372036854775808i", "7u", "-7u", "18446744073709551616u", "t", "TRUE",
                                        "False", "\"\"", "\"a b,c=d\"", "\"a\\\"b\\\\\"", "\"two\nlines\"", "\"x",
                                        "\"x\"y", "NaN", "1.1.1", "-", "1e", "+1", "1i5", "");
}

std::string random_line() {
  std::string line = *rc::gen::element<std::string>("", "", "", " ", "\t", "# ") + random_name();
  for (int tags = *rc::gen::inRange(0, 4); tags > 0; --tags) {
    const std::string key = random_name();
    line += "," + key + "=" + random_name();
  }
  const int fields = *rc::gen::inRange(1, 4);
  for (int field = 0; field < fields; ++field) {
    const std::string key = random_name();
    line += (field == 0 ? " " : ",") + key + "=" + random_value();
  }
  line += *rc::gen::element<std::string>("", " ", " 1", "  -17  ", " 1714564800000000000", " 9223372036854775807",
                                         " 99999999999999999999", " -", " x", " 1 2", " 1\t");
  return line + *rc::gen::element<std::string>("\n", "\n", "\r\n", "\n\n", "\\\n");
}

LineReading random_reading() {
  const auto precision = *rc::gen::element(LinePrecision::kNanoseconds, LinePrecision::kMicroseconds,
                                           LinePrecision::kSeconds, LinePrecision::kHours);
  const auto default_time = *rc::gen::element<int64_t>(-1, 0, 1, 1'714'564'800'123'456'789, -3'600'000'000'001);
  const bool has_unsigned = *rc::gen::arbitrary<bool>();
  return {.precision = precision, .default_time_ns = default_time, .has_unsigned = has_unsigned};
}

RC_GTEST_PROP(LineCuts, the_twin_reads_the_same_from_damaged_lines_however_they_are_cut, ()) {
  std::string body;
  for (int lines = *rc::gen::inRange(1, 4); lines > 0; --lines) body += random_line();
  damage(body, 4, kSpecials);
  const LineReading reading = random_reading();
  const LineOutcomes expected = naive_lines(body, reading);
  RC_ASSERT(parsed(body, reading, random_cuts(body)) == expected);
}

RC_GTEST_PROP(LineCuts, the_twin_reads_the_same_from_any_special_bytes, ()) {
  const auto body = *rc::gen::container<std::string>(rc::gen::elementOf(kSpecials + "mmk"));
  const LineReading reading = random_reading();
  RC_ASSERT(parsed(body, reading, random_cuts(body)) == naive_lines(body, reading));
}

RC_GTEST_PROP(LineCuts, a_good_line_is_found_again_by_its_series_name, ()) {
  const std::string body = random_line();
  for (const LineOutcome& line : parsed(body)) {
    if (!line.refusal.empty()) continue;
    std::string name;
    Line named;
    named.key = line.key;
    append_series_name(name, named, line.fields.back().first);
    const LineOutcome again = parsed(name + "=1").at(0);
    RC_ASSERT(again.refusal == "");
    RC_ASSERT(again.key == line.key);
    RC_ASSERT(again.measurement == line.measurement);
    RC_ASSERT(again.tags == line.tags);
    RC_ASSERT(again.fields.at(0).first == line.fields.back().first);
  }
}

TEST(LineCuts, every_cut_gives_the_same) {
  const std::string body =
      "m,b=1,a=\\,x f=1.5,g=\"two\nli\\\"nes\",h=7i 17\r\n\n# no\"te = x\nbad line\nm\\\\ n f=\"a\\\\\" 1\n m "
      "f=\"\xff\"\nm f=1 5";
  const LineOutcomes expected = naive_lines(body, kReading);
  ASSERT_EQ(expected.size(), 5);
  for (const Cuts& cuts : cuts_of(body)) EXPECT_EQ(parsed(body, kReading, cuts), expected);
}

}  // namespace
}  // namespace timestore::line_cuts_test
