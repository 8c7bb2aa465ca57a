#include "engine/query/influxql/wanted_series.h"

#include <algorithm>
#include <utility>

#include "engine/query/influxql/go_text.h"
#include "engine/query/influxql/schema.h"

namespace timestore::query::influxql {
namespace {

using Names = std::optional<std::vector<std::string>>;

constexpr std::string_view kDeviceTag = "deviceId";

// The devices outside of which the condition is never true. Nothing: that is not known.
Names devices_of(const Expression& condition) {
  if (condition.kind != Expression::Kind::kBinary) return std::nullopt;
  const Expression& left = condition.operands[0];
  const Expression& right = condition.operands[1];
  if (condition.text == "AND") {
    Names devices = devices_of(left);
    return devices ? devices : devices_of(right);
  }
  if (condition.text == "OR") {
    Names devices = devices_of(left);
    Names others = devices_of(right);
    if (!devices || !others) return std::nullopt;
    devices->insert(devices->end(), others->begin(), others->end());
    return devices;
  }
  const bool is_device = left.kind == Expression::Kind::kVariable && left.text == kDeviceTag &&
                         (left.type.empty() || left.type == "tag") && right.kind == Expression::Kind::kString &&
                         !right.text.empty();
  if (condition.text != "=" || !is_device) return std::nullopt;
  return std::vector{right.text};
}

void add(WantedSeries& wanted, const Measurement& measurement, const std::optional<Expression>& where) {
  if (measurement.regex) {
    wanted.are_all = true;
    return;
  }
  std::string prefix;
  append_escaped_name(prefix, measurement.name, true);
  wanted.prefixes.push_back(prefix + ",");
  wanted.prefixes.push_back(prefix + " ");
  if (measurement.name != kPlainMeasurement) return;
  const Names devices = where ? devices_of(*where) : std::nullopt;
  wanted.are_all |= !devices;
  if (devices) wanted.names.insert(wanted.names.end(), devices->begin(), devices->end());
}

// Comparisons that are true where the condition is, and that say what a tag is, unless it is a field.
void add_tags(std::vector<Tag>& tags, const Expression& condition) {
  if (condition.kind != Expression::Kind::kBinary) return;
  const Expression& left = condition.operands[0];
  const Expression& right = condition.operands[1];
  if (condition.text == "AND") {
    add_tags(tags, left);
    add_tags(tags, right);
  }
  const bool is_name = left.kind == Expression::Kind::kVariable && (left.type.empty() || left.type == "tag");
  const bool is_value = right.kind == Expression::Kind::kString && !right.text.empty();
  const bool is_time = left.text.size() == 4 && (left.text[0] == 't' || left.text[0] == 'T');  // or looks like it
  if (condition.text == "=" && is_name && is_value && !is_time)
    tags.push_back({.name = left.text, .value = right.text});
}

void add(WantedSeries& wanted, const Select& select) {
  for (const From& from : select.from) {
    if (from.subquery)
      add(wanted, *from.subquery);
    else
      add(wanted, from.measurement, select.where);
  }
}

}  // namespace

WantedSeries series_wanted(const Select& select) {
  WantedSeries wanted;
  add(wanted, select);
  const bool has_subquery =
      std::any_of(select.from.begin(), select.from.end(), [](const From& from) { return from.subquery != nullptr; });
  if (select.where && !has_subquery) add_tags(wanted.tags, *select.where);
  return wanted;
}

WantedSeries series_wanted(const std::vector<From>& from, const std::optional<Expression>& where) {
  WantedSeries wanted;
  wanted.are_all = from.empty();
  for (const From& source : from) add(wanted, source.measurement, where);
  return wanted;
}

}  // namespace timestore::query::influxql
