// What is known of series as a whole: for lists of devices.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "engine/query/limits.h"
#include "engine/query/query_error.h"
#include "engine/query/source.h"

namespace timestore::query {

struct SeriesFacts {
  uint64_t points = 0;
  int64_t first_ns = 0;  // if there are points
  int64_t last_ns = 0;   // likewise
};

// Of each of these series, which ascend by number, in their order. Blocks that overlap nothing are not decoded.
Answer<std::vector<SeriesFacts>> facts_of(Source& source, std::span<const SeriesNumber> series, const Limits& limits);

}  // namespace timestore::query
