// Segments in the order of the log.
#include <map>
#include <memory>
#include <utility>

#include "engine/store/segments/segment_scan.h"

namespace timestore::segments {

using points::Point;
using points::Seq;

Result<std::vector<TimeRange>> SegmentReader::times_of(Seq seq) {
  auto segments = visible({});
  if (!segments) return tl::unexpected(std::move(segments.error()));
  std::vector<TimeRange> times;
  for (const Visible& visible : *segments) {
    const Segment& segment = visible.segment;
    if (segment.first_seq <= seq && seq <= segment.last_seq) times.push_back({segment.min_time, segment.max_time});
  }
  return times;
}

// Pieces with the earliest points come first, so that the window knows early what it does not want.
Result<LogWindow> SegmentReader::read_log(Seq last, std::size_t max_points) {
  struct Candidate {
    SegmentId segment = 0;
    std::int64_t key = 0;
    Seq first_seq = 0;
    Seq last_seq = 0;
  };
  auto segments = visible({});
  if (!segments) return tl::unexpected(std::move(segments.error()));
  std::map<SegmentId, Place> begins;
  for (const Visible& visible : *segments) begins.emplace(visible.segment.id, visible.begin);

  std::vector<Candidate> candidates;
  {
    const store::ResetAtEnd reset(extents_);
    extents_.bind_integer(1, static_cast<std::int64_t>(last));
    while (true) {
      auto is_there = extents_.step();
      if (!is_there) return tl::unexpected(std::move(is_there.error()));
      if (!*is_there) break;
      candidates.push_back({extents_.integer(0), extents_.integer(1), extents_.natural(2), extents_.natural(3)});
    }
  }
  LogWindow window(last, max_points);
  for (const Candidate& piece : candidates) {
    const auto begin = begins.find(piece.segment);
    if (begin == begins.end() || !window.wants(piece.first_seq, piece.last_seq)) continue;
    if (auto read = read_piece(piece.key, begin->second, window); !read) return tl::unexpected(std::move(read.error()));
  }
  window.close();
  return window;
}

Result<void> SegmentReader::read_piece(std::int64_t key, Place begin, LogWindow& window) {
  const store::ResetAtEnd reset(piece_);
  auto is_there = piece_.bind_integer(1, key).step();
  if (!is_there) return tl::unexpected(std::move(is_there.error()));
  const Partition partition = piece_.integer(0);
  bool is_read = false;
  points::SegmentCursor cursor([&]() -> Result<std::optional<points::PieceBytes>> {
    if (std::exchange(is_read, true)) return std::nullopt;
    return points::PieceBytes{.data = piece_.bytes(1), .more = piece_.bytes(2)};
  });
  while (true) {
    auto next = cursor.next();
    if (!next) return tl::unexpected(std::move(next.error()));
    if (!*next) return {};
    const Point& point = cursor.point();
    if (Place{partition, point.series, point.time_ns} >= begin) window.add(point);
  }
}

}  // namespace timestore::segments
