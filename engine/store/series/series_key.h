// What a series is called: in one database, a name belongs to one series of each kind.
#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

#include "engine/base/hash.h"
#include "engine/series/entry_id.h"
#include "engine/series/series_name.h"
#include "engine/store/points/point.h"

namespace timestore::store {

struct SeriesKeyView {
  std::string_view database = {};  // empty: the one of our own API
  bool is_line = false;            // a field of line protocol (series/series_name.h); otherwise a device
  std::string_view name = {};
  auto operator<=>(const SeriesKeyView&) const = default;
};

struct SeriesKey {
  std::string database = {};
  bool is_line = false;
  std::string name = {};

  SeriesKey() = default;
  explicit SeriesKey(const SeriesKeyView& key) : database(key.database), is_line(key.is_line), name(key.name) {}
  SeriesKeyView view() const { return {.database = database, .is_line = is_line, .name = name}; }
};

struct SeriesKeyLess {
  using is_transparent = void;
  bool operator()(const SeriesKey& left, const SeriesKey& right) const { return left.view() < right.view(); }
  bool operator()(const SeriesKey& left, const SeriesKeyView& right) const { return left.view() < right; }
  bool operator()(const SeriesKeyView& left, const SeriesKey& right) const { return left < right.view(); }
};

// By which series are found again, whose ids tell a part of it (entry_id.h).
inline std::uint64_t hash_of(const SeriesKeyView& key) {
  if (key.database.empty() && !key.is_line) return device_hash(key.name);
  return Hasher().add(std::uint64_t{key.is_line}).add(key.database).add(key.name).value();
}

// What a type belongs to: of line series, one field of one measurement, whatever the tags are.
struct FieldKeyView {
  std::string_view database = {};
  std::string_view measurement = {};  // this and the field as they are written in names of series
  std::string_view field = {};
  auto operator<=>(const FieldKeyView&) const = default;
};

struct FieldKey {
  std::string database = {};
  std::string measurement = {};
  std::string field = {};

  FieldKey() = default;
  explicit FieldKey(const FieldKeyView& key)
      : database(key.database), measurement(key.measurement), field(key.field) {}
  FieldKeyView view() const { return {.database = database, .measurement = measurement, .field = field}; }
};

struct FieldKeyLess {
  using is_transparent = void;
  bool operator()(const FieldKey& left, const FieldKey& right) const { return left.view() < right.view(); }
  bool operator()(const FieldKey& left, const FieldKeyView& right) const { return left.view() < right; }
  bool operator()(const FieldKeyView& left, const FieldKey& right) const { return left < right.view(); }
};

// One that has its number.
struct NumberedSeries {
  points::SeriesNumber number = 0;
  points::Type type = points::Type::kFloat;
};

}  // namespace timestore::store
