// The column encodings: nanoseconds and bytes a value (the counter `bytes`), in blocks of 1,024.
#include <benchmark/benchmark.h>

#include <bit>
#include <cmath>
#include <cstdint>
#include <numeric>
#include <string>
#include <vector>

#include "bench/micro/draws.h"
#include "engine/base/check.h"
#include "engine/base/prng.h"
#include "engine/store/points/double_column.h"
#include "engine/store/points/integer_column.h"
#include "engine/store/points/statistics.h"
#include "engine/store/points/string_column.h"

namespace timestore::points {
namespace {

constexpr size_t kBlock = 1024;
constexpr size_t kBlocks = 64;  // more than the first level of cache holds

template <typename Value>
using Blocks = std::vector<std::vector<Value>>;

// kBlocks blocks, of which each value is made by `next(i)`; each block has a maker of its own.
template <typename Value, typename Maker>
Blocks<Value> blocks_of(Maker maker) {
  Prng prng(1);
  Blocks<Value> blocks(kBlocks);
  for (auto& block : blocks) {
    auto next = maker(prng);
    for (size_t i = 0; i < kBlock; ++i) block.push_back(next(i));
  }
  return blocks;
}

Blocks<double> walks(double unit) {
  return blocks_of<double>([unit](Prng& prng) {
    return [&prng, unit, at = 20 + 10 * draw_uniform(prng)](size_t) mutable {
      at += 0.05 * draw_normal(prng);
      return unit == 0 ? at : std::round(at * unit) / unit;
    };
  });
}

Blocks<double> floats() {
  Blocks<double> blocks = walks(0);
  for (auto& block : blocks) {
    for (double& value : block) value = static_cast<double>(static_cast<float>(value));
  }
  return blocks;
}

Blocks<double> random_patterns() {
  return blocks_of<double>([](Prng& prng) { return [&prng](size_t) { return std::bit_cast<double>(prng.next()); }; });
}

Blocks<double> uniforms() {
  return blocks_of<double>([](Prng& prng) { return [&prng](size_t) { return draw_uniform(prng); }; });
}

Blocks<double> gaps() {
  Blocks<double> blocks = walks(100);
  Prng prng(2);
  for (auto& block : blocks) {
    for (double& value : block) value = prng.chance(1, 20) ? std::nan("") : value;
  }
  return blocks;
}

Blocks<double> beginnings(Blocks<double> blocks, size_t count) {
  for (auto& block : blocks) block.resize(count);
  return blocks;
}

constexpr int64_t kNanosecondsPerSecond = 1'000'000'000;
constexpr int64_t kStart = 1'714'521'600 * kNanosecondsPerSecond;

// Every ten seconds, each off by a normal deviation of `jitter` in steps of `unit`; one in `missing` is not there.
Blocks<int64_t> times(int64_t jitter, int64_t unit, uint64_t missing) {
  return blocks_of<int64_t>([=](Prng& prng) {
    return [=, &prng, at = kStart](size_t) mutable {
      do at += 10 * kNanosecondsPerSecond;
      while (missing != 0 && prng.chance(1, missing));
      return at + static_cast<int64_t>(std::round(draw_normal(prng) * static_cast<double>(jitter))) * unit;
    };
  });
}

// In the order of a log: every ten seconds, but a tenth is up to a day late.
Blocks<int64_t> late_times() {
  return blocks_of<int64_t>([](Prng& prng) {
    return [&prng, at = kStart](size_t) mutable {
      at += 10 * kNanosecondsPerSecond;
      return prng.chance(1, 10) ? at - static_cast<int64_t>(prng.below(8640)) * 10 * kNanosecondsPerSecond : at;
    };
  });
}

Blocks<int64_t> counters() {
  return blocks_of<int64_t>([](Prng& prng) {
    return [&prng, at = int64_t{0}](size_t) mutable { return at += static_cast<int64_t>(prng.below(1000)); };
  });
}

Blocks<int64_t> jittered() {
  return blocks_of<int64_t>([](Prng& prng) {
    return [&prng](size_t) { return 100'000 + static_cast<int64_t>(std::round(draw_normal(prng) * 300)); };
  });
}

std::string encoded(const std::vector<double>& block) {
  std::string out;
  put_doubles(out, block);
  return out;
}

std::string encoded(const std::vector<int64_t>& block) {
  std::string out;
  put_integers(out, block);
  return out;
}

Result<void> take(ByteReader& in, std::span<double> values) { return take_doubles(in, values); }
Result<void> take(ByteReader& in, std::span<int64_t> values) { return take_integers(in, values); }

template <typename Value>
void encode(benchmark::State& bench, const Blocks<Value>& blocks) {
  size_t bytes = 0;
  size_t at = 0;
  for (const auto& block : blocks) bytes += encoded(block).size();
  for (auto _ : bench) {
    const std::string out = encoded(blocks[at++ % kBlocks]);
    benchmark::DoNotOptimize(out.data());
  }
  bench.SetItemsProcessed(bench.iterations() * static_cast<int64_t>(blocks[0].size()));
  bench.counters["bytes"] = static_cast<double>(bytes) / static_cast<double>(blocks.size() * blocks[0].size());
}

template <typename Value>
void decode(benchmark::State& bench, const Blocks<Value>& blocks) {
  std::vector<std::string> columns;
  for (const auto& block : blocks) columns.push_back(encoded(block));
  std::vector<Value> values(blocks[0].size());
  size_t at = 0;
  for (auto _ : bench) {
    ByteReader in(columns[at++ % kBlocks]);
    TIMESTORE_CHECK(take(in, values).has_value(), "what was encoded is decoded");
    benchmark::DoNotOptimize(values.data());
  }
  bench.SetItemsProcessed(bench.iterations() * static_cast<int64_t>(values.size()));
}

void statistics(benchmark::State& bench) {
  const Blocks<double> blocks = walks(100);
  const Decimals decimals(blocks[0]);
  for (auto _ : bench) benchmark::DoNotOptimize(statistics_of(blocks[0], decimals));
  bench.SetItemsProcessed(bench.iterations() * static_cast<int64_t>(kBlock));
}
BENCHMARK(statistics);

void finding_decimals(benchmark::State& bench) {
  const Blocks<double> blocks = walks(100);
  for (auto _ : bench) {
    const Decimals decimals(blocks[0]);
    benchmark::DoNotOptimize(decimals.mantissas.data());
  }
  bench.SetItemsProcessed(bench.iterations() * static_cast<int64_t>(kBlock));
}
BENCHMARK(finding_decimals);

template <typename Value>
void column(const std::string& name, const Blocks<Value>& blocks) {
  benchmark::RegisterBenchmark(("encode/" + name).c_str(), [blocks](auto& bench) { encode(bench, blocks); });
  benchmark::RegisterBenchmark(("decode/" + name).c_str(), [blocks](auto& bench) { decode(bench, blocks); });
}

const struct Columns {
  Columns() {
    column("walk_of_two_decimals", walks(100));
    column("walk_of_two_decimals_in_blocks_of_16", beginnings(walks(100), 16));
    column("walk_of_sixteenths", walks(16));
    column("walk_with_gaps_of_nan", gaps());
    column("walk_of_all_digits", walks(0));
    column("walk_of_floats", floats());
    column("uniform", uniforms());
    column("random_bits", random_patterns());
    column("constant", Blocks<double>(kBlocks, std::vector<double>(kBlock, 21.5)));
    column("counter", counters());
    column("jittered_integers", jittered());
    column("times_regular", times(0, 1, 0));
    column("times_jittered_ms", times(3, 1'000'000, 0));
    column("times_jittered_ns", times(1'000'000, 1, 0));
    column("times_a_tenth_missing", times(0, 1, 10));
    column("times_a_tenth_late", late_times());
  }
} kColumns;

}  // namespace
}  // namespace timestore::points
