// Edges of buckets: days of 23 and 25 hours, gaps, clocks that show a time twice, offsets of minutes and seconds.
#include "engine/query/buckets.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "engine/base/prng.h"
#include "engine/base/timestamp.h"

namespace timestore::query::buckets_test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr int64_t kSecond = 1'000'000'000;

std::shared_ptr<const TimeZone> zone(const std::string& name) {
  auto found = TimeZone::named(name);
  if (!found) ADD_FAILURE() << found.error().sentence;
  return std::make_shared<const TimeZone>(found ? *found : TimeZone::utc());
}

int64_t time_of(const std::string& text) { return parse_timestamp(text).value(); }

std::string text_of(int64_t time_ns) {
  std::string text;
  append_timestamp(text, time_ns);
  return text;
}

BucketWidth width(const std::string& text) { return parse_bucket_width(text).value(); }

// Where buckets begin, from the one that holds `from` on.
std::vector<std::string> beginnings(const std::string& bucket, const std::string& in, const std::string& from,
                                    size_t count) {
  const Buckets buckets(width(bucket), zone(in));
  std::vector<std::string> texts;
  Bucket at = buckets.containing(time_of(from));
  for (; count > 0; --count, at = buckets.containing(at.last_ns + 1)) texts.push_back(text_of(at.first_ns));
  return texts;
}

// --- Tables ---------------------------------------------------------------------------------------------------------

TEST(Buckets, of_a_day_has_23_hours_where_clocks_go_forward) {
  EXPECT_THAT(beginnings("1d", "Europe/Berlin", "2024-03-30T12:00:00Z", 3),
              ElementsAre("2024-03-29T23:00:00Z", "2024-03-30T23:00:00Z", "2024-03-31T22:00:00Z"));
}

TEST(Buckets, of_a_day_has_25_hours_where_clocks_go_back) {
  EXPECT_THAT(beginnings("1d", "Europe/Berlin", "2024-10-26T22:00:00Z", 2),
              ElementsAre("2024-10-26T22:00:00Z", "2024-10-27T23:00:00Z"));
}

TEST(Buckets, of_an_hour_that_clocks_show_twice_are_two) {
  EXPECT_THAT(
      beginnings("1h", "Europe/Berlin", "2024-10-26T23:30:00Z", 4),
      ElementsAre("2024-10-26T23:00:00Z", "2024-10-27T00:00:00Z", "2024-10-27T01:00:00Z", "2024-10-27T02:00:00Z"));
}

// Civil 02:00 shows twice, and for two hours it is an edge once: the first time.
TEST(Buckets, of_two_hours_are_longer_where_clocks_go_back) {
  EXPECT_THAT(beginnings("2h", "Europe/Berlin", "2024-10-26T23:30:00Z", 3),
              ElementsAre("2024-10-26T22:00:00Z", "2024-10-27T00:00:00Z", "2024-10-27T03:00:00Z"));
}

// Civil 02:00 does not exist: the bucket begins where the clocks show 03:00.
TEST(Buckets, begin_behind_a_gap_that_holds_their_edge) {
  EXPECT_THAT(beginnings("2h", "Europe/Berlin", "2024-03-30T23:30:00Z", 3),
              ElementsAre("2024-03-30T23:00:00Z", "2024-03-31T01:00:00Z", "2024-03-31T02:00:00Z"));
}

TEST(Buckets, know_clocks_that_move_by_half_an_hour) {  // Lord Howe: 02:00 becomes 01:30
  EXPECT_THAT(
      beginnings("1h", "Australia/Lord_Howe", "2024-04-06T13:30:00Z", 4),
      ElementsAre("2024-04-06T13:00:00Z", "2024-04-06T14:00:00Z", "2024-04-06T15:30:00Z", "2024-04-06T16:30:00Z"));
  EXPECT_THAT(beginnings("30m", "Australia/Lord_Howe", "2024-04-06T14:30:00Z", 3),
              ElementsAre("2024-04-06T14:30:00Z", "2024-04-06T15:00:00Z", "2024-04-06T15:30:00Z"));
}

TEST(Buckets, know_a_day_that_was_skipped) {  // Samoa had no 30 December 2011
  EXPECT_THAT(beginnings("1d", "Pacific/Apia", "2011-12-29T12:00:00Z", 3),
              ElementsAre("2011-12-29T10:00:00Z", "2011-12-30T10:00:00Z", "2011-12-31T10:00:00Z"));
}

TEST(Buckets, know_midnights_that_do_not_exist) {  // Sao Paulo, 2018-11-04: from 00:00 to 01:00
  EXPECT_THAT(beginnings("1d", "America/Sao_Paulo", "2018-11-03T12:00:00Z", 3),
              ElementsAre("2018-11-03T03:00:00Z", "2018-11-04T03:00:00Z", "2018-11-05T02:00:00Z"));
}

TEST(Buckets, know_offsets_of_seconds) {
  EXPECT_THAT(beginnings("1h", "Africa/Monrovia", "1971-06-01T00:00:00Z", 2),
              ElementsAre("1971-05-31T23:44:30Z", "1971-06-01T00:44:30Z"));
  EXPECT_THAT(beginnings("1d", "Europe/Amsterdam", "1930-01-01T12:00:00Z", 2),
              ElementsAre("1929-12-31T23:40:28Z", "1930-01-01T23:40:28Z"));
}

TEST(Buckets, have_origins_in_civil_time) {
  EXPECT_THAT(beginnings("1w", "UTC", "2024-05-01T12:00:00Z", 2),
              ElementsAre("2024-04-29T00:00:00Z", "2024-05-06T00:00:00Z"));  // Mondays
  EXPECT_THAT(beginnings("2w", "UTC", "1970-01-01T00:00:00Z", 2),
              ElementsAre("1969-12-22T00:00:00Z", "1970-01-05T00:00:00Z"));
  EXPECT_THAT(beginnings("3d", "UTC", "1969-12-31T00:00:00Z", 2),
              ElementsAre("1969-12-29T00:00:00Z", "1970-01-01T00:00:00Z"));
  EXPECT_THAT(beginnings("5mo", "UTC", "1970-06-30T00:00:00Z", 2),
              ElementsAre("1970-06-01T00:00:00Z", "1970-11-01T00:00:00Z"));
  EXPECT_THAT(beginnings("1mo", "America/New_York", "2024-02-29T12:00:00Z", 2),
              ElementsAre("2024-02-01T05:00:00Z", "2024-03-01T05:00:00Z"));
  EXPECT_THAT(beginnings("4y", "UTC", "1969-12-31T23:59:59Z", 2),
              ElementsAre("1966-01-01T00:00:00Z", "1970-01-01T00:00:00Z"));
}

TEST(Buckets, that_do_not_divide_a_day_begin_anew_at_midnight) {
  EXPECT_THAT(beginnings("7h", "UTC", "2024-01-01T15:00:00Z", 3),
              ElementsAre("2024-01-01T14:00:00Z", "2024-01-01T21:00:00Z", "2024-01-02T00:00:00Z"));
}

TEST(Buckets, are_floored_before_1970_too) {
  EXPECT_THAT(beginnings("1h", "UTC", "1969-12-31T23:59:59.999999999Z", 2),
              ElementsAre("1969-12-31T23:00:00Z", "1970-01-01T00:00:00Z"));
}

TEST(Buckets, are_cut_where_timestamps_end) {
  for (const char* text : {"1ns", "1h", "1d", "1w", "1y"}) {
    for (const char* name : {"UTC", "Pacific/Kiritimati", "America/Los_Angeles"}) {
      const Buckets buckets(width(text), zone(name));
      EXPECT_EQ(buckets.containing(kMinTimestamp).first_ns, kMinTimestamp) << text << name;
      EXPECT_EQ(buckets.containing(kMaxTimestamp).last_ns, kMaxTimestamp) << text << name;
    }
  }
}

TEST(BucketWidth, is_read_or_refused_with_a_sentence) {
  EXPECT_EQ(width("10s"), (BucketWidth{BucketWidth::Unit::kNanoseconds, 10 * kSecond}));
  EXPECT_EQ(width("24h"), (BucketWidth{BucketWidth::Unit::kNanoseconds, 86'400 * kSecond}));
  EXPECT_EQ(width("2y"), (BucketWidth{BucketWidth::Unit::kMonths, 24}));
  const auto refusal = [](const char* text) { return parse_bucket_width(text).error().message; };
  for (const char* text : {"", "h", "5", "5 m", "1.5h", "5M", "m5"})
    EXPECT_THAT(refusal(text), HasSubstr("a number and a unit"));
  for (const char* text : {"0s", "-1h", "99999999999999999999s"})
    EXPECT_THAT(refusal(text), HasSubstr("positive")) << text;
  EXPECT_THAT(refusal("25h"), HasSubstr("written in days"));
  EXPECT_THAT(refusal("10001d"), HasSubstr("at most 10000"));
}

// --- Zones ----------------------------------------------------------------------------------------------------------

int64_t offset_at(const TimeZone& in, int64_t time_ns) { return in.stretches()[in.stretch_at(time_ns)].offset_s; }

TEST(TimeZone, has_summers_behind_the_end_of_its_list) {
  EXPECT_EQ(offset_at(*zone("Europe/Berlin"), time_of("2100-07-01T00:00:00Z")), 7200);
  EXPECT_EQ(offset_at(*zone("Europe/Berlin"), time_of("2100-12-01T00:00:00Z")), 3600);
  EXPECT_EQ(offset_at(*zone("Australia/Sydney"), time_of("2261-12-01T00:00:00Z")), 39600);
  EXPECT_EQ(offset_at(*zone("Europe/Dublin"), time_of("2100-07-01T00:00:00Z")), 3600);
  EXPECT_EQ(offset_at(*zone("Asia/Tokyo"), time_of("2200-07-01T00:00:00Z")), 32400);
}

// The library cannot read their rule: hours below zero. When this fails, the header of zone_rule is to be changed.
TEST(TimeZone, of_greenland_keeps_its_last_winter_after_2037) {
  EXPECT_EQ(offset_at(*zone("America/Nuuk"), time_of("2030-07-01T00:00:00Z")), -3600);
  EXPECT_EQ(offset_at(*zone("America/Nuuk"), time_of("2050-07-01T00:00:00Z")), -7200);
}

TEST(TimeZone, that_does_not_exist_is_named) {
  for (const char* name : {"Mars/Olympus", "", "../../etc/passwd", "europe/berlin", "leapseconds", "tzdata.zi",
                           "localtime", "posixrules", "zone.tab", "Europe"}) {
    const auto found = TimeZone::named(name);
    ASSERT_FALSE(found) << name;
    EXPECT_FALSE(found.error().is_environment) << name;
    EXPECT_THAT(found.error().sentence, HasSubstr("there is no time zone")) << name;
  }
}

// The names that the database lists itself.
std::vector<std::string> all_zones() {
  std::ifstream list("/usr/share/zoneinfo/tzdata.zi");
  std::vector<std::string> names;
  for (std::string line; std::getline(list, line);) {
    if (line.starts_with("Z ")) names.push_back(line.substr(2, line.find(' ', 2) - 2));
    if (line.starts_with("L ")) names.push_back(line.substr(line.find(' ', 2) + 1));
  }
  std::erase(names, "Factory");
  return names;
}

// By the definition, second by second: which of these moments are edges.
std::set<int64_t> naive_edges(const TimeZone& in, BucketWidth bucket, int64_t from_s, int64_t to_s) {
  const Buckets civil(bucket, std::make_shared<const TimeZone>(TimeZone::utc()));  // what clocks without jumps would do
  const auto local = [&](int64_t time_s) { return time_s + offset_at(in, time_s * kSecond); };
  const auto begins = [&](int64_t local_s) {
    return civil.containing(local_s * kSecond).first_ns == local_s * kSecond;
  };
  const auto last = [&](int64_t local_s) { return civil.containing(local_s * kSecond).first_ns / kSecond; };
  const bool sees_twice = bucket.unit == BucketWidth::Unit::kNanoseconds && bucket.count <= 3600 * kSecond;
  std::set<int64_t> edges;
  int64_t reached = local(from_s - 100'000);
  for (int64_t at = from_s - 100'000 + 1; at < to_s; ++at) {
    const int64_t shown = local(at);
    const bool leaps = last(shown) > (sees_twice ? local(at - 1) : reached);
    if (at >= from_s && (leaps || (sees_twice && begins(shown)))) edges.insert(at);
    reached = std::max(reached, shown);
  }
  return edges;
}

std::set<int64_t> edges_of(const Buckets& buckets, int64_t from_s, int64_t to_s) {
  std::set<int64_t> edges;
  for (Bucket at = buckets.containing(from_s * kSecond - 1); at.last_ns < to_s * kSecond - 1;) {
    edges.insert((at.last_ns + 1) / kSecond);
    at = buckets.containing(at.last_ns + 1);
  }
  return edges;
}

constexpr const char* kSomeWidths[] = {"1m",  "10m", "15m", "1h", "90m", "2h", "7h",
                                       "12h", "24h", "1d",  "2d", "1w",  "1mo"};

// One in so many of all transitions of all zones, each time others.
RC_GTEST_PROP(Buckets, are_those_of_their_definition_around_transitions, (uint64_t seed)) {
  static const std::vector<std::string> kNames = all_zones();
  RC_ASSERT(kNames.size() > 400u);
  Prng prng(seed);
  const auto in = zone(kNames[prng.below(kNames.size())]);
  const BucketWidth bucket = width(kSomeWidths[prng.below(std::size(kSomeWidths))]);
  const int64_t begin_s = in->stretches()[prng.below(in->stretches().size())].begin_s;
  const int64_t at_s =
      std::clamp<int64_t>(begin_s, kMinTimestamp / kSecond + 400'000, kMaxTimestamp / kSecond - 400'000);
  const Buckets buckets(bucket, in);
  RC_ASSERT(edges_of(buckets, at_s - 30'000, at_s + 100'000) ==
            naive_edges(*in, bucket, at_s - 30'000, at_s + 100'000));
}

// Sum over buckets = total: each moment is in exactly one bucket. At every transition of every zone.
TEST(Buckets, leave_no_moment_out_and_share_none_in_any_zone) {
  std::map<std::vector<int64_t>, std::string> known;  // many names have one history
  for (const std::string& name : all_zones()) {
    const auto in = zone(name);
    std::vector<int64_t> history;
    for (const auto& stretch : in->stretches()) history.insert(history.end(), {stretch.begin_s, stretch.offset_s});
    if (!known.emplace(std::move(history), name).second) continue;
    for (const char* text : {"15m", "1h", "2h", "1d", "1mo"}) {
      const Buckets buckets(width(text), in);
      for (const auto& stretch : in->stretches()) {
        if (stretch.begin_s < kMinTimestamp / kSecond || stretch.begin_s > kMaxTimestamp / kSecond) continue;
        Bucket at = buckets.containing(stretch.begin_s * kSecond - 1);
        for (int step = 0; step < 3 && at.last_ns < kMaxTimestamp; ++step) {
          const Bucket next = buckets.containing(at.last_ns + 1);
          ASSERT_EQ(next.first_ns, at.last_ns + 1) << name << " " << text << " " << text_of(at.last_ns);
          ASSERT_EQ(buckets.containing(at.first_ns), at) << name << " " << text << " " << text_of(at.first_ns);
          ASSERT_EQ(buckets.containing(at.last_ns), at) << name << " " << text << " " << text_of(at.first_ns);
          at = next;
        }
      }
    }
  }
  EXPECT_GT(known.size(), 250u);
}

}  // namespace
}  // namespace timestore::query::buckets_test
