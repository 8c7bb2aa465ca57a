#include "engine/store/segments/piece_rows.h"

#include <algorithm>

namespace timestore::segments {

Stretch stretch_of(Partition partition, Place begin, Place end) {
  const Place first{.partition = partition};
  const Place behind{.partition = partition + 1};
  return {partition, std::max(begin, first), std::min(end, behind)};
}

Result<store::Statement> select_pieces(store::Database& database) {
  return database.prepare("read the pieces of a segment",
                          "SELECT first_series, min_time, data, more FROM pieces "
                          "WHERE segment = ?1 AND partition = ?2 AND last_series >= ?3 AND "
                          "(last_series > ?3 OR max_time >= ?4) ORDER BY last_series, key");
}

points::PieceSource pieces_of(store::Statement& select, SegmentId segment, const Stretch& stretch) {
  select.reset();
  select.bind_integer(1, segment)
      .bind_integer(2, stretch.partition)
      .bind_integer(3, static_cast<std::int64_t>(stretch.begin.series))
      .bind_integer(4, stretch.begin.time_ns);
  return [&select, stretch]() -> Result<std::optional<points::PieceBytes>> {
    while (true) {
      const auto is_there = select.step();
      if (!is_there) return tl::unexpected(is_there.error());
      if (!*is_there) return std::nullopt;
      const Place first{stretch.partition, select.natural(0), select.integer(1)};
      if (first < stretch.end) return points::PieceBytes{.data = select.bytes(2), .more = select.bytes(3)};
      if (first.series > stretch.end.series || stretch.end.partition > stretch.partition) break;
    }
    select.reset();
    return std::nullopt;
  };
}

points::Wanted wanted_of(const Stretch& stretch) {
  const Partition partition = stretch.partition;
  return {.block =
              [stretch, partition](const points::BlockHead& head) {
                const Place first{partition, head.first_series, head.min_time};
                const Place last{partition, head.last_series, head.max_time};
                return last >= stretch.begin && first < stretch.end;
              },
          .point =
              [stretch, partition](const points::Point& point) {
                const Place place{partition, point.series, point.time_ns};
                return stretch.begin <= place && place < stretch.end;
              }};
}

}  // namespace timestore::segments
