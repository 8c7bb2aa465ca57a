#include "engine/store/segments/segment_store.h"

#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <utility>

#include "engine/base/check.h"
#include "engine/base/mark.h"
#include "engine/store/points/piece.h"
#include "engine/store/points/survivors.h"

namespace timestore::segments {

using points::Generation;
using points::Piece;
using points::PieceWriter;
using points::Point;

namespace {

// Writes points of one partition, in their order, into a segment. The first error is told by finish().
class SegmentWriter {
 public:
  SegmentWriter(SegmentTables& tables, Segment& segment, Partition partition, const points::PieceOptions& options)
      : tables_(tables),
        segment_(segment),
        partition_(partition),
        writer_([this](Piece&& piece) { take(piece); }, options) {}

  void add(const Point& point) { writer_.add(point); }

  Result<void> finish() {
    writer_.finish();
    return std::move(written_);
  }

 private:
  void take(const Piece& piece) {
    if (written_) written_ = tables_.append(segment_, partition_, piece);
  }

  SegmentTables& tables_;
  Segment& segment_;
  Partition partition_;
  Result<void> written_;
  PieceWriter writer_;
};

using PartitionedRows = std::map<Partition, std::vector<std::uint32_t>>;

// Those that are kept, in the order of segments, by partition.
PartitionedRows partitioned(const Generation& fresh, std::size_t size, std::int64_t width_ns, const Kept& kept) {
  PartitionedRows rows;
  std::vector<std::uint32_t>* last = nullptr;
  Partition of_last = 0;
  for (const std::uint32_t row : fresh.sorted(size)) {
    const Point point = fresh.at(row);
    if (!kept.point(point)) continue;
    const Partition partition = partition_of(point.time_ns, width_ns);
    if (last == nullptr || partition != of_last) last = &rows[partition];
    of_last = partition;
    last->push_back(row);
  }
  return rows;
}

}  // namespace

Result<SegmentStore> SegmentStore::open(store::Database& database, const SegmentOptions& options) {
  auto tables = SegmentTables::open(database);
  if (!tables) return tl::unexpected(std::move(tables.error()));
  return SegmentStore(database, options, std::move(*tables));
}

Result<void> SegmentStore::seal(const Generation& fresh, std::size_t size, const Kept& kept) {
  const auto jobs = tables_.jobs();
  if (!jobs) return tl::unexpected(jobs.error());
  for (const Job& job : *jobs) {
    if (auto taken = take_step(job, kept); !taken) return taken;
  }
  if (auto written = write_fresh(fresh, size, kept); !written) return written;
  if (auto erased = erase_expired(kept.first_time, share(size)); !erased) return erased;
  if (auto begun = begin_jobs(kept.first_time); !begun) return begun;
  return choose_steps(size);
}

// --- Fresh points ---------------------------------------------------------------------------------------------------

Segment& SegmentStore::target_of(std::vector<Segment>& outputs, Partition partition) {
  const auto its_own = std::find_if(outputs.begin(), outputs.end(),
                                    [&](const Segment& output) { return output.partition == partition; });
  if (its_own != outputs.end()) return *its_own;
  const auto mixed =
      std::find_if(outputs.begin(), outputs.end(), [](const Segment& output) { return !output.partition; });
  TIMESTORE_CHECK(mixed != outputs.end(), "there is a segment for each partition");
  return *mixed;
}

// New segments as `like`: one for each partition that has enough points, and a mixed one for all others.
Result<void> SegmentStore::open_outputs(const std::vector<std::pair<Partition, std::uint64_t>>& points, Segment like,
                                        std::vector<Segment>& outputs) {
  bool needs_mixed = false;
  const auto open = [&](std::optional<Partition> partition) -> Result<void> {
    const auto id = tables_.next_segment();
    if (!id) return tl::unexpected(id.error());
    like.id = *id;
    like.partition = partition;
    outputs.push_back(like);
    return {};
  };
  for (const auto& [partition, count] : points) {
    const bool has_its_own = count >= options_.merge.least_points_of_its_own || points.size() == 1;
    needs_mixed = needs_mixed || !has_its_own;
    if (!has_its_own) continue;
    if (auto opened = open(partition); !opened) return opened;
  }
  return needs_mixed ? open(std::nullopt) : Result<void>();
}

Result<void> SegmentStore::write_fresh(const Generation& fresh, std::size_t size, const Kept& kept) {
  const PartitionedRows rows = partitioned(fresh, size, options_.partition_width_ns, kept);
  std::vector<std::pair<Partition, std::uint64_t>> counts;
  for (const auto& [partition, some] : rows) counts.emplace_back(partition, some.size());
  std::vector<Segment> outputs;
  if (auto opened = open_outputs(counts, Segment(), outputs); !opened) return opened;
  for (const auto& [partition, some] : rows) {
    SegmentWriter writer(tables_, target_of(outputs, partition), partition, options_.pieces);
    points::Survivors survivors([&](const Point& point) { writer.add(point); });
    for (const std::uint32_t row : some) survivors.add(fresh.at(row));
    survivors.finish();
    if (auto written = writer.finish(); !written) return written;
  }
  for (const Segment& segment : outputs) {
    if (auto put = tables_.put(segment); !put) return put;
  }
  return {};
}

// --- What has expired -----------------------------------------------------------------------------------------------

// Pieces that hold nothing else, of the oldest segments first. What shares a piece with later points goes when it is
// merged. A segment that takes part in a merge is left to that, except for its pieces.
Result<void> SegmentStore::erase_expired(std::int64_t first_time, std::uint64_t most_points) {
  if (first_time == std::numeric_limits<std::int64_t>::min()) return {};
  const auto segments = tables_.segments();
  if (!segments) return tl::unexpected(segments.error());
  for (const Segment& segment : *segments) {
    if (segment.points == 0 || segment.min_time >= first_time || most_points == 0) continue;
    const auto erased = erase_expired(segment, first_time, most_points);
    if (!erased) return tl::unexpected(erased.error());
    most_points -= std::min(most_points, *erased);
    if (*erased > 0) TIMESTORE_MARK("store: pieces of expired points were removed");
    if (segment.job != 0) continue;
    const auto has_pieces = tables_.has_pieces(segment);
    if (!has_pieces) return tl::unexpected(has_pieces.error());
    if (*has_pieces) continue;
    TIMESTORE_MARK("store: a segment of expired points was removed");
    if (auto gone = tables_.erase(segment); !gone) return gone;
  }
  return {};
}

// The points that went: enough to come to `most_points`, or all.
Result<std::uint64_t> SegmentStore::erase_expired(const Segment& segment, std::int64_t first_time,
                                                  std::uint64_t most_points) {
  const Partition last = partition_of(first_time, options_.partition_width_ns);
  const auto pieces = tables_.expired_pieces(segment, last, first_time, most_points);
  if (!pieces) return tl::unexpected(pieces.error());
  std::uint64_t points = 0;
  for (const auto& [key, count] : *pieces) {
    if (points >= most_points) break;
    if (auto erased = tables_.erase_piece(key); !erased) return tl::unexpected(erased.error());
    points += count;
  }
  return points;
}

// --- Merging --------------------------------------------------------------------------------------------------------

Result<store::Statement*> SegmentStore::reader(std::size_t number) {
  while (readers_.size() <= number) {
    auto statement = select_pieces(*database_);
    if (!statement) return tl::unexpected(std::move(statement.error()));
    readers_.push_back(std::move(*statement));
  }
  return &readers_[number];
}

Result<void> SegmentStore::merge_stretch(const std::vector<Segment>& inputs, const Stretch& stretch, const Kept& kept,
                                         Segment& output) {
  if (auto enough = reader(inputs.size()); !enough) return tl::unexpected(std::move(enough.error()));
  std::vector<std::unique_ptr<points::PointCursor>> cursors;
  for (std::size_t number = 0; number < inputs.size(); ++number) {
    auto pieces = pieces_of(readers_[number], inputs[number].id, stretch);
    cursors.push_back(std::make_unique<points::SegmentCursor>(std::move(pieces), wanted_of(stretch)));
  }
  SegmentWriter writer(tables_, output, stretch.partition, options_.pieces);
  auto merged = points::merge_points(cursors, [&](const Point& point) {
    if (kept.point(point)) writer.add(point);
    return true;
  });
  for (store::Statement& statement : readers_) statement.reset();
  if (!merged) return tl::unexpected(std::move(merged.error()));
  return writer.finish();
}

Result<void> SegmentStore::take_step(Job job, const Kept& kept) {
  if (job.end == job.begin) return {};
  auto segments = tables_.segments();
  if (!segments) return tl::unexpected(std::move(segments.error()));
  std::erase_if(*segments, [&](const Segment& segment) { return segment.job != job.id; });
  const auto outputs_begin = std::stable_partition(segments->begin(), segments->end(),
                                                   [](const Segment& segment) { return !segment.is_output; });
  std::vector<Segment> inputs(segments->begin(), outputs_begin);
  std::vector<Segment> outputs(outputs_begin, segments->end());
  const auto points = tables_.points_by_partition(job);
  if (!points) return tl::unexpected(points.error());
  for (const auto& [partition, count] : *points) {
    const Stretch stretch = stretch_of(partition, job.begin, job.end);
    if (stretch.begin >= stretch.end) continue;
    if (auto merged = merge_stretch(inputs, stretch, kept, target_of(outputs, partition)); !merged) return merged;
  }
  return end_step(job, std::move(inputs), std::move(outputs));
}

Result<void> SegmentStore::end_step(Job job, std::vector<Segment> inputs, std::vector<Segment> outputs) {
  const bool is_over = job.end == Place::end();
  for (Segment& output : outputs) {
    if (is_over) {
      output.job = 0;
      output.is_output = false;
    }
    const bool is_empty = is_over && output.points == 0;
    if (auto put = is_empty ? tables_.erase(output) : tables_.put(output); !put) return put;
  }
  job.begin = job.end;
  if (!is_over) {
    if (auto put = tables_.put(job); !put) return put;
    return tables_.erase_consumed(job);
  }
  for (const Segment& input : inputs) {
    if (auto erased = tables_.erase(input); !erased) return erased;
  }
  return tables_.erase(job);
}

// Of segments that hold anything which is kept; the others only wait to be removed.
Result<void> SegmentStore::begin_jobs(std::int64_t first_time) {
  auto segments = tables_.segments();
  if (!segments) return tl::unexpected(std::move(segments.error()));
  std::vector<Mergeable> idle;
  for (const Segment& segment : *segments) {
    if (segment.job == 0 && segment.max_time >= first_time)
      idle.push_back({segment.id, segment.partition, segment.level});
  }
  for (const Group& group : choose_jobs(idle, options_.merge)) {
    if (auto begun = begin_job(group, *segments); !begun) return begun;
  }
  return {};
}

Result<void> SegmentStore::begin_job(const Group& group, std::vector<Segment>& segments) {
  const auto id = tables_.next_job();
  if (!id) return tl::unexpected(id.error());
  const Job job{.id = *id, .level = group.level};
  for (Segment& segment : segments) {
    if (std::find(group.inputs.begin(), group.inputs.end(), segment.id) == group.inputs.end()) continue;
    segment.job = job.id;
    if (auto put = tables_.put(segment); !put) return put;
  }
  const auto points = tables_.points_by_partition(job);
  if (!points) return tl::unexpected(points.error());
  std::vector<Segment> outputs;
  const Segment like{.level = group.level + 1, .job = job.id, .is_output = true};
  if (auto opened = open_outputs(*points, like, outputs); !opened) return opened;
  for (const Segment& output : outputs) {
    if (auto put = tables_.put(output); !put) return put;
  }
  return tables_.put(job);
}

std::uint64_t SegmentStore::share(std::size_t sealed_points) const {
  return std::max<std::uint64_t>(options_.merge.least_step_points, 2 * sealed_points);
}

// Each level has a share of its own, so that none starves.
Result<void> SegmentStore::choose_steps(std::size_t sealed_points) {
  auto jobs = tables_.jobs();
  if (!jobs) return tl::unexpected(std::move(jobs.error()));
  std::map<std::uint32_t, std::uint64_t> left;
  for (Job& job : *jobs) {
    const auto extents = tables_.extents(job);
    if (!extents) return tl::unexpected(extents.error());
    std::uint64_t& share_left = left.emplace(job.level, share(sealed_points)).first->second;
    const Step step = choose_step(job.begin, *extents, share_left);
    share_left -= std::min(share_left, step.points);
    job.end = step.end;
    if (auto put = tables_.put(job); !put) return put;
  }
  return {};
}

}  // namespace timestore::segments
