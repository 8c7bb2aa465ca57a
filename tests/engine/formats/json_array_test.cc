#include "engine/formats/json_array.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <string>

#include "engine/series/parse.h"
#include "tests/engine/formats/batches.h"
#include "tests/engine/series/generators.h"

namespace timestore::json_array_test {
namespace {

BatchOutcome parsed(std::string_view body, const Cuts& cuts = {}, const Limits& limits = kBatchLimits) {
  return read_batch<JsonArrayParser>(body, cuts, limits);
}

BatchOutcome parsed_whole(std::string_view body) {
  auto entries = parse_time_entries(body);
  return entries ? good_batch(*std::move(entries)) : bad_batch(entries.error());
}

std::string entry(const std::string& value) {
  return R"({"deviceId":"d","timestamp":"2024-05-01T12:00:00Z","value":)" + value + "}";
}

// Bodies of which each is judged in another way.
std::vector<std::string> arrays() {
  const std::string good = entry("1");
  return {
      "",
      " \n",
      "[",
      "[]",
      " [ ] ",
      "[" + good + "]",
      "\n[ " + good + " ,\r\n\t" + good + "\n]\n",
      "[" + good + "," + entry("true") + ",7,[{}],\"x\",null,{}]",
      R"([{"deviceId":"a\"b]},{[","timestamp":"2024-05-01","value":1,"attributes":{"x":[{"y":[]},"]"],"z\\":{}}}])",
      "[,]",
      "[" + good + ",]",
      "[ , " + good + "]",
      "[" + good + ",, " + good + "]",
      "[" + good + "\n " + good + "]",
      "[" + good + good + "]",
      "[1 2]",
      "[" + good,
      "[" + good + ",",
      "[" + good + ", ",
      "[" + good + "] 7",
      "[" + good + "] []",
      "[" + good + "]]",
      "[" + good + "],",
  };
}

std::vector<std::string> malformed_bodies() {
  const std::string good = entry("1");
  return {
      "[]x",
      "[]\xff",
      good,
      "7",
      "7 [",
      "-",
      "true",
      "tru",
      "null ]",
      "\"x\"",
      "\"x",
      "x\"",
      "\\\"x\"",
      "]",
      ",[]",
      "7\"x\"",
      "x\"y\" z\"",
      "\\\"deviceId\":\"",
      "7[\"",
      "7\f8",
      "7\x1a",
      "[7\f8]",
      "[7\x1a]",
      "\xef\xbb\xbf[]",
      "\xff",
      "[\xff]",
      "[nope]",
      "[nope,\"",
      "[nope,\"\n\"]",
      "[nope,\"\n\"]\xff",
      "[nope]\xff",
      "[nope] x",
      "[nope,\xc3",
      "[\"a\nb\"]",
      "[\"a\nb\",nope]",
      "[\"\\x\"]",
      "[{\"a\":[},{}]",
      "[{\"a\":1],{}]",
      "[{]",
      "[}]",
      "[[]",
      "[[1}, {}]",
      "[{\"a\":1}",
      "[{\"deviceId\":\"é\",\n\"value\":é}]",
      "[\\{},{}]",
      "[\\\",{}]",
      "[" + std::string(70, '[') + std::string(70, ']') + "]",
      "[" + std::string(70, '[') + "]",
      "[01,1.,.5,+1,1e5,-0]",
      "[tru, \"\\ud800\"]",
  };
}

TEST(JsonArray, bodies_are_judged_as_whole_ones_wherever_they_are_cut) {
  std::vector<std::string> bodies = arrays();
  for (std::string& body : malformed_bodies()) bodies.push_back(std::move(body));
  for (const std::string& body : bodies) {
    const BatchOutcome expected = parsed_whole(body);
    for (const Cuts& cuts : cuts_of(body)) {
      EXPECT_EQ(parsed(body, cuts), expected) << testing::PrintToString(body) << testing::PrintToString(cuts);
    }
  }
}

std::string random_body() {
  std::string body = *rc::gen::element<std::string>("[", "[", "[", " [\n", "");
  const int count = *rc::gen::inRange(0, 4);
  for (int i = 0; i < count; ++i) {
    if (i > 0) body += *rc::gen::element<std::string>(",", ",", " ,\n ", "");
    if (*rc::gen::inRange(0, 4) == 0) {
      body += minified(random_tree(3));
    } else {
      append_json(body, random_entry());
    }
  }
  return body + *rc::gen::element<std::string>("]", "]", "]", " ]\n", "");
}

RC_GTEST_PROP(JsonArray, damaged_bodies_are_judged_as_whole_ones_however_they_are_cut, ()) {
  std::string body = random_body();
  damage(body, 3, "\"\"{}[],:\\0 \n\x01t-e.\xff\xc3\xa9");
  RC_ASSERT(parsed(body, random_cuts(body)) == parsed_whole(body));
}

RC_GTEST_PROP(JsonArray, any_special_bytes_are_judged_as_whole_bodies, ()) {
  const std::string body = "[" + *rc::gen::container<std::string>(
                                     rc::gen::elementOf(std::string("\"\"{{}}[]],,:\\01 \n\x01tn-e.\xff\xc3\xa9")));
  RC_ASSERT(parsed(body, random_cuts(body)) == parsed_whole(body));
}

TEST(JsonArray, problems_are_counted_up_to_the_limit_and_malformed_text_hides_them) {
  std::string body = "[{}";
  for (int i = 1; i < 100; ++i) body += ",{}";
  EXPECT_EQ(parsed(body + "]").problems.size(), kMaxProblems);
  EXPECT_EQ(parsed(body + "]"), parsed_whole(body + "]"));
  EXPECT_EQ(parsed(body + ",}]"), parsed_whole(body + ",}]"));
}

TEST(JsonArray, limits_are_told_wherever_the_body_is_cut) {
  const std::string body = "[" + entry("1") + "," + entry("2") + "," + entry("3") + "]";
  const size_t size = entry("1").size();
  for (const Cuts& cuts : cuts_of(body)) {
    EXPECT_EQ(parsed(body, cuts, {.bytes = body.size(), .records = 3, .record_bytes = size}).entries.size(), 3);
    EXPECT_EQ(parsed(body, cuts, {.bytes = 99, .records = 3, .record_bytes = size}),
              too_large_batch("A body has at most 99 bytes."));
    EXPECT_EQ(parsed(body, cuts, {.bytes = body.size(), .records = 2, .record_bytes = size}),
              too_large_batch("A batch has at most 2 time entries."));
    EXPECT_EQ(parsed(body, cuts, {.bytes = body.size(), .records = 3, .record_bytes = size - 1}),
              too_large_batch("A time entry has at most " + std::to_string(size - 1) + " bytes.", "/0"));
  }
}

TEST(JsonArray, what_does_not_end_is_refused_in_bounded_memory) {
  for (const std::string beginning : {"[", "[{\"deviceId\":\"", "[{\"attributes\":", "7"}) {
    JsonArrayParser parser([](TimeEntry) { FAIL(); }, {.bytes = 25'000'000, .records = 10, .record_bytes = 1 << 20});
    std::string piece(1000, beginning == "7" ? '7' : '[');
    parser.feed(beginning);
    size_t pieces = 0;
    while (parser.feed(piece) && pieces < 2'000) ++pieces;
    EXPECT_EQ(pieces, (1 << 20) / 1000) << beginning;
    EXPECT_TRUE(parser.finish().error().is_too_large);
  }
}

TEST(JsonArray, a_batch_of_the_largest_size_is_read) {
  std::string body = "[" + entry("1");
  for (size_t i = 1; i < kMaxBatchEntries; ++i) body += "," + entry("1");
  EXPECT_EQ(parsed(body + "]", {1'000'000, 5'000'001}).entries.size(), kMaxBatchEntries);
  EXPECT_EQ(parsed(body + "," + entry("1") + "]").problems, parsed_whole(body + "," + entry("1") + "]").problems);
}

}  // namespace
}  // namespace timestore::json_array_test
