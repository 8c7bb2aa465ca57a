// Aggregates over a walk (1,000 devices, a point every 10 s, 2,000 steps, two digits behind the point): 2 million
// points in pieces, in memory, one thread. `decoded`: the columns stand in memory already.
#include <benchmark/benchmark.h>

#include <bit>
#include <cmath>
#include <memory>
#include <vector>

#include "bench/micro/draws.h"
#include "bench/micro/piece_source.h"
#include "engine/base/check.h"
#include "engine/query/aggregate.h"
#include "engine/query/parameters.h"
#include "engine/query/rows.h"

namespace timestore::query {
namespace {

constexpr size_t kWalkers = 1'000;
constexpr size_t kWalkSteps = 2'000;

std::vector<Series> walkers() {
  std::vector<Series> series;
  for (size_t number = 1; number <= kWalkers; ++number) {
    series.push_back({.number = number, .name = "device-" + std::to_string(10'000 + number)});
  }
  return series;
}

std::vector<points::Point> walks(bool are_decimals) {
  Prng prng(1);
  std::vector<points::Point> points;
  for (size_t series = 1; series <= kWalkers; ++series) {
    double at = 20 + 10 * draw_uniform(prng);
    for (size_t step = 0; step < kWalkSteps; ++step) {
      at += 0.05 * draw_normal(prng);
      points.push_back({.series = series,
                        .time_ns = static_cast<int64_t>(step) * 10'000'000'000,
                        .seq = (step + 1) << 17 | series,
                        .bits = std::bit_cast<uint64_t>(are_decimals ? std::round(at * 100) / 100 : at)});
    }
  }
  return points;
}

enum class Store { kDecoded, kEncoded, kNoDecimals };

std::unique_ptr<PieceSource> made(bool are_decimals, bool is_decoded) {
  auto source = std::make_unique<PieceSource>(walkers(), walks(are_decimals));
  if (is_decoded) source->decode_all();
  return source;
}

PieceSource& source(Store store) {
  static const auto kDecoded = made(true, true);
  static const auto kEncoded = made(true, false);
  static const auto kOthers = made(false, true);
  if (store == Store::kDecoded) return *kDecoded;
  return store == Store::kEncoded ? *kEncoded : *kOthers;
}

void ask(benchmark::State& bench, Store store, const std::vector<Parameter>& parameters) {
  const auto query = parse_aggregate_query(parameters);
  TIMESTORE_CHECK(query.has_value(), "the question is right");
  PieceSource& from = source(store);
  size_t rows = 0;
  for (auto _ : bench) {
    rows = 0;
    TIMESTORE_CHECK(aggregate(*query, from, Limits(), [&](const AggregateRow&) { ++rows; }), "it has an answer");
  }
  bench.counters["rows"] = static_cast<double>(rows);
}

void mean_and_max_by_hour(benchmark::State& bench, Store store) {
  ask(bench, store, {{"fn", "avg,max"}, {"bucket", "1h"}});
}
BENCHMARK_CAPTURE(mean_and_max_by_hour, decoded, Store::kDecoded)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(mean_and_max_by_hour, encoded, Store::kEncoded)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(mean_and_max_by_hour, no_decimals, Store::kNoDecimals)->Unit(benchmark::kMillisecond);

void mean_and_max_by_hour_in_berlin(benchmark::State& bench) {
  ask(bench, Store::kDecoded, {{"fn", "avg,max"}, {"bucket", "1h"}, {"tz", "Europe/Berlin"}});
}
BENCHMARK(mean_and_max_by_hour_in_berlin)->Unit(benchmark::kMillisecond);

void mean_by_minute_of_all_devices(benchmark::State& bench) {
  ask(bench, Store::kDecoded, {{"fn", "avg"}, {"bucket", "1m"}, {"groupBy", "device"}});
}
BENCHMARK(mean_by_minute_of_all_devices)->Unit(benchmark::kMillisecond);

void mean_by_minute_of_one_device(benchmark::State& bench) {
  ask(bench, Store::kEncoded, {{"fn", "avg"}, {"bucket", "1m"}, {"deviceId", "device-10500"}});
}
BENCHMARK(mean_by_minute_of_one_device)->Unit(benchmark::kMicrosecond);

void last_of_each_device(benchmark::State& bench) {
  ask(bench, Store::kEncoded, {{"fn", "last"}, {"groupBy", "device"}});
}
BENCHMARK(last_of_each_device)->Unit(benchmark::kMillisecond);

void total_mean_and_max(benchmark::State& bench) { ask(bench, Store::kEncoded, {{"fn", "avg,max"}}); }
BENCHMARK(total_mean_and_max)->Unit(benchmark::kMicrosecond);

void other_functions(benchmark::State& bench, const char* functions) {
  ask(bench, Store::kDecoded, {{"fn", functions}, {"bucket", "1h"}});
}
BENCHMARK_CAPTURE(other_functions, stddev, "stddev")->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(other_functions, p99, "p99")->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(other_functions, increase, "increase")->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(other_functions, integral, "integral")->Unit(benchmark::kMillisecond);

void read_rows(benchmark::State& bench, Order order, std::optional<uint64_t> limit) {
  size_t rows = 0;
  for (auto _ : bench) {
    rows = 0;
    auto reader = RowReader::open({.order = order, .limit = limit}, source(Store::kEncoded), Limits());
    TIMESTORE_CHECK(reader.has_value(), "the question is right");
    while (true) {
      const auto more = reader->next_page([&](const Row&) { ++rows; });
      TIMESTORE_CHECK(more.has_value(), "it has an answer");
      if (!*more) break;
    }
  }
  bench.counters["rows"] = static_cast<double>(rows);
  bench.SetItemsProcessed(bench.iterations() * static_cast<int64_t>(rows));
}
BENCHMARK_CAPTURE(read_rows, newest_ten, Order::kDescending, 10)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(read_rows, by_device, Order::kDevice, std::nullopt)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(read_rows, by_time, Order::kAscending, std::nullopt)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace timestore::query
