#include "bench/micro/walk.h"

#include <bit>
#include <cmath>
#include <string>
#include <vector>

#include "bench/micro/draws.h"

namespace timestore::query {
namespace {

constexpr size_t kWalkers = 1'000;
constexpr size_t kWalkSteps = 2'000;

std::vector<Series> walkers() {
  std::vector<Series> series;
  for (size_t number = 1; number <= kWalkers; ++number) {
    std::string name = "device-" + std::to_string(10'000 + number);
    series.push_back({.number = number, .name = name, .tags = {{"deviceId", name}}});
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

}  // namespace

std::unique_ptr<PieceSource> made_walk(WalkOptions options) {
  auto source = std::make_unique<PieceSource>(walkers(), walks(options.are_decimals));
  if (options.is_decoded) source->decode_all();
  return source;
}

}  // namespace timestore::query
