#include "engine/store/series/point_source.h"

#include <algorithm>
#include <set>
#include <string>
#include <string_view>
#include <utility>

namespace timestore::store {

namespace {

query::Series series_of(points::SeriesNumber number, std::string_view name) {
  return {.number = number, .name = std::string(name), .tags = {{.name = "deviceId", .value = std::string(name)}}};
}

}  // namespace

// A few names are looked up; whatever else is asked for, all names are looked through.
Result<void> PointSource::list(const query::SeriesWanted& wanted, const std::function<void(query::Series&&)>& tell) {
  constexpr std::size_t kFewNames = 64;
  if (!wanted.names.empty() && wanted.names.size() <= kFewNames) {
    const std::set<std::string_view> names(wanted.names.begin(), wanted.names.end());  // each is told once
    for (const std::string_view name : names) {
      const auto number = points_.number_of(name);
      if (!number) return tl::unexpected(number.error());
      if (*number) tell(series_of(**number, name));
    }
    return {};
  }
  const auto is_wanted = [&](std::string_view name) {
    return wanted.prefixes.empty() || std::any_of(wanted.prefixes.begin(), wanted.prefixes.end(),
                                                  [&](const std::string& prefix) { return name.starts_with(prefix); });
  };
  return points_.list_series([&](points::SeriesNumber number, std::string_view name) {
    if (is_wanted(name)) tell(series_of(number, name));
    return true;
  });
}

}  // namespace timestore::store
