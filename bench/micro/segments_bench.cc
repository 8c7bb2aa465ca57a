// Segments in a file: seals, merges and scans of a walk (1,000 devices, a point every 10 s, 2,000 steps,
// two digits behind the point), with SQLite, in memory. `bytes`: of used pages for each point, when all merging is
// done.
#include <benchmark/benchmark.h>

#include <bit>
#include <cmath>
#include <memory>
#include <vector>

#include "bench/micro/draws.h"
#include "engine/base/check.h"
#include "engine/base/prng.h"
#include "engine/store/segments/segment_scan.h"
#include "engine/store/segments/segment_store.h"

namespace timestore::segments {
namespace {

using points::Generation;
using points::Point;

constexpr std::size_t kSeries = 1'000;
constexpr std::size_t kSteps = 2'000;
constexpr std::size_t kSealPoints = std::size_t{1} << 18;

// In the order of the log: batches of 1,000, a point of each device.
const std::vector<Point>& logged_walks() {
  static const std::vector<Point> kPoints = [] {
    Prng prng(1);
    std::vector<double> at(kSeries);
    for (double& start : at) start = 20 + 10 * draw_uniform(prng);
    std::vector<Point> points;
    for (std::size_t step = 0; step < kSteps; ++step) {
      for (std::size_t series = 0; series < kSeries; ++series) {
        at[series] += 0.05 * draw_normal(prng);
        points.push_back({.series = series + 1,
                          .time_ns = static_cast<std::int64_t>(step) * 10'000'000'000,
                          .seq = (step + 1) << 17 | series,
                          .bits = std::bit_cast<std::uint64_t>(std::round(at[series] * 100) / 100)});
      }
    }
    return points;
  }();
  return kPoints;
}

store::Database database_with_tables() {
  auto database = store::Database::open(":memory:", "", store::Database::Access::kReadWrite);
  TIMESTORE_CHECK(database && database->run("make the tables", kSegmentSchema), "a database in memory can be made");
  return std::move(*database);
}

void write_seal(store::Database& database, SegmentStore& segments, const Generation& fresh) {
  auto transaction = store::Transaction::begin(database);
  TIMESTORE_CHECK(segments.seal(fresh, fresh.size(), {}) && transaction->commit(), "a seal is written");
}

// All points, sealed as they come, and merged meanwhile.
void seal_all(store::Database& database) {
  auto segments = SegmentStore::open(database, {});
  const std::vector<Point>& points = logged_walks();
  for (std::size_t begin = 0; begin < points.size();) {
    const auto fresh = std::make_unique<Generation>();
    for (; begin < points.size() && fresh->size() < kSealPoints; ++begin) fresh->append(points[begin]);
    write_seal(database, *segments, *fresh);
  }
}

void finish_merging(store::Database& database) {
  auto segments = SegmentStore::open(database, {});
  auto tables = SegmentTables::open(database);
  const auto none = std::make_unique<Generation>();
  while (!tables->jobs()->empty()) write_seal(database, *segments, *none);
}

std::int64_t used_bytes(store::Database& database) {
  const auto pages = database.integer("count pages", "PRAGMA page_count");
  const auto free = database.integer("count free pages", "PRAGMA freelist_count");
  return (*pages - *free) * 4096;
}

void seal_and_merge(benchmark::State& bench) {
  std::int64_t bytes = 0;
  for (auto _ : bench) {
    store::Database database = database_with_tables();
    seal_all(database);
    finish_merging(database);
    bytes = used_bytes(database);
  }
  const auto count = static_cast<double>(logged_walks().size());
  bench.SetItemsProcessed(bench.iterations() * static_cast<std::int64_t>(logged_walks().size()));
  bench.counters["bytes"] = static_cast<double>(bytes) / count;
}
BENCHMARK(seal_and_merge)->Unit(benchmark::kMillisecond);

void scan_everything(benchmark::State& bench) {
  store::Database database = database_with_tables();
  seal_all(database);
  auto reader = SegmentReader::open(database, SegmentOptions().partition_width_ns);
  for (auto _ : bench) {
    std::uint64_t bits = 0;
    TIMESTORE_CHECK(reader->scan({}, {},
                                 [&](const Point& point) {
                                   bits ^= point.bits;
                                   return true;
                                 }),
                    "what was written is read");
    benchmark::DoNotOptimize(bits);
  }
  bench.SetItemsProcessed(bench.iterations() * static_cast<std::int64_t>(logged_walks().size()));
}
BENCHMARK(scan_everything)->Unit(benchmark::kMillisecond);

// One device, one hour: 360 points.
void look_up_an_hour(benchmark::State& bench) {
  store::Database database = database_with_tables();
  seal_all(database);
  auto reader = SegmentReader::open(database, SegmentOptions().partition_width_ns);
  Prng prng(3);
  std::size_t points = 0;
  for (auto _ : bench) {
    const auto series = 1 + prng.below(kSeries);
    const auto from = static_cast<std::int64_t>(prng.below(kSteps - 360)) * 10'000'000'000;
    const Scan scan{series, series, from, from + 3'599'999'999'999};
    TIMESTORE_CHECK(reader->scan(scan, {}, [&](const Point&) { return ++points > 0; }), "what was written is read");
  }
  bench.counters["points"] = static_cast<double>(points) / static_cast<double>(bench.iterations());
}
BENCHMARK(look_up_an_hour)->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace timestore::segments
