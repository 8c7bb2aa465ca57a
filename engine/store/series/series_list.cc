#include "engine/store/series/series_list.h"

#include <algorithm>
#include <utility>

#include "engine/series/series_name.h"

namespace timestore::store {

using points::SeriesNumber;
using points::Type;

namespace {

std::uint64_t hash_of_tag(std::string_view name, std::string_view value) {
  return Hasher().add(name).add(value).value();
}

}  // namespace

std::uint32_t SeriesList::shape_of(const std::string& text) {
  return shapes_.emplace(text, static_cast<std::uint32_t>(shapes_.size())).first->second;
}

void SeriesList::add(SeriesNumber number, const SeriesKeyView& key, Type type) {
  Item item{.key = SeriesKey(key), .number = number, .type = type};
  std::string shape(key.database);
  shape += '\n';
  if (key.is_line) {
    const auto parts = parts_of_series_name(key.name).value_or(SeriesNameParts());
    shape.append(parts.measurement).append("\n").append(parts.field);
    for (const NamedTag& tag : parts.tags) {
      shape.append("\n").append(tag.name);
      item.tags.push_back(hash_of_tag(tag.name, tag.value));
    }
  } else {
    item.tags.push_back(hash_of_tag("deviceId", key.name));
  }
  item.shape = shape_of(shape);
  items_.push_back(std::move(item));
}

void SeriesList::sort() {
  const auto is_before = [&](std::uint32_t left, std::uint32_t right) {
    return items_[left].key.view() < items_[right].key.view();
  };
  const auto known = static_cast<std::ptrdiff_t>(by_name_.size());
  for (std::size_t at = by_name_.size(); at < items_.size(); ++at) by_name_.push_back(static_cast<std::uint32_t>(at));
  std::sort(by_name_.begin() + known, by_name_.end(), is_before);
  std::inplace_merge(by_name_.begin(), by_name_.begin() + known, by_name_.end(), is_before);
}

// Those whose key begins so; without a prefix, all of its database and kind.
void SeriesList::add_range(std::vector<std::uint32_t>& found, const SeriesKeyView& begin, bool is_prefix) const {
  auto at = std::partition_point(by_name_.begin(), by_name_.end(),
                                 [&](std::uint32_t place) { return items_[place].key.view() < begin; });
  for (; at != by_name_.end(); ++at) {
    const SeriesKeyView key = items_[*at].key.view();
    if (key.database != begin.database || key.is_line != begin.is_line) return;
    if (is_prefix && !key.name.starts_with(begin.name)) return;
    found.push_back(*at);
  }
}

std::vector<std::uint32_t> SeriesList::found(const query::SeriesWanted& wanted) const {
  std::vector<std::uint32_t> found;
  for (const bool is_line : {false, true}) {
    SeriesKeyView begin{.database = wanted.database, .is_line = is_line};
    if (wanted.prefixes.empty()) add_range(found, begin, false);
    for (const std::string& prefix : wanted.prefixes) {
      begin.name = prefix;
      add_range(found, begin, true);
    }
  }
  std::sort(found.begin(), found.end());
  found.erase(std::unique(found.begin(), found.end()), found.end());  // prefixes may be prefixes of each other
  return found;
}

bool SeriesList::tell(const query::SeriesWanted& wanted, const TellSeries& tell) {
  if (by_name_.size() < items_.size()) sort();
  std::vector<std::uint64_t> tags;
  for (const query::Tag& tag : wanted.tags) tags.push_back(hash_of_tag(tag.name, tag.value));
  std::vector<bool> were_told(shapes_.size());
  for (const std::uint32_t place : found(wanted)) {
    const Item& item = items_[place];
    const bool has_all = std::all_of(tags.begin(), tags.end(), [&](std::uint64_t tag) {
      return std::find(item.tags.begin(), item.tags.end(), tag) != item.tags.end();
    });
    if (!has_all && were_told[item.shape]) continue;
    were_told[item.shape] = true;
    if (!tell(item.number, item.key.view(), item.type)) return false;
  }
  return true;
}

}  // namespace timestore::store
