// Runs of points through pieces and back.
#include "engine/store/points/piece.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <bit>
#include <memory>
#include <tuple>
#include <vector>

#include "tests/engine/store/points/any_points.h"
#include "tests/engine/store/points/columns.h"

namespace timestore::points::piece_test {
namespace {

struct Block {
  BlockColumns columns;
  BlockIdentities identities;
};

void expect_statistics(const BlockHead& head, const BlockColumns& columns) {
  if (!head.has_statistics) return;
  const auto bits = std::span(columns.bits).first(columns.count);
  if (head.type == Type::kFloat) {
    std::vector<double> values;
    for (const uint64_t word : bits) values.push_back(std::bit_cast<double>(word));
    const DoubleStatistics expected = statistics_of(values, Decimals(values));
    const auto& found = std::get<DoubleStatistics>(head.statistics);
    RC_ASSERT(found.numbers == expected.numbers);
    RC_ASSERT(found.sum == expected.sum);
    if (found.numbers == 0) return;
    RC_ASSERT(std::bit_cast<uint64_t>(found.min) == std::bit_cast<uint64_t>(expected.min));
    RC_ASSERT(std::bit_cast<uint64_t>(found.max) == std::bit_cast<uint64_t>(expected.max));
  } else if (head.type == Type::kInteger) {
    const std::vector<int64_t> values(bits.begin(), bits.end());
    RC_ASSERT(std::get<IntegerStatistics<int64_t>>(head.statistics) == statistics_of(values));
  } else if (head.type == Type::kUnsigned) {
    RC_ASSERT(std::get<IntegerStatistics<uint64_t>>(head.statistics) == statistics_of(bits));
  } else {
    const auto trues = static_cast<size_t>(std::count(bits.begin(), bits.end(), 1));
    RC_ASSERT(std::get<BooleanStatistics>(head.statistics).trues == trues);
  }
}

// The points of a piece, held against what it and its heads say of them.
void expect_piece(const Piece& piece, const std::vector<Point>& points, size_t& next) {
  const auto reader = PieceReader::open(piece.data);
  RC_ASSERT(reader.has_value());
  const auto block = std::make_unique<Block>();
  std::vector<Seq> seqs;
  const size_t begin = next;
  for (size_t number = 0; number < reader->blocks().size(); ++number) {
    RC_ASSERT(reader->read(number, block->columns).has_value());
    RC_ASSERT(reader->read_more(number, piece.more, block->columns, block->identities).has_value());
    const BlockHead& head = reader->blocks()[number];
    expect_statistics(head, block->columns);
    for (size_t at = 0; at < head.count; ++at) {
      RC_ASSERT(next < points.size());
      RC_ASSERT(point_at(block->columns, block->identities, at) == points[next++]);
      seqs.push_back(block->identities.seqs[at]);
    }
  }
  RC_ASSERT(piece.points == next - begin);
  RC_ASSERT(piece.first_series == points[begin].series);
  RC_ASSERT(piece.last_series == points[next - 1].series);
  RC_ASSERT(piece.first_seq == *std::min_element(seqs.begin(), seqs.end()));
  RC_ASSERT(piece.last_seq == *std::max_element(seqs.begin(), seqs.end()));
  for (size_t at = begin; at < next; ++at) {
    RC_ASSERT(piece.min_time <= points[at].time_ns);
    RC_ASSERT(points[at].time_ns <= piece.max_time);
  }
}

RC_GTEST_PROP(Piece, every_run_of_points_comes_back, (uint64_t seed)) {
  Prng prng(seed);
  const SortedRun run = any_run(prng);
  const PieceOptions options = any_options(prng);
  size_t next = 0;
  for (const Piece& piece : pieces_of(run.points, options)) expect_piece(piece, run.points, next);
  RC_ASSERT(next == run.points.size());
}

RC_GTEST_PROP(Piece, equal_points_give_equal_bytes_whatever_the_writer_did_before, (uint64_t seed)) {
  Prng prng(seed);
  const SortedRun run = any_run(prng);
  const auto once = pieces_of(run.points);
  const auto again = pieces_of(run.points);
  RC_ASSERT(once.size() == again.size());
  for (size_t at = 0; at < once.size(); ++at) {
    RC_ASSERT(once[at].data == again[at].data);
    RC_ASSERT(once[at].more == again[at].more);
  }
}

// --- Shapes ---------------------------------------------------------------------------------------------------------

std::vector<Point> steps(SeriesNumber series, size_t count, Seq seq = 0) {
  std::vector<Point> points;
  for (size_t at = 0; at < count; ++at) {
    const double value = 20 + static_cast<double>(at % 7) / 10;
    points.push_back({.series = series,
                      .time_ns = static_cast<int64_t>(at) * 10'000'000'000,
                      .seq = seq + at,
                      .bits = std::bit_cast<uint64_t>(value)});
  }
  return points;
}

std::vector<Point> joined(std::vector<std::vector<Point>> parts) {
  std::vector<Point> all;
  for (const auto& part : parts) all.insert(all.end(), part.begin(), part.end());
  return all;
}

std::vector<BlockHead> heads_of(const std::vector<Piece>& pieces) {
  std::vector<BlockHead> heads;
  for (const Piece& piece : pieces) {
    const auto reader = PieceReader::open(piece.data);
    heads.insert(heads.end(), reader->blocks().begin(), reader->blocks().end());
  }
  return heads;
}

TEST(Piece, series_with_few_points_share_a_block_and_others_have_their_own) {
  const auto heads = heads_of(pieces_of(joined({steps(1, 3), steps(2, 3), steps(5, 40), steps(6, 2), steps(9, 2000)})));
  ASSERT_EQ(heads.size(), 5U);
  EXPECT_TRUE(heads[0].is_narrow);
  EXPECT_EQ(std::tuple(heads[0].first_series, heads[0].last_series, heads[0].count), std::tuple(1U, 2U, 6U));
  EXPECT_FALSE(heads[0].has_statistics);
  EXPECT_FALSE(heads[1].is_narrow);
  EXPECT_TRUE(heads[1].has_statistics);
  EXPECT_EQ(std::tuple(heads[2].first_series, heads[2].count), std::tuple(6U, 2U));
  EXPECT_EQ(std::tuple(heads[3].first_series, heads[3].count), std::tuple(9U, 1024U));
  EXPECT_EQ(std::tuple(heads[4].first_series, heads[4].count), std::tuple(9U, 976U));
}

TEST(Piece, types_do_not_share_a_block) {
  auto integers = steps(2, 3);
  for (Point& point : integers) point.type = Type::kInteger;
  const auto heads = heads_of(pieces_of(joined({steps(1, 3), integers, steps(3, 3)})));
  ASSERT_EQ(heads.size(), 3U);
  EXPECT_EQ(heads[1].type, Type::kInteger);
}

TEST(Piece, a_piece_is_as_large_as_it_was_asked_for_unless_one_block_is_larger) {
  std::vector<Point> points;
  Prng prng(3);
  for (SeriesNumber series = 1; series <= 50; ++series) {
    for (Seq at = 0; at < 200; ++at)
      points.push_back({.series = series, .time_ns = static_cast<int64_t>(at), .seq = at, .bits = prng.next()});
  }
  const auto pieces = pieces_of(points);
  ASSERT_GT(pieces.size(), 3U);
  for (size_t at = 0; at + 1 < pieces.size(); ++at) {
    EXPECT_LE(pieces[at].data.size(), 16 * 1024 + 32U) << "the heads' count and their varints aside";
    EXPECT_GT(pieces[at].data.size(), 14 * 1024U);
  }
}

TEST(Piece, one_text_that_is_too_long_stands_alone) {
  Point point{.series = 4, .type = Type::kString, .seq = 7};
  const std::string text(100'000, 'x');
  point.text = text;
  const auto pieces = pieces_of({point});
  ASSERT_EQ(pieces.size(), 1U);
  EXPECT_GT(pieces[0].data.size(), 100'000U);
}

TEST(Piece, a_run_of_nothing_has_no_pieces) { EXPECT_TRUE(pieces_of({}).empty()); }

// These bytes are on disks: they never change.
TEST(Piece, has_these_bytes) {
  auto points = joined({steps(1, 2), steps(2, 1, 40)});
  points[1].is_line = true;
  points[2].id = *Guid::parse("00000000-0000-0000-0000-0000000000ff");
  points[2].attributes = "{}";
  const auto pieces = pieces_of(points);
  ASSERT_EQ(pieces.size(), 1U);
  EXPECT_EQ(hex(pieces[0].data), "00490101020080c8afa0251a1e0e02010201010e0080c8afa025020102010e9003010201020302");
  EXPECT_EQ(hex(pieces[0].more), "0a00010206c00903030401000300000000000000ff010e00020201017b7d");
  const auto wide = pieces_of(steps(7, 40));
  EXPECT_EQ(hex(wide[0].data),
            "001107270080f8beeeac0b01900306e67e180402008090dfc04a010f90030102410404060d141b22dddd0d");
}

// --- Hostile bytes --------------------------------------------------------------------------------------------------

// Bytes of exactly this size, so that a sanitizer sees who reads outside.
void read_all(std::string_view data, std::string_view more) {
  const std::unique_ptr<char[]> exact(new char[data.size()]);
  std::copy(data.begin(), data.end(), exact.get());
  const auto reader = PieceReader::open({exact.get(), data.size()});
  if (!reader) return;
  const auto block = std::make_unique<Block>();
  for (size_t number = 0; number < reader->blocks().size(); ++number) {
    if (!reader->read(number, block->columns)) continue;
    std::ignore = reader->read_more(number, more, block->columns, block->identities);
  }
}

TEST(HostilePiece, a_piece_that_is_cut_off_anywhere_is_refused) {
  Prng prng(11);
  for (int round = 0; round < 5; ++round) {
    const SortedRun run = any_run(prng);
    const auto pieces = pieces_of(run.points);
    const Piece& piece = pieces.front();
    for (size_t size = 0; size < piece.data.size(); size += 1 + prng.below(7)) {
      ASSERT_FALSE(PieceReader::open(piece.data.substr(0, size))) << size;
    }
    const auto block = std::make_unique<Block>();
    const auto reader = PieceReader::open(piece.data);
    ASSERT_TRUE(reader->read(0, block->columns));
    ASSERT_FALSE(reader->read_more(0, piece.more.substr(1), block->columns, block->identities));
  }
}

TEST(HostilePiece, no_bytes_do_any_harm) {
  Prng prng(12);
  for (int round = 0; round < 2000; ++round) {
    SortedRun run = any_run(prng);
    run.points.resize(std::min<size_t>(run.points.size(), 1 + prng.below(200)));
    Piece piece = pieces_of(run.points).front();
    for (uint64_t flips = 1 + prng.below(4); flips > 0; --flips) {
      std::string& bytes = prng.chance(2, 3) ? piece.data : piece.more;
      const size_t where =
          prng.chance(1, 2) ? prng.below(std::min<size_t>(bytes.size(), 40)) : prng.below(bytes.size());
      bytes[where] = static_cast<char>(prng.below(256));
    }
    read_all(piece.data, piece.more);
  }
}

TEST(HostilePiece, what_does_not_fit_together_is_refused) {
  const auto pieces = pieces_of(joined({steps(1, 40), steps(2, 40)}));
  const std::string& data = pieces[0].data;
  const auto complaint = [](const std::string& bytes) {
    const auto reader = PieceReader::open(bytes);
    if (!reader) return reader.error().message;
    const auto block = std::make_unique<Block>();
    for (size_t number = 0; number < reader->blocks().size(); ++number) {
      if (const auto read = reader->read(number, block->columns); !read) return read.error().message;
    }
    return std::string("accepted");
  };
  EXPECT_EQ(complaint(data), "accepted");
  EXPECT_EQ(complaint(data + '\0'), "a piece is longer than its blocks");
  EXPECT_EQ(complaint(""), "a column ends too early");
  EXPECT_EQ(complaint(std::string("\xff\xff\x03", 3)), "a piece claims too many blocks");
  std::string other_series = data;
  other_series[2] = 9;  // the first head's first series: then the second's is another one too
  EXPECT_EQ(complaint(other_series), "accepted") << "a wide block says whose it is in its head alone";
  std::string later = data;
  later[4] = 2;  // the first head's least time
  EXPECT_EQ(complaint(later), "a block does not hold what its head says");
}

}  // namespace
}  // namespace timestore::points::piece_test
