// Stores and queries at random: small, and full of ties, gaps, drops, replaced lines, missing tags and edges.
#pragma once

#include <algorithm>
#include <bit>
#include <string>
#include <vector>

#include "engine/base/prng.h"
#include "engine/query/query.h"
#include "tests/engine/query/memory_source.h"

namespace timestore::query {

constexpr int64_t kTestSecond = 1'000'000'000;

// Around the night in which Berlin's clocks go forward, or back, or around 1970.
inline int64_t any_origin(Prng& prng) {
  constexpr int64_t kOrigins[] = {1'711'839'600, 1'729'983'600, -43'200};
  return kOrigins[prng.below(3)] * kTestSecond;
}

// Multiples of ten minutes for two days, so that points stand on edges and share their times; some a little beside.
inline int64_t any_time(Prng& prng, int64_t origin) {
  const auto steps = static_cast<int64_t>(prng.below(288));
  const auto beside = static_cast<int64_t>(prng.chance(1, 8) ? prng.below(3) : 1) - 1;
  return origin + steps * 600 * kTestSecond + beside;
}

inline uint64_t any_value(Prng& prng, points::Type type) {
  if (type == points::Type::kFloat) {
    const auto number = static_cast<double>(static_cast<int64_t>(prng.below(2000)) - 500);
    constexpr double kDivisors[] = {100, 100, 100, 100, 100'000, 7};  // a seventh is no decimal
    return std::bit_cast<uint64_t>(number / kDivisors[prng.below(6)]);
  }
  if (type == points::Type::kInteger) return prng.below(400) - 100;
  return type == points::Type::kUnsigned ? prng.below(400) : prng.below(2);
}

inline std::string any_attributes(Prng& prng) {
  if (prng.chance(1, 3)) return {};
  std::string text = "{\"room\":\"" + std::string(1, static_cast<char>('a' + prng.below(3))) + "\"";
  if (prng.chance(1, 2)) text += ",\"floor\":" + std::to_string(prng.below(3));
  return text + "}";
}

inline MemoryStore any_store(Prng& prng, int64_t origin) {
  MemoryStore store;
  for (size_t count = 1 + prng.below(6); count > 0; --count) {
    const auto type = static_cast<points::Type>(prng.chance(1, 2) ? 1 : 1 + prng.below(5));
    const std::string name = std::string(1, static_cast<char>('a' + prng.below(4))) + (prng.chance(1, 3) ? "x" : "");
    const auto namesakes = std::count_if(store.series.begin(), store.series.end(),
                                         [&](const Series& known) { return known.name == name; });
    if (namesakes == 2) continue;  // one is plain, one is a line series
    Series& series = store.add_series(name, type);
    series.is_line = namesakes == 1;
    if (prng.chance(2, 3)) series.tags.push_back({"room", std::string(1, static_cast<char>('a' + prng.below(2)))});
  }
  const size_t points = prng.below(prng.chance(1, 4) ? 400 : 60);
  for (size_t at = 0; at < points; ++at) {
    const Series& series = store.series[prng.below(store.series.size())];
    OwnedPoint& owned = store.add_point(series, any_time(prng, origin), any_value(prng, series.type));
    owned.point.is_line = prng.chance(1, 3);
    owned.point.seq = store.next_seq += prng.below(3);
    ++store.next_seq;
    owned.attributes = any_attributes(prng);
    if (series.type == points::Type::kString) {
      owned.point.bits = 0;
      owned.text = std::string(prng.below(4), 't');
    }
  }
  return store;
}

inline Filter any_filter(Prng& prng, int64_t origin) {
  Filter filter;
  if (prng.chance(1, 6)) filter.devices = {"a", "bx"};
  if (prng.chance(1, 8)) filter.prefixes = {"a", "c"};
  if (prng.chance(1, 6)) filter.tags = {{"room", {prng.chance(1, 2) ? "a" : ""}}};
  if (prng.chance(1, 6)) filter.attributes = {{{"room"}, {{.text = "a"}, {.text = "b", .is_quoted = true}}}};
  if (prng.chance(1, 8)) filter.attributes.push_back({{"floor"}, {{.text = "1", .number = Number(int64_t{1})}}});
  if (prng.chance(1, 5)) filter.min_value = Number(static_cast<double>(prng.below(100)) / 10);
  if (prng.chance(1, 5)) filter.max_value = Number(static_cast<int64_t>(prng.below(200)));
  if (prng.chance(1, 2)) filter.range.from_ns = any_time(prng, origin);
  if (prng.chance(1, 2)) filter.range.to_ns = any_time(prng, origin);
  return filter;
}

inline std::vector<Function> any_functions(Prng& prng) {
  using Kind = Function::Kind;
  static const std::vector<Function> kAll = {
      {.kind = Kind::kCount, .name = "count"},
      {.kind = Kind::kSum, .name = "sum"},
      {.kind = Kind::kAvg, .name = "avg"},
      {.kind = Kind::kMin, .name = "min"},
      {.kind = Kind::kMax, .name = "max"},
      {.kind = Kind::kFirst, .name = "first"},
      {.kind = Kind::kLast, .name = "last"},
      {.kind = Kind::kStddev, .name = "stddev"},
      {.kind = Kind::kMedian, .name = "median"},
      {.kind = Kind::kPercentile, .name = "p95", .percent = 95},
      {.kind = Kind::kPercentile, .name = "p12.5", .percent = 125, .percent_units = 10},
      {.kind = Kind::kRate, .name = "rate"},
      {.kind = Kind::kIncrease, .name = "increase"},
      {.kind = Kind::kDelta, .name = "delta"},
      {.kind = Kind::kIntegral, .name = "integral"}};
  std::vector<Function> functions;
  const uint64_t chance = 1 + prng.below(8);
  for (const Function& function : kAll) {
    if (prng.chance(1, chance)) functions.push_back(function);
  }
  if (functions.empty()) functions.push_back(kAll[prng.below(kAll.size())]);
  return functions;
}

inline AggregateQuery any_aggregate_query(Prng& prng, int64_t origin) {
  AggregateQuery query;
  query.filter = any_filter(prng, origin);
  query.functions = any_functions(prng);
  constexpr const char* kWidths[] = {"10m", "15m", "1h", "7h", "1d", "1w", "1mo"};
  if (prng.chance(3, 4)) query.bucket = parse_bucket_width(kWidths[prng.below(7)]).value();
  if (query.bucket && prng.chance(1, 2)) query.zone = "Europe/Berlin";
  if (query.bucket) query.fill.kind = static_cast<Fill::Kind>(prng.below(5));
  query.fill.number = Number(-7.5);
  if (prng.chance(1, 3)) query.group_by.push_back({.kind = GroupKey::Kind::kTag, .tag = "room"});
  if (prng.chance(1, 3)) query.group_by.push_back({.kind = GroupKey::Kind::kDevice});
  query.is_descending = prng.chance(1, 4);
  if (prng.chance(1, 4)) query.limit = 1 + prng.below(5);
  return query;
}

inline MemorySource::Layout any_layout(Prng& prng) {
  constexpr size_t kSizes[] = {1, 3, 20, 1024};
  return {.max_batch = kSizes[prng.below(4)], .statistics_in_percent = prng.below(101), .seed = prng.next()};
}

}  // namespace timestore::query
