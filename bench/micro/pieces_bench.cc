// Pieces of segments: nanoseconds and bytes a point (the counter `bytes`) for the points of one seal, 2^18 of them, in
// few series with many points each and in many series with few.
#include <benchmark/benchmark.h>

#include <bit>
#include <cmath>
#include <memory>
#include <string>
#include <vector>

#include "engine/base/check.h"
#include "engine/base/prng.h"
#include "engine/store/points/piece.h"

namespace timestore::points {
namespace {

constexpr size_t kPoints = size_t{1} << 18;

double uniform(Prng& prng) { return static_cast<double>(prng.next() >> 11) * 0x1p-53; }

double normal(Prng& prng) {
  return std::sqrt(-2 * std::log(1 - uniform(prng))) * std::cos(6.283185307179586 * uniform(prng));
}

// Every ten seconds each series has a point more: a walk with two digits behind the point. Entries arrive time by time.
std::vector<Point> walks(size_t series) {
  Prng prng(1);
  std::vector<Point> points;
  const size_t steps = (kPoints + series - 1) / series;
  for (size_t number = 0; number < series; ++number) {
    double at = 20 + 10 * uniform(prng);
    for (size_t step = 0; step < steps; ++step) {
      at += 0.05 * normal(prng);
      points.push_back({.series = number + 1,
                        .time_ns = static_cast<int64_t>(step) * 10'000'000'000,
                        .seq = (step * series + number) / 1000 << 17 | (step * series + number) % 1000,
                        .bits = std::bit_cast<uint64_t>(std::round(at * 100) / 100)});
    }
  }
  return points;
}

std::vector<Piece> pieces_of(const std::vector<Point>& points) {
  std::vector<Piece> pieces;
  PieceWriter writer([&](Piece&& piece) { pieces.push_back(std::move(piece)); });
  for (const Point& point : points) writer.add(point);
  writer.finish();
  return pieces;
}

void write_pieces(benchmark::State& bench) {
  const auto points = walks(static_cast<size_t>(bench.range(0)));
  size_t data = 0;
  size_t more = 0;
  for (auto _ : bench) {
    data = 0;
    more = 0;
    for (const Piece& piece : pieces_of(points)) {
      data += piece.data.size();
      more += piece.more.size();
    }
  }
  const auto count = static_cast<double>(points.size());
  bench.SetItemsProcessed(bench.iterations() * static_cast<int64_t>(points.size()));
  bench.counters["bytes"] = static_cast<double>(data + more) / count;
  bench.counters["more_bytes"] = static_cast<double>(more) / count;
}
BENCHMARK(write_pieces)->Arg(100)->Arg(1'000)->Arg(16'000)->Arg(100'000);

// Times and values; or seqs, ids and attributes too.
void read_pieces(benchmark::State& bench) {
  const auto points = walks(static_cast<size_t>(bench.range(0)));
  const auto pieces = pieces_of(points);
  const auto columns = std::make_unique<BlockColumns>();
  const auto identities = std::make_unique<BlockIdentities>();
  for (auto _ : bench) {
    for (const Piece& piece : pieces) {
      const auto reader = PieceReader::open(piece.data);
      for (size_t block = 0; block < reader->blocks().size(); ++block) {
        TIMESTORE_CHECK(reader->read(block, *columns), "it was just written");
        if (bench.range(1) == 0) continue;
        TIMESTORE_CHECK(reader->read_more(block, piece.more, *columns, *identities), "it was just written");
      }
    }
    benchmark::DoNotOptimize(columns->bits[0]);
  }
  bench.SetItemsProcessed(bench.iterations() * static_cast<int64_t>(points.size()));
}
BENCHMARK(read_pieces)->ArgsProduct({{100, 1'000, 16'000, 100'000}, {0, 1}});

}  // namespace
}  // namespace timestore::points
