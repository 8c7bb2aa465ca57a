// Reading points: those of all segments and of fresh generations as one sequence, in which the later of two line points
// of one series and time has replaced the earlier.
#pragma once

#include <cstddef>
#include <functional>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "engine/base/result.h"
#include "engine/store/points/batch_cursor.h"
#include "engine/store/points/generation.h"
#include "engine/store/segments/kept.h"
#include "engine/store/segments/loaded_piece.h"
#include "engine/store/segments/log_window.h"
#include "engine/store/segments/piece_rows.h"
#include "engine/store/segments/segment_tables.h"

namespace timestore::segments {

struct Scan {
  points::SeriesNumber first_series = 0;
  points::SeriesNumber last_series = std::numeric_limits<std::uint32_t>::max();
  std::int64_t from = std::numeric_limits<std::int64_t>::min();  // the first time that is wanted
  std::int64_t to = std::numeric_limits<std::int64_t>::max();    // the last
};

struct TimeRange {
  std::int64_t first = 0;
  std::int64_t last = 0;
};

// What of a generation a reader may see.
struct FreshPoints {
  const points::Generation* generation = nullptr;
  std::size_t size = 0;
};

class SegmentReader {
 public:
  // Of a database that has the tables, which is read within transactions of the caller. It must outlive the reader.
  [[nodiscard]] static Result<SegmentReader> open(store::Database& database, std::int64_t partition_width_ns);

  // From now on what was read stays in memory, within bounds: where segments and pieces are, pieces, and the order of
  // fresh points. Whoever asks for it calls forget() when the tables are in another state.
  void keep();
  void forget();

  // Until it returns false: enough. The point's texts live until it returns.
  using Tell = std::function<bool(const points::Point&)>;

  // Tells the points in the order of partition, series and time (point.h). An error says that the file is damaged or
  // cannot be read.
  [[nodiscard]] Result<void> scan(const Scan& scan, std::span<const FreshPoints> fresh, const Tell& tell);

  // Batches of series, in their order, of points that are kept. What `reading` and `fresh` point to must outlive the
  // cursor; so must the reader.
  [[nodiscard]] Result<std::unique_ptr<points::BatchCursor>> read(const points::Reading& reading,
                                                                  std::span<const FreshPoints> fresh,
                                                                  const Kept& kept = {});

  // Up to `max_points` points of the segments, those next behind `last` in the order of the log. A line point may be
  // among them although a later one has replaced it.
  [[nodiscard]] Result<LogWindow> read_log(points::Seq last, std::size_t max_points);

  // Of each segment that may hold the point of that place: when it can have been.
  [[nodiscard]] Result<std::vector<TimeRange>> times_of(points::Seq seq);

 private:
  // A segment, and from where on its points count.
  struct Visible {
    Segment segment;
    Place begin;
  };

  // Of one segment, in one partition.
  struct Listing {
    unsigned asked = 0;  // so often, up to a few
    bool is_whole = false;
    std::vector<PieceAddress> pieces = {};  // by last series, if it is whole
  };
  // Of a generation that begins with that point.
  struct FreshOrder {
    points::Seq first = 0;
    std::size_t size = 0;
    std::vector<std::uint32_t> rows = {};
  };

  SegmentReader(store::Database& database, std::int64_t partition_width_ns, SegmentTables tables,
                store::Statement partitions, store::Statement extents, store::Statement piece,
                store::Statement addresses, PieceBytesReader bytes)
      : database_(&database),
        partition_width_ns_(partition_width_ns),
        tables_(std::move(tables)),
        partitions_(std::move(partitions)),
        extents_(std::move(extents)),
        piece_(std::move(piece)),
        addresses_(std::move(addresses)),
        bytes_(std::move(bytes)) {}

  Result<std::vector<Visible>> visible(const Scan& scan);
  Result<std::vector<Visible>> all_visible();
  Result<std::vector<Partition>> partitions_of(const Visible& visible, const Scan& scan);
  Result<std::unique_ptr<points::PointCursor>> open_stretch(const Visible& visible, const Stretch& stretch,
                                                            const Scan& scan, std::size_t number);
  Result<std::vector<PieceAddress>> addresses_of(const points::Reading& reading);
  Result<void> add_addresses(const Visible& visible, Partition partition, const points::Reading& reading,
                             std::vector<PieceAddress>& addresses);
  using TellAddress = std::function<bool(const PieceAddress&)>;  // false: enough
  Result<void> list_pieces(const Visible& visible, Partition partition, points::SeriesNumber first_series,
                           const TellAddress& tell);
  Result<const std::vector<PieceAddress>*> listing(const Visible& visible, Partition partition, bool is_of_many);
  std::vector<std::uint32_t> fresh_rows(const FreshPoints& fresh, const points::Reading& reading);
  Result<void> read_piece(std::int64_t key, Place begin, LogWindow& window);

  store::Database* database_;
  std::int64_t partition_width_ns_;
  SegmentTables tables_;
  store::Statement partitions_, extents_, piece_, addresses_;
  PieceBytesReader bytes_;
  std::vector<store::Statement> readers_;  // one for each segment that is read at the same time

  bool keeps_ = false;
  std::optional<std::vector<Visible>> visible_;  // of everything
  std::map<std::pair<SegmentId, Partition>, Listing> listings_;
  std::size_t listed_ = 0;  // pieces in them
  FreshOrder fresh_order_;
};

}  // namespace timestore::segments
