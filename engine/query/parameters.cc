#include "engine/query/parameters.h"

#include <algorithm>
#include <charconv>
#include <set>
#include <utility>
#include <vector>

#include "engine/query/row_cursor.h"

namespace timestore::query {
namespace {

// May stand more than once: the values are alternatives.
bool may_repeat(std::string_view name) {
  return name == "deviceId" || name == "devicePrefix" || name.starts_with("attr.") || name.starts_with("tag.");
}

Answer<void> check_names(std::span<const Parameter> parameters) {
  std::set<std::string_view> seen;
  for (const Parameter& parameter : parameters) {
    if (!seen.insert(parameter.name).second && !may_repeat(parameter.name)) {
      return refuse(parameter.name, "stands more than once");
    }
  }
  return {};
}

bool is_elsewhere(std::string_view name, std::span<const std::string_view> elsewhere) {
  return std::find(elsewhere.begin(), elsewhere.end(), name) != elsewhere.end();
}

tl::unexpected<QueryError> unknown(const std::string& name, std::string_view known) {
  return refuse(name, "is no parameter here; there are " + std::string(known));
}

Answer<std::optional<int64_t>> parse_time(const Parameter& parameter) {
  const auto time = parse_timestamp(parameter.value);
  if (!time) return refuse(parameter.name, time.error().message);
  return *time;
}

Answer<std::optional<Number>> parse_bound(const Parameter& parameter) {
  const auto number = parse_number(parameter.value);
  if (!number) return refuse(parameter.name, "is no number");
  return *number;
}

Answer<void> take_attribute_test(const Parameter& parameter, std::vector<AttributeTest>& tests) {
  const std::string_view name = std::string_view(parameter.name).substr(5);
  auto path = parse_attribute_path(name);
  if (!path) return tl::unexpected(path.error());
  auto value = parse_attribute_value(name, parameter.value);
  if (!value) return tl::unexpected(value.error());
  auto test = std::find_if(tests.begin(), tests.end(), [&](const AttributeTest& known) { return known.path == *path; });
  if (test == tests.end()) test = tests.insert(tests.end(), {std::move(*path), {}});
  test->any_of.push_back(std::move(*value));
  return {};
}

Answer<void> take_tag_test(const Parameter& parameter, std::vector<TagTest>& tests) {
  std::string name = parameter.name.substr(4);
  if (name.empty()) return refuse(parameter.name, "behind tag. stands the name of a tag, such as tag.room");
  auto test = std::find_if(tests.begin(), tests.end(), [&](const TagTest& known) { return known.name == name; });
  if (test == tests.end()) test = tests.insert(tests.end(), {std::move(name), {}});
  test->any_of.push_back(parameter.value);
  return {};
}

// What is set to the answer, or an error.
template <typename Target, typename Parsed>
Answer<bool> set(Target& target, Parsed&& parsed) {
  if (!parsed) return tl::unexpected(std::move(parsed.error()));
  target = std::move(*parsed);
  return true;
}

constexpr std::string_view kFilterNames =
    "db, deviceId, devicePrefix, from, to, minValue, maxValue, attr.<path>, tag.<name>";

// --- Rows -----------------------------------------------------------------------------------------------------------

Answer<Order> parse_order(std::string_view text) {
  if (text == "log") return Order::kLog;
  if (text == "device") return Order::kDevice;
  if (text == "asc") return Order::kAscending;
  if (text == "desc") return Order::kDescending;
  return refuse("order", "is log, device, asc or desc");
}

// --- Aggregates -----------------------------------------------------------------------------------------------------

struct FunctionName {
  std::string_view name;
  Function::Kind kind;
};

constexpr FunctionName kFunctionNames[] = {{"count", Function::Kind::kCount},       {"sum", Function::Kind::kSum},
                                           {"avg", Function::Kind::kAvg},           {"min", Function::Kind::kMin},
                                           {"max", Function::Kind::kMax},           {"first", Function::Kind::kFirst},
                                           {"last", Function::Kind::kLast},         {"stddev", Function::Kind::kStddev},
                                           {"median", Function::Kind::kMedian},     {"rate", Function::Kind::kRate},
                                           {"increase", Function::Kind::kIncrease}, {"delta", Function::Kind::kDelta},
                                           {"integral", Function::Kind::kIntegral}};

constexpr size_t kMaxPercentDecimals = 9;

// `p99.9`, 0 to 100.
std::optional<Function> parse_percentile(std::string_view name) {
  if (!name.starts_with('p')) return std::nullopt;
  const std::string_view text = name.substr(1);
  const size_t dot = std::min(text.find('.'), text.size());
  const std::string_view decimals = text.substr(std::min(dot + 1, text.size()));
  const bool ends_with_dot = dot + 1 == text.size();
  if (dot == 0 || dot > 3 || ends_with_dot || decimals.size() > kMaxPercentDecimals) return std::nullopt;
  Function function{.kind = Function::Kind::kPercentile, .name = std::string(name)};
  for (size_t at = 0; at < text.size(); ++at) {
    if (at == dot) continue;
    if (text[at] < '0' || text[at] > '9') return std::nullopt;
    function.percent = function.percent * 10 + (text[at] - '0');
  }
  for (size_t at = 0; at < decimals.size(); ++at) function.percent_units *= 10;
  if (function.percent > 100 * function.percent_units) return std::nullopt;
  return function;
}

std::optional<Function> parse_function(std::string_view name) {
  for (const auto& [known, kind] : kFunctionNames) {
    if (known == name) return Function{.kind = kind, .name = std::string(name)};
  }
  return parse_percentile(name);
}

// Calls `take` with each item of a comma list and its position, from 1.
template <typename Take>
Answer<void> for_each_item(std::string_view list, Take take) {
  for (size_t begin = 0; begin <= list.size();) {
    const size_t end = std::min(list.find(',', begin), list.size());
    if (auto taken = take(list.substr(begin, end - begin), begin + 1); !taken) return taken;
    begin = end + 1;
  }
  return {};
}

Answer<std::vector<Function>> parse_functions(std::string_view list) {
  std::vector<Function> functions;
  const auto take = [&](std::string_view name, size_t position) -> Answer<void> {
    const auto function = parse_function(name);
    if (!function) {
      return refuse("fn",
                    "\"" + std::string(name) +
                        "\" is no function; there are count, sum, avg, min, max, first, last, stddev, median, "
                        "p<0..100>, rate, increase, delta and integral",
                    position);
    }
    const bool is_known = std::any_of(functions.begin(), functions.end(),
                                      [&](const Function& known) { return known.name == function->name; });
    if (is_known) return refuse("fn", "names " + function->name + " twice", position);
    functions.push_back(*function);
    return {};
  };
  if (auto taken = for_each_item(list, take); !taken) return tl::unexpected(taken.error());
  return functions;
}

Answer<std::vector<GroupKey>> parse_group_by(std::string_view list) {
  std::vector<GroupKey> keys;
  const auto take = [&](std::string_view name, size_t position) -> Answer<void> {
    GroupKey key;
    if (name.starts_with("tag.") && name.size() > 4) {
      key = {.kind = GroupKey::Kind::kTag, .tag = std::string(name.substr(4))};
    } else if (name != "device") {
      return refuse("groupBy", "is device or tag.<name>, or several of these with commas", position);
    }
    if (std::find(keys.begin(), keys.end(), key) != keys.end()) {
      return refuse("groupBy", "names " + std::string(name) + " twice", position);
    }
    keys.push_back(std::move(key));
    return {};
  };
  if (auto taken = for_each_item(list, take); !taken) return tl::unexpected(taken.error());
  return keys;
}

Answer<Fill> parse_fill(std::string_view text) {
  if (text == "none") return Fill{.kind = Fill::Kind::kNone};
  if (text == "null") return Fill{.kind = Fill::Kind::kNull};
  if (text == "previous") return Fill{.kind = Fill::Kind::kPrevious};
  if (text == "linear") return Fill{.kind = Fill::Kind::kLinear};
  if (const auto number = parse_number(text)) return Fill{.kind = Fill::Kind::kNumber, .number = *number};
  return refuse("fill", "is none, null, previous, linear or a number");
}

Answer<bool> parse_time_order(std::string_view text) {
  if (text == "asc") return false;
  if (text == "desc") return true;
  return refuse("order", "is asc or desc here: it sorts the times of a group");
}

Answer<std::optional<BucketWidth>> parse_bucket(std::string_view text) {
  const auto width = parse_bucket_width(text);
  if (!width) return refuse("bucket", width.error().message);
  return *width;
}

Answer<bool> take_aggregate_parameter(const Parameter& parameter, AggregateQuery& query) {
  if (parameter.name == "fn") return set(query.functions, parse_functions(parameter.value));
  if (parameter.name == "bucket") return set(query.bucket, parse_bucket(parameter.value));
  if (parameter.name == "fill") return set(query.fill, parse_fill(parameter.value));
  if (parameter.name == "groupBy") return set(query.group_by, parse_group_by(parameter.value));
  if (parameter.name == "order") return set(query.is_descending, parse_time_order(parameter.value));
  if (parameter.name == "limit") return set(query.limit, parse_limit(parameter.value));
  if (parameter.name == "cursor") return refuse("cursor", "is for rows; aggregates have no pages, but a limit");
  if (parameter.name == "tz") {
    if (parameter.value.empty()) return refuse("tz", "is the name of a time zone, such as Europe/Berlin");
    query.zone = parameter.value;
    return true;
  }
  return take_filter_parameter(parameter, query.filter);
}

}  // namespace

Answer<uint64_t> parse_limit(std::string_view text) {
  uint64_t limit = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), limit);
  const bool is_whole = error == std::errc() && end == text.data() + text.size();
  if (!is_whole || limit == 0) return refuse("limit", "is a whole number from 1 on");
  return limit;
}

Answer<bool> take_filter_parameter(const Parameter& parameter, Filter& filter) {
  const auto taken = [](Answer<void> done) { return done.map([] { return true; }); };
  if (parameter.name == "db") {
    if (parameter.value.empty()) return refuse("db", "is the name of a database, such as " + std::string(kOwnDatabase));
    filter.database = database_named(parameter.value);
    return true;
  }
  if (parameter.name == "deviceId") {
    if (parameter.value.empty()) return refuse("deviceId", "is empty");
    filter.devices.push_back(parameter.value);
    return true;
  }
  if (parameter.name == "devicePrefix") {
    filter.prefixes.push_back(parameter.value);
    return true;
  }
  if (parameter.name == "from") return set(filter.range.from_ns, parse_time(parameter));
  if (parameter.name == "to") return set(filter.range.to_ns, parse_time(parameter));
  if (parameter.name == "minValue") return set(filter.min_value, parse_bound(parameter));
  if (parameter.name == "maxValue") return set(filter.max_value, parse_bound(parameter));
  if (parameter.name.starts_with("attr.")) return taken(take_attribute_test(parameter, filter.attributes));
  if (parameter.name.starts_with("tag.")) return taken(take_tag_test(parameter, filter.tags));
  return false;
}

Answer<RowsQuery> parse_rows_query(std::span<const Parameter> parameters, std::span<const std::string_view> elsewhere) {
  if (auto checked = check_names(parameters); !checked) return tl::unexpected(checked.error());
  RowsQuery query;
  std::optional<Order> order;
  std::string_view cursor;
  for (const Parameter& parameter : parameters) {
    Answer<bool> taken = true;
    if (is_elsewhere(parameter.name, elsewhere)) continue;
    if (parameter.name == "order") {
      taken = set(order, parse_order(parameter.value).map([](Order found) { return std::optional(found); }));
    } else if (parameter.name == "limit") {
      taken = set(query.limit, parse_limit(parameter.value).map([](uint64_t found) { return std::optional(found); }));
    } else if (parameter.name == "cursor") {
      if (parameter.value.empty()) return refuse("cursor", "is empty");
      cursor = parameter.value;
    } else {
      taken = take_filter_parameter(parameter, query.filter);
    }
    if (!taken) return tl::unexpected(std::move(taken.error()));
    if (!*taken) return unknown(parameter.name, std::string(kFilterNames) + ", order, limit and cursor");
  }
  query.order = order.value_or(query.filter.is_empty() ? Order::kLog : Order::kDevice);
  if (!cursor.empty()) {
    auto place = decode_cursor(cursor, query);
    if (!place) return tl::unexpected(std::move(place.error()));
    query.after = std::move(*place);
  }
  return query;
}

Answer<RowsQuery> parse_series_query(std::span<const Parameter> parameters,
                                     std::span<const std::string_view> elsewhere) {
  const auto chooses_series = [&](const std::string& name) {
    return name == "db" || name == "deviceId" || name == "devicePrefix" || name.starts_with("tag.") || name == "limit" ||
           name == "cursor" || is_elsewhere(name, elsewhere);
  };
  for (const Parameter& parameter : parameters) {
    if (chooses_series(parameter.name)) continue;
    return unknown(parameter.name, "db, deviceId, devicePrefix, tag.<name>, limit and cursor");
  }
  std::vector<Parameter> by_name(parameters.begin(), parameters.end());
  by_name.push_back({.name = "order", .value = "device"});
  return parse_rows_query(by_name, elsewhere);
}

Answer<AggregateQuery> parse_aggregate_query(std::span<const Parameter> parameters,
                                             std::span<const std::string_view> elsewhere) {
  if (auto checked = check_names(parameters); !checked) return tl::unexpected(checked.error());
  AggregateQuery query;
  bool has_fill = false;
  for (const Parameter& parameter : parameters) {
    if (is_elsewhere(parameter.name, elsewhere)) continue;
    const auto taken = take_aggregate_parameter(parameter, query);
    if (!taken) return tl::unexpected(taken.error());
    if (!*taken) {
      return unknown(parameter.name, std::string(kFilterNames) + ", fn, bucket, tz, fill, groupBy, order and limit");
    }
    has_fill |= parameter.name == "fill";
  }
  if (query.functions.empty()) return refuse("fn", "is missing: which functions of the values, such as fn=avg,max?");
  if (!query.bucket && has_fill) return refuse("fill", "fills buckets, so it needs a bucket");
  if (!query.bucket && !query.zone.empty()) return refuse("tz", "says where buckets begin, so it needs a bucket");
  return query;
}

}  // namespace timestore::query
