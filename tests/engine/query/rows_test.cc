// Rows in every order, page by page, while points come and go.
#include "engine/query/rows.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <map>
#include <set>
#include <tuple>

#include "engine/query/row_cursor.h"
#include "tests/engine/query/any_query.h"
#include "tests/engine/query/naive_aggregate.h"
#include "tests/engine/query/story.h"

namespace timestore::query::rows_test {
namespace {

using points::Point;
using points::Seq;
using ::testing::ElementsAre;

struct ToldRow {
  std::string name;
  bool is_of_line;
  int64_t time_ns;
  bool is_entry;
  Seq seq;
  std::string text;  // its value and its attributes
  bool operator==(const ToldRow&) const = default;
};

ToldRow told(const Series& series, const Point& point) {
  std::string text;
  append_value(text, value_of(point.type, point.bits, point.text));
  return {series.name, series.is_line, point.time_ns, !point.is_line, point.seq, text + std::string(point.attributes)};
}

// By the definition: all that pass, sorted.
std::vector<ToldRow> naive_rows(const RowsQuery& query, const MemoryStore& store) {
  std::vector<ToldRow> rows;
  const auto take = [&](const Point& point) {
    const Series& series = store.series[point.series - 1];
    const TimeRange& range = query.filter.range;
    const bool is_in =
        (!range.from_ns || point.time_ns >= *range.from_ns) && (!range.to_ns || point.time_ns < *range.to_ns);
    if (is_in && naive_passes(query.filter, series, point)) rows.push_back(told(series, point));
  };
  if (query.order == Order::kLog) {
    for (const OwnedPoint& owned : store.points) {
      Point point = owned.point;
      point.text = owned.text;
      point.attributes = owned.attributes;
      take(point);
    }
    return rows;
  }
  for (const Point& point : surviving(store)) take(point);
  std::stable_sort(rows.begin(), rows.end(), [&](const ToldRow& left, const ToldRow& right) {
    const auto by_time = [](const ToldRow& row) {
      return std::tuple(row.time_ns, row.name, row.is_entry, row.is_of_line, row.is_entry ? row.seq : 0);
    };
    if (query.order == Order::kDevice && left.name != right.name) return left.name < right.name;
    return query.order == Order::kDescending ? by_time(right) < by_time(left) : by_time(left) < by_time(right);
  });
  return rows;
}

std::string text_of(const std::vector<ToldRow>& rows) {
  std::string text;
  for (const ToldRow& row : rows) {
    text += row.name + (row.is_of_line ? " line series " : " ") + std::to_string(row.time_ns) +
            (row.is_entry ? " entry " : " line ") + std::to_string(row.seq) + " " + row.text + "\n";
  }
  return text;
}

std::vector<ToldRow> all_pages(RowReader& reader) {
  std::vector<ToldRow> rows;
  while (true) {
    const auto more = reader.next_page([&](const Row& row) { rows.push_back(told(row.series, row.point)); });
    if (!more) RC_FAIL(more.error().sentence);
    if (!*more) return rows;
  }
}

Limits any_page(Prng& prng) {
  Limits limits;
  limits.page_rows = 1 + prng.below(prng.chance(1, 2) ? 5 : 500);
  limits.page_bytes = 1 + prng.below(prng.chance(1, 2) ? 3000 : 1'000'000);
  return limits;
}

RowsQuery any_rows_query(Prng& prng, int64_t origin) {
  RowsQuery query{.filter = any_filter(prng, origin), .order = static_cast<Order>(prng.below(4))};
  if (prng.chance(1, 3)) query.limit = 1 + prng.below(50);
  return query;
}

RC_GTEST_PROP(Rows, are_those_of_their_definition_in_pages_of_any_size, (uint64_t seed)) {
  Prng prng(seed);
  const int64_t origin = any_origin(prng);
  const MemoryStore store = any_store(prng, origin);
  for (int round = 0; round < 8; ++round) {
    const RowsQuery query = any_rows_query(prng, origin);
    MemorySource source(store, any_layout(prng));
    auto reader = RowReader::open(query, source, any_page(prng));
    RC_ASSERT(reader.has_value());
    auto expected = naive_rows(query, store);
    if (query.limit && expected.size() > *query.limit) expected.resize(*query.limit);
    RC_ASSERT(text_of(all_pages(*reader)) == text_of(expected));
  }
}

// Each page by a cursor of its own, as a client asks, while points are added, replaced and removed.
RC_GTEST_PROP(Rows, of_cursors_miss_and_repeat_nothing_while_points_change, (uint64_t seed)) {
  Prng prng(seed);
  const int64_t origin = any_origin(prng);
  MemoryStore store = any_store(prng, origin);
  RowsQuery query = any_rows_query(prng, origin);
  query.limit.reset();
  const auto before = naive_rows(query, store);
  std::set<Seq> changed;
  std::vector<ToldRow> rows;
  for (bool goes_on = true; goes_on;) {
    MemorySource source(store, any_layout(prng));
    auto reader = RowReader::open(query, source, any_page(prng));
    RC_ASSERT(reader.has_value());
    const auto more = reader->next_page([&](const Row& row) { rows.push_back(told(row.series, row.point)); });
    RC_ASSERT(more.has_value());
    goes_on = *more;
    if (!reader->place()) continue;
    const auto place = decode_cursor(encode_cursor(query, *reader->place()), query);
    RC_ASSERT(place.has_value());
    query.after = *place;

    const auto change = [&](const Point& point) {  // what it replaces, or lays bare, changes too
      changed.insert(point.seq);
      for (const OwnedPoint& other : store.points) {
        const bool are_lines = other.point.is_line && point.is_line;
        const bool is_same = other.point.series == point.series && other.point.time_ns == point.time_ns;
        if (are_lines && is_same) changed.insert(other.point.seq);
      }
    };
    for (size_t at = store.points.size(); at-- > 0;) {
      if (!prng.chance(1, 20)) continue;
      change(store.points[at].point);
      store.points.erase(store.points.begin() + static_cast<std::ptrdiff_t>(at));
    }
    for (size_t count = prng.below(3); count > 0 && store.points.size() < 500; --count) {
      const Series& series = store.series[prng.below(store.series.size())];
      OwnedPoint& added = store.add_point(series, any_time(prng, origin), 0);
      added.point.is_line = prng.chance(1, 2);
      change(added.point);
    }
    if (query.order == Order::kLog) goes_on = goes_on && rows.size() < 2000;
  }
  const auto untouched = [&](const ToldRow& row) { return !changed.contains(row.seq); };
  std::vector<ToldRow> stayed;
  std::copy_if(before.begin(), before.end(), std::back_inserter(stayed), untouched);
  std::vector<ToldRow> seen;
  std::copy_if(rows.begin(), rows.end(), std::back_inserter(seen), untouched);
  RC_ASSERT(text_of(seen) == text_of(stayed));

  // What came meanwhile may be told or not, but nothing is told twice, not even a line that was replaced.
  if (query.order == Order::kLog) return;
  std::set<std::tuple<std::string, bool, int64_t, bool, Seq>> places;
  for (const ToldRow& row : rows) {
    const Seq seq = row.is_entry ? row.seq : 0;
    RC_ASSERT(places.emplace(row.name, row.is_of_line, row.time_ns, row.is_entry, seq).second);
  }
}

TEST(Rows, the_newest_ten_need_few_blocks) {
  MemoryStore store;
  for (int device = 0; device < 100; ++device) {
    const Series series = store.add_series("device-" + std::to_string(1000 + device));
    for (int64_t second = 0; second < 50; ++second) store.add(series, second * kTestSecond, device);
  }
  MemorySource source(store, {.max_batch = 1, .statistics_in_percent = 100, .seed = 1});
  auto reader = RowReader::open({.order = Order::kDescending, .limit = 10}, source, {}).value();
  std::vector<std::string> names;
  EXPECT_FALSE(reader.next_page([&](const Row& row) { names.push_back(row.series.name); }).value());
  EXPECT_EQ(names.size(), 10u);
  EXPECT_EQ(names.front(), "device-1099");
  EXPECT_EQ(names.back(), "device-1090");
  EXPECT_LE(source.decoded_batches(), 150u);  // of 5,000
}

TEST(Rows, of_many_small_series_need_few_readings) {
  MemoryStore store;
  for (int device = 0; device < 1000; ++device) {
    const Series series = store.add_series("device-" + std::to_string(5000 - device));
    store.add(series, device * kTestSecond, device);
  }
  MemorySource source(store);
  auto reader = RowReader::open({.order = Order::kDevice}, source, {}).value();
  std::vector<std::string> names;
  EXPECT_FALSE(reader.next_page([&](const Row& row) { names.push_back(row.series.name); }).value());
  EXPECT_EQ(names.size(), 1000u);
  EXPECT_TRUE(std::is_sorted(names.begin(), names.end()));
  EXPECT_LE(source.readings(), 10u);
}

TEST(Rows, put_lines_before_entries_and_merge_series_of_one_name) {
  MemoryStore store;
  const Series plain = store.add_series("Living room");
  Series& line = store.add_series("Living room");
  line.is_line = true;
  store.add(plain, 5, 1);
  store.add(plain, 4, 2);
  OwnedPoint& later = store.add_point(plain, 5, std::bit_cast<uint64_t>(3.0));
  later.point.is_line = true;
  OwnedPoint& field = store.add_point(line, 5, std::bit_cast<uint64_t>(4.0));
  field.point.is_line = true;
  for (const Order order : {Order::kDevice, Order::kAscending}) {
    MemorySource source(store);
    auto reader = RowReader::open({.order = order}, source, {}).value();
    std::vector<double> values;
    EXPECT_FALSE(
        reader.next_page([&](const Row& row) { values.push_back(std::bit_cast<double>(row.point.bits)); }).value());
    EXPECT_THAT(values, ElementsAre(2, 3, 4, 1));
  }
}

}  // namespace
}  // namespace timestore::query::rows_test
