// Aggregates once more, as their definitions say: from a list of points, with nothing of the engine but the edges of
// buckets (which have a definition of their own to answer to) and the query itself.
#pragma once

#include <string>
#include <vector>

#include "engine/query/query.h"
#include "tests/engine/query/memory_source.h"

namespace timestore::query {

struct NaiveRow {
  std::vector<std::optional<std::string>> group;
  int64_t timestamp_ns = 0;
  std::vector<Value> values;
};

// Sums are in long double: a value may differ from the engine's by a rounding.
std::vector<NaiveRow> naive_aggregate(const AggregateQuery& query, const MemoryStore& store);

// Whether the point passes the filter, but for the time.
bool naive_passes(const Filter& filter, const Series& series, const points::Point& point);

}  // namespace timestore::query
