#include "engine/base/timestamp.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <cstdio>
#include <string>
#include <vector>

namespace timestore {
namespace {

std::string printed(int64_t timestamp_ns) {
  std::string out;
  append_timestamp(out, timestamp_ns);
  return out;
}

int naive_days_in_month(int year, int month) {
  const std::vector<int> days = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  const bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
  return days[static_cast<size_t>(month - 1)] + (month == 2 && leap ? 1 : 0);
}

// The oracle walks from 1970 month by month, and prints with printf.
std::string naively_printed(int64_t timestamp_ns) {
  int64_t nanoseconds = timestamp_ns % 1'000'000'000;
  int64_t seconds = timestamp_ns / 1'000'000'000;
  if (nanoseconds < 0) {
    nanoseconds += 1'000'000'000;
    seconds -= 1;
  }
  int year = 1970;
  int month = 1;
  while (seconds < 0) {
    if (--month == 0) {
      month = 12;
      --year;
    }
    seconds += int64_t{86'400} * naive_days_in_month(year, month);
  }
  while (seconds >= int64_t{86'400} * naive_days_in_month(year, month)) {
    seconds -= int64_t{86'400} * naive_days_in_month(year, month);
    if (++month == 13) {
      month = 1;
      ++year;
    }
  }
  char text[64];
  std::snprintf(text, sizeof text, "%04d-%02d-%02dT%02d:%02d:%02d.%09d", year, month,
                static_cast<int>(seconds / 86'400 + 1), static_cast<int>(seconds / 3600 % 24),
                static_cast<int>(seconds / 60 % 60), static_cast<int>(seconds % 60), static_cast<int>(nanoseconds));
  std::string out = text;
  while (out.back() == '0') out.pop_back();
  if (out.back() == '.') out.pop_back();
  return out + 'Z';
}

rc::Gen<int64_t> any_timestamp() {
  const auto anywhere = rc::gen::resize(rc::kNominalSize, rc::gen::arbitrary<int64_t>());
  const auto whole_seconds = rc::gen::map(anywhere, [](int64_t ns) { return ns / 1'000'000'000 * 1'000'000'000; });
  return rc::gen::map(rc::gen::oneOf(anywhere, whole_seconds, rc::gen::arbitrary<int64_t>()),
                      [](int64_t ns) { return std::max(ns, kMinTimestamp); });
}

RC_GTEST_PROP(Timestamp, prints_as_a_walk_through_the_months_does, ()) {
  const int64_t timestamp_ns = *any_timestamp();
  RC_ASSERT(printed(timestamp_ns) == naively_printed(timestamp_ns));
}

RC_GTEST_PROP(Timestamp, reads_what_the_walk_printed, ()) {
  const int64_t timestamp_ns = *any_timestamp();
  RC_ASSERT(parse_timestamp(naively_printed(timestamp_ns)) == timestamp_ns);
}

TEST(Timestamp, every_day_of_the_range_reads_and_prints) {
  constexpr int64_t kDay = 86'400'000'000'000;
  int64_t midnight = kMinTimestamp / kDay * kDay;
  int year = 1677;
  int month = 9;
  for (int day = 22; midnight <= kMaxTimestamp - kDay; midnight += kDay) {
    char text[64];
    std::snprintf(text, sizeof text, "%04d-%02d-%02dT00:00:00Z", year, month, day);
    ASSERT_EQ(parse_timestamp(text), midnight) << text;
    ASSERT_EQ(printed(midnight), text);
    if (++day > naive_days_in_month(year, month)) {
      day = 1;
      if (++month == 13) {
        month = 1;
        ++year;
      }
    }
  }
  EXPECT_EQ(year, 2262);
}

RC_GTEST_PROP(Timestamp, an_offset_moves_the_instant_against_it, ()) {
  const int64_t timestamp_ns = *any_timestamp();
  const auto minutes = *rc::gen::resize(rc::kNominalSize, rc::gen::inRange(-(24 * 60 - 1), 24 * 60));
  std::string text = naively_printed(timestamp_ns);
  char offset[16];
  std::snprintf(offset, sizeof offset, "%c%02d:%02d", minutes < 0 ? '-' : '+', std::abs(minutes) / 60,
                std::abs(minutes) % 60);
  text.replace(text.size() - 1, 1, offset);
  int64_t expected = 0;
  const bool overflows = __builtin_sub_overflow(timestamp_ns, int64_t{minutes} * 60'000'000'000, &expected);
  const Result<int64_t> parsed = parse_timestamp(text);
  const bool is_in_range = !overflows && expected >= kMinTimestamp;
  RC_ASSERT(parsed.has_value() == is_in_range);
  if (parsed) RC_ASSERT(*parsed == expected);
}

TEST(Timestamp, all_accepted_forms_of_one_instant_are_equal) {
  constexpr int64_t kNoon = 1'714'564'800'000'000'000;
  for (const std::string_view text : {
           "2024-05-01T12:00:00Z",
           "2024-05-01t12:00:00z",
           "2024-05-01 12:00:00Z",
           "2024-05-01T12:00:00",
           "2024-05-01T12:00:00.0Z",
           "2024-05-01T12:00:00.000000000Z",
           "2024-05-01T12:00:00.0000000000000Z",
           "2024-05-01T14:00:00+02:00",
           "2024-05-01T06:30:00-05:30",
           "2024-05-01T12:00:00-00:00",
           "2024-05-02T11:59:00+23:59",
           "2024-05-01T12:00Z",
           "2024-05-01T12:00",
           "2024-05-01T14:00+02:00",
       }) {
    EXPECT_EQ(parse_timestamp(text), kNoon) << text;
  }
  EXPECT_EQ(parse_timestamp("2024-05-01"), kNoon - 43'200'000'000'000);
  EXPECT_EQ(parse_timestamp("2024-05-01T12:00:00.1234567Z"), kNoon + 123'456'700);
  EXPECT_EQ(parse_timestamp("2024-05-01T12:00:00.000000001"), kNoon + 1);
}

TEST(Timestamp, the_range_ends_where_it_says) {
  EXPECT_EQ(parse_timestamp("1677-09-21T00:12:43.145224193Z"), kMinTimestamp);
  EXPECT_EQ(parse_timestamp("2262-04-11T23:47:16.854775807Z"), kMaxTimestamp);
  for (const std::string_view text :
       {"1677-09-21T00:12:43.145224192Z", "1677-09-21T00:12:43Z", "2262-04-11T23:47:16.854775808Z",
        "2262-04-11T23:47:17Z", "0000-01-01T00:00:00Z", "0001-01-01T00:00:00", "9999-12-31T23:59:59.9999999Z"}) {
    EXPECT_EQ(parse_timestamp(text).error().message,
              "A timestamp lies between 1677-09-21T00:12:43.145224193Z and 2262-04-11T23:47:16.854775807Z.")
        << text;
  }
}

TEST(Timestamp, the_number_below_the_range_still_prints) {
  EXPECT_EQ(printed(std::numeric_limits<int64_t>::min()), "1677-09-21T00:12:43.145224192Z");
}

TEST(Timestamp, what_does_not_exist_is_refused_by_name) {
  const std::vector<std::pair<std::string_view, std::string_view>> cases = {
      {"2024-00-01T00:00:00Z", "There is no month 0."},
      {"2024-13-01T00:00:00Z", "There is no month 13."},
      {"2024-01-00T00:00:00Z", "There is no day 0 in this month of the year 2024."},
      {"2024-04-31T00:00:00Z", "There is no day 31 in this month of the year 2024."},
      {"2023-02-29T00:00:00Z", "There is no day 29 in this month of the year 2023."},
      {"1900-02-29T00:00:00Z", "There is no day 29 in this month of the year 1900."},
      {"2024-05-01T24:00:00Z", "There is no hour 24."},
      {"2024-05-01T12:60:00Z", "There is no minute 60."},
      {"2024-05-01T12:00:61Z", "There is no second 61."},
      {"2016-12-31T23:59:60Z", "A leap second cannot be stored: write second 59 or the next minute."},
      {"2024-05-01T12:00:00.1234567891Z", "A timestamp is not finer than a nanosecond: at most 9 fraction digits."},
      {"2024-05-01T12:00:00.Z", "A decimal point in a timestamp is followed by digits."},
      {"2024-05-01T12:00:00+24:00", "An offset from UTC is at most 23:59."},
      {"2024-05-01T12:00:00+01:60", "An offset from UTC is at most 23:59."},
  };
  for (const auto& [text, message] : cases) EXPECT_EQ(parse_timestamp(text).error().message, message) << text;
}

TEST(Timestamp, other_shapes_are_refused) {
  for (const std::string_view text : {
           "",
           "now",
           "1714564800",
           "24-05-01T12:00:00Z",
           "2024-5-1T12:00:00Z",
           "2024/05/01T12:00:00Z",
           "+2024-05-01T12:00:00Z",
           "-024-05-01T12:00:00Z",
           "02024-05-01T12:00:00Z",
           "2024-05-011T12:00:00Z",
           "2024-05-01T",
           "2024-05-01T12",
           "2024-05-01T12:",
           "2024-05-01T12:0",
           "2024-05-01T12:00:",
           "2024-05-01T12:00:0",
           "2024-05-01T12:00:000",
           "2024-05-01T120000Z",
           "2024-05-01T12:00:00,5Z",
           "2024-05-01T12:00:00ZZ",
           "2024-05-01T12:00:00Z ",
           " 2024-05-01T12:00:00Z",
           "2024-05-01T12:00:00+",
           "2024-05-01T12:00:00+2",
           "2024-05-01T12:00:00+0200",
           "2024-05-01T12:00:00+02:00Z",
           "2024-05-01T12:00:00 02:00",
           "2024-05-01T12:00:00 UTC",
           "2024-05-01_12:00:00Z",
           "2024-05-01  12:00:00Z",
           "2024-W18-3T12:00:00Z",
       }) {
    EXPECT_FALSE(parse_timestamp(text)) << text;
  }
  EXPECT_FALSE(parse_timestamp(std::string_view("2024-05-01T12:00:00Z\0", 21)));
}

RC_GTEST_PROP(Timestamp, a_changed_character_never_crashes_and_reads_back_if_it_is_accepted, ()) {
  std::string text = naively_printed(*any_timestamp());
  const auto at = *rc::gen::resize(rc::kNominalSize, rc::gen::inRange<size_t>(0, text.size()));
  text[at] = *rc::gen::oneOf(rc::gen::arbitrary<char>(), rc::gen::element('0', '9', '-', '+', ':', '.', 'Z', ' '));
  const Result<int64_t> parsed = parse_timestamp(text);
  if (parsed) RC_ASSERT(parse_timestamp(printed(*parsed)) == *parsed);
}

}  // namespace
}  // namespace timestore
