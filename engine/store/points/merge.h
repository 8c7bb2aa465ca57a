// Several segments become one.
//
// Points come out in their order, and of line points with one series and time only the last. Segments that are merged
// are neighbours in the log, so that none of another segment lies between what replaces and what is replaced.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "engine/base/result.h"
#include "engine/store/points/piece.h"

namespace timestore::points {

// The pieces of a segment, in their order; nothing behind the last. A piece lives until the next is asked for.
struct PieceBytes {
  std::string_view data;
  std::string_view more;
};
using PieceSource = std::function<Result<std::optional<PieceBytes>>()>;

// The points of a segment, one after the other.
class SegmentCursor {
 public:
  explicit SegmentCursor(PieceSource source) : source_(std::move(source)), block_(std::make_unique<Block>()) {}

  // To the first point, and then to the next. False: there is none. Pieces and blocks out of order are an error.
  Result<bool> next();

  // Its texts live until next(). Requires that next() said true.
  const Point& point() const { return point_; }

 private:
  struct Block {
    BlockColumns columns;
    BlockIdentities identities;
  };

  Result<bool> next_block();
  Result<bool> next_piece();

  PieceSource source_;
  std::optional<PieceReader> piece_;
  std::string_view more_;
  size_t blocks_read_ = 0;
  std::unique_ptr<Block> block_;
  size_t at_ = 0;
  Point point_;
  bool has_point_ = false;
};

// Writes what `keeps` says of all points of the sources that survive each other. `keeps` is asked of each, in their
// order. An error is one of a source's: then what was written is of no use.
Result<void> merge(std::span<SegmentCursor> sources, const std::function<bool(const Point&)>& keeps, PieceWriter& out);

}  // namespace timestore::points
