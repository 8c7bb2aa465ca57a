// Fresh points against a plain vector of them.
#include "engine/store/points/generation.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <memory>

#include "tests/engine/store/points/any_points.h"

namespace timestore::points::generation_test {
namespace {

// A log of points, and the generation that holds it.
struct FreshLog {
  explicit FreshLog(Prng& prng) : run(any_run(prng)) {
    shuffle(prng, run.points);
    for (const Point& point : run.points) generation->append(point);
  }
  SortedRun run;
  const std::vector<Point>& points = run.points;
  std::unique_ptr<Generation> generation = std::make_unique<Generation>();
};

RC_GTEST_PROP(Generation, gives_back_what_was_appended, (uint64_t seed)) {
  Prng prng(seed);
  const FreshLog log(prng);
  RC_ASSERT(log.generation->size() == log.points.size());
  for (size_t row = 0; row < log.points.size(); ++row) RC_ASSERT(log.generation->at(row) == log.points[row]);
}

RC_GTEST_PROP(Generation, finds_a_series_within_any_times_and_below_any_size, (uint64_t seed)) {
  Prng prng(seed);
  const FreshLog log(prng);
  for (int round = 0; round < 20; ++round) {
    const Point& one = log.points[prng.below(log.points.size())];
    const Point& other = log.points[prng.below(log.points.size())];
    const SeriesNumber series = prng.chance(1, 5) ? prng.below(200) : one.series;
    const size_t size = prng.below(log.points.size() + 1);
    const int64_t from = prng.chance(1, 4) ? std::numeric_limits<int64_t>::min() : one.time_ns;
    const int64_t to = prng.chance(1, 4) ? std::numeric_limits<int64_t>::max() : other.time_ns;
    std::vector<uint32_t> found;
    log.generation->find(series, from, to, size, found);
    std::vector<uint32_t> expected;
    for (size_t row = 0; row < size; ++row) {
      const Point& point = log.points[row];
      const bool is_wanted = point.series == series && from <= point.time_ns && point.time_ns < to;
      if (is_wanted) expected.push_back(static_cast<uint32_t>(row));
    }
    RC_ASSERT(found == expected);
  }
}

RC_GTEST_PROP(Generation, sorts_as_segments_do, (uint64_t seed)) {
  Prng prng(seed);
  const FreshLog log(prng);
  const size_t size = prng.below(log.points.size() + 1);
  std::vector<Point> expected(log.points.begin(), log.points.begin() + static_cast<std::ptrdiff_t>(size));
  std::sort(expected.begin(), expected.end(), is_before);
  const auto rows = log.generation->sorted(size);
  RC_ASSERT(rows.size() == size);
  for (size_t at = 0; at < size; ++at) RC_ASSERT(log.generation->at(rows[at]) == expected[at]);
}

TEST(Generation, series_with_large_numbers_are_sorted_too) {
  const auto generation = std::make_unique<Generation>();
  const SeriesNumber numbers[] = {0xffffffff, 1, 0x80000000, 0x7ff, 0x800, 0x400000, 0};
  for (const SeriesNumber number : numbers) generation->append({.series = number});
  std::vector<SeriesNumber> sorted;
  for (const uint32_t row : generation->sorted(generation->size())) sorted.push_back(generation->at(row).series);
  EXPECT_TRUE(std::is_sorted(sorted.begin(), sorted.end()));
}

// What a reader was told of stays as it was, where it was.
TEST(Generation, more_points_move_none_that_are_there) {
  const auto generation = std::make_unique<Generation>();
  const std::string text(100, 'x');
  generation->append({.series = 7, .type = Type::kString, .text = text});
  const std::string_view before = generation->at(0).text;
  for (size_t row = 1; row < 3 * Generation::kChunkRows; ++row) {
    generation->append({.series = row, .type = Type::kString, .text = text});
  }
  EXPECT_EQ(generation->at(0).text.data(), before.data());
  EXPECT_EQ(generation->at(0).text, text);
  EXPECT_GT(generation->size_bytes(), 3 * Generation::kChunkRows * 100);
}

}  // namespace
}  // namespace timestore::points::generation_test
