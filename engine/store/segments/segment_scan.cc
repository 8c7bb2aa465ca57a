#include "engine/store/segments/segment_scan.h"

#include <algorithm>
#include <map>
#include <memory>
#include <utility>

#include "engine/store/points/merge.h"

namespace timestore::segments {

using points::Generation;
using points::Point;
using points::PointCursor;

namespace {

// Rows of a generation, in their order.
class FreshCursor : public PointCursor {
 public:
  FreshCursor(const Generation& generation, std::vector<std::uint32_t> rows)
      : generation_(generation), rows_(std::move(rows)) {}

  Result<bool> next() override {
    if (at_ == rows_.size()) return false;
    point_ = generation_.at(rows_[at_++]);
    return true;
  }

 private:
  const Generation& generation_;
  std::vector<std::uint32_t> rows_;
  std::size_t at_ = 0;
};

using Sources = std::map<Partition, std::vector<std::unique_ptr<PointCursor>>>;

// The rows that are wanted, in the order of segments.
std::vector<std::uint32_t> wanted_rows(const FreshPoints& fresh, const Scan& scan) {
  const Generation& generation = *fresh.generation;
  std::vector<std::uint32_t> rows;
  const bool has_end = scan.to < std::numeric_limits<std::int64_t>::max();
  if (scan.first_series == scan.last_series && has_end) {
    generation.find(scan.first_series, scan.from, scan.to + 1, fresh.size, rows);
    std::stable_sort(rows.begin(), rows.end(), [&](std::uint32_t left, std::uint32_t right) {
      return points::is_before(generation.at(left), generation.at(right));
    });
    return rows;
  }
  for (const std::uint32_t row : generation.sorted(fresh.size)) {
    const Point point = generation.at(row);
    const bool is_wanted = scan.first_series <= point.series && point.series <= scan.last_series &&
                           scan.from <= point.time_ns && point.time_ns <= scan.to;
    if (is_wanted) rows.push_back(row);
  }
  return rows;
}

void open_fresh(const FreshPoints& fresh, const Scan& scan, std::int64_t width_ns, Sources& sources) {
  std::map<Partition, std::vector<std::uint32_t>> rows;
  for (const std::uint32_t row : wanted_rows(fresh, scan)) {
    rows[partition_of(fresh.generation->at(row).time_ns, width_ns)].push_back(row);
  }
  for (auto& [partition, some] : rows) {
    sources[partition].push_back(std::make_unique<FreshCursor>(*fresh.generation, std::move(some)));
  }
}

}  // namespace

Result<SegmentReader> SegmentReader::open(store::Database& database, std::int64_t partition_width_ns) {
  auto tables = SegmentTables::open(database);
  if (!tables) return tl::unexpected(std::move(tables.error()));
  auto partitions = database.prepare("list the partitions of a segment",
                                     "SELECT DISTINCT partition FROM pieces "
                                     "WHERE segment = ?1 AND partition >= ?2 AND partition <= ?3");
  if (!partitions) return tl::unexpected(std::move(partitions.error()));
  auto extents = database.prepare("list pieces in the order of the log",
                                  "SELECT segment, key, first_seq, last_seq FROM pieces WHERE last_seq > ?1 "
                                  "ORDER BY first_seq, key");
  if (!extents) return tl::unexpected(std::move(extents.error()));
  auto piece = database.prepare("read a piece", "SELECT partition, data, more FROM pieces WHERE key = ?1");
  if (!piece) return tl::unexpected(std::move(piece.error()));
  auto addresses = database.prepare("find pieces of series",
                                    "SELECT key, first_series, last_series, min_time, max_time, first_seq FROM pieces "
                                    "WHERE segment = ?1 AND partition = ?2 AND last_series >= ?3 "
                                    "ORDER BY last_series, key");
  if (!addresses) return tl::unexpected(std::move(addresses.error()));
  auto bytes = PieceBytesReader::open(database);
  if (!bytes) return tl::unexpected(std::move(bytes.error()));
  return SegmentReader(database, partition_width_ns, std::move(*tables), std::move(*partitions), std::move(*extents),
                       std::move(*piece), std::move(*addresses), std::move(*bytes));
}

Result<std::vector<SegmentReader::Visible>> SegmentReader::all_visible() {
  if (visible_) return *visible_;
  const auto jobs = tables_.jobs();
  if (!jobs) return tl::unexpected(jobs.error());
  auto segments = tables_.segments();
  if (!segments) return tl::unexpected(std::move(segments.error()));
  std::vector<Visible> visible;
  for (Segment& segment : *segments) {
    Place begin = Place::beginning();
    for (const Job& job : *jobs) {
      if (!segment.is_output && segment.job == job.id) begin = job.begin;
    }
    visible.push_back({std::move(segment), begin});
  }
  if (keeps_) visible_ = visible;
  return visible;
}

Result<std::vector<SegmentReader::Visible>> SegmentReader::visible(const Scan& scan) {
  auto visible = all_visible();
  if (!visible) return visible;
  std::erase_if(*visible, [&](const Visible& each) {
    const Segment& segment = each.segment;
    return segment.points == 0 || segment.max_time < scan.from || segment.min_time > scan.to;
  });
  return visible;
}

Result<std::vector<Partition>> SegmentReader::partitions_of(const Visible& visible, const Scan& scan) {
  const store::ResetAtEnd reset(partitions_);
  partitions_.bind_integer(1, visible.segment.id)
      .bind_integer(2, std::max(partition_of(scan.from, partition_width_ns_), visible.begin.partition))
      .bind_integer(3, partition_of(scan.to, partition_width_ns_));
  std::vector<Partition> partitions;
  while (true) {
    const auto is_there = partitions_.step();
    if (!is_there) return tl::unexpected(is_there.error());
    if (!*is_there) return partitions;
    partitions.push_back(partitions_.integer(0));
  }
}

Result<std::unique_ptr<PointCursor>> SegmentReader::open_stretch(const Visible& visible, const Stretch& stretch,
                                                                 const Scan& scan, std::size_t number) {
  while (readers_.size() <= number) {
    auto statement = select_pieces(*database_);
    if (!statement) return tl::unexpected(std::move(statement.error()));
    readers_.push_back(std::move(*statement));
  }
  points::Wanted wanted = wanted_of(stretch);
  wanted.block = [within = std::move(wanted.block), scan](const points::BlockHead& head) {
    return head.max_time >= scan.from && head.min_time <= scan.to && within(head);
  };
  wanted.point = [within = std::move(wanted.point), scan](const Point& point) {
    return scan.from <= point.time_ns && point.time_ns <= scan.to && within(point);
  };
  auto pieces = pieces_of(readers_[number], visible.segment.id, stretch);
  return std::make_unique<points::SegmentCursor>(std::move(pieces), std::move(wanted));
}

Result<void> SegmentReader::scan(const Scan& scan, std::span<const FreshPoints> fresh, const Tell& tell) {
  auto segments = visible(scan);
  if (!segments) return tl::unexpected(std::move(segments.error()));
  std::map<Partition, std::vector<const Visible*>> holders;
  for (const Visible& visible : *segments) {
    const auto partitions = partitions_of(visible, scan);
    if (!partitions) return tl::unexpected(partitions.error());
    for (const Partition partition : *partitions) holders[partition].push_back(&visible);
  }
  Sources sources;
  for (const FreshPoints& some : fresh) open_fresh(some, scan, partition_width_ns_, sources);
  for (const auto& [partition, some] : holders) sources[partition];
  readers_.reserve(segments->size());
  for (auto& [partition, cursors] : sources) {
    std::size_t number = 0;
    for (const Visible* visible : holders[partition]) {
      const Place first{.partition = partition, .series = scan.first_series};
      const Place behind{.partition = partition, .series = scan.last_series + 1};
      const Stretch stretch = stretch_of(partition, std::max(first, visible->begin), behind);
      if (stretch.begin >= stretch.end) continue;
      auto cursor = open_stretch(*visible, stretch, scan, number++);
      if (!cursor) return tl::unexpected(std::move(cursor.error()));
      cursors.push_back(std::move(*cursor));
    }
    auto is_enough = points::merge_points(cursors, tell);
    for (store::Statement& statement : readers_) statement.reset();
    if (!is_enough) return tl::unexpected(std::move(is_enough.error()));
    if (*is_enough) return {};
  }
  return {};
}

}  // namespace timestore::segments
