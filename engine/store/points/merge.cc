#include "engine/store/points/merge.h"

#include <algorithm>
#include <vector>

#include "engine/store/points/survivors.h"

namespace timestore::points {

// --- SegmentCursor --------------------------------------------------------------------------------------------------

Result<bool> SegmentCursor::next_piece() {
  auto bytes = source_();
  if (!bytes) return tl::unexpected(std::move(bytes.error()));
  if (!*bytes) return false;
  auto piece = PieceReader::open((*bytes)->data);
  if (!piece) return tl::unexpected(std::move(piece.error()));
  piece_ = std::move(*piece);
  more_ = (*bytes)->more;
  blocks_read_ = 0;
  return true;
}

Result<bool> SegmentCursor::next_block() {
  const auto is_at_end = [this] { return !piece_ || blocks_read_ == piece_->blocks().size(); };
  while (is_at_end() || !wanted_.block(piece_->blocks()[blocks_read_])) {
    if (!is_at_end()) {
      ++blocks_read_;
    } else if (auto is_there = next_piece(); !is_there || !*is_there) {
      return is_there;
    }
  }
  const size_t block = blocks_read_++;
  if (auto read = piece_->read(block, block_->columns); !read) return tl::unexpected(std::move(read.error()));
  auto read = piece_->read_more(block, more_, block_->columns, block_->identities);
  if (!read) return tl::unexpected(std::move(read.error()));
  at_ = 0;
  return true;
}

Result<bool> SegmentCursor::next_point() {
  if (!has_point_ || ++at_ == block_->columns.count) {
    const SeriesNumber series = point_.series;  // what else the last point had may be gone
    const int64_t time = point_.time_ns;
    if (auto is_there = next_block(); !is_there || !*is_there) return is_there;
    const BlockColumns& columns = block_->columns;
    if (has_point_ && std::pair(columns.series[0], columns.times[0]) < std::pair(series, time))
      return fail("a segment has blocks that are out of order");
    has_point_ = true;
  }
  point_ = point_at(block_->columns, block_->identities, at_);
  return true;
}

Result<bool> SegmentCursor::next() {
  while (true) {
    auto is_there = next_point();
    if (!is_there || !*is_there || wanted_.point(point_)) return is_there;
  }
}

// --- merge ----------------------------------------------------------------------------------------------------------

Result<bool> merge_points(std::span<const std::unique_ptr<PointCursor>> sources,
                          const std::function<bool(const Point&)>& survivor) {
  std::vector<PointCursor*> heap;  // whose point comes first is at the front
  const auto comes_later = [](const PointCursor* left, const PointCursor* right) {
    return is_before(right->point(), left->point());
  };
  for (const auto& source : sources) {
    auto is_there = source->next();
    if (!is_there) return tl::unexpected(std::move(is_there.error()));
    if (*is_there) heap.push_back(source.get());
  }
  std::make_heap(heap.begin(), heap.end(), comes_later);
  bool is_enough = false;
  Survivors survivors([&](const Point& point) { is_enough = is_enough || !survivor(point); });
  while (!heap.empty() && !is_enough) {
    std::pop_heap(heap.begin(), heap.end(), comes_later);
    PointCursor& first = *heap.back();
    const PointCursor* second = heap.size() > 1 ? heap.front() : nullptr;
    // Neighbours in the log mostly follow each other in time, so there are long runs of one source.
    bool is_there = true;
    while (is_there && !is_enough && (second == nullptr || !is_before(second->point(), first.point()))) {
      survivors.add(first.point());
      auto next = first.next();
      if (!next) return tl::unexpected(std::move(next.error()));
      is_there = *next;
    }
    if (is_there) std::push_heap(heap.begin(), heap.end(), comes_later);
    if (!is_there) heap.pop_back();
  }
  if (!is_enough) survivors.finish();
  return is_enough;
}

}  // namespace timestore::points
