#include "engine/query/influxql/schema.h"

#include <algorithm>
#include <utility>

#include "engine/base/timestamp.h"
#include "engine/query/batches.h"

namespace timestore::query::influxql {
namespace {

bool tags_are_before(const std::vector<Tag>& left, const std::vector<Tag>& right) {
  return std::lexicographical_compare(
      left.begin(), left.end(), right.begin(), right.end(),
      [](const Tag& a, const Tag& b) { return std::tie(a.name, a.value) < std::tie(b.name, b.value); });
}

struct TagsOrder {
  bool operator()(const std::vector<Tag>& left, const std::vector<Tag>& right) const {
    return tags_are_before(left, right);
  }
};

// Whether a name that was taken for that of a tag is the name of a field: the shapes that were told have all fields.
bool has_such_field(const Schema& schema, const std::vector<Tag>& tags) {
  return std::any_of(schema.begin(), schema.end(), [&](const auto& measurement) {
    return std::any_of(tags.begin(), tags.end(),
                       [&](const Tag& tag) { return measurement.second.fields.contains(tag.name); });
  });
}

Answer<std::set<SeriesNumber>> visible_among(const std::vector<SeriesNumber>& numbers, Source& source,
                                             const Limits& limits) {
  std::set<SeriesNumber> visible;
  const Reading everything{.series = numbers, .first_ns = kMinTimestamp, .last_ns = kMaxTimestamp};
  auto walked = for_each_batch(source, everything, limits, [&](BatchCursor& cursor) -> Answer<void> {
    visible.insert(cursor.head().series);
    cursor.skip_series();
    return {};
  });
  return walked.map([&] { return std::move(visible); });
}

}  // namespace

const std::string& TagSet::tag(const std::string& name) const {
  static const std::string kNone;
  const auto found = std::lower_bound(tags.begin(), tags.end(), name,
                                      [](const Tag& tag, const std::string& wanted) { return tag.name < wanted; });
  return found != tags.end() && found->name == name ? found->value : kNone;
}

Answer<Schema> read_schema(Source& source, const Limits& limits, const WantedSeries& wanted,
                           const std::function<bool(const std::string&)>& wants) {
  std::map<std::string, std::map<std::vector<Tag>, TagSet, TagsOrder>> sets;
  Schema schema;
  const auto take = [&](Series&& series) {
    const std::string name = series.is_line ? std::move(series.measurement) : std::string(kPlainMeasurement);
    const std::string field = series.is_line ? std::move(series.field) : std::string(kPlainField);
    if (!wants(name)) return;
    MeasurementSchema& measurement = schema[name];
    measurement.fields.emplace(field, series.type);
    for (const Tag& tag : series.tags) measurement.tag_keys.insert(tag.name);
    const auto [set, is_new] = sets[name].try_emplace(std::move(series.tags));
    if (is_new) set->second.tags = set->first;
    set->second.series[field] = series.number;
  };
  std::vector<SeriesWanted> listings;
  if (wanted.are_all) listings.push_back({.tags = wanted.tags});
  if (!wanted.are_all && !wanted.names.empty()) listings.push_back({.names = wanted.names});
  if (!wanted.are_all) listings.push_back({.prefixes = wanted.prefixes, .tags = wanted.tags});
  for (const SeriesWanted& listing : listings) {
    if (const auto listed = source.list(listing, take); !listed) return environment(listed.error());
  }
  if (!limits.goes_on()) return ended();
  if (has_such_field(schema, wanted.tags)) {
    WantedSeries more = wanted;
    more.tags.clear();
    return read_schema(source, limits, more, wants);
  }
  for (auto& [name, by_tags] : sets) {
    for (auto& [tags, set] : by_tags) schema[name].tag_sets.push_back(std::move(set));
  }
  return schema;
}

Answer<void> keep_visible(Schema& schema, Source& source, const Limits& limits) {
  std::vector<SeriesNumber> numbers;
  for (const auto& [name, measurement] : schema) {
    for (const TagSet& set : measurement.tag_sets) {
      for (const auto& [field, number] : set.series) numbers.push_back(number);
    }
  }
  std::sort(numbers.begin(), numbers.end());
  const auto visible = visible_among(numbers, source, limits);
  if (!visible) return tl::unexpected(visible.error());
  for (auto& [name, measurement] : schema) {
    measurement.tag_keys.clear();
    for (TagSet& set : measurement.tag_sets) {
      std::erase_if(set.series, [&](const auto& entry) { return !visible->contains(entry.second); });
      if (set.series.empty()) continue;
      for (const Tag& tag : set.tags) measurement.tag_keys.insert(tag.name);
    }
    std::erase_if(measurement.tag_sets, [](const TagSet& set) { return set.series.empty(); });
  }
  std::erase_if(schema, [](const auto& entry) { return entry.second.tag_sets.empty(); });
  return {};
}

}  // namespace timestore::query::influxql
