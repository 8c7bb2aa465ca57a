// Values of buckets without points, and which buckets there are.
//
// The buckets are those that the fold asked for, by the same generator. What is filled follows from the cells around an
// empty bucket, so it is the same in both directions, and wherever a limit ends.
#pragma once

#include <map>
#include <optional>
#include <vector>

#include "engine/query/fold.h"

namespace timestore::query {

// The values of the query's functions.
Answer<std::vector<Value>> values_of(const AggregateQuery& query, Cell& cell, int64_t elapsed_ns);

// The query's range as its answer sees it: where it is open, it ends at the first and last selected point.
class Moments {
 public:
  Moments(const Plan& plan, const Fold& fold);

  Bucket first_bucket() const;  // requires buckets
  Bucket last_bucket() const;   // likewise

  // How many there are in the range, but not more than `enough`.
  uint64_t count_buckets(uint64_t enough) const;

  // Of the bucket, as far as it is in the range.
  int64_t elapsed_ns(const Bucket& bucket) const;

  int64_t label(const Bucket& bucket) const;

 private:
  const Plan& plan_;
  Fold::Span span_;
};

// What stands before the range, for fill=previous: the values of the nearest bucket with points that is before the
// first one, computed like any other, as if the range began there.
class PreviousValues {
 public:
  PreviousValues(const Plan& plan, const Moments& moments);

  // Empty: there are none, or nothing needs them.
  Answer<std::vector<Value>> of(const GroupName& name, const Cells& cells, Source& source) const;

 private:
  Answer<std::optional<int64_t>> last_time_before(const Plan& group, int64_t time_ns, Source& source) const;

  Plan plan_of_group(const GroupName& name) const;

  const Plan& plan_;
  const Moments& moments_;
  bool looks_before_;
  std::map<GroupName, std::vector<const Series*>> series_;  // where they are needed
};

// Of one group.
class Filling {
 public:
  // `before`: what PreviousValues says.
  Filling(const Plan& plan, const Moments& moments, Cells& cells, std::vector<Value> before);

  Answer<std::vector<Value>> values(const Bucket& bucket);

 private:
  // The values of a cell that stands beside empty buckets; asked for again and again.
  struct Neighbour {
    const BucketCell* cell = nullptr;
    std::vector<Value> values;
  };

  BucketCell* cell_before(const Bucket& bucket) const;
  BucketCell* cell_behind(const Bucket& bucket) const;
  Answer<void> look_at(BucketCell* cell, Neighbour& neighbour);
  Value filled(size_t function, const Bucket& bucket) const;
  Value between(size_t function, const Bucket& bucket) const;

  const Plan& plan_;
  const Moments& moments_;
  Cells& cells_;
  std::vector<BucketCell*> with_points_;  // ascending
  Neighbour before_;
  Neighbour behind_;
  std::vector<Value> before_range_;
};

}  // namespace timestore::query
