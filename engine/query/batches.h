// Every batch of a reading, one after the other.
#pragma once

#include "engine/query/limits.h"
#include "engine/query/query_error.h"
#include "engine/query/source.h"

namespace timestore::query {

// Calls look(cursor) where each batch stands, as long as the query may go on. An error of it ends the walk. It may pass over
// what follows of a series.
template <typename Look>
Answer<void> for_each_batch(Source& source, const Reading& reading, const Limits& limits, Look look) {
  const auto cursor = source.read(reading);
  if (!cursor) return environment(cursor.error());
  while (true) {
    const auto is_there = (*cursor)->next();
    if (!is_there) return environment(is_there.error());
    if (!*is_there) return {};
    if (!limits.goes_on()) return ended();
    if (Answer<void> looked = look(**cursor); !looked) return looked;
  }
}

}  // namespace timestore::query
