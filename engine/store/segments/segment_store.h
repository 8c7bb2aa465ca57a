// Fresh points become segments, and segments larger segments: what a seal writes.
//
// What is in the tables after a seal is a function of what was there before and of the points that are sealed. No
// clock, no memory and no earlier life of the process count, so all nodes that seal the same write the same rows.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "engine/base/result.h"
#include "engine/store/points/generation.h"
#include "engine/store/segments/kept.h"
#include "engine/store/segments/piece_rows.h"
#include "engine/store/segments/segment_tables.h"

namespace timestore::segments {

struct SegmentOptions {
  std::int64_t partition_width_ns = std::int64_t{24} * 3600 * 1'000'000'000;
  MergeOptions merge = {};
  points::PieceOptions pieces = {};
};

class SegmentStore {
 public:
  // Of a database that has the tables (kSegmentSchema). It must outlive the store.
  [[nodiscard]] static Result<SegmentStore> open(store::Database& database, const SegmentOptions& options);

  // Inside a transaction of the caller: the steps of merges that were chosen at the seal before, the points of the
  // generation below `size` as new segments, and what to do at the next seal. What is not kept is not written, where
  // anything is written. After an error the transaction is to be rolled back.
  [[nodiscard]] Result<void> seal(const points::Generation& fresh, std::size_t size, const Kept& kept);

  // Behind a seal, in the same transaction: looks at pieces behind the one with this key, and writes those anew that
  // hold points which are not kept. The key of the last one; kAllPieces: there is none behind it. `most_points` bounds
  // how many points are written, and how many pieces are looked at.
  static constexpr std::int64_t kAllPieces = -1;
  [[nodiscard]] Result<std::int64_t> purge(std::int64_t after, std::uint64_t most_points, const Kept& kept);

  // How many points a step may take that comes with a seal of so many.
  std::uint64_t share(std::size_t sealed_points) const;

 private:
  SegmentStore(store::Database& database, const SegmentOptions& options, SegmentTables tables)
      : database_(&database), options_(options), tables_(std::move(tables)) {}

  // Where points of a partition go: to a segment of its own, or to a mixed one.
  static Segment& target_of(std::vector<Segment>& outputs, Partition partition);

  Result<void> take_step(Job job, const Kept& kept);
  Result<void> merge_stretch(const std::vector<Segment>& inputs, const Stretch& stretch, const Kept& kept,
                             Segment& output);
  Result<void> end_step(Job job, std::vector<Segment> inputs, std::vector<Segment> outputs);
  Result<void> write_fresh(const points::Generation& fresh, std::size_t size, const Kept& kept);
  Result<void> erase_expired(std::int64_t first_time, std::uint64_t most_points);
  Result<std::uint64_t> erase_expired(const Segment& segment, std::int64_t first_time, std::uint64_t most_points);
  Result<void> begin_jobs(std::int64_t first_time);
  Result<void> begin_job(const Group& group, std::vector<Segment>& segments);
  Result<void> choose_steps(std::size_t sealed_points);
  Result<void> open_outputs(const std::vector<std::pair<Partition, std::uint64_t>>& points, Segment like,
                            std::vector<Segment>& outputs);
  Result<std::uint64_t> purge(const PieceRow& row, const Kept& kept);
  Result<store::Statement*> reader(std::size_t number);

  store::Database* database_;
  SegmentOptions options_;
  SegmentTables tables_;
  std::vector<store::Statement> readers_;  // one for each input that is read at the same time
};

}  // namespace timestore::segments
