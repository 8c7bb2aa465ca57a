// The parsers of request bodies: a batch of 1,000 points of 1,000 devices, in pieces of 64 KiB.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>

#include "engine/base/check.h"
#include "engine/base/prng.h"
#include "engine/formats/csv.h"
#include "engine/formats/json_array.h"
#include "engine/formats/line_collector.h"
#include "engine/formats/line_protocol.h"
#include "engine/formats/ndjson.h"
#include "engine/series/command.h"

namespace timestore {
namespace {

constexpr size_t kPoints = 1'000;
constexpr size_t kPieceBytes = size_t{64} * 1024;
constexpr Limits kLimits = {.bytes = 25'000'000, .records = 100'000, .record_bytes = 1'000'000};

// Values between 20 and 30 with two decimals.
std::string value_of(Prng& prng) {
  return std::to_string(20 + prng.below(10)) + '.' + std::to_string(10 + prng.below(90));
}

template <typename Parser>
void feed_in_pieces(Parser& parser, std::string_view body) {
  for (; !body.empty(); body.remove_prefix(std::min(kPieceBytes, body.size()))) {
    parser.feed(body.substr(0, kPieceBytes));
  }
  TIMESTORE_CHECK(parser.finish().has_value() && parser.seen().records == kPoints, "the batch is good");
}

// Bytes a second and, inverted, seconds a point.
void report(benchmark::State& state, const std::string& body) {
  const auto runs = static_cast<int64_t>(state.iterations());
  state.SetBytesProcessed(runs * static_cast<int64_t>(body.size()));
  state.counters["a_point"] = benchmark::Counter(
      static_cast<double>(kPoints), benchmark::Counter::kIsIterationInvariantRate | benchmark::Counter::kInvert);
}

struct CountingSink : LineSink {
  void take(const Line& line) override {
    benchmark::DoNotOptimize(line.fields.data());
    fields += line.fields.size();
  }
  void refuse(const BadLine&) override { TIMESTORE_CHECK(false, "every line is good"); }
  size_t fields = 0;
};

std::string body_of_lines(size_t lines, size_t hosts, size_t fields) {
  Prng prng(1);
  std::string body;
  for (size_t line = 0; line < lines; ++line) {
    body += "cpu,host=host_" + std::to_string(line % hosts) + ",region=eu-west ";
    for (size_t field = 0; field < fields; ++field) {
      body += (field == 0 ? "usage_" : ",usage_") + std::to_string(field) + '=' + value_of(prng);
    }
    body += ' ' + std::to_string(1'714'564'800'000'000'000 + line / hosts * 10'000'000'000) + '\n';
  }
  return body;
}

void lines(benchmark::State& state, size_t fields) {
  const std::string body = body_of_lines(kPoints, kPoints, fields);
  for (auto unused : state) {
    CountingSink sink;
    LineParser parser(sink, kLimits, {});
    feed_in_pieces(parser, body);
  }
  report(state, body);
}

void lines_of_one_field(benchmark::State& state) { lines(state, 1); }
void lines_of_ten_fields(benchmark::State& state) { lines(state, 10); }
BENCHMARK(lines_of_one_field);
BENCHMARK(lines_of_ten_fields);

// What a server does with a body: with the series of each field, up to the write that can be submitted.
void collected_lines(benchmark::State& state) {
  const auto lines = static_cast<size_t>(state.range(0));
  const auto hosts = static_cast<size_t>(state.range(1));
  const std::string body = body_of_lines(lines, hosts, static_cast<size_t>(state.range(2)));
  for (auto unused : state) {
    LineCollector collector(
        {.now_ns = 1'714'564'800'000'000'000, .hash_seed = 7, .likely_points = likely_points(body.size())},
        [](const LineWrite& write) { benchmark::DoNotOptimize(write.points.data()); });
    LineParser parser(collector, kLimits, {});
    parser.feed(body);
    TIMESTORE_CHECK(parser.finish().has_value(), "the body is good");
    const auto collected = collector.finish();
    TIMESTORE_CHECK(collected.has_value() && collected->good == lines, "the lines are good");
  }
  const auto runs = static_cast<int64_t>(state.iterations());
  state.SetBytesProcessed(runs * static_cast<int64_t>(body.size()));
  state.counters["a_line"] = benchmark::Counter(
      static_cast<double>(lines), benchmark::Counter::kIsIterationInvariantRate | benchmark::Counter::kInvert);
}
BENCHMARK(collected_lines)
    ->ArgNames({"lines", "hosts", "fields"})
    ->Args({1'000, 1'000, 1})
    ->Args({1'000, 1'000, 10})
    ->Args({10'000, 10, 1})
    ->Args({10'000, 1'000, 1})
    ->Args({10'000, 1'000, 10})
    ->Args({100'000, 100'000, 1});

// And the bytes of the command.
void encoded_lines(benchmark::State& state) {
  const auto lines = static_cast<size_t>(state.range(0));
  LineWrite write;
  LineCollector collector({.now_ns = 1'714'564'800'000'000'000},
                          [&](LineWrite collected) { write = std::move(collected); });
  LineParser parser(collector, kLimits, {});
  parser.feed(body_of_lines(lines, static_cast<size_t>(state.range(1)), static_cast<size_t>(state.range(2))));
  TIMESTORE_CHECK(parser.finish().has_value(), "the body is good");
  TIMESTORE_CHECK(collector.finish().has_value(), "the lines are good");
  size_t size_bytes = 0;
  for (auto unused : state) {
    const std::string command = encode_lines(write, kLinesVersion);
    size_bytes = command.size();
    benchmark::DoNotOptimize(command.data());
  }
  const auto points = static_cast<double>(write.points.size());
  state.counters["a_point"] =
      benchmark::Counter(points, benchmark::Counter::kIsIterationInvariantRate | benchmark::Counter::kInvert);
  state.counters["bytes_a_point"] = static_cast<double>(size_bytes) / points;
}
BENCHMARK(encoded_lines)
    ->ArgNames({"lines", "hosts", "fields"})
    ->Args({10'000, 1'000, 1})
    ->Args({10'000, 1'000, 10})
    ->Args({100'000, 100'000, 1});

// kPoints entries, each written by `write(body, device, value)`.
template <typename Parser, typename Write>
void entries(benchmark::State& state, std::string body, Write write, std::string_view end = "") {
  Prng prng(1);
  for (size_t point = 0; point < kPoints; ++point) write(body, "host_" + std::to_string(point), value_of(prng));
  body += end;
  for (auto unused : state) {
    size_t count = 0;
    Parser parser([&](const TimeEntry&) { ++count; }, kLimits);
    feed_in_pieces(parser, body);
    benchmark::DoNotOptimize(count);
  }
  report(state, body);
}

std::string object(const std::string& device, const std::string& value) {
  return R"({"deviceId":")" + device + R"(","timestamp":"2024-05-01T12:00:00Z","value":)" + value + '}';
}

void json_array(benchmark::State& state) {
  const auto write = [](std::string& body, const std::string& device, const std::string& value) {
    body += (body.size() == 1 ? "" : ",") + object(device, value);
  };
  entries<JsonArrayParser>(state, "[", write, "]");
}
BENCHMARK(json_array);

void ndjson(benchmark::State& state) {
  const auto write = [](std::string& body, const std::string& device, const std::string& value) {
    body += object(device, value) + '\n';
  };
  entries<NdjsonParser>(state, "", write);
}
BENCHMARK(ndjson);

void csv(benchmark::State& state) {
  const auto write = [](std::string& body, const std::string& device, const std::string& value) {
    body += device + ",2024-05-01T12:00:00Z," + value + '\n';
  };
  entries<CsvParser>(state, "deviceId,timestamp,value\n", write);
}
BENCHMARK(csv);

// What the pieces cost: the same array at once.
void json_array_whole(benchmark::State& state) {
  Prng prng(1);
  std::string body = "[";
  for (size_t point = 0; point < kPoints; ++point) {
    body += (point == 0 ? "" : ",") + object("host_" + std::to_string(point), value_of(prng));
  }
  body += ']';
  for (auto unused : state) {
    auto batch = parse_time_entries(body);
    TIMESTORE_CHECK(batch.has_value() && batch->size() == kPoints, "the batch is good");
  }
  report(state, body);
}
BENCHMARK(json_array_whole);

}  // namespace
}  // namespace timestore
