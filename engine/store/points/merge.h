// Points of several sources as one sequence: how segments become one, and how they are read.
//
// Points come out in their order, and of line points with one series and time only the last. Each point carries its
// place in the log, so it does not matter which segments are merged.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "engine/base/result.h"
#include "engine/store/points/piece.h"
#include "engine/store/points/pooled.h"

namespace timestore::points {

// The pieces of a segment, in their order; nothing behind the last. A piece lives until the next is asked for.
struct PieceBytes {
  std::string_view data;
  std::string_view more;
};
using PieceSource = std::function<Result<std::optional<PieceBytes>>()>;

// Points in their order, one after the other.
class PointCursor {
 public:
  PointCursor() = default;
  PointCursor(const PointCursor&) = delete;
  PointCursor& operator=(const PointCursor&) = delete;
  virtual ~PointCursor() = default;

  // To the first point, and then to the next. False: there is none.
  virtual Result<bool> next() = 0;

  // Its texts live until next(). Requires that next() said true.
  const Point& point() const { return point_; }

 protected:
  Point point_;
};

// Which points are wanted; a block that cannot have any is not decoded.
struct Wanted {
  std::function<bool(const BlockHead&)> block = [](const BlockHead&) { return true; };
  std::function<bool(const Point&)> point = [](const Point&) { return true; };
};

// The points of a segment that are wanted. Pieces and blocks that are out of order are an error.
class SegmentCursor : public PointCursor {
 public:
  explicit SegmentCursor(PieceSource source, Wanted wanted = {})
      : source_(std::move(source)), wanted_(std::move(wanted)) {}
  Result<bool> next() override;

 private:
  struct Block {
    BlockColumns columns;
    BlockIdentities identities;
  };

  Result<bool> next_point();
  Result<bool> next_block();
  Result<bool> next_piece();

  PieceSource source_;
  Wanted wanted_;
  std::optional<PieceReader> piece_;
  std::string_view more_;
  size_t blocks_read_ = 0;
  Pooled<Block> block_;
  size_t at_ = 0;
  bool has_point_ = false;
};

// Tells the points of all sources that survive each other, in their order, until `survivor` returns false. An error is
// one of a source's: then what was told is of no use. The answer: whether it did.
Result<bool> merge_points(std::span<const std::unique_ptr<PointCursor>> sources,
                          const std::function<bool(const Point&)>& survivor);

}  // namespace timestore::points
