#include "engine/formats/csv.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <optional>
#include <string>
#include <vector>

#include "engine/base/json_text.h"
#include "engine/base/timestamp.h"
#include "engine/series/parse.h"
#include "tests/engine/formats/batches.h"
#include "tests/engine/series/generators.h"

namespace timestore::csv_test {
namespace {

constexpr std::string_view kHeader = "deviceId,timestamp,value\n";

BatchOutcome parsed(std::string_view body, const Cuts& cuts = {}, const Limits& limits = kBatchLimits) {
  return read_batch<CsvParser>(body, cuts, limits);
}

Problems problems_of(const std::string& rows) { return parsed(std::string(kHeader) + rows).problems; }

TEST(Csv, a_full_row_is_read) {
  const BatchOutcome outcome = parsed(
      "id,deviceId,timestamp,value,attributes\n"
      "0190B6A8-5A4E-7C3D-9F12-3456789ABCDE,boiler,2024-05-01T12:00:00Z,21.5,\"{ \"\"unit\"\" : \"\"C\"\" }\"\n");
  ASSERT_EQ(outcome.entries.size(), 1) << testing::PrintToString(outcome);
  const TimeEntry& entry = outcome.entries.front();
  EXPECT_EQ(entry.id.text(), "0190b6a8-5a4e-7c3d-9f12-3456789abcde");
  EXPECT_EQ(entry.device_id, "boiler");
  EXPECT_EQ(entry.timestamp_ns, 1'714'564'800'000'000'000);
  EXPECT_EQ(entry.value, 21.5);
  EXPECT_EQ(entry.attributes, R"({"unit":"C"})");
}

TEST(Csv, columns_stand_in_any_order_and_case_and_lines_end_in_either_way) {
  const BatchOutcome expected = parsed("deviceId,timestamp,value\nd,2024-05-01,1\n");
  ASSERT_EQ(expected.entries.size(), 1);
  for (const std::string body :
       {"VALUE,Timestamp,deviceID\r\n1,2024-05-01,d\r\n", "\xef\xbb\xbfvalue,timestamp,deviceid\n1,2024-05-01,d",
        "\n\r\n\"value\",\"timestamp\",\"deviceId\"\n\n\"1\",\"2024-05-01\",\"d\"\r\n\r\n",
        "id,value,attributes,timestamp,deviceId\n,1,,2024-05-01,d\n\"\",1,\"\",2024-05-01,d"}) {
    EXPECT_EQ(parsed(body).entries.front(), expected.entries.front()) << body;
  }
}

TEST(Csv, quoted_fields_hold_commas_quotes_and_line_breaks) {
  const BatchOutcome outcome = parsed(
      "deviceId,timestamp,value,attributes\n"
      "\"a,\"\"b\"\"\",2024-05-01,1,\"{\n\"\"x\"\"\r\n:1}\"\n"
      "\"\"\"\",2024-05-01,true,\n");
  EXPECT_EQ(outcome.problems,
            (Problems{{"/5/value", "The text of a value is a finite decimal number such as 21.5 or -1e-3."}}));
  const BatchOutcome good = parsed(
      "deviceId,timestamp,value,attributes\n\"a,\"\"b\"\"\",2024-05-01,1,\"{\n\"\"x\"\"\r\n:1}\"\n\"\"\"\",2024-05-01,"
      "2,\n");
  ASSERT_EQ(good.entries.size(), 2);
  EXPECT_EQ(good.entries[0].device_id, "a,\"b\"");
  EXPECT_EQ(good.entries[0].attributes, "{\"x\":1}");
  EXPECT_EQ(good.entries[1].device_id, "\"");
}

TEST(Csv, what_is_wrong_with_a_header_is_told_at_once_and_ends_the_reading) {
  EXPECT_EQ(
      parsed("deviceId,unit,time/~,Value,value\nx\n").problems,
      (Problems{{"/1/unit", "A time entry has no property \"unit\"; put what is your own into \"attributes\"."},
                {"/1/time~1~0", "A time entry has no property \"time/~\"; put what is your own into \"attributes\"."},
                {"/1/value", "\"value\" is given twice; names match in any case."},
                {"/1/timestamp", "A time entry needs \"timestamp\"."}}));
  EXPECT_EQ(parsed(" deviceId,timestamp,value\n").problems.size(), 2);
  EXPECT_EQ(parsed("deviceId,timestamp,value,\n").problems.front().pointer, "/1/");
  for (const std::string body : {"", "\n", "\xef\xbb\xbf", "\r\n\n"}) {
    EXPECT_EQ(parsed(body).problems, (Problems{{"", "There is no CSV: the header line is missing."}})) << body;
  }
  EXPECT_EQ(parsed(kHeader), good_batch({}));
}

TEST(Csv, what_is_wrong_with_rows_is_told_with_line_and_column) {
  EXPECT_EQ(problems_of("d,2024-13-01,1\n\n,,\nd,2024-05-01\nd,2024-05-01,1,2\n\"\n\",2024-05-01,1e999\n"),
            (Problems{{"/2/timestamp", "There is no month 13."},
                      {"/4/deviceId", "A time entry needs \"deviceId\"."},
                      {"/4/timestamp", "A time entry needs \"timestamp\"."},
                      {"/4/value", "A time entry needs \"value\"."},
                      {"/5", "The row has 2 fields; the header names 3."},
                      {"/6", "The row has 4 fields; the header names 3."},
                      {"/7/deviceId", "A deviceId has no control characters."},
                      {"/7/value", "A value is a finite 64-bit floating-point number; this one is not."}}));
  for (const std::string value : {" 1", "1 ", "+1", ".5", "5.", "01", "NaN", "Infinity", "0x1", "1,5"}) {
    EXPECT_EQ(problems_of("d,2024-05-01,\"" + value + "\"\n").size(), 1) << value;
  }
  EXPECT_EQ(parsed("deviceId,timestamp,value,id,attributes\nd,2024-05-01,1,7,[]\n").problems,
            (Problems{{"/2/id", "An id is a GUID such as 0190b6a8-5a4e-7c3d-9f12-3456789abcde, or is left out."},
                      {"/2/attributes", "Attributes are the text of a JSON object."}}));
  const std::string long_device(kMaxDeviceIdBytes + 1, 'd');
  EXPECT_EQ(problems_of(long_device + ",2024-05-01,1"),
            (Problems{{"/2/deviceId", "A deviceId has at most 256 bytes; this one has 257."}}));
}

TEST(Csv, attributes_are_the_text_of_an_object) {
  const auto problem_of = [](const std::string& attributes) {
    std::string quoted;
    for (const char c : attributes) quoted += c == '"' ? "\"\"" : std::string(1, c);
    const BatchOutcome outcome = parsed("deviceId,timestamp,value,attributes\nd,2024-05-01,1,\"" + quoted + "\"\n");
    if (outcome.problems.empty()) return "good: " + outcome.entries.at(0).attributes;
    EXPECT_EQ(outcome.problems.front().pointer, "/2/attributes");
    return outcome.problems.front().detail;
  };
  EXPECT_EQ(problem_of("null"), "good: ");
  EXPECT_EQ(problem_of(" { } "), "good: ");
  EXPECT_EQ(problem_of(R"({"a": [1.50, "é\u0041"]})"), R"(good: {"a":[1.50,"éA"]})");
  EXPECT_EQ(problem_of("7"), "Attributes are the text of a JSON object.");
  EXPECT_EQ(problem_of("{} 7"), "The JSON ends, but something follows it at line 1, column 4.");
  EXPECT_EQ(problem_of("{} {}"), "The JSON ends, but something follows it at line 1, column 4.");
  EXPECT_EQ(problem_of(R"({"a":nul})"), "The JSON is malformed at line 1, column 6.");
  EXPECT_EQ(problem_of(R"({"a":1,"a":2})"), "The attributes have a property \"a\" twice in one object.");
  EXPECT_EQ(problem_of("{\"a\":" + std::string(100'000, '[') + "}"), "The JSON is nested deeper than 64 levels.");
  EXPECT_EQ(problem_of("{\"a\":\"" + std::string(kMaxAttributesBytes, 'x') + "\"}"),
            "Attributes have at most 16384 bytes without white space; these have 16392.");
}

TEST(Csv, text_that_is_no_csv_ends_the_reading) {
  const std::string malformed = "The CSV is malformed at line ";
  EXPECT_EQ(problems_of("d,2024-05-01,x\né\"x\",2024-05-01,1\n,,\n"),
            (Problems{{"/2/value", "The text of a value is a finite decimal number such as 21.5 or -1e-3."},
                      {"/3", malformed + "3, column 2: a quote in a field without quotes."}}));
  EXPECT_EQ(problems_of("\"d\n\"x,2024-05-01,1\n"),
            (Problems{{"/2", malformed + "3, column 2: something behind the quotes of a field."}}));
  EXPECT_EQ(problems_of("d,\"2024-05-01,1\n\n"),
            (Problems{{"/2", malformed + "2, column 3: a quote that is not closed."}}));
  EXPECT_EQ(problems_of("d,\"\"\"\n"), (Problems{{"/2", malformed + "2, column 3: a quote that is not closed."}}));
  EXPECT_EQ(problems_of("d,2024-05-01,1\né\xff,2024-05-01,1\n"),
            (Problems{{"/3", "The CSV is not valid UTF-8 at line 3, column 2."}}));
  CsvParser parser([](TimeEntry) {}, kBatchLimits);
  EXPECT_FALSE(parser.feed("deviceId\n"));
}

TEST(Csv, every_cut_gives_the_same) {
  const std::string rows =
      "\xef\xbb\xbf\r\nvalue,deviceId,timestamp,attributes\r\n1.5,\"a\"\",b\",2024-05-01,\"{\n\"\"x\"\":\"\"é\"\"}"
      "\"\r\n\n-0,d,2024-05-01,\n";
  for (const std::string& body : {rows, rows + "x,d,,\n", rows + "x,\"d", rows + "1,d,2024-05-01,\xff"}) {
    const BatchOutcome expected = parsed(body);
    EXPECT_EQ(expected.problems.empty(), body == rows);
    for (const Cuts& cuts : cuts_of(body)) EXPECT_EQ(parsed(body, cuts), expected);
  }
}

TEST(Csv, limits_are_told_wherever_the_body_is_cut) {
  const std::string body = std::string(kHeader) + "d,2024-05-01,1\n\nd,2024-05-01,2\n";
  for (const Cuts& cuts : cuts_of(body)) {
    EXPECT_EQ(parsed(body, cuts, {.bytes = body.size(), .records = 2, .record_bytes = 24}).entries.size(), 2);
    EXPECT_EQ(parsed(body, cuts, {.bytes = 50, .records = 2, .record_bytes = 24}),
              too_large_batch("A body has at most 50 bytes."));
    EXPECT_EQ(parsed(body, cuts, {.bytes = body.size(), .records = 1, .record_bytes = 24}),
              too_large_batch("A batch has at most 1 time entries."));
    EXPECT_EQ(parsed(body, cuts, {.bytes = body.size(), .records = 2, .record_bytes = 23}),
              too_large_batch("A line has at most 23 bytes; line 1 has more."));
  }
}

}  // namespace
}  // namespace timestore::csv_test
