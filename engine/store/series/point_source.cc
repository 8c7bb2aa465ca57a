#include "engine/store/series/point_source.h"

#include <algorithm>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "engine/series/series_name.h"

namespace timestore::store {

query::Series series_of(points::SeriesNumber number, const SeriesKeyView& key, points::Type type) {
  query::Series series{.number = number,
                       .type = type,
                       .database = std::string(key.database),
                       .name = std::string(key.name),
                       .is_line = key.is_line};
  if (!key.is_line) {
    series.tags = {{.name = "deviceId", .value = series.name}};
    return series;
  }
  auto parts = parts_of_series_name(key.name).value_or(SeriesNameParts());  // what was applied has such names
  series.measurement = std::move(parts.measurement);
  series.field = std::move(parts.field);
  for (NamedTag& tag : parts.tags) series.tags.push_back({.name = std::move(tag.name), .value = std::move(tag.value)});
  return series;
}

// A few names are looked up; of whatever else is asked for the catalog has a list.
Result<void> PointSource::list(const query::SeriesWanted& wanted, const std::function<void(query::Series&&)>& tell) {
  constexpr std::size_t kFewNames = 64;
  if (!wanted.names.empty() && wanted.names.size() <= kFewNames) {
    const std::set<std::string_view> names(wanted.names.begin(), wanted.names.end());  // each is told once
    for (const std::string_view name : names) {
      for (const bool is_line : {false, true}) {
        const SeriesKeyView key{.database = wanted.database, .is_line = is_line, .name = name};
        const auto found = points_.catalog().find(key);
        if (!found) return tl::unexpected(found.error());
        if (*found) tell(series_of((*found)->number, key, (*found)->type));
      }
    }
    return {};
  }
  return points_.catalog().list(wanted, [&](points::SeriesNumber number, const SeriesKeyView& key, points::Type type) {
    tell(series_of(number, key, type));
    return true;
  });
}

}  // namespace timestore::store
