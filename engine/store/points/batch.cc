#include "engine/store/points/batch.h"

#include <algorithm>
#include <limits>
#include <memory>
#include <numeric>
#include <utility>

#include "engine/base/check.h"
#include "engine/store/points/column.h"

namespace timestore::points {

namespace {

// The points' places in the order of segments. Those of a series mostly come in the order of their times: then they are
// counted, and not compared with those of others.
std::vector<uint32_t> order_of(const std::vector<Point>& points) {
  SeriesNumber last = 0;
  for (const Point& point : points) last = std::max(last, point.series);
  TIMESTORE_CHECK(last < kMaxBatchPoints, "a list of series is no longer than a batch");
  std::vector<uint32_t> ends(last + 2);  // of the series before this one; then of this one
  for (const Point& point : points) ++ends[point.series + 1];
  std::partial_sum(ends.begin(), ends.end(), ends.begin());
  std::vector<uint32_t> order(points.size());
  for (uint32_t place = 0; place < points.size(); ++place) order[ends[points[place].series]++] = place;
  const auto by_place = [&](uint32_t left, uint32_t right) { return is_before(points[left], points[right]); };
  auto begin = order.begin();
  for (SeriesNumber series = 0; series <= last; ++series) {
    const auto end = order.begin() + ends[series];
    if (!std::is_sorted(begin, end, by_place)) std::sort(begin, end, by_place);
    begin = end;
  }
  return order;
}

}  // namespace

// --- Writing --------------------------------------------------------------------------------------------------------

void BatchPointsWriter::add(const Point& point) {
  TIMESTORE_CHECK(points_.size() < kMaxBatchPoints, "a batch is cut before it is too large");
  Point& added = points_.emplace_back(point);
  added.seq = points_.size() - 1;
  added.text = texts_.keep(point.text);
  added.attributes = texts_.keep(point.attributes);
}

std::string BatchPointsWriter::finish() {
  TIMESTORE_CHECK(!points_.empty(), "there is no batch of nothing");
  std::string bytes;
  constexpr size_t kOnePiece = std::numeric_limits<size_t>::max();
  PieceWriter writer(
      [&](Piece&& piece) {
        put_varint(bytes, piece.data.size());
        bytes += piece.data;
        bytes += piece.more;
      },
      {.max_data_bytes = kOnePiece, .max_more_bytes = kOnePiece});
  for (const uint32_t place : order_of(points_)) writer.add(points_[place]);
  writer.finish();
  points_.clear();
  texts_.clear();
  return bytes;
}

SeriesNumber BatchWriter::add_series(const BatchSeries& series) {
  TIMESTORE_CHECK(series.name.size() <= kMaxSeriesNameBytes, "the names of series are checked where they come in");
  series_.push_back({series.number, series.number == 0 ? names_.keep(series.name) : std::string_view()});
  return series_.size() - 1;
}

void BatchWriter::add(const Point& point) {
  TIMESTORE_CHECK(point.series < series_.size(), "a point is of a series of the batch");
  points_.add(point);
}

std::string BatchWriter::finish() {
  std::string bytes;
  put_varint(bytes, series_.size());
  for (const BatchSeries& series : series_) {
    put_varint(bytes, series.number);
    if (series.number != 0) continue;
    put_varint(bytes, series.name.size());
    bytes += series.name;
  }
  bytes += points_.finish();
  series_.clear();
  names_.clear();
  return bytes;
}

// --- Reading --------------------------------------------------------------------------------------------------------

namespace {

tl::unexpected<Error> wrong(std::string_view what) { return fail("a batch " + std::string(what)); }

Result<std::vector<BatchSeries>> take_series(ByteReader& in) {
  const auto count = in.varint();
  if (!count) return cut_off();
  if (*count == 0 || *count > kMaxBatchPoints) return wrong("has no series, or too many");
  std::vector<BatchSeries> series;
  while (series.size() < *count) {
    const auto number = in.varint();
    if (!number) return cut_off();
    if (*number != 0) {
      series.push_back({.number = *number});
      continue;
    }
    const auto size = in.varint();
    if (!size) return cut_off();
    if (*size == 0 || *size > kMaxSeriesNameBytes) return wrong("has a series with a name of an impossible size");
    const auto name = in.take(*size);
    if (!name) return cut_off();
    series.push_back({.name = *name});
  }
  return series;
}

}  // namespace

Result<BatchPoints> BatchPoints::open(std::string_view bytes, size_t series) {
  ByteReader in(bytes);
  const auto size = in.varint();
  if (!size) return cut_off();
  const auto data = in.take(*size);
  if (!data) return cut_off();
  auto piece = PieceReader::open(*data);
  if (!piece) return tl::unexpected(std::move(piece.error()));
  BatchPoints reader(std::move(*piece), in.left());
  for (const BlockHead& head : reader.piece_.blocks()) {
    reader.size_ += head.count;
    if (head.last_series >= series) return wrong("has a point of a series that it does not name");
    if (reader.size_ > kMaxBatchPoints) return wrong("has too many points");
  }
  return reader;
}

Result<void> BatchPoints::read(const std::function<void(const Point&)>& tell) const {
  struct Block {
    BlockColumns columns;
    BlockIdentities identities;
  };
  const auto block = std::make_unique<Block>();
  std::vector<bool> are_taken(size_);
  for (size_t number = 0; number < piece_.blocks().size(); ++number) {
    if (auto read = piece_.read(number, block->columns); !read) return read;
    if (auto read = piece_.read_more(number, more_, block->columns, block->identities); !read) return read;
    for (size_t at = 0; at < block->columns.count; ++at) {
      const Seq place = block->identities.seqs[at];
      if (place >= size_ || are_taken[place]) return wrong("has points that are out of place");
      are_taken[place] = true;
      tell(point_at(block->columns, block->identities, at));
    }
  }
  return {};
}

Result<BatchReader> BatchReader::open(std::string_view bytes) {
  ByteReader in(bytes);
  auto series = take_series(in);
  if (!series) return tl::unexpected(std::move(series.error()));
  auto points = BatchPoints::open(in.left(), series->size());
  if (!points) return tl::unexpected(std::move(points.error()));
  return BatchReader(std::move(*series), std::move(*points));
}

}  // namespace timestore::points
