#include "engine/store/segments/chunk_merge.h"

#include <algorithm>
#include <utility>

namespace timestore::segments {

using points::kMaxBlockPoints;
using points::Point;

namespace {

// Who wants the last point of a series is not to decode all that overlaps: batches grow from so many points.
constexpr std::size_t kFirstBatch = 4;

template <typename Array>
void copy(const Array& from, std::size_t begin, std::size_t end, Array& to, std::size_t at) {
  const auto first = from.begin();
  std::copy(first + static_cast<std::ptrdiff_t>(begin), first + static_cast<std::ptrdiff_t>(end),
            to.begin() + static_cast<std::ptrdiff_t>(at));
}

}  // namespace

std::int64_t ChunkMerge::Open::time_at(std::size_t at) const {
  return block != nullptr ? block->columns.times[at] : chunk.generation->time_at(chunk.rows[at]);
}

bool ChunkMerge::Open::is_line_at(std::size_t at) const {
  return block != nullptr ? block->columns.are_lines[at] : chunk.generation->is_line_at(chunk.rows[at]);
}

void ChunkMerge::begin(std::vector<Chunk> chunks, bool is_descending, const Kept* kept) {
  is_descending_ = is_descending;
  kept_ = kept;
  waiting_ = std::move(chunks);
  open_.clear();
  spent_.clear();
  runs_.clear();
  last_.reset();
  enough_ = kFirstBatch;
  std::stable_sort(waiting_.begin(), waiting_.end(), [&](const Chunk& left, const Chunk& right) {
    return is_descending ? left.last_ns < right.last_ns : left.first_ns > right.first_ns;
  });
}

Result<void> ChunkMerge::open(const Chunk& chunk) {
  auto open = std::make_unique<Open>(Open{.chunk = chunk, .begin = chunk.begin, .end = chunk.end});
  if (chunk.piece != nullptr && chunk.is_narrow) {
    auto decoded = chunk.piece->narrow(chunk.block);
    if (!decoded) return tl::unexpected(std::move(decoded.error()));
    open->block = *decoded;
  } else if (chunk.piece != nullptr) {
    DecodedBlock& decoded = *open->own.emplace();
    if (auto read = chunk.piece->read(chunk.block, decoded.columns); !read) return read;
    open->block = &decoded;
    const auto times = std::span(std::as_const(decoded.columns.times)).first(decoded.columns.count);
    open->begin = static_cast<std::size_t>(std::lower_bound(times.begin(), times.end(), chunk.from_ns) - times.begin());
    open->end = times.size();
  }
  if (open->begin < open->end) open_.push_back(std::move(open));
  return {};
}

Result<void> ChunkMerge::load_identities(Open& open) {
  if (open.block == nullptr || std::exchange(open.has_identities, true)) return {};
  if (open.own) return open.chunk.piece->read_identities(open.chunk.block, bytes_, **open.own);
  const auto narrow = open.chunk.piece->narrow_with_identities(open.chunk.block, bytes_);
  return narrow ? Result<void>() : tl::unexpected(narrow.error());
}

// Whether it may hold the next point.
bool ChunkMerge::is_due(const Chunk& chunk) const {
  const std::int64_t first_ns = is_descending_ ? chunk.last_ns : chunk.first_ns;
  return std::none_of(open_.begin(), open_.end(),
                      [&](const auto& open) { return is_earlier(next_ns(*open), first_ns); });
}

Result<void> ChunkMerge::open_due() {
  while (!waiting_.empty() && is_due(waiting_.back())) {
    const Chunk chunk = waiting_.back();
    waiting_.pop_back();
    if (auto opened = open(chunk); !opened) return opened;
  }
  return {};
}

Result<Point> ChunkMerge::point_of(Open& open, std::size_t at) {
  if (open.block == nullptr) return open.chunk.generation->at(open.chunk.rows[at]);
  if (auto loaded = load_identities(open); !loaded) return tl::unexpected(std::move(loaded.error()));
  return points::point_at(open.block->columns, open.block->identities, at);
}

// Of those whose next points have the time of that one.
Result<std::size_t> ChunkMerge::first_of_equal(std::size_t at) {
  const std::int64_t time_ns = next_ns(*open_[at]);
  std::optional<Point> first;
  for (std::size_t other = 0; other < open_.size(); ++other) {
    if (next_ns(*open_[other]) != time_ns) continue;
    auto point = point_of(*open_[other], next_of(*open_[other]));
    if (!point) return tl::unexpected(std::move(point.error()));
    const bool is_first =
        !first || (is_descending_ ? points::is_before(*first, *point) : points::is_before(*point, *first));
    if (!is_first) continue;
    first = *point;
    at = other;
  }
  return at;
}

// The next points of one chunk, which come before those of all others.
void ChunkMerge::take(Open& open, std::size_t count) {
  const std::size_t begin = is_descending_ ? open.end - count : open.begin;
  const bool goes_on = !runs_.empty() && runs_.back().open == &open &&
                       (is_descending_ ? runs_.back().begin == begin + count : runs_.back().end == begin);
  if (goes_on && is_descending_) runs_.back().begin = begin;
  if (goes_on && !is_descending_) runs_.back().end = begin + count;
  if (!goes_on) runs_.push_back({&open, begin, begin + count});
  count_ += count;
  const std::size_t last = is_descending_ ? begin : begin + count - 1;
  last_ = {.time_ns = open.time_at(last), .is_line = open.is_line_at(last)};
  is_descending_ ? open.end -= count : open.begin += count;
}

// Of lines with one time the greatest is the last when they ascend, and the first when they descend. So a batch is not
// full before the point behind it is known to be another. A point that is gone takes no place: what it had replaced is
// gone as well. False: it is full.
Result<bool> ChunkMerge::take_next(Open& open) {
  const std::size_t at = next_of(open);
  if (kept_ != nullptr && open.chunk.is_pierced) {
    const auto point = point_of(open, at);
    if (!point) return tl::unexpected(point.error());
    if (!kept_->point(*point)) {
      is_descending_ ? --open.end : ++open.begin;
      return true;
    }
  }
  const bool is_replacement = last_ && last_->is_line && last_->time_ns == open.time_at(at) && open.is_line_at(at);
  if (is_replacement && is_descending_) {
    --open.end;
    return true;
  }
  if (is_replacement && count_ > 0) {
    --count_;
    if (--runs_.back().end == runs_.back().begin) runs_.pop_back();
  }
  if (count_ == kMaxBlockPoints) return false;
  take(open, 1);
  return true;
}

// The points that come before `limit_ns`. Of fresh rows, where a later one may replace an earlier one: as many as are
// enough, up to one that has the time of the one before.
std::size_t ChunkMerge::count_before(const Open& open, std::optional<std::int64_t> limit_ns) const {
  if (open.block != nullptr) {
    const auto times = std::span(open.block->columns.times).subspan(open.begin, open.end - open.begin);
    if (!limit_ns) return times.size();
    const auto behind = is_descending_ ? std::upper_bound(times.begin(), times.end(), *limit_ns)
                                       : std::lower_bound(times.begin(), times.end(), *limit_ns);
    return static_cast<std::size_t>(is_descending_ ? times.end() - behind : behind - times.begin());
  }
  const std::size_t most = std::min(open.end - open.begin, std::max(enough_, count_ + 1) - count_);
  std::optional<std::int64_t> last_ns;
  for (std::size_t count = 0; count < most; ++count) {
    const std::int64_t time_ns = open.time_at(is_descending_ ? open.end - 1 - count : open.begin + count);
    const bool is_behind = limit_ns && !is_earlier(time_ns, *limit_ns);
    if (is_behind || time_ns == last_ns) return count;
    last_ns = time_ns;
  }
  return most;
}

// `limit_ns`: where others go on. False: the batch is full.
Result<bool> ChunkMerge::take_some(std::size_t at, std::optional<std::int64_t> limit_ns) {
  const std::int64_t time_ns = next_ns(*open_[at]);
  const bool is_alone = !limit_ns || time_ns != *limit_ns;
  const bool is_other = !last_ || time_ns != last_->time_ns;
  if (!is_alone) {
    auto first = first_of_equal(at);
    if (!first) return tl::unexpected(std::move(first.error()));
    at = *first;
  }
  Open& open = *open_[at];
  bool has_room = true;
  if (is_alone && is_other && !open.chunk.is_pierced) {
    const std::size_t count = std::min(count_before(open, limit_ns), kMaxBlockPoints - count_);
    has_room = count > 0;
    if (has_room) take(open, count);
  } else {
    const auto taken = take_next(open);
    if (!taken) return taken;
    has_room = *taken;
  }
  close_if_empty(at);
  return has_room;
}

void ChunkMerge::close_if_empty(std::size_t at) {
  if (open_[at]->begin < open_[at]->end) return;
  spent_.push_back(std::move(open_[at]));
  open_.erase(open_.begin() + static_cast<std::ptrdiff_t>(at));
}

// Whether the next point may have the time of the last one that was taken.
bool ChunkMerge::may_replace_last() const {
  if (!last_) return false;
  const auto is_of_that_time = [&](const auto& open) { return next_ns(*open) == last_->time_ns; };
  const bool waits = !waiting_.empty() &&
                     !is_earlier(last_->time_ns, is_descending_ ? waiting_.back().last_ns : waiting_.back().first_ns);
  return waits || std::any_of(open_.begin(), open_.end(), is_of_that_time);
}

Result<std::size_t> ChunkMerge::fill(points::BlockColumns& columns) {
  spent_.clear();
  runs_.clear();
  count_ = 0;
  for (bool has_room = true; has_room;) {
    if (count_ >= enough_ && !may_replace_last()) break;
    if (auto opened = open_due(); !opened) return tl::unexpected(std::move(opened.error()));
    if (open_.empty()) break;
    std::size_t first = 0;
    std::optional<std::int64_t> limit_ns;
    if (!waiting_.empty()) limit_ns = is_descending_ ? waiting_.back().last_ns : waiting_.back().first_ns;
    for (std::size_t at = 1; at < open_.size(); ++at) {
      const std::size_t other = is_earlier(next_ns(*open_[at]), next_ns(*open_[first])) ? std::exchange(first, at) : at;
      const std::int64_t other_ns = next_ns(*open_[other]);
      if (!limit_ns || is_earlier(other_ns, *limit_ns)) limit_ns = other_ns;
    }
    auto taken = take_some(first, limit_ns);
    if (!taken) return tl::unexpected(std::move(taken.error()));
    has_room = *taken;
  }
  enough_ = std::min(2 * enough_, kMaxBlockPoints);
  if (is_descending_) std::reverse(runs_.begin(), runs_.end());
  columns.count = 0;
  for (const Run& run : runs_) append(run, columns);
  return count_;
}

void ChunkMerge::append(const Run& run, points::BlockColumns& columns) {
  const std::size_t count = columns.count;
  columns.count += run.end - run.begin;
  if (run.open->block != nullptr) {
    const points::BlockColumns& from = run.open->block->columns;
    columns.type = from.type;
    copy(from.series, run.begin, run.end, columns.series, count);
    copy(from.times, run.begin, run.end, columns.times, count);
    copy(from.are_lines, run.begin, run.end, columns.are_lines, count);
    if (from.type == points::Type::kString) {
      copy(from.texts, run.begin, run.end, columns.texts, count);
    } else {
      copy(from.bits, run.begin, run.end, columns.bits, count);
    }
    return;
  }
  for (std::size_t at = run.begin; at < run.end; ++at) {
    const Point point = run.open->chunk.generation->at(run.open->chunk.rows[at]);
    const std::size_t to = count + at - run.begin;
    columns.type = point.type;
    columns.series[to] = point.series;
    columns.times[to] = point.time_ns;
    columns.bits[to] = point.bits;
    columns.texts[to] = point.text;
    columns.are_lines[to] = point.is_line;
  }
}

Result<void> ChunkMerge::fill(points::BlockIdentities& identities) {
  std::size_t count = 0;
  for (const Run& run : runs_) {
    if (auto loaded = load_identities(*run.open); !loaded) return loaded;
    if (run.open->block != nullptr) {
      const points::BlockIdentities& from = run.open->block->identities;
      copy(from.seqs, run.begin, run.end, identities.seqs, count);
      copy(from.ids, run.begin, run.end, identities.ids, count);
      copy(from.attributes, run.begin, run.end, identities.attributes, count);
    }
    for (std::size_t at = run.begin; run.open->block == nullptr && at < run.end; ++at) {
      const Point point = run.open->chunk.generation->at(run.open->chunk.rows[at]);
      const std::size_t to = count + at - run.begin;
      identities.seqs[to] = point.seq;
      identities.ids[to] = point.id;
      identities.attributes[to] = point.attributes;
    }
    count += run.end - run.begin;
  }
  return {};
}

}  // namespace timestore::segments
