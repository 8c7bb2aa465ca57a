// What was deleted leaves the file: pieces that hold some of it are written anew, each in its place.
//
// A merge that is under way may read such a piece or have written it. Nothing of that changes, since what remains of
// the piece stands where it stood, between the pieces before and behind it.
#include <limits>
#include <utility>

#include "engine/base/mark.h"
#include "engine/store/points/merge.h"
#include "engine/store/segments/segment_store.h"

namespace timestore::segments {

namespace {

// To look at the row of a piece takes about as long as to write so many points.
constexpr std::uint64_t kPointsOfALook = 16;

}  // namespace

Result<std::int64_t> SegmentStore::purge(std::int64_t after, std::uint64_t most_points, const Kept& kept) {
  const std::uint64_t most_pieces = most_points / kPointsOfALook + 1;
  const auto rows = tables_.pieces_behind(after, most_pieces);
  if (!rows) return tl::unexpected(rows.error());
  std::uint64_t written = 0;
  for (const PieceRow& row : *rows) {
    if (kept.pierces(row.extent)) {
      const auto purged = purge(row, kept);
      if (!purged) return tl::unexpected(purged.error());
      written += *purged;
    }
    if (written >= most_points) return row.key;
  }
  return rows->size() < most_pieces ? kAllPieces : rows->back().key;
}

// So many points were looked at.
Result<std::uint64_t> SegmentStore::purge(const PieceRow& row, const Kept& kept) {
  const auto strings = tables_.read_piece(row.key);
  if (!strings) return tl::unexpected(strings.error());
  bool is_read = false;
  points::SegmentCursor cursor([&]() -> Result<std::optional<points::PieceBytes>> {
    if (std::exchange(is_read, true)) return std::nullopt;
    return points::PieceBytes{.data = strings->first, .more = strings->second};
  });
  std::optional<points::Piece> left;
  points::PieceOptions options = options_.pieces;  // whatever remains is one piece
  options.max_data_bytes = options.max_more_bytes = std::numeric_limits<std::size_t>::max() / 2;
  points::PieceWriter writer([&](points::Piece&& piece) { left = std::move(piece); }, options);
  std::uint64_t seen = 0;
  std::uint64_t gone = 0;
  while (true) {
    const auto is_there = cursor.next();
    if (!is_there) return tl::unexpected(is_there.error());
    if (!*is_there) break;
    ++seen;
    const bool stays = kept.point(cursor.point());
    if (stays) writer.add(cursor.point());
    if (!stays) ++gone;
  }
  writer.finish();
  if (gone == 0) return seen;
  if (left) {
    TIMESTORE_MARK("store: a piece was written anew without what was deleted");
    if (auto written = tables_.rewrite(row.key, *left); !written) return tl::unexpected(std::move(written.error()));
    return seen;
  }
  TIMESTORE_MARK("store: a piece of deleted points was removed");
  if (auto erased = tables_.erase_piece(row.key); !erased) return tl::unexpected(std::move(erased.error()));
  return seen;
}

}  // namespace timestore::segments
