#include "engine/query/filter.h"

#include <algorithm>

namespace timestore::query {
namespace {

bool has_tag(const Series& series, const TagTest& test) {
  const auto found =
      std::find_if(series.tags.begin(), series.tags.end(), [&](const Tag& tag) { return tag.name == test.name; });
  const std::string_view value = found == series.tags.end() ? std::string_view() : found->value;
  return std::find(test.any_of.begin(), test.any_of.end(), value) != test.any_of.end();
}

bool is_within(const Filter& filter, const Number& number) {
  return (!filter.min_value || number.compared(*filter.min_value) >= 0) &&
         (!filter.max_value || number.compared(*filter.max_value) <= 0);
}

}  // namespace

bool passes(const Filter& filter, const Series& series) {
  const bool has_name = filter.devices.empty() ||
                        std::find(filter.devices.begin(), filter.devices.end(), series.name) != filter.devices.end();
  const bool has_prefix = filter.prefixes.empty() ||
                          std::any_of(filter.prefixes.begin(), filter.prefixes.end(),
                                      [&](const std::string& prefix) { return series.name.starts_with(prefix); });
  if (series.database != filter.database || (filter.only_numbers && !is_number(series.type))) return false;
  return has_name && has_prefix && std::all_of(filter.tags.begin(), filter.tags.end(), [&](const TagTest& test) {
           return has_tag(series, test);
         });
}

bool passes(const Filter& filter, points::Type type, uint64_t bits, std::string_view attributes) {
  if (filter.min_value || filter.max_value) {
    if (!is_number(type) || (type == Type::kFloat && !is_finite(bits))) return false;
    if (!is_within(filter, Number(type, bits))) return false;
  }
  return std::all_of(filter.attributes.begin(), filter.attributes.end(),
                     [&](const AttributeTest& test) { return matches(test, attributes); });
}

std::optional<Extremes> extremes_of(const BatchHead& head) {
  if (head.statistics == nullptr) return std::nullopt;
  if (const auto* doubles = std::get_if<points::DoubleStatistics>(head.statistics)) {
    const bool all_finite = doubles->numbers == head.count && is_finite(std::bit_cast<uint64_t>(doubles->min)) &&
                            is_finite(std::bit_cast<uint64_t>(doubles->max));
    if (!all_finite) return std::nullopt;
    return Extremes{Number(doubles->min), Number(doubles->max)};
  }
  if (const auto* integers = std::get_if<points::IntegerStatistics<int64_t>>(head.statistics)) {
    return Extremes{Number(integers->min), Number(integers->max)};
  }
  if (const auto* naturals = std::get_if<points::IntegerStatistics<uint64_t>>(head.statistics)) {
    return Extremes{Number(naturals->min), Number(naturals->max)};
  }
  return std::nullopt;
}

Verdict verdict(const Filter& filter, const BatchHead& head) {
  if (!filter.tests_points()) return Verdict::kAll;
  if (filter.min_value || filter.max_value) {
    if (!is_number(head.type)) return Verdict::kNone;
    const auto extremes = extremes_of(head);
    if (!extremes) return Verdict::kUnknown;
    if (filter.min_value && extremes->max.compared(*filter.min_value) < 0) return Verdict::kNone;
    if (filter.max_value && extremes->min.compared(*filter.max_value) > 0) return Verdict::kNone;
    if (!is_within(filter, extremes->min) || !is_within(filter, extremes->max)) return Verdict::kUnknown;
  }
  return filter.attributes.empty() ? Verdict::kAll : Verdict::kUnknown;
}

}  // namespace timestore::query
