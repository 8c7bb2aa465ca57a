// Seals and merges against a plain vector of all points.
#include "engine/store/segments/segment_store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <tuple>
#include <vector>

#include "engine/store/segments/segment_scan.h"
#include "tests/engine/store/points/any_points.h"

namespace timestore::segments::segment_store_test {
namespace {

using points::Generation;
using points::Point;
using points::SortedRun;
using points::Told;

store::Database database_with_tables() {
  auto database = store::Database::open(":memory:", "", store::Database::Access::kReadWrite);
  EXPECT_TRUE(database) << database.error().message;
  EXPECT_TRUE(database->run("make the tables", kSegmentSchema));
  return std::move(*database);
}

SegmentOptions any_options(Prng& prng) {
  constexpr std::int64_t kWidths[] = {1'000'000'000, 60'000'000'000, 86'400'000'000'000, 1'000'000'000'000'000'000};
  return {.partition_width_ns = kWidths[prng.below(4)],
          .merge = {.fan_out = 2 + prng.below(3),
                    .least_step_points = 1 + prng.below(300),
                    .least_points_of_its_own = 1 + prng.below(100)},
          .pieces = points::any_options(prng)};
}

// Points whose times lie near each other, so that there are some partitions and not one for each point.
std::vector<Point> any_log(Prng& prng, SortedRun& run) {
  run = points::any_run(prng);
  const auto span = static_cast<std::int64_t>(prng.chance(1, 2) ? 3'000'000'000 : 20'000'000'000'000);
  std::vector<Point> log = run.points;
  for (Point& point : log) point.time_ns = point.time_ns % span / 1'000'000 * 1'000'000;
  points::shuffle(prng, log);
  log.resize(std::min<std::size_t>(log.size(), 1'500));
  return log;
}

void seal(store::Database& database, SegmentStore& store, const Generation& fresh, const Kept& kept = {}) {
  auto transaction = store::Transaction::begin(database);
  RC_ASSERT(transaction.has_value());
  const auto sealed = store.seal(fresh, fresh.size(), kept);
  if (!sealed) RC_FAIL(sealed.error().message);
  RC_ASSERT(transaction->commit().has_value());
}

// Cuts the log anywhere, into about so many parts or more, and hands on each as a generation.
template <typename Take>
void for_each_part(Prng& prng, const std::vector<Point>& log, std::size_t parts, Take take) {
  for (std::size_t begin = 0; begin < log.size();) {
    const std::size_t end = std::min(log.size(), begin + 1 + prng.below(log.size() / parts + 1));
    const auto generation = std::make_unique<Generation>();
    for (; begin < end; ++begin) generation->append(log[begin]);
    take(*generation);
  }
}

// By the definition: the last line of each series and time, and all entries, by partition.
std::vector<Point> expected_of(std::vector<Point> points, const Scan& scan, std::int64_t width_ns) {
  std::map<std::tuple<points::SeriesNumber, std::int64_t>, points::Seq> lines;
  for (const Point& point : points) {
    if (point.is_line) lines[{point.series, point.time_ns}] = point.seq;  // they come in the order of the log
  }
  std::erase_if(points, [&](const Point& point) {
    const bool is_replaced = point.is_line && lines.at({point.series, point.time_ns}) != point.seq;
    const bool is_outside = point.series < scan.first_series || point.series > scan.last_series ||
                            point.time_ns < scan.from || point.time_ns > scan.to;
    return is_replaced || is_outside;
  });
  std::sort(points.begin(), points.end(), [&](const Point& left, const Point& right) {
    const Partition one = partition_of(left.time_ns, width_ns);
    const Partition other = partition_of(right.time_ns, width_ns);
    return one != other ? one < other : is_before(left, right);
  });
  return points;
}

std::vector<Told> scanned(store::Database& database, const Scan& scan, std::int64_t width_ns,
                          const FreshPoints& fresh) {
  auto reader = SegmentReader::open(database, width_ns);
  RC_ASSERT(reader.has_value());
  std::vector<Told> told;
  const auto read = reader->scan(scan, std::span(&fresh, 1), [&](const Point& point) {
    told.emplace_back(point);
    return true;
  });
  if (!read) RC_FAIL(read.error().message);
  return told;
}

void expect_points(const std::vector<Told>& told, const std::vector<Point>& expected) {
  RC_ASSERT(told.size() == expected.size());
  for (std::size_t at = 0; at < told.size(); ++at) RC_ASSERT(told[at].whole() == expected[at]);
}

Scan any_scan(Prng& prng, const std::vector<Point>& log) {
  Scan scan;
  if (prng.chance(1, 3)) return scan;
  const Point& one = log[prng.below(log.size())];
  const Point& other = log[prng.below(log.size())];
  scan.first_series = std::min(one.series, other.series);
  scan.last_series = prng.chance(1, 2) ? scan.first_series : std::max(one.series, other.series);
  if (prng.chance(1, 2)) std::tie(scan.from, scan.to) = std::minmax(one.time_ns, other.time_ns);
  return scan;
}

// --- Properties -----------------------------------------------------------------------------------------------------

RC_GTEST_PROP(SegmentStore, tells_what_was_put_in_at_every_moment, (std::uint64_t seed)) {
  Prng prng(seed);
  SortedRun run;
  const std::vector<Point> log = any_log(prng, run);
  const SegmentOptions options = any_options(prng);
  store::Database database = database_with_tables();
  auto store = SegmentStore::open(database, options);
  RC_ASSERT(store.has_value());
  const std::size_t seals = 2 + prng.below(20);
  std::size_t sealed = 0;
  for (std::size_t number = 0; number <= seals; ++number) {
    const std::size_t end = std::min(log.size(), sealed + prng.below(2 * log.size() / seals + 2));
    const auto generation = std::make_unique<Generation>();
    for (std::size_t at = sealed; at < end; ++at) generation->append(log[at]);
    const std::size_t seen = prng.below(end - sealed + 1);  // a reader knows of so many
    const auto first = log.begin();
    const std::vector<Point> before(first, first + static_cast<std::ptrdiff_t>(sealed + seen));
    const Scan scan = any_scan(prng, log);
    expect_points(scanned(database, scan, options.partition_width_ns, {generation.get(), seen}),
                  expected_of(before, scan, options.partition_width_ns));
    seal(database, *store, *generation);
    sealed = end;
    const std::vector<Point> after(first, first + static_cast<std::ptrdiff_t>(sealed));
    const Scan another = any_scan(prng, log);
    expect_points(scanned(database, another, options.partition_width_ns, {generation.get(), 0}),
                  expected_of(after, another, options.partition_width_ns));
  }
}

std::string rows_of(store::Database& database) {
  std::string all;
  for (const char* query :
       {"SELECT group_concat(id || ':' || ifnull(partition, '-') || ':' || level || ':' || job || ':' || "
        "is_output || ':' || pieces || ':' || points || ':' || checksum) FROM segments",
        "SELECT group_concat(key || ':' || first_series || ':' || hex(data) || ':' || hex(more)) FROM pieces",
        "SELECT group_concat(id || ':' || begin_partition || ':' || begin_series || ':' || begin_time || "
        "':' || end_partition || ':' || end_series || ':' || end_time) FROM jobs",
        "SELECT next_segment || ':' || next_job FROM numbers"}) {
    all += database.text("look at all rows", std::string("SELECT ifnull((") + query + "), '')").value() + "\n";
  }
  return all;
}

RC_GTEST_PROP(SegmentStore, writes_the_same_rows_whatever_restarts_come_between, (std::uint64_t seed)) {
  Prng prng(seed);
  SortedRun run;
  const std::vector<Point> log = any_log(prng, run);
  const SegmentOptions options = any_options(prng);
  store::Database one = database_with_tables();
  store::Database other = database_with_tables();
  auto steady = SegmentStore::open(one, options);
  auto restarted = SegmentStore::open(other, options);
  for_each_part(prng, log, 4, [&](const Generation& generation) {
    seal(one, *steady, generation);
    if (prng.chance(1, 2)) restarted = SegmentStore::open(other, options);
    seal(other, *restarted, generation);
    RC_ASSERT(rows_of(one) == rows_of(other));
  });
}

// However much came, merging ends, and leaves few segments of each partition and level.
RC_GTEST_PROP(SegmentStore, merges_until_there_is_nothing_to_merge, (std::uint64_t seed)) {
  Prng prng(seed);
  SortedRun run;
  const std::vector<Point> log = any_log(prng, run);
  const SegmentOptions options = any_options(prng);
  store::Database database = database_with_tables();
  auto store = SegmentStore::open(database, options);
  for_each_part(prng, log, 8, [&](const Generation& generation) { seal(database, *store, generation); });
  auto tables = SegmentTables::open(database);
  const Generation none;
  int seals = 0;
  while (!tables->jobs()->empty()) {
    RC_ASSERT(++seals < 2000);
    seal(database, *store, none);
  }
  std::map<std::tuple<std::optional<Partition>, std::uint32_t>, std::size_t> groups;
  const auto segments = tables->segments();
  for (const Segment& segment : *segments) ++groups[{segment.partition, segment.level}];
  for (const auto& [group, count] : groups) RC_ASSERT(count < options.merge.fan_out);
  const Scan all;
  expect_points(scanned(database, all, options.partition_width_ns, {&none, 0}),
                expected_of(log, all, options.partition_width_ns));
}

RC_GTEST_PROP(SegmentStore, what_is_not_kept_goes_and_nothing_else, (std::uint64_t seed)) {
  Prng prng(seed);
  SortedRun run;
  std::vector<Point> log = any_log(prng, run);
  const SegmentOptions options = any_options(prng);
  store::Database database = database_with_tables();
  auto store = SegmentStore::open(database, options);
  const points::SeriesNumber dropped = log[prng.below(log.size())].series;
  const auto keeps = [&](const Point& point) { return point.series != dropped; };
  for_each_part(prng, log, 8,
                [&](const Generation& generation) { seal(database, *store, generation, {.point = keeps}); });
  const Generation none;
  const Scan all;
  auto told = scanned(database, all, options.partition_width_ns, {&none, 0});
  std::erase_if(told, [&](const Told& point) { return !keeps(point.point); });
  auto expected = expected_of(log, all, options.partition_width_ns);
  std::erase_if(expected, [&](const Point& point) { return !keeps(point); });
  expect_points(told, expected);
}

// The edge moves while points come and are merged. What is before it may stay for a while; nothing else goes, and in
// the end nothing is left that shares no piece with later points.
RC_GTEST_PROP(SegmentStore, what_is_before_the_first_time_goes_in_bounded_steps, (std::uint64_t seed)) {
  Prng prng(seed);
  SortedRun run;
  const std::vector<Point> log = any_log(prng, run);
  const SegmentOptions options = any_options(prng);
  store::Database database = database_with_tables();
  auto store = SegmentStore::open(database, options);
  std::int64_t first_time = std::numeric_limits<std::int64_t>::min();
  const auto is_kept = [&](const Point& point) { return point.time_ns >= first_time; };
  const auto expect_all_that_is_kept = [&](std::size_t sealed) {
    const Generation none;
    const Scan all{.from = first_time};
    const std::vector<Point> before(log.begin(), log.begin() + static_cast<std::ptrdiff_t>(sealed));
    expect_points(scanned(database, all, options.partition_width_ns, {&none, 0}),
                  expected_of(before, all, options.partition_width_ns));
  };
  std::size_t sealed = 0;
  for_each_part(prng, log, 8, [&](const Generation& generation) {
    if (prng.chance(1, 2)) first_time = std::max(first_time, log[prng.below(log.size())].time_ns);
    seal(database, *store, generation, {.point = is_kept, .first_time = first_time});
    sealed += generation.size();
    expect_all_that_is_kept(sealed);
  });
  const Generation none;
  auto tables = SegmentTables::open(database);
  const auto count_expired = [&] {
    return database.integer("count", "SELECT count(*) FROM pieces WHERE max_time < " + std::to_string(first_time))
        .value();
  };
  for (int seals = 0; count_expired() > 0 || !tables->jobs()->empty(); ++seals) {
    RC_ASSERT(seals < 3000);
    seal(database, *store, none, {.point = is_kept, .first_time = first_time});
  }
  expect_all_that_is_kept(log.size());
  const auto segments = tables->segments();
  RC_ASSERT(std::all_of(segments->begin(), segments->end(),
                        [&](const Segment& segment) { return tables->has_pieces(segment).value(); }));
}

TEST(SegmentStore, a_seal_removes_a_share_of_what_has_expired) {
  const SegmentOptions options{.merge = {.fan_out = 100, .least_step_points = 10},
                               .pieces = {.max_data_bytes = 1, .max_block_points = 5}};
  store::Database database = database_with_tables();
  auto store = SegmentStore::open(database, options);
  Generation fresh;
  for (std::uint64_t seq = 0; seq < 100; ++seq) fresh.append({.series = 1, .time_ns = 0, .seq = seq});
  const auto sealed = [&](const Generation& points, const Kept& kept) {
    auto transaction = store::Transaction::begin(database);
    return transaction && store->seal(points, points.size(), kept) && transaction->commit();
  };
  ASSERT_TRUE(sealed(fresh, {}));
  const Generation none;
  const Kept later{.point = [](const Point& point) { return point.time_ns >= 1; }, .first_time = 1};
  for (const int left : {90, 80, 70}) {
    ASSERT_TRUE(sealed(none, later));
    EXPECT_EQ(database.integer("count", "SELECT sum(points) FROM pieces").value(), left);
  }
  for (int more = 0; more < 7; ++more) ASSERT_TRUE(sealed(none, later));
  EXPECT_EQ(database.integer("count", "SELECT count(*) FROM segments").value(), 0);
}

}  // namespace
}  // namespace timestore::segments::segment_store_test
