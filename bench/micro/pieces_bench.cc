// Pieces of segments: nanoseconds and bytes a point (the counter `bytes`) for the points of one seal, 2^18 of them, in
// few series with many points each and in many series with few.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <memory>
#include <string>
#include <vector>

#include "bench/micro/draws.h"
#include "engine/base/check.h"
#include "engine/base/prng.h"
#include "engine/store/points/generation.h"
#include "engine/store/points/merge.h"
#include "engine/store/points/piece.h"
#include "engine/store/points/survivors.h"

namespace timestore::points {
namespace {

constexpr size_t kPoints = size_t{1} << 18;

// Every ten seconds each series has a point more: a walk with two digits behind the point. Entries arrive time by time.
std::vector<Point> sealed_walks(size_t series) {
  Prng prng(1);
  std::vector<Point> points;
  const size_t steps = (kPoints + series - 1) / series;
  for (size_t number = 0; number < series; ++number) {
    double at = 20 + 10 * draw_uniform(prng);
    for (size_t step = 0; step < steps; ++step) {
      at += 0.05 * draw_normal(prng);
      points.push_back({.series = number + 1,
                        .time_ns = static_cast<int64_t>(step) * 10'000'000'000,
                        .seq = (step * series + number) / 1000 << 17 | (step * series + number) % 1000,
                        .bits = std::bit_cast<uint64_t>(std::round(at * 100) / 100)});
    }
  }
  return points;
}

std::vector<Piece> written_pieces(const std::vector<Point>& points) {
  std::vector<Piece> pieces;
  PieceWriter writer([&](Piece&& piece) { pieces.push_back(std::move(piece)); });
  for (const Point& point : points) writer.add(point);
  writer.finish();
  return pieces;
}

void write_pieces(benchmark::State& bench) {
  const auto points = sealed_walks(static_cast<size_t>(bench.range(0)));
  size_t data = 0;
  size_t more = 0;
  for (auto _ : bench) {
    data = 0;
    more = 0;
    for (const Piece& piece : written_pieces(points)) {
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
  const auto points = sealed_walks(static_cast<size_t>(bench.range(0)));
  const auto pieces = written_pieces(points);
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

std::vector<Point> in_the_order_of_the_log(std::vector<Point> points) {
  std::sort(points.begin(), points.end(), [](const Point& left, const Point& right) { return left.seq < right.seq; });
  return points;
}

void append_to_a_generation(benchmark::State& bench) {
  const auto points = in_the_order_of_the_log(sealed_walks(static_cast<size_t>(bench.range(0))));
  size_t bytes = 0;
  for (auto _ : bench) {
    const auto generation = std::make_unique<Generation>();
    for (const Point& point : points) generation->append(point);
    bytes = generation->size_bytes();
  }
  bench.SetItemsProcessed(bench.iterations() * static_cast<int64_t>(points.size()));
  bench.counters["bytes"] = static_cast<double>(bytes) / static_cast<double>(points.size());
}
BENCHMARK(append_to_a_generation)->Arg(1'000);

// What a seal does before the disk: sort, encode.
void seal_a_generation(benchmark::State& bench) {
  const auto points = in_the_order_of_the_log(sealed_walks(static_cast<size_t>(bench.range(0))));
  const auto generation = std::make_unique<Generation>();
  for (const Point& point : points) generation->append(point);
  for (auto _ : bench) {
    size_t bytes = 0;
    PieceWriter writer([&](Piece&& piece) { bytes += piece.data.size(); });
    Survivors survivors([&](const Point& point) { writer.add(point); });
    for (const uint32_t row : generation->sorted(generation->size())) survivors.add(generation->at(row));
    survivors.finish();
    writer.finish();
    benchmark::DoNotOptimize(bytes);
  }
  bench.SetItemsProcessed(bench.iterations() * static_cast<int64_t>(points.size()));
}
BENCHMARK(seal_a_generation)->Arg(1'000)->Arg(100'000)->Arg(kPoints);

// One series' fresh points.
void find_in_a_generation(benchmark::State& bench) {
  const auto points = in_the_order_of_the_log(sealed_walks(1'000));
  const auto generation = std::make_unique<Generation>();
  for (const Point& point : points) generation->append(point);
  std::vector<uint32_t> rows;
  SeriesNumber series = 0;
  for (auto _ : bench) {
    rows.clear();
    generation->find(1 + series++ % 1'000, 0, 1'000'000'000'000, generation->size(), rows);
    benchmark::DoNotOptimize(rows.data());
  }
}
BENCHMARK(find_in_a_generation);

// Four seals that follow each other become one segment.
void merge_segments(benchmark::State& bench) {
  const auto points = in_the_order_of_the_log(sealed_walks(static_cast<size_t>(bench.range(0))));
  std::vector<std::vector<Piece>> segments;
  for (size_t part = 0; part < 4; ++part) {
    const auto begin = points.begin() + static_cast<std::ptrdiff_t>(part * points.size() / 4);
    std::vector<Point> some(begin, points.begin() + static_cast<std::ptrdiff_t>((part + 1) * points.size() / 4));
    std::sort(some.begin(), some.end(), is_before);
    segments.push_back(written_pieces(some));
  }
  for (auto _ : bench) {
    std::vector<std::unique_ptr<PointCursor>> cursors;
    for (const auto& segment : segments) {
      const auto source = [&segment, next = size_t{0}]() mutable -> Result<std::optional<PieceBytes>> {
        if (next == segment.size()) return std::nullopt;
        const Piece& piece = segment[next++];
        return PieceBytes{piece.data, piece.more};
      };
      cursors.push_back(std::make_unique<SegmentCursor>(source));
    }
    size_t bytes = 0;
    PieceWriter writer([&](Piece&& piece) { bytes += piece.data.size(); });
    const auto merged = merge_points(cursors, [&](const Point& point) {
      writer.add(point);
      return true;
    });
    TIMESTORE_CHECK(merged.has_value(), "they were just written");
    writer.finish();
    benchmark::DoNotOptimize(bytes);
  }
  bench.SetItemsProcessed(bench.iterations() * static_cast<int64_t>(points.size()));
}
BENCHMARK(merge_segments)->Arg(1'000)->Arg(100'000);

}  // namespace
}  // namespace timestore::points
