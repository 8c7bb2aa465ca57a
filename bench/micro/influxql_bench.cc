// InfluxQL over the walk of queries_bench.cc, in pieces, answered as JSON: 2 million points of 1,000 devices, one
// thread.
#include <benchmark/benchmark.h>

#include <memory>

#include "bench/micro/walk.h"
#include "engine/base/check.h"
#include "engine/query/influxql/request.h"

namespace timestore::query::influxql {
namespace {

void influxql(benchmark::State& bench, const char* text) {
  static const auto kSource = made_walk({.are_decimals = true, .is_decoded = false});
  const auto read = read_request({{"q", text}, {"epoch", "ms"}}, "");
  TIMESTORE_CHECK(read.has_value(), "the question is right");
  Request request = read->request;
  request.now_ns = 20'000'000'000'000;
  SingleCatalog catalog(*kSource);
  size_t bytes = 0;
  for (auto _ : bench) {
    bytes = 0;
    AnswerWriter writer(read->style, [&](std::string& part) {
      bytes += part.size();
      return true;
    });
    TIMESTORE_CHECK(answer(read->statements, request, catalog, writer), "it has an answer");
  }
  bench.counters["bytes"] = static_cast<double>(bytes);
}

BENCHMARK_CAPTURE(influxql, mean_and_max_by_hour,
                  "SELECT mean(value), max(value) FROM timeseries WHERE time >= 0 AND time < 20000s GROUP BY time(1h)")
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(influxql, mean_by_minute_of_all_devices,
                  "SELECT mean(value) FROM timeseries WHERE time >= 0 AND time < 20000s GROUP BY time(1m), deviceId")
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(influxql, mean_by_minute_of_one_device,
                  "SELECT mean(value) FROM timeseries WHERE deviceId = 'device-10001' AND time >= 0 AND time < 20000s "
                  "GROUP BY time(1m)")
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(
    influxql, mean_with_a_condition,
    "SELECT mean(value) FROM timeseries WHERE value > 20 AND time >= 0 AND time < 20000s GROUP BY time(1h)")
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(influxql, last_of_each_device, "SELECT last(value) FROM timeseries GROUP BY deviceId")
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(influxql, newest_ten, "SELECT value FROM timeseries ORDER BY time DESC LIMIT 10")
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(influxql, newest_of_each_device,
                  "SELECT value FROM timeseries GROUP BY deviceId ORDER BY time DESC LIMIT 1")
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(influxql, all_rows, "SELECT value, deviceId FROM timeseries")->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(
    influxql, mean_of_maxima_in_a_subquery,
    "SELECT mean(m) FROM (SELECT max(value) AS m FROM timeseries WHERE time >= 0 AND time < 20000s GROUP BY "
    "time(10m), deviceId) GROUP BY time(1h)")
    ->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace timestore::query::influxql
