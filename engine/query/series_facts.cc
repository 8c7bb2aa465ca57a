#include "engine/query/series_facts.h"

#include <algorithm>
#include <utility>

#include "engine/base/timestamp.h"
#include "engine/query/batches.h"

namespace timestore::query {

Answer<std::vector<SeriesFacts>> facts_of(Source& source, std::span<const SeriesNumber> series, const Limits& limits) {
  std::vector<SeriesFacts> facts(series.size());
  const Reading everything{.series = series, .first_ns = kMinTimestamp, .last_ns = kMaxTimestamp};
  auto walked = for_each_batch(source, everything, limits, [&](const BatchCursor& cursor) -> Answer<void> {
    const BatchHead& head = cursor.head();
    const auto number = std::lower_bound(series.begin(), series.end(), head.series);
    SeriesFacts& of = facts[static_cast<size_t>(number - series.begin())];
    of.first_ns = of.points == 0 ? head.first_ns : std::min(of.first_ns, head.first_ns);
    of.last_ns = of.points == 0 ? head.last_ns : std::max(of.last_ns, head.last_ns);
    of.points += head.count;
    return {};
  });
  return walked.map([&] { return std::move(facts); });
}

}  // namespace timestore::query
