#include "engine/query/series_facts.h"

#include <algorithm>

#include "engine/base/timestamp.h"

namespace timestore::query {

Answer<std::vector<SeriesFacts>> facts_of(Source& source, std::span<const SeriesNumber> series, const Limits& limits) {
  std::vector<SeriesFacts> facts(series.size());
  const auto cursor = source.read({.series = series, .first_ns = kMinTimestamp, .last_ns = kMaxTimestamp});
  if (!cursor) return environment(cursor.error());
  while (true) {
    const auto is_there = (*cursor)->next();
    if (!is_there) return environment(is_there.error());
    if (!*is_there) return facts;
    if (!limits.goes_on()) return ended();
    const BatchHead& head = (*cursor)->head();
    const auto number = std::lower_bound(series.begin(), series.end(), head.series);
    SeriesFacts& of = facts[static_cast<size_t>(number - series.begin())];
    of.first_ns = of.points == 0 ? head.first_ns : std::min(of.first_ns, head.first_ns);
    of.last_ns = of.points == 0 ? head.last_ns : std::max(of.last_ns, head.last_ns);
    of.points += head.count;
  }
}

}  // namespace timestore::query
