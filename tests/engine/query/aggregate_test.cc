// What functions, buckets and fills answer, case by case.
#include "engine/query/aggregate.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "tests/engine/query/story.h"

namespace timestore::query::aggregate_test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr int64_t kSecondNs = 1'000'000'000;

// One device, whose values stand at these seconds since 1970.
Story device(const std::vector<std::pair<int64_t, double>>& points) {
  Story story;
  const Series a = story.series("a");
  for (const auto& [second, value] : points) story.store.add(a, second * kSecondNs, value);
  return story;
}

// --- Functions ------------------------------------------------------------------------------------------------------

TEST(Aggregate, of_nothing_has_no_rows) {
  Story story = device({{1, 1.0}});
  EXPECT_THAT(story.rows("fn=count&from=1970-01-01T00:00:02Z"), IsEmpty());
  EXPECT_THAT(story.rows("fn=count&deviceId=b"), IsEmpty());
  EXPECT_THAT(story.rows("fn=count,sum&bucket=1s&fill=null&from=1970-01-01T00:00:02Z&to=1970-01-01T00:00:05Z"),
              IsEmpty());
  EXPECT_THAT(story.rows("fn=count&from=1970-01-01T00:00:02Z&to=1970-01-01T00:00:01Z"), IsEmpty());
  EXPECT_THAT(Story().rows("fn=count"), IsEmpty());
}

TEST(Aggregate, begins_with_from_and_ends_before_to) {
  Story story = device({{1, 1.0}, {2, 2.0}, {3, 4.0}});
  EXPECT_THAT(story.rows("fn=sum&from=1970-01-01T00:00:01Z&to=1970-01-01T00:00:03Z"),
              ElementsAre("1970-01-01T00:00:01Z 3"));
}

TEST(Aggregate, is_labelled_by_the_first_selected_point_where_the_range_is_open) {
  Story story = device({{5, 1.0}, {9, 2.0}});
  EXPECT_THAT(story.rows("fn=sum"), ElementsAre("1970-01-01T00:00:05Z 3"));
  EXPECT_THAT(story.rows("fn=last"), ElementsAre("1970-01-01T00:00:05Z 2"));
  EXPECT_THAT(story.rows("fn=last&minValue=2"), ElementsAre("1970-01-01T00:00:09Z 2"));
}

TEST(Aggregate, stddev_is_that_of_a_sample_and_null_below_two) {
  EXPECT_THAT(device({{1, 2.0}}).rows("fn=stddev"), ElementsAre("1970-01-01T00:00:01Z null"));
  EXPECT_THAT(
      device({{1, 2.0}, {2, 4.0}, {3, 4.0}, {4, 4.0}, {5, 5.0}, {6, 5.0}, {7, 7.0}, {8, 9.0}}).rows("fn=stddev"),
      ElementsAre("1970-01-01T00:00:01Z 2.138089935299395"));
  EXPECT_THAT(device({{1, 1e9 + 1}, {2, 1e9 + 2}, {3, 1e9 + 3}}).rows("fn=stddev"),
              ElementsAre("1970-01-01T00:00:01Z 1"));
  EXPECT_THAT(device({{1, 1e300}, {2, -1e300}}).rows("fn=stddev"),
              ElementsAre("1970-01-01T00:00:01Z 1.4142135623730952e+300"));
}

TEST(Aggregate, median_averages_the_middle_two_and_percentiles_interpolate) {
  Story story = device({{1, 0.1}, {2, 0.3}, {3, 10}, {4, 20}});
  EXPECT_THAT(story.rows("fn=median,p0,p100,p50,p25,p99.9"),
              ElementsAre("1970-01-01T00:00:01Z 5.15 0.1 20 5.15 0.25 19.97"));
  EXPECT_THAT(device({{1, 0.1}, {2, 0.3}}).rows("fn=median"), ElementsAre("1970-01-01T00:00:01Z 0.2"));
  EXPECT_THAT(device({{1, 7.0}}).rows("fn=median,p1"), ElementsAre("1970-01-01T00:00:01Z 7 7"));
}

TEST(Aggregate, first_and_last_of_equal_times_go_by_the_log) {
  Story story;
  const Series a = story.series("a");
  const Series b = story.series("b");
  story.store.add(b, 1, 1.0);
  story.store.add(a, 1, 2.0);
  story.store.add(b, 1, 3.0);
  // A line stands before entries of its time in its series, but here the log counts.
  OwnedPoint& line = story.store.add_point(a, 1, std::bit_cast<uint64_t>(4.0));
  line.point.is_line = true;
  EXPECT_THAT(story.rows("fn=first,last"), ElementsAre("1970-01-01T00:00:00.000000001Z 1 4"));
  EXPECT_THAT(story.rows("fn=last"), ElementsAre("1970-01-01T00:00:00.000000001Z 4"));
  EXPECT_THAT(story.rows("fn=first&groupBy=device"),
              ElementsAre("a 1970-01-01T00:00:00.000000001Z 2", "b 1970-01-01T00:00:00.000000001Z 1"));
}

TEST(Aggregate, increase_counts_from_zero_after_a_drop_and_looks_before_the_range) {
  Story story = device({{0, 10}, {10, 15}, {20, 3}, {30, 4}});
  EXPECT_THAT(story.rows("fn=increase,rate,delta"), ElementsAre("1970-01-01T00:00:00Z 9 0.3 null"));
  EXPECT_THAT(story.rows("fn=increase,rate,delta&from=1970-01-01T00:00:05Z&to=1970-01-01T00:00:25Z"),
              ElementsAre("1970-01-01T00:00:05Z 8 0.4 -7"));
  EXPECT_THAT(story.rows("fn=increase,delta&bucket=20s"),
              ElementsAre("1970-01-01T00:00:00Z 5 null", "1970-01-01T00:00:20Z 4 -11"));
  EXPECT_THAT(device({{0, 10}}).rows("fn=increase,rate,delta,integral"),
              ElementsAre("1970-01-01T00:00:00Z null null null null"));
}

TEST(Aggregate, increase_does_not_extrapolate) {
  Story story = device({{3, 1}, {7, 2}});
  EXPECT_THAT(story.rows("fn=increase,rate&from=1970-01-01&to=1970-01-01T00:00:10Z"),
              ElementsAre("1970-01-01T00:00:00Z 1 0.1"));
}

TEST(Aggregate, integral_is_cut_at_edges_and_never_goes_beyond_the_ends) {
  Story story = device({{0, 0}, {20, 20}});
  EXPECT_THAT(story.rows("fn=integral"), ElementsAre("1970-01-01T00:00:00Z 200"));
  EXPECT_THAT(story.rows("fn=integral&bucket=10s"),
              ElementsAre("1970-01-01T00:00:00Z 50", "1970-01-01T00:00:10Z 150", "1970-01-01T00:00:20Z null"));
  EXPECT_THAT(story.rows("fn=integral,count&bucket=5s"),
              ElementsAre("1970-01-01T00:00:00Z 12.5 1", "1970-01-01T00:00:05Z 37.5 0", "1970-01-01T00:00:10Z 62.5 0",
                          "1970-01-01T00:00:15Z 87.5 0", "1970-01-01T00:00:20Z null 1"));
  EXPECT_THAT(story.rows("fn=integral&from=1970-01-01T00:00:05Z&to=1970-01-01T00:00:10Z"),
              ElementsAre("1970-01-01T00:00:05Z 37.5"));
  EXPECT_THAT(story.rows("fn=integral&from=1969-12-31T23:59:00Z&to=1970-01-01T00:01:00Z"),
              ElementsAre("1969-12-31T23:59:00Z 200"));
}

TEST(Aggregate, groups_sum_what_their_series_have_changed) {
  Story story;
  const Series a = story.series("a");
  const Series b = story.series("b");
  for (const auto& [second, value] : {std::pair(0, 1.0), {10, 2.0}}) story.store.add(a, second * kSecondNs, value);
  for (const auto& [second, value] : {std::pair(0, 5.0), {10, 9.0}}) story.store.add(b, second * kSecondNs, value);
  EXPECT_THAT(story.rows("fn=increase,integral"), ElementsAre("1970-01-01T00:00:00Z 5 85"));
  EXPECT_THAT(story.rows("fn=increase,integral&groupBy=device"),
              ElementsAre("a 1970-01-01T00:00:00Z 1 15", "b 1970-01-01T00:00:00Z 4 70"));
}

TEST(Aggregate, of_integers_is_exact_and_refused_beyond_64_bits) {
  Story story;
  const Series a = story.series("a", points::Type::kInteger);
  constexpr int64_t kMost = std::numeric_limits<int64_t>::max();
  story.store.add_point(a, 1, static_cast<uint64_t>(kMost));
  story.store.add_point(a, 2, static_cast<uint64_t>(kMost - 1));
  EXPECT_THAT(
      story.rows("fn=max,sum,avg"),
      ElementsAre("1970-01-01T00:00:00.000000001Z 9223372036854775807 18446744073709551613 9223372036854775808"));
  story.store.add_point(a, 3, 5);
  const QueryError error = story.error("fn=count,sum");
  EXPECT_EQ(error.kind, QueryError::Kind::kTooMuch);
  EXPECT_THAT(error.sentence, HasSubstr("beyond 64 bits"));
  EXPECT_THAT(story.rows("fn=avg"), ElementsAre("1970-01-01T00:00:00.000000001Z 6148914691236516864"));
}

TEST(Aggregate, skips_what_is_no_number) {
  Story story;
  story.store.add_point(story.series("b", points::Type::kBoolean), 1, 1);
  story.store.add_point(story.series("s", points::Type::kString), 2, 0).text = "hello";
  EXPECT_THAT(story.rows("fn=count,sum,avg,min,first,last,median,increase"),
              ElementsAre("1970-01-01T00:00:00.000000001Z 2 null null null true \"hello\" null null"));
}

TEST(Aggregate, sums_up_decimals_as_they_were_written) {
  std::vector<std::pair<int64_t, double>> points;
  for (int64_t second = 0; second < 10; ++second) points.emplace_back(second, 0.1);
  EXPECT_THAT(device(points).rows("fn=sum,avg"), ElementsAre("1970-01-01T00:00:00Z 1 0.1"));
}

// --- Buckets and fills ----------------------------------------------------------------------------------------------

TEST(Aggregate, sums_up_to_the_total_on_days_of_23_and_25_hours) {
  for (const auto& [day, next, hours] : {std::tuple("2024-03-30T23:00:00Z", "2024-03-31T22:00:00Z", 23),
                                         {"2024-10-26T22:00:00Z", "2024-10-27T23:00:00Z", 25}}) {
    Story story;
    const Series a = story.series("a");
    for (int64_t at = time_at(day); at < time_at(next); at += 600 * kSecondNs) story.store.add(a, at, 1);
    const std::string range = std::string("&tz=Europe/Berlin&from=") + day + "&to=" + next;
    EXPECT_THAT(story.rows("fn=sum&bucket=1d" + range),
                ElementsAre(std::string(day) + " " + std::to_string(hours * 6)));
    const auto by_hour = story.rows("fn=sum&bucket=1h&fill=0" + range);
    EXPECT_THAT(by_hour, SizeIs(static_cast<size_t>(hours)));
    for (const std::string& row : by_hour) EXPECT_TRUE(row.ends_with("Z 6")) << row;
  }
}

TEST(Aggregate, fills_with_the_edges_that_it_groups_by) {
  Story story = device({{0, 1.0}, {30, 4.0}});
  EXPECT_THAT(story.rows("fn=count,avg&bucket=10s&fill=null"),
              ElementsAre("1970-01-01T00:00:00Z 1 1", "1970-01-01T00:00:10Z 0 null", "1970-01-01T00:00:20Z 0 null",
                          "1970-01-01T00:00:30Z 1 4"));
  EXPECT_THAT(story.rows("fn=count,avg&bucket=10s&fill=7"),
              ElementsAre("1970-01-01T00:00:00Z 1 1", "1970-01-01T00:00:10Z 7 7", "1970-01-01T00:00:20Z 7 7",
                          "1970-01-01T00:00:30Z 1 4"));
  EXPECT_THAT(story.rows("fn=avg&bucket=10s&fill=linear"),
              ElementsAre("1970-01-01T00:00:00Z 1", "1970-01-01T00:00:10Z 2", "1970-01-01T00:00:20Z 3",
                          "1970-01-01T00:00:30Z 4"));
  EXPECT_THAT(story.rows("fn=avg&bucket=10s&fill=previous&order=desc&limit=2"),
              ElementsAre("1970-01-01T00:00:30Z 4", "1970-01-01T00:00:20Z 1"));
  EXPECT_THAT(story.rows("fn=avg&bucket=10s"), ElementsAre("1970-01-01T00:00:00Z 1", "1970-01-01T00:00:30Z 4"));
}

TEST(Aggregate, fills_the_start_of_the_range_from_before_it) {
  Story story = device({{3, 1.0}, {4, 3.0}, {35, 9.0}});
  const std::string range = "&bucket=10s&from=1970-01-01T00:00:20Z&to=1970-01-01T00:00:50Z";
  EXPECT_THAT(story.rows("fn=avg,count&fill=previous" + range),
              ElementsAre("1970-01-01T00:00:20Z 2 2", "1970-01-01T00:00:30Z 9 1", "1970-01-01T00:00:40Z 9 1"));
  EXPECT_THAT(story.rows("fn=avg&fill=linear" + range),
              ElementsAre("1970-01-01T00:00:20Z null", "1970-01-01T00:00:30Z 9", "1970-01-01T00:00:40Z null"));
}

// The label may precede the range, its points do not.
TEST(Aggregate, counts_only_what_is_in_range_of_its_first_bucket) {
  Story story = device({{3, 1.0}, {6, 2.0}, {13, 4.0}});
  EXPECT_THAT(story.rows("fn=sum&bucket=10s&from=1970-01-01T00:00:05Z"),
              ElementsAre("1970-01-01T00:00:00Z 2", "1970-01-01T00:00:10Z 4"));
}

TEST(Aggregate, fills_only_groups_that_have_a_point) {
  Story story;
  const Series a = story.series("a");
  const Series b = story.series("b");
  story.store.add(a, 0, 1);
  story.store.add(a, 20 * kSecondNs, 1);
  story.store.add(b, 100 * kSecondNs, 1);
  EXPECT_THAT(story.rows("fn=count&bucket=10s&fill=0&groupBy=device&to=1970-01-01T00:00:30Z"),
              ElementsAre("a 1970-01-01T00:00:00Z 1", "a 1970-01-01T00:00:10Z 0", "a 1970-01-01T00:00:20Z 1"));
}

TEST(Aggregate, orders_groups_by_their_bytes_and_the_missing_first) {
  Story story;
  for (const char* room : {"b", "", "a"}) {
    Series& series = story.series(std::string("device-") + room);
    if (*room != '\0') series.tags = {{"room", room}};
    story.store.add(series, 1, 1);
  }
  EXPECT_THAT(story.rows("fn=count&groupBy=tag.room"),
              ElementsAre("- 1970-01-01T00:00:00.000000001Z 1", "a 1970-01-01T00:00:00.000000001Z 1",
                          "b 1970-01-01T00:00:00.000000001Z 1"));
}

TEST(Aggregate, limits_the_rows_of_each_group) {
  Story story;
  const Series a = story.series("a");
  const Series b = story.series("b");
  for (int64_t second = 0; second < 5; ++second) {
    story.store.add(b, second * kSecondNs, 1);
    story.store.add(a, (second + 2) * kSecondNs, 1);
  }
  EXPECT_THAT(story.rows("fn=count&bucket=1s&groupBy=device&limit=2"),
              ElementsAre("a 1970-01-01T00:00:02Z 1", "a 1970-01-01T00:00:03Z 1", "b 1970-01-01T00:00:00Z 1",
                          "b 1970-01-01T00:00:01Z 1"));
  EXPECT_THAT(story.rows("fn=count&bucket=1s&limit=1&order=desc"), ElementsAre("1970-01-01T00:00:06Z 1"));
  EXPECT_THAT(story.rows("fn=count&bucket=1s&limit=1"), ElementsAre("1970-01-01T00:00:00Z 1"));
}

// --- Limits ---------------------------------------------------------------------------------------------------------

TEST(Aggregate, says_which_limit_is_in_the_way_and_how_to_ask_for_less) {
  Story story;
  for (const char* name : {"a", "b", "c"}) {
    const Series series = story.series(name);
    for (int64_t second = 0; second < 100; ++second) story.store.add(series, second * kSecondNs, 1);
  }
  story.limits.groups = 2;
  EXPECT_THAT(story.error("fn=count&groupBy=device").sentence, HasSubstr("more than 2 groups"));
  story.limits.rows = 99;
  EXPECT_THAT(story.error("fn=count&bucket=1s").sentence, HasSubstr("more than 99 rows"));
  EXPECT_THAT(story.rows("fn=count&bucket=1s&limit=5"), SizeIs(5));
  EXPECT_THAT(story.error("fn=count&bucket=1ms&fill=null").sentence, HasSubstr("more than 99 rows"));
  EXPECT_THAT(story.rows("fn=count&bucket=1ms&fill=null&limit=3"), SizeIs(3));
  story.limits.bytes = 1000;
  const QueryError error = story.error("fn=p50");
  EXPECT_EQ(error.kind, QueryError::Kind::kTooMuch);
  EXPECT_THAT(error.sentence, HasSubstr("percentiles keep every value"));
  EXPECT_THAT(story.rows("fn=avg"), SizeIs(1));
}

// From the year 1677 on there are 18 milliards of seconds to fill.
TEST(Aggregate, that_would_fill_for_centuries_is_refused_at_once) {
  Story story = device({{0, 1.0}});
  EXPECT_THAT(story.error("fn=count&bucket=1s&fill=0&from=1678-01-01").sentence, HasSubstr("more than 1000000 rows"));
  EXPECT_THAT(story.rows("fn=count&bucket=1s&fill=0&from=1678-01-01&limit=1"), ElementsAre("1678-01-01T00:00:00Z 0"));
  Story gap = device({{-9'000'000'000, 1.0}, {9'000'000'000, 1.0}});
  gap.limits.rows = 10'000;
  EXPECT_THAT(gap.error("fn=integral&bucket=1s").sentence, HasSubstr("more than 10000 rows"));
}

TEST(Aggregate, ends_when_it_is_told_to) {
  Story story = device({{0, 1.0}});
  story.limits.goes_on = [] { return false; };
  EXPECT_EQ(story.error("fn=count").kind, QueryError::Kind::kEnded);
}

TEST(Aggregate, of_an_unknown_zone_names_the_parameter) {
  Story story = device({{0, 1.0}});
  const QueryError error = story.error("fn=count&bucket=1d&tz=Europe/Nowhere");
  EXPECT_EQ(error.parameter, "tz");
  EXPECT_THAT(error.sentence, HasSubstr("Europe/Nowhere"));
}

// Blocks whose statistics say enough are not decoded.
TEST(Aggregate, decodes_only_blocks_that_it_must) {
  Story story;
  const Series a = story.series("a");
  for (int64_t second = 0; second < 4096; ++second) story.store.add(a, second * kSecondNs, 1);
  const auto decoded = [&](const std::string& question) {
    MemorySource source(story.store, {.max_batch = 1, .statistics_in_percent = 100, .seed = 1});
    MemorySource blocks(story.store);
    EXPECT_TRUE(aggregate(parse_aggregate_query(parameters(question)).value(), blocks, {}, [](const AggregateRow&) {}));
    return blocks.decoded_batches();
  };
  EXPECT_EQ(decoded("fn=count,sum,avg,min,max&bucket=1d"), 0u);
  EXPECT_EQ(decoded("fn=max&minValue=5"), 0u);
  EXPECT_EQ(decoded("fn=max&minValue=0&maxValue=2"), 0u);
  EXPECT_EQ(decoded("fn=last"), 1u);
  EXPECT_EQ(decoded("fn=first&from=1970-01-01"), 1u);
  EXPECT_LE(decoded("fn=max&bucket=1s&limit=3"), 1u);
}

}  // namespace
}  // namespace timestore::query::aggregate_test
