// The series file as a source of queries: the same points as a scan tells, sealed and fresh.
#include "engine/store/series/point_source.h"

#include <gmock/gmock.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <bit>
#include <map>

#include "engine/base/prng.h"
#include "engine/query/aggregate.h"
#include "engine/query/rows.h"
#include "tests/engine/store/series/series_story.h"

namespace timestore::store::point_source_test {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

std::vector<TimeEntry> rows_of(SeriesReader& reader, const query::RowsQuery& query, std::size_t page_rows = 10'000) {
  std::vector<TimeEntry> entries;
  auto rows = query::RowReader::open(query, reader.source(), {.page_rows = page_rows});
  TIMESTORE_CHECK(rows.has_value(), "the query can be read");
  while (true) {
    const auto more = rows->next_page([&](const query::Row& row) {
      entries.push_back({.id = reader.id_of(row.point, row.series).value(),
                         .device_id = row.series.name,
                         .timestamp_ns = row.point.time_ns,
                         .value = std::bit_cast<double>(row.point.bits),
                         .attributes = std::string(row.point.attributes)});
    });
    TIMESTORE_CHECK(more.has_value(), "the page can be read");
    if (!*more) return entries;
  }
}

std::vector<std::string> names_of(SeriesReader& reader, const query::SeriesWanted& wanted) {
  std::vector<std::string> names;
  const auto listed = reader.source().list(wanted, [&](query::Series&& series) { names.push_back(series.name); });
  EXPECT_TRUE(listed.has_value());
  return names;
}

TEST_F(SeriesStory, series_are_listed_whether_sealed_or_fresh) {
  apply({measurement("kitchen", 1, 1), measurement("hall", 1, 1)});
  auto reader = open_reader(disk);
  ASSERT_TRUE(reader->begin().has_value());
  EXPECT_THAT(names_of(*reader, {}), ElementsAre("kitchen", "hall"));
  const std::vector<std::string> some = {"hall", "cellar", "hall"};
  EXPECT_THAT(names_of(*reader, {.names = some}), ElementsAre("hall"));
  const std::vector<std::string> prefixes = {"ki", "k"};
  EXPECT_THAT(names_of(*reader, {.prefixes = prefixes}), ElementsAre("kitchen"));
  const std::vector<std::string> none = {"x"};
  EXPECT_THAT(names_of(*reader, {.prefixes = none}), IsEmpty());
}

// Some commands, and points that expire or are deleted, sealed every few entries or not at all; now and then the file
// is closed, which loses what is fresh, and the entries behind the seal are applied again.
RC_GTEST_PROP(PointSource, tells_what_a_scan_tells, (std::uint64_t seed)) {
  Prng prng(seed);
  Disk disk;
  const SeriesShape shape = any_shape(prng);
  auto series = open_series(disk, shape);
  raft::Index index = 0;
  for (std::size_t commands = prng.below(40); commands > 0; --commands) {
    std::vector<TimeEntry> entries;
    for (std::size_t count = 1 + prng.below(12); count > 0; --count) {
      const std::string device(1, static_cast<char>('a' + prng.below(5)));
      const auto time = static_cast<std::int64_t>(prng.below(2000)) - 700;
      entries.push_back(
          measurement(device, time, static_cast<double>(prng.below(1000)) / 10, prng.chance(1, 5) ? R"({"x":1})" : ""));
    }
    const RetentionOrder expiry{
        .sets_age = true, .max_age_ns = kMinAge, .edge_ns = static_cast<std::int64_t>(prng.below(1500)) - 700};
    const bool expires = prng.chance(1, 15);
    const auto from = static_cast<std::int64_t>(prng.below(2000)) - 700;
    const auto length = static_cast<std::int64_t>(prng.below(300));
    const std::string prefix = prng.chance(1, 2) ? "" : std::string(1, static_cast<char>('a' + prng.below(5)));
    const DeleteOrder deletion{
        .first_ns = from, .last_ns = from + length, .names = {{.is_prefix = prefix.empty(), .name = prefix}}};
    const bool deletes = prng.chance(1, 8);
    const raft::Entry command = deletes   ? command_text(encode_delete(deletion, kDeletesVersion))
                                : expires ? command_text(encode_order(expiry, kRetentionVersion))
                                          : command_of(entries);
    RC_ASSERT(series->apply(++index, std::span(&command, 1)).has_value());
  }
  auto reader = open_reader(disk);
  RC_ASSERT(reader->begin().has_value());
  const std::vector<TimeEntry> all = scan(*reader);
  RC_ASSERT(rows_of(*reader, {.order = query::Order::kLog}, 1 + prng.below(30)) == all);

  auto sorted = all;
  std::stable_sort(sorted.begin(), sorted.end(), [](const TimeEntry& left, const TimeEntry& right) {
    return std::tie(left.device_id, left.timestamp_ns) < std::tie(right.device_id, right.timestamp_ns);
  });
  RC_ASSERT(rows_of(*reader, {.order = query::Order::kDevice}, 1 + prng.below(30)) == sorted);

  const std::int64_t from = static_cast<std::int64_t>(prng.below(2000)) - 700;
  const std::int64_t to = from + static_cast<std::int64_t>(prng.below(900));
  query::AggregateQuery query{.filter = {.range = {.from_ns = from, .to_ns = to}},
                              .functions = {{.kind = query::Function::Kind::kCount, .name = "count"},
                                            {.kind = query::Function::Kind::kMax, .name = "max"}},
                              .group_by = {{.kind = query::GroupKey::Kind::kDevice}}};
  std::map<std::string, std::pair<std::uint64_t, double>> expected;
  for (const TimeEntry& entry : all) {
    if (entry.timestamp_ns < from || entry.timestamp_ns >= to) continue;
    auto& [count, max] = expected.try_emplace(entry.device_id, 0, entry.value).first->second;
    ++count;
    max = std::max(max, entry.value);
  }
  std::map<std::string, std::pair<std::uint64_t, double>> told;
  const auto answered = query::aggregate(query, reader->source(), {}, [&](const query::AggregateRow& row) {
    told[*row.group[0]] = {std::get<std::uint64_t>(row.values[0]), std::get<double>(row.values[1])};
  });
  RC_ASSERT(answered.has_value());
  RC_ASSERT(told == expected);
}

}  // namespace
}  // namespace timestore::store::point_source_test
