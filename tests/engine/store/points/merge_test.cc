// Segments of a log that was cut anywhere, merged, against all of its points at once.
#include "engine/store/points/merge.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <map>
#include <memory>
#include <tuple>

#include "engine/store/points/survivors.h"
#include "tests/engine/store/points/any_points.h"

namespace timestore::points::merge_test {
namespace {

PieceSource source_of(const std::vector<Piece>& pieces) {
  return [&pieces, next = size_t{0}]() mutable -> Result<std::optional<PieceBytes>> {
    if (next == pieces.size()) return std::nullopt;
    const Piece& piece = pieces[next++];
    return PieceBytes{piece.data, piece.more};
  };
}

// The last line point of each series and time, and all entries, in their order; by the definition.
std::vector<Point> naive_survivors(std::vector<Point> points) {
  std::map<std::tuple<SeriesNumber, int64_t>, Seq> last_lines;
  for (const Point& point : points) {
    if (point.is_line) {
      Seq& last = last_lines[{point.series, point.time_ns}];
      last = std::max(last, point.seq);
    }
  }
  std::erase_if(points, [&](const Point& point) {
    return point.is_line && last_lines.at({point.series, point.time_ns}) != point.seq;
  });
  std::sort(points.begin(), points.end(), is_before);
  return points;
}

// As a seal would write them.
std::vector<Piece> segment_of(std::vector<Point> points, const PieceOptions& options) {
  std::sort(points.begin(), points.end(), is_before);
  std::vector<Piece> pieces;
  PieceWriter writer([&](Piece&& piece) { pieces.push_back(std::move(piece)); }, options);
  Survivors survivors([&](const Point& point) { writer.add(point); });
  for (const Point& point : points) survivors.add(point);
  survivors.finish();
  writer.finish();
  return pieces;
}

std::vector<std::unique_ptr<PointCursor>> cursors_over(const std::vector<std::vector<Piece>>& segments) {
  std::vector<std::unique_ptr<PointCursor>> cursors;
  for (const auto& segment : segments) cursors.push_back(std::make_unique<SegmentCursor>(source_of(segment)));
  return cursors;
}

// With more ties between lines than a random log would have.
std::vector<Point> any_log(Prng& prng, SortedRun& run) {
  run = any_run(prng);
  std::vector<Point> log = run.points;
  for (const Point& point : run.points) {
    if (prng.chance(1, 4)) log.push_back(point);
  }
  shuffle(prng, log);
  return log;
}

RC_GTEST_PROP(Merge, gives_what_one_segment_of_all_points_would_hold, (uint64_t seed)) {
  Prng prng(seed);
  SortedRun run;
  const std::vector<Point> log = any_log(prng, run);
  std::vector<std::vector<Piece>> segments;
  for (size_t begin = 0; begin < log.size();) {
    const size_t end = std::min(log.size(), begin + 1 + prng.below(log.size()));
    const auto first = log.begin() + static_cast<std::ptrdiff_t>(begin);
    segments.push_back(segment_of({first, log.begin() + static_cast<std::ptrdiff_t>(end)}, any_options(prng)));
    begin = end;
  }
  const std::vector<Point> expected = naive_survivors(log);

  const PieceOptions options = any_options(prng);
  std::vector<Piece> merged;
  PieceWriter writer([&](Piece&& piece) { merged.push_back(std::move(piece)); }, options);
  const auto read = merge_points(cursors_over(segments), [&](const Point& point) {
    writer.add(point);
    return true;
  });
  RC_ASSERT(read.has_value());
  writer.finish();

  const auto direct = pieces_of(expected, options);
  RC_ASSERT(merged.size() == direct.size());
  for (size_t at = 0; at < merged.size(); ++at) {
    RC_ASSERT(merged[at].data == direct[at].data);
    RC_ASSERT(merged[at].more == direct[at].more);
  }
}

TEST(Merge, what_comes_last_in_the_log_survives_and_entries_do_not_replace) {
  const auto line = [](Seq seq) { return Point{.series = 1, .time_ns = 5, .seq = seq, .bits = seq, .is_line = true}; };
  const Point entry{.series = 1, .time_ns = 5, .seq = 4};
  std::vector<std::vector<Piece>> segments = {segment_of({line(1), line(3), entry}, {}), segment_of({line(9)}, {})};
  std::vector<Point> survivors;
  const auto take = [&](const Point& point) {
    survivors.push_back(point);
    return true;
  };
  EXPECT_FALSE(merge_points(cursors_over(segments), take).value());
  EXPECT_EQ(survivors, (std::vector{line(9), entry})) << "lines come first";
}

TEST(Merge, ends_when_it_is_told_that_it_is_enough) {
  const auto at = [](Seq seq) { return Point{.series = 1, .time_ns = static_cast<std::int64_t>(seq), .seq = seq}; };
  const auto line = [](Seq seq) { return Point{.series = 2, .time_ns = 5, .seq = seq, .is_line = true}; };
  std::vector<std::vector<Piece>> segments = {segment_of({at(1), at(3)}, {}), segment_of({at(2), at(4), line(5)}, {})};
  for (const std::size_t wanted : {1U, 2U, 4U, 5U, 6U}) {
    std::vector<Point> told;
    const auto take = [&](const Point& point) {
      told.push_back(point);
      return told.size() < wanted;
    };
    EXPECT_EQ(merge_points(cursors_over(segments), take).value(), wanted < 6);
    EXPECT_EQ(told.size(), std::min<std::size_t>(wanted, 5));
  }
}

TEST(Merge, an_error_of_a_source_is_an_error) {
  std::vector<std::unique_ptr<PointCursor>> cursors;
  cursors.push_back(std::make_unique<SegmentCursor>(
      []() -> Result<std::optional<PieceBytes>> { return fail("the disk cannot be read"); }));
  const auto merged = merge_points(cursors, [](const Point&) {
    ADD_FAILURE() << "a point of nothing";
    return true;
  });
  ASSERT_FALSE(merged);
  EXPECT_EQ(merged.error().message, "the disk cannot be read");
}

TEST(Merge, pieces_that_are_out_of_order_are_refused) {
  std::vector<Piece> pieces;
  for (const SeriesNumber series : {2U, 1U}) pieces.push_back(pieces_of({{.series = series}}).front());
  SegmentCursor cursor(source_of(pieces));
  ASSERT_TRUE(cursor.next().value());
  const auto next = cursor.next();
  ASSERT_FALSE(next);
  EXPECT_EQ(next.error().message, "a segment has blocks that are out of order");
}

}  // namespace
}  // namespace timestore::points::merge_test
