// The points of a query become cells: by group, and by bucket.
//
// A plan says what is read. A fold reads all of it, or a share of its series; folds of shares are added, in any order,
// and hold then what one fold of everything would hold. So several threads of a caller may each fold a share, with a
// source of its own. No list of points or rows stands in between.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/query/buckets.h"
#include "engine/query/cell.h"
#include "engine/query/limits.h"
#include "engine/query/query.h"
#include "engine/query/query_error.h"
#include "engine/query/segment.h"
#include "engine/query/source.h"

namespace timestore::query {

struct Plan {
  AggregateQuery query;
  Needs needs;
  std::optional<Buckets> buckets;  // none: the whole range is one
  std::vector<Series> series;      // that pass the filter, ascending by number
  Limits limits;
};
Answer<Plan> plan_of(AggregateQuery query, Source& source, const Limits& limits);

// The name of a series' group: of each key of the query, in their order. Nothing: the series has no such tag. What is
// missing comes first.
using GroupName = std::vector<std::optional<std::string>>;
GroupName group_of(const AggregateQuery& query, const Series& series);

struct BucketCell {
  Bucket bucket;
  Cell cell;
};
using Cells = std::map<int64_t, BucketCell>;  // by the beginning of the bucket

class Fold {
 public:
  // The plan must outlive the fold.
  explicit Fold(const Plan& plan);
  ~Fold();
  Fold(Fold&&) noexcept;
  Fold& operator=(Fold&&) = delete;

  // The plan's series [begin, end).
  Answer<void> add(Source& source, size_t begin, size_t end);
  Answer<void> add_all(Source& source) { return add(source, 0, plan_.series.size()); }

  // Of the same plan, and of other series.
  Answer<void> add(Fold&& other);

  std::map<GroupName, Cells>& groups() { return groups_; }

  // The first and the last selected point. Nothing: there are none.
  struct Span {
    int64_t first_ns = 0;
    int64_t last_ns = 0;
  };
  const std::optional<Span>& span() const { return span_; }

 private:
  struct Selection;
  using NearestPoints = std::map<SeriesNumber, SeriesPoint>;

  // Where a series is on its way.
  struct Walk {
    const Series* series = nullptr;
    Cells* cells = nullptr;            // once the series has a point
    Cells::iterator at;                // the cell of the last point
    std::optional<int64_t> end_ns;     // the time of its last (first) point, where only that is read
    std::optional<SeriesPoint> last;   // the last number, where the order counts
    std::optional<int64_t> bucket_ns;  // where the bucket of that number begins
    bool has_number_before_bucket = false;
  };

  Answer<void> find_nearest(Source& source, std::span<const SeriesNumber> numbers);
  Answer<void> read_nearest(Source& source, Reading reading, NearestPoints& found);
  Answer<void> find_first(Source& source, std::span<const SeriesNumber> numbers);
  Answer<void> begin_series(SeriesNumber number);
  Answer<void> end_series();
  Answer<void> add_areas_without_points(std::span<const SeriesNumber> numbers);
  Answer<void> add_batch(BatchCursor& cursor);
  Answer<bool> add_whole(const BatchHead& head);
  Answer<void> select(BatchCursor& cursor);
  Answer<void> add_selection();
  Answer<void> add_run(const Run& run, const Bucket& bucket);
  Answer<void> follow(const Run& run, const Bucket& bucket, Cell& cell);
  void add_changes(const std::vector<SeriesPoint>& numbers, Cell::Changes& changes);
  Answer<void> add_area(const Segment& segment);
  Answer<Cell*> cell_of(const Bucket& bucket);
  Answer<void> find_cell(const Bucket& bucket);
  Answer<void> find_group();
  Answer<void> account(size_t before, size_t after);
  void erase_cell(Cells::iterator cell);
  bool is_beyond_limit(int64_t time_ns) const;
  void extend(int64_t first_ns, int64_t last_ns);
  Bucket bucket_of(int64_t time_ns) const;
  Bucket bucket_at(int64_t time_ns) const;

  const Plan& plan_;
  int64_t first_ns_;  // of the query's range
  int64_t last_ns_;
  bool reads_last_only_ = false;   // from behind, and of each series only its last point
  bool reads_first_only_ = false;  // of each series only its first point
  std::optional<uint64_t> kept_;   // so many cells of a group are enough: those before (descending: behind) all others
  std::map<GroupName, Cells> groups_;
  std::optional<Span> span_;
  uint64_t cells_ = 0;
  size_t bytes_ = 0;
  Walk walk_;
  NearestPoints before_;  // the range
  NearestPoints behind_;
  std::unique_ptr<Selection> selection_;
  std::vector<SeriesPoint> numbers_;  // of a run
};

}  // namespace timestore::query
