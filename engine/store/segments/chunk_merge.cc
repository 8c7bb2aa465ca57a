#include "engine/store/segments/chunk_merge.h"

#include <algorithm>
#include <utility>

namespace timestore::segments {

using points::Point;

void ChunkMerge::begin(std::vector<Chunk> chunks, bool is_descending) {
  is_descending_ = is_descending;
  waiting_ = std::move(chunks);
  open_.clear();
  spent_.clear();
  last_.reset();
  std::stable_sort(waiting_.begin(), waiting_.end(), [&](const Chunk& left, const Chunk& right) {
    return is_descending ? left.last_ns < right.last_ns : left.first_ns > right.first_ns;
  });
}

bool ChunkMerge::comes_first(const Point& left, const Point& right) const {
  return is_descending_ ? points::is_before(right, left) : points::is_before(left, right);
}

void ChunkMerge::look(Open& open) const {
  if (open.begin == open.end) return;
  const std::size_t at = is_descending_ ? open.end - 1 : open.begin;
  open.point = open.block != nullptr ? points::point_at(open.block->columns, open.block->identities, at)
                                     : open.generation->at(open.rows[at]);
}

Result<void> ChunkMerge::open(const Chunk& chunk) {
  Open open{.begin = chunk.begin, .end = chunk.end};
  if (chunk.piece == nullptr) {
    open.generation = chunk.generation;
    open.rows = chunk.rows;
  } else if (chunk.is_narrow) {
    auto decoded = chunk.piece->narrow_with_identities(chunk.block, bytes_);
    if (!decoded) return tl::unexpected(std::move(decoded.error()));
    open.block = *decoded;
  } else {
    DecodedBlock& decoded = *open.own.emplace();
    if (auto read = chunk.piece->read(chunk.block, decoded.columns); !read) return read;
    if (auto read = chunk.piece->read_identities(chunk.block, bytes_, decoded); !read) return read;
    open.block = &decoded;
    const auto times = std::span(std::as_const(decoded.columns.times)).first(decoded.columns.count);
    open.begin = static_cast<std::size_t>(std::lower_bound(times.begin(), times.end(), chunk.from_ns) - times.begin());
    open.end = times.size();
  }
  if (open.begin == open.end) return {};
  look(open);
  open_.push_back(std::move(open));
  return {};
}

// Whether it may hold the next point.
bool ChunkMerge::is_due(const Chunk& chunk) const {
  return std::all_of(open_.begin(), open_.end(), [&](const Open& open) {
    return is_descending_ ? chunk.last_ns >= open.point.time_ns : chunk.first_ns <= open.point.time_ns;
  });
}

Result<void> ChunkMerge::open_due() {
  while (!waiting_.empty() && is_due(waiting_.back())) {
    const Chunk chunk = waiting_.back();
    waiting_.pop_back();
    if (auto opened = open(chunk); !opened) return opened;
  }
  return {};
}

Result<std::optional<std::size_t>> ChunkMerge::best() {
  if (auto opened = open_due(); !opened) return tl::unexpected(std::move(opened.error()));
  if (open_.empty()) return std::nullopt;
  std::size_t best = 0;
  for (std::size_t at = 1; at < open_.size(); ++at) {
    if (comes_first(open_[at].point, open_[best].point)) best = at;
  }
  return best;
}

void ChunkMerge::advance(std::size_t at) {
  Open& open = open_[at];
  is_descending_ ? --open.end : ++open.begin;
  look(open);
  if (open.begin < open.end) return;
  spent_.push_back(std::move(open));
  open_.erase(open_.begin() + static_cast<std::ptrdiff_t>(at));
}

// Of lines with one time the greatest is the last when they ascend, and the first when they descend. So a batch is not
// full before the point behind it is known to be another.
Result<std::size_t> ChunkMerge::fill(DecodedBlock& batch) {
  spent_.clear();
  points_.clear();
  while (true) {
    auto next = best();
    if (!next) return tl::unexpected(std::move(next.error()));
    if (!*next) break;
    const Point& point = open_[**next].point;
    if (is_descending_ && last_ && points::replaces(*last_, point)) {
      advance(**next);
      continue;
    }
    const bool takes_place = !is_descending_ && !points_.empty() && points::replaces(point, points_.back());
    if (takes_place) points_.pop_back();
    if (points_.size() == points::kMaxBlockPoints) break;
    points_.push_back(point);
    last_ = point;
    advance(**next);
  }
  if (is_descending_) std::reverse(points_.begin(), points_.end());
  batch.columns.count = 0;
  for (const Point& point : points_) points::append_point(batch.columns, batch.identities, point);
  return points_.size();
}

}  // namespace timestore::segments
