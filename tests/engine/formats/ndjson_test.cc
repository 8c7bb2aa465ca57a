#include "engine/formats/ndjson.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <string>
#include <vector>

#include "engine/series/parse.h"
#include "tests/engine/formats/batches.h"
#include "tests/engine/series/generators.h"

namespace timestore::ndjson_test {
namespace {

BatchOutcome parsed(std::string_view body, const Cuts& cuts = {}, const Limits& limits = kBatchLimits) {
  return read_batch<NdjsonParser>(body, cuts, limits);
}

std::string entry(const std::string& value) {
  return R"({"deviceId":"d","timestamp":"2024-05-01T12:00:00Z","value":)" + value + "}";
}

TEST(Ndjson, each_line_is_an_entry) {
  const std::string body = entry("1") + "\n\n \t\r\n" + entry("2") + "\r\n  " + entry("3");
  const BatchOutcome outcome = parsed(body);
  ASSERT_EQ(outcome.entries.size(), 3) << testing::PrintToString(outcome);
  EXPECT_EQ(outcome.entries[2].value, 3);
  EXPECT_EQ(parsed("\xef\xbb\xbf" + body), outcome);
  EXPECT_EQ(parsed(""), good_batch({}));
  EXPECT_EQ(parsed("\n"), good_batch({}));
}

TEST(Ndjson, pointers_begin_with_the_line_and_a_malformed_line_hides_no_other) {
  EXPECT_EQ(parsed(entry("1") + "\n\n" + entry("true") + "\n{\"value\":1,}\n7\n{} {}\n\xff\n{\"unit\":1}").problems,
            (Problems{{"/3/value", "\"value\" is a number, not true."},
                      {"/4", "The JSON is malformed at line 4, column 12."},
                      {"/5", "A time entry is an object, not a number."},
                      {"/6", "The JSON ends, but something follows it at line 6, column 4."},
                      {"/7", "The JSON is not valid UTF-8."},
                      {"/8/unit", "A time entry has no property \"unit\"; put what is your own into \"attributes\"."},
                      {"/8/deviceId", "A time entry needs \"deviceId\"."},
                      {"/8/timestamp", "A time entry needs \"timestamp\"."},
                      {"/8/value", "A time entry needs \"value\"."}}));
  EXPECT_EQ(parsed("[" + entry("1") + "]").problems, (Problems{{"/1", "A time entry is an object, not an array."}}));
  EXPECT_EQ(parsed(entry("1") + "\xef\xbb\xbf").problems.size(), 1);
}

TEST(Ndjson, problems_are_counted_up_to_the_limit_and_no_entry_behind_one_is_passed_on) {
  std::string body = entry("1") + "\n{}\n";
  for (int i = 1; i < 100; ++i) body += "{}\n" + entry("2") + "\n";
  int passed_on = 0;
  NdjsonParser parser([&](TimeEntry) { ++passed_on; }, kBatchLimits);
  EXPECT_TRUE(parser.feed(body));
  EXPECT_EQ(passed_on, 1);
  EXPECT_EQ(parser.finish().error().problems.size(), kMaxProblems);
}

TEST(Ndjson, every_cut_gives_the_same) {
  const std::string body = "\xef\xbb\xbf\n" + entry("1") + "\r\n" + entry("é") + "\n\n" + entry("1e999") + "\n{";
  const BatchOutcome expected = parsed(body);
  EXPECT_EQ(expected.problems.size(), 3);
  for (const Cuts& cuts : cuts_of(body)) EXPECT_EQ(parsed(body, cuts), expected);
}

TEST(Ndjson, limits_are_told_wherever_the_body_is_cut) {
  const std::string body = entry("1") + "\n\n" + entry("2") + "\n";
  const size_t size = entry("1").size();
  for (const Cuts& cuts : cuts_of(body)) {
    EXPECT_EQ(parsed(body, cuts, {.bytes = body.size(), .records = 2, .record_bytes = size}).entries.size(), 2);
    EXPECT_EQ(parsed(body, cuts, {.bytes = body.size() - 1, .records = 2, .record_bytes = size}),
              too_large_batch("A body has at most " + std::to_string(body.size() - 1) + " bytes."));
    EXPECT_EQ(parsed(body, cuts, {.bytes = body.size(), .records = 1, .record_bytes = size}),
              too_large_batch("A batch has at most 1 time entries."));
    EXPECT_EQ(parsed("\n" + body, cuts, {.bytes = 1'000, .records = 2, .record_bytes = size - 1}),
              too_large_batch("A line has at most " + std::to_string(size - 1) + " bytes; line 2 has more."));
  }
}

// A line is judged as a body of one entry is; only that its pointers and places begin with its number.
RC_GTEST_PROP(Ndjson, lines_are_judged_as_single_entries_however_they_are_cut, ()) {
  std::string body;
  for (int lines = *rc::gen::inRange(0, 4); lines > 0; --lines) {
    append_json(body, random_entry());
    body += *rc::gen::element<std::string>("\n", "\r\n", "\n\n");
  }
  damage(body, 3, "\"{}[],:\\0 \n\r\x01\xff");
  std::vector<TimeEntry> entries;
  std::vector<std::string> pointers;
  std::string rest = body;
  for (size_t number = 1; !rest.empty(); ++number) {
    const std::string line = rest.substr(0, rest.find('\n'));
    rest.erase(0, line.size() + 1);
    if (line.find_first_not_of(" \t\r") == std::string::npos) continue;
    const auto entry = parse_time_entry(line.ends_with('\r') ? line.substr(0, line.size() - 1) : line);
    if (entry) {
      entries.push_back(*entry);
    } else {
      for (const Problem& problem : entry.error()) pointers.push_back("/" + std::to_string(number) + problem.pointer);
    }
  }
  const BatchOutcome outcome = parsed(body, random_cuts(body));
  if (pointers.empty()) RC_ASSERT(outcome == good_batch(entries));
  std::vector<std::string> told;
  for (const Problem& problem : outcome.problems) told.push_back(problem.pointer);
  if (pointers.size() > kMaxProblems) pointers.resize(kMaxProblems);
  RC_ASSERT(told == pointers);
}

}  // namespace
}  // namespace timestore::ndjson_test
