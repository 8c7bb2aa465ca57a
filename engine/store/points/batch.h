// A batch: points of any series that are stored as a whole, as the bytes of one command.
//
//   varint: how many series; for each of them a varint: its number, or 0, and then a varint: the size of its name, and
//                 the name
//   varint: bytes of `data`; `data` and `more` of a piece (piece.h), in which a series is its place in that list, and a
//                 seq the point's place in the batch
//
// So a batch has the columns that segments have: a thousand devices with a point each cost some three bytes a point, if
// their series are numbered already. Points stand in the order of segments (point.h), and each says its place: the
// order in which they were added. That costs nothing where it is regular.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/result.h"
#include "engine/store/points/piece.h"
#include "engine/store/points/point.h"
#include "engine/store/points/text_arena.h"

namespace timestore::points {

constexpr size_t kMaxBatchPoints = size_t{1} << 17;
constexpr size_t kMaxSeriesNameBytes = 65'535;

// A series by its number, or, when it has none yet (0), by its name.
struct BatchSeries {
  SeriesNumber number = 0;
  std::string_view name = {};
  bool operator==(const BatchSeries&) const = default;
};

// The points of a batch alone: `data` and `more`, with the size of `data` before them.
class BatchPointsWriter {
 public:
  void reserve(size_t points) { points_.reserve(points); }

  // One more point, whose `series` is a place in some list of at most kMaxBatchPoints; its `seq` does not matter. Texts
  // are copied. Of one series all have one type. Requires size() < kMaxBatchPoints.
  void add(const Point& point);

  size_t size() const { return points_.size(); }

  // The bytes. The writer is as new afterwards. Requires at least one point.
  std::string finish();

 private:
  TextArena texts_;
  std::vector<Point> points_;
};

class BatchWriter {
 public:
  // The place of one more series in the batch's list. Its name is copied.
  SeriesNumber add_series(const BatchSeries& series);

  // One more point, whose `series` is such a place; its `seq` does not matter. Texts are copied. Of one series all have
  // one type. Requires size() < kMaxBatchPoints.
  void add(const Point& point);

  size_t size() const { return points_.size(); }

  // The bytes. The writer is as new afterwards. Requires at least one point.
  std::string finish();

 private:
  TextArena names_;
  std::vector<BatchSeries> series_;
  BatchPointsWriter points_;
};

// Any bytes are the points of a batch or an error, the same on every machine; decoding expands nothing.
class BatchPoints {
 public:
  // `bytes` must outlive the reader. Points are of the first `series` places of some list.
  static Result<BatchPoints> open(std::string_view bytes, size_t series);

  size_t size() const { return size_; }

  // Tells every point, in the order of segments. `series` is a place in the list, `seq` the point's place in the batch:
  // each of them once. Texts live until `tell` returns.
  Result<void> read(const std::function<void(const Point&)>& tell) const;

 private:
  BatchPoints(PieceReader piece, std::string_view more) : piece_(std::move(piece)), more_(more) {}

  PieceReader piece_;
  std::string_view more_;
  size_t size_ = 0;
};

// A whole batch. Any bytes are one or an error, too.
class BatchReader {
 public:
  // `bytes` must outlive the reader.
  static Result<BatchReader> open(std::string_view bytes);

  const std::vector<BatchSeries>& series() const { return series_; }
  size_t size() const { return points_.size(); }

  // As BatchPoints::read().
  Result<void> read(const std::function<void(const Point&)>& tell) const { return points_.read(tell); }

 private:
  BatchReader(std::vector<BatchSeries> series, BatchPoints points)
      : series_(std::move(series)), points_(std::move(points)) {}

  std::vector<BatchSeries> series_;
  BatchPoints points_;
};

}  // namespace timestore::points
