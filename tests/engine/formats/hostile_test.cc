// Large and hostile bodies, in all formats.
#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "engine/formats/csv.h"
#include "engine/formats/json_array.h"
#include "engine/formats/ndjson.h"
#include "tests/engine/formats/batches.h"
#include "tests/engine/formats/line_twin.h"

namespace timestore::hostile_test {
namespace {

using namespace std::string_view_literals;

constexpr size_t kLargeBytes = 25'000'000;
constexpr Limits kLarge = {.bytes = kLargeBytes, .records = 10'000'000, .record_bytes = 1 << 20};

constexpr std::string_view kObject = R"({"deviceId":"d","timestamp":"2024-05-01T12:00:00Z","value":21.5})";

// `record` again and again behind `begin`, up to `end`, in pieces that end anywhere; how many entries there were.
template <typename Parser>
size_t entries_of_a_large_body(std::string_view begin, std::string record, std::string_view end) {
  size_t entries = 0;
  Parser parser([&](const TimeEntry&) { ++entries; }, kLarge);
  parser.feed(begin);
  size_t records = 0;
  std::string piece;
  for (size_t bytes = begin.size() + record.size() + end.size(); bytes < kLargeBytes; bytes += record.size()) {
    piece += record;
    ++records;
    if (piece.size() < 65'536) continue;
    EXPECT_TRUE(parser.feed(std::string_view(piece).substr(0, 65'521)));
    piece.erase(0, 65'521);
  }
  EXPECT_TRUE(parser.feed(piece));
  EXPECT_TRUE(parser.feed(end));
  EXPECT_TRUE(parser.finish()) << parser.finish().error().problems.front().detail;
  EXPECT_EQ(entries, parser.seen().records);
  EXPECT_GE(entries, records);
  return entries;
}

TEST(Hostile, twenty_five_megabytes_of_good_entries_are_read) {
  const std::string object(kObject);
  EXPECT_GT(entries_of_a_large_body<JsonArrayParser>("[", object + ",", object + "]"), 350'000);
  EXPECT_GT(entries_of_a_large_body<NdjsonParser>("", object + "\n", object), 350'000);
  EXPECT_GT(entries_of_a_large_body<CsvParser>("deviceId,value,timestamp\n", "d,21.5,2024-05-01T12:00:00Z\n", ""),
            800'000);
}

template <typename Parser>
Refusal refusal_of(std::string_view body) {
  Parser parser([](const TimeEntry&) {}, kLarge);
  for (size_t at = 0; at < body.size() && parser.feed(body.substr(at, 4'096)); at += 4'096) continue;
  const auto finished = parser.finish();
  return finished ? Refusal{} : finished.error();
}

TEST(Hostile, a_megabyte_without_an_end_is_too_large) {
  for (const char c : {'x', '[', '"', ',', '\0', '\xff'}) {
    const std::string body((1 << 20) + 1, c);
    const Refusal line = too_large("A line has at most 1048576 bytes; line 1 has more.");
    EXPECT_EQ(refusal_of<NdjsonParser>(body), line) << c;
    EXPECT_EQ(refusal_of<CsvParser>(body), line) << c;
  }
  EXPECT_TRUE(refusal_of<JsonArrayParser>("[" + std::string((1 << 20) + 1, ' ')).is_too_large);
  EXPECT_TRUE(refusal_of<CsvParser>("deviceId,value,timestamp\n\"" + std::string(1 << 20, '\n')).is_too_large);
}

TEST(Hostile, deep_nesting_is_one_problem) {
  const std::string deep = std::string(500'000, '[') + std::string(500'000, ']');
  const std::string detail = "The JSON is nested deeper than 64 levels.";
  EXPECT_EQ(refusal_of<JsonArrayParser>("[" + deep + "]"), (Refusal{false, {{"", detail}}}));
  EXPECT_EQ(refusal_of<NdjsonParser>("{\"value\":" + deep + "}\n"), (Refusal{false, {{"/1", detail}}}));
  EXPECT_EQ(refusal_of<CsvParser>("deviceId,value,timestamp,attributes\nd,1,2024-05-01,\"{\"\"a\"\":" + deep + "}\"\n"),
            (Refusal{false, {{"/2/attributes", detail}}}));
}

TEST(Hostile, nul_bytes_are_told_where_they_matter) {
  EXPECT_EQ(refusal_of<NdjsonParser>("\0\n"sv).problems,
            (Problems{{"/1", "The JSON is malformed at line 1, column 1."}}));
  EXPECT_EQ(refusal_of<JsonArrayParser>("[\0]"sv).problems,
            (Problems{{"", "The JSON is malformed at line 1, column 2."}}));
  EXPECT_EQ(refusal_of<CsvParser>("deviceId,value,timestamp\nd\0,1,2024-05-01\n"sv).problems,
            (Problems{{"/2/deviceId", "A deviceId has no control characters."}}));
  // InfluxDB passes over them before a line, and they are characters elsewhere.
  LineKeeper keeper;
  LineParser lines(keeper, kLarge, {});
  lines.feed("\0m,t=a\0 f=1\0\nm f=1 \0 7\n"sv);
  ASSERT_EQ(keeper.outcomes.size(), 2);
  EXPECT_TRUE(keeper.outcomes[0].refusal.ends_with("invalid number"));
  EXPECT_EQ(keeper.outcomes[1].time_ns, 7);
}

}  // namespace
}  // namespace timestore::hostile_test
