// Points of every kind, for the tests of what stores them.
#pragma once

#include <algorithm>
#include <bit>
#include <deque>
#include <limits>
#include <string>
#include <vector>

#include "engine/base/prng.h"
#include "engine/store/points/piece.h"

namespace timestore::points {

// Points whose texts stand in `texts`.
struct SortedRun {
  std::vector<Point> points;
  std::deque<std::string> texts;
};

inline uint64_t any_bits(Prng& prng, Type type) {
  if (type == Type::kBoolean) return prng.below(2);
  if (type == Type::kString) return 0;
  if (type == Type::kFloat && prng.chance(2, 3)) {
    return std::bit_cast<uint64_t>(static_cast<double>(prng.below(4000)) / 100 - 20);
  }
  return prng.chance(1, 2) ? prng.below(1000) : prng.next();
}

inline std::string_view any_text(Prng& prng, SortedRun& run) {
  const size_t size = prng.chance(1, 50) ? prng.below(20'000) : prng.below(8);
  return run.texts.emplace_back(size, static_cast<char>('a' + prng.below(26)));
}

// A point with texts of its own.
struct Told {
  explicit Told(const Point& told) : point(told), text(told.text), attributes(told.attributes) {}
  Point whole() const {
    Point whole = point;
    whole.text = text;
    whole.attributes = attributes;
    return whole;
  }
  Point point;
  std::string text, attributes;
};

// Series with few and with many points, of all types, with ties, clients' ids, lines and attributes here and there.
inline SortedRun any_run(Prng& prng) {
  SortedRun run;
  SeriesNumber series = prng.below(3);
  const size_t some_series = 1 + prng.below(40);
  Seq seq = prng.below(1 << 20);
  for (size_t number = 0; number < some_series; ++number, series += 1 + prng.below(3)) {
    const auto type = static_cast<Type>(prng.chance(1, 2) ? 1 : 1 + prng.below(5));
    const size_t count = 1 + (prng.chance(1, 8) ? prng.below(3000) : prng.below(40));
    auto time = static_cast<int64_t>(prng.chance(1, 3) ? prng.next() : prng.below(1'000'000'000));
    const bool has_ids = prng.chance(1, 4);
    const bool has_attributes = prng.chance(1, 4);
    for (size_t at = 0; at < count; ++at) {
      const auto step = static_cast<int64_t>(prng.chance(1, 10) ? 0 : prng.below(2'000'000'000));
      if (time > std::numeric_limits<int64_t>::max() - step) break;
      time += step;
      Point point{.series = series, .type = type, .time_ns = time, .seq = seq += 1 + prng.below(5)};
      point.bits = any_bits(prng, type);
      if (type == Type::kString) point.text = any_text(prng, run);
      point.is_line = prng.chance(1, 3);
      if (has_ids && prng.chance(1, 2)) point.id.bytes[prng.below(16)] = static_cast<uint8_t>(1 + prng.below(255));
      if (has_attributes && prng.chance(1, 2)) point.attributes = any_text(prng, run);
      run.points.push_back(point);
    }
  }
  std::sort(run.points.begin(), run.points.end(), is_before);
  return run;
}

// The same points as a log might have brought them: their places in the log are given anew.
inline void shuffle(Prng& prng, std::vector<Point>& points) {
  for (size_t left = points.size(); left > 1; --left) std::swap(points[left - 1], points[prng.below(left)]);
  Seq seq = 0;
  for (Point& point : points) point.seq = seq += 1 + prng.below(3);
}

inline PieceOptions any_options(Prng& prng) {
  return {.max_data_bytes = 1 + prng.below(20'000),
          .max_more_bytes = 1 + prng.below(70'000),
          .max_block_points = 1 + prng.below(kMaxBlockPoints),
          .max_block_text_bytes = 1 + prng.below(10'000),
          .least_wide_points = prng.below(40)};
}

inline std::vector<Piece> pieces_of(const std::vector<Point>& points, PieceOptions options = {}) {
  std::vector<Piece> pieces;
  PieceWriter writer([&](Piece&& piece) { pieces.push_back(std::move(piece)); }, options);
  for (const Point& point : points) writer.add(point);
  writer.finish();
  return pieces;
}

}  // namespace timestore::points
