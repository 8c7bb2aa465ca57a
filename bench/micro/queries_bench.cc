// Aggregates over a walk (walk.h), one thread. `decoded`: the columns stand in memory already.
#include <benchmark/benchmark.h>

#include <vector>

#include "bench/micro/walk.h"
#include "engine/base/check.h"
#include "engine/query/aggregate.h"
#include "engine/query/parameters.h"
#include "engine/query/rows.h"

namespace timestore::query {
namespace {

enum class Store { kDecoded, kEncoded, kNoDecimals };

PieceSource& source(Store store) {
  static const auto kDecoded = made_walk({.are_decimals = true, .is_decoded = true});
  static const auto kEncoded = made_walk({.are_decimals = true, .is_decoded = false});
  static const auto kOthers = made_walk({.are_decimals = false, .is_decoded = true});
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
