// What there is, as InfluxQL sees it: measurements with fields and tags, and sets of tags with a series for each field.
#pragma once

#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "engine/query/influxql/wanted_series.h"
#include "engine/query/limits.h"
#include "engine/query/query_error.h"
#include "engine/query/source.h"

namespace timestore::query::influxql {

struct TagSet {
  std::vector<Tag> tags;                       // ascending by name
  std::map<std::string, SeriesNumber> series;  // by field

  // Empty: there is no such tag.
  const std::string& tag(const std::string& name) const;
};

struct MeasurementSchema {
  std::map<std::string, points::Type> fields;
  std::set<std::string> tag_keys;
  std::vector<TagSet> tag_sets;  // ascending by their tags
};

using Schema = std::map<std::string, MeasurementSchema>;  // by the measurement's name

// The measurement whose points come from our own API: one field, `value`, and one tag, `deviceId`.
inline constexpr std::string_view kPlainMeasurement = "timeseries";
inline constexpr std::string_view kPlainField = "value";

// Of those measurements whose name is wanted. Of series that `wanted` leaves out it may say nothing.
Answer<Schema> read_schema(Source& source, const Limits& limits, const WantedSeries& wanted,
                           const std::function<bool(const std::string&)>& wants);

// Without series that have no visible point, and what is left without series.
Answer<void> keep_visible(Schema& schema, Source& source, const Limits& limits);

}  // namespace timestore::query::influxql
