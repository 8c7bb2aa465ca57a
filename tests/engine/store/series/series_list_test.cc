// A list of series, beside a naive one that looks through all of them.
#include "engine/store/series/series_list.h"

#include <gmock/gmock.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <set>

#include "engine/base/prng.h"
#include "engine/store/series/point_source.h"

namespace timestore::store::series_list_test {
namespace {

SeriesKey any_key(Prng& prng) {
  SeriesKey key;
  key.database = prng.chance(1, 3) ? "db" : "";
  key.is_line = prng.chance(2, 3);
  const auto letter = [&] { return std::string(1, static_cast<char>('a' + prng.below(3))); };
  key.name = letter();
  if (!key.is_line) {
    key.name += letter();
    if (prng.chance(1, 2)) key.name += letter();
    return key;
  }
  if (prng.chance(1, 4)) key.name += "\\,a=a";  // a comma and the rest are a part of the measurement's name
  for (const char* tag : {"s", "t"}) {
    if (prng.chance(2, 3)) key.name.append(",").append(tag).append("=").append(letter());
  }
  key.name += " " + letter();
  return key;
}

struct Known {
  SeriesKey key;
  query::Series series;
};

bool is_wanted(const Known& known, const query::SeriesWanted& wanted) {
  const bool has_prefix = wanted.prefixes.empty() ||
                          std::any_of(wanted.prefixes.begin(), wanted.prefixes.end(),
                                      [&](const std::string& prefix) { return known.series.name.starts_with(prefix); });
  return known.series.database == wanted.database && has_prefix;
}

bool has_tags(const query::Series& series, std::span<const query::Tag> tags) {
  return std::all_of(tags.begin(), tags.end(), [&](const query::Tag& tag) {
    return std::find(series.tags.begin(), series.tags.end(), tag) != series.tags.end();
  });
}

std::vector<std::string> shape_of(const query::Series& series) {
  std::vector<std::string> shape = {series.measurement, series.field};
  for (const query::Tag& tag : series.tags) shape.push_back(tag.name);
  return shape;
}

RC_GTEST_PROP(SeriesList, tells_what_is_wanted_and_each_shape, (std::uint64_t seed)) {
  Prng prng(seed);
  SeriesList list;
  std::vector<Known> all;
  std::set<std::tuple<std::string, bool, std::string>> names;
  for (unsigned round = 0; round < 4; ++round) {
    for (std::size_t count = prng.below(30); count > 0; --count) {
      const SeriesKey key = any_key(prng);
      if (!names.emplace(key.database, key.is_line, key.name).second) continue;
      list.add(all.size() + 1, key.view(), points::Type::kInteger);
      all.push_back({key, series_of(all.size() + 1, key.view(), points::Type::kInteger)});
    }
    std::vector<std::string> prefixes;
    for (std::size_t count = prng.below(3); count > 0; --count) {
      const SeriesKey key = any_key(prng);
      prefixes.push_back(key.name.substr(0, prng.below(key.name.size() + 1)));
    }
    std::vector<query::Tag> tags;
    if (prng.chance(1, 2)) tags.push_back({.name = prng.chance(1, 2) ? "t" : "s", .value = "a"});
    if (prng.chance(1, 4)) tags.push_back({.name = "deviceId", .value = "ab"});
    const query::SeriesWanted wanted{.database = prng.chance(1, 3) ? "db" : "", .prefixes = prefixes, .tags = tags};

    std::vector<points::SeriesNumber> told;
    std::set<std::vector<std::string>> told_shapes;
    RC_ASSERT(list.tell(wanted, [&](points::SeriesNumber number, const SeriesKeyView& key, points::Type type) {
      const Known& known = all.at(number - 1);
      RC_ASSERT(key == known.key.view());
      RC_ASSERT(type == points::Type::kInteger);
      RC_ASSERT(is_wanted(known, wanted));
      const bool is_new_shape = told_shapes.insert(shape_of(known.series)).second;
      const bool must_be_told = is_new_shape || has_tags(known.series, tags);
      RC_ASSERT(must_be_told);
      told.push_back(number);
      return true;
    }));
    RC_ASSERT(std::is_sorted(told.begin(), told.end()));
    RC_ASSERT(std::adjacent_find(told.begin(), told.end()) == told.end());
    for (const Known& known : all) {
      if (!is_wanted(known, wanted)) continue;
      RC_ASSERT(told_shapes.contains(shape_of(known.series)));
      if (has_tags(known.series, tags)) {
        RC_ASSERT(std::binary_search(told.begin(), told.end(), known.series.number));
      }
    }
  }
}

}  // namespace
}  // namespace timestore::store::series_list_test
