// An aggregate's answer: rows by group and time, with buckets filled as the query wants it.
#pragma once

#include <functional>
#include <span>

#include "engine/query/fold.h"

namespace timestore::query {

struct AggregateRow {
  const GroupName& group;
  int64_t timestamp_ns = 0;            // where the bucket begins; it may lie before the query's range
  std::span<const Value> values = {};  // of the query's functions, in their order
};
using AggregateSink = std::function<void(const AggregateRow&)>;

// Reads, folds and tells. After an error that says kBadRequest or kTooMuch nothing was told.
Answer<void> aggregate(const AggregateQuery& query, Source& source, const Limits& limits, const AggregateSink& sink);

// The last step alone, of a fold of all series of the plan. `source` is read where a fill looks before the range.
Answer<void> tell_rows(const Plan& plan, Fold& fold, Source& source, const AggregateSink& sink);

}  // namespace timestore::query
