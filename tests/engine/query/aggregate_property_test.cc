// Aggregates of random stores against their definitions, and against themselves in other layouts.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <cmath>
#include <sstream>
#include <string>

#include "bench/micro/piece_source.h"
#include "engine/query/aggregate.h"
#include "tests/engine/query/any_query.h"
#include "tests/engine/query/naive_aggregate.h"

namespace timestore::query::aggregate_property_test {
namespace {

std::string text_of(const NaiveRow& row) {
  std::string text;
  for (const auto& part : row.group) text += (part ? "'" + *part + "'" : "none") + std::string(" ");
  text += std::to_string(row.timestamp_ns);
  for (const Value& value : row.values) {
    text += ' ';
    append_value(text, value);
  }
  return text;
}

std::string text_of(const std::vector<NaiveRow>& rows) {
  std::string text;
  for (const NaiveRow& row : rows) text += text_of(row) + "\n";
  return text;
}

std::vector<NaiveRow> told(const Plan& plan, Fold& fold, Source& source) {
  std::vector<NaiveRow> rows;
  const auto done = tell_rows(plan, fold, source, [&](const AggregateRow& row) {
    rows.push_back({row.group, row.timestamp_ns, {row.values.begin(), row.values.end()}});
  });
  if (!done) RC_FAIL(done.error().sentence);
  return rows;
}

std::vector<NaiveRow> answer(const AggregateQuery& query, Source& source) {
  const auto plan = plan_of(query, source, Limits());
  if (!plan) RC_FAIL(plan.error().sentence);
  Fold fold(*plan);
  if (const auto added = fold.add_all(source); !added) RC_FAIL(added.error().sentence);
  return told(*plan, fold, source);
}

// Equal, or doubles that differ by what long doubles may have rounded.
bool is_near(const Value& left, const Value& right) {
  const auto* one = std::get_if<double>(&left);
  const auto* other = std::get_if<double>(&right);
  if (one == nullptr || other == nullptr) {
    // Percentiles of integers are whole or not.
    const auto as_double = [](const Value& value) -> std::optional<double> {
      if (const auto* real = std::get_if<double>(&value)) return *real;
      if (const auto* whole = std::get_if<int64_t>(&value)) return static_cast<double>(*whole);
      if (const auto* natural = std::get_if<uint64_t>(&value)) return static_cast<double>(*natural);
      return std::nullopt;
    };
    if (left == right) return true;
    const auto a = as_double(left);
    return a && a == as_double(right);
  }
  return std::fabs(*one - *other) <= 1e-10 * std::max({1.0, std::fabs(*one), std::fabs(*other)});
}

bool are_near(const std::vector<NaiveRow>& left, const std::vector<NaiveRow>& right) {
  return std::equal(left.begin(), left.end(), right.begin(), right.end(), [](const NaiveRow& one, const NaiveRow& two) {
    return one.group == two.group && one.timestamp_ns == two.timestamp_ns &&
           std::equal(one.values.begin(), one.values.end(), two.values.begin(), two.values.end(), is_near);
  });
}

std::string described(const AggregateQuery& query) {
  std::ostringstream out;
  for (const Function& function : query.functions) out << function.name << ",";
  out << " zone=" << query.zone << " fill=" << static_cast<int>(query.fill.kind) << " desc=" << query.is_descending
      << " limit=" << query.limit.value_or(0) << " groups=" << query.group_by.size();
  if (query.bucket) out << " bucket=" << static_cast<int>(query.bucket->unit) << "x" << query.bucket->count;
  if (query.filter.range.from_ns) out << " from=" << *query.filter.range.from_ns;
  if (query.filter.range.to_ns) out << " to=" << *query.filter.range.to_ns;
  out << " filter=" << query.filter.tests_points() << query.filter.devices.size() << query.filter.tags.size();
  return out.str();
}

std::string described(const MemoryStore& store) {
  std::string text;
  for (const points::Point& point : surviving(store)) {
    text += std::to_string(point.series) + " " + std::to_string(point.time_ns) + " seq " + std::to_string(point.seq) +
            (point.is_line ? " line " : " entry ");
    append_value(text, value_of(point.type, point.bits, point.text));
    text += " " + std::string(point.attributes) + "\n";
  }
  return text;
}

std::string difference_of(const std::vector<NaiveRow>& found, const std::vector<NaiveRow>& expected) {
  for (size_t at = 0; at < std::min(found.size(), expected.size()); ++at) {
    if (are_near({found[at]}, {expected[at]})) continue;
    return "found    " + text_of(found[at]) + "\nexpected " + text_of(expected[at]);
  }
  return std::to_string(found.size()) + " rows, not " + std::to_string(expected.size());
}

RC_GTEST_PROP(Aggregate, is_what_its_definition_says, (uint64_t seed)) {
  Prng prng(seed);
  const int64_t origin = any_origin(prng);
  const MemoryStore store = any_store(prng, origin);
  for (int round = 0; round < 10; ++round) {
    const AggregateQuery query = any_aggregate_query(prng, origin);
    MemorySource source(store, any_layout(prng));
    const auto expected = naive_aggregate(query, store);
    const auto found = answer(query, source);
    if (!are_near(found, expected)) {
      RC_FAIL(described(query) + "\nstore\n" + described(store) + difference_of(found, expected));
    }
  }
}

// To the last bit, with values of all magnitudes.
RC_GTEST_PROP(Aggregate, does_not_depend_on_the_layout, (uint64_t seed)) {
  Prng prng(seed);
  const int64_t origin = any_origin(prng);
  MemoryStore store = any_store(prng, origin);
  for (OwnedPoint& owned : store.points) {
    const bool is_wild = owned.point.type == points::Type::kFloat && prng.chance(1, 3);
    const uint64_t bits = prng.next();
    if (is_wild && is_finite(bits) && std::fabs(std::bit_cast<double>(bits)) < 1e200) owned.point.bits = bits;
  }
  for (int round = 0; round < 10; ++round) {
    const AggregateQuery query = any_aggregate_query(prng, origin);
    MemorySource one(store, any_layout(prng));
    MemorySource other(store, any_layout(prng));
    const auto expected = text_of(answer(query, one));
    RC_ASSERT(text_of(answer(query, other)) == expected);

    // Shares of the series, folded apart and added from the last to the first.
    const auto plan = plan_of(query, other, Limits());
    RC_ASSERT(plan.has_value());
    Fold whole(*plan);
    for (size_t end = plan->series.size(); end > 0;) {
      const size_t begin = prng.below(end);
      Fold share(*plan);
      RC_ASSERT(share.add(other, begin, end).has_value());
      RC_ASSERT(whole.add(std::move(share)).has_value());
      end = begin;
    }
    RC_ASSERT(text_of(told(*plan, whole, other)) == expected);
  }
}

// From encoded blocks, wide and narrow, as a segment holds them.
RC_GTEST_PROP(Aggregate, is_the_same_from_the_pieces_of_a_segment, (uint64_t seed)) {
  Prng prng(seed);
  const int64_t origin = any_origin(prng);
  const MemoryStore store = any_store(prng, origin);
  const points::PieceOptions options{.max_data_bytes = 1 + prng.below(2000),
                                     .max_block_points = 1 + prng.below(100),
                                     .least_wide_points = prng.below(40)};
  PieceSource pieces(store.series, surviving(store), options);
  for (int round = 0; round < 10; ++round) {
    const AggregateQuery query = any_aggregate_query(prng, origin);
    MemorySource memory(store, any_layout(prng));
    RC_ASSERT(text_of(answer(query, pieces)) == text_of(answer(query, memory)));
  }
}

// What is cut into adjacent ranges adds up: counts, sums, increases, areas.
RC_GTEST_PROP(Aggregate, adds_up_over_adjacent_ranges_and_buckets, (uint64_t seed)) {
  Prng prng(seed);
  const int64_t origin = any_origin(prng);
  const MemoryStore store = any_store(prng, origin);
  MemorySource source(store, any_layout(prng));
  AggregateQuery query;
  for (const auto& [kind, name] : {std::pair(Function::Kind::kCount, "count"),
                                   {Function::Kind::kSum, "sum"},
                                   {Function::Kind::kIncrease, "increase"},
                                   {Function::Kind::kIntegral, "integral"}}) {
    query.functions.push_back({.kind = kind, .name = name});
  }
  const auto total = [](const std::vector<NaiveRow>& rows) {
    std::vector<double> sums(4);
    for (const NaiveRow& row : rows) {
      for (size_t at = 0; at < 4; ++at) {
        std::string text;
        append_value(text, row.values[at]);
        sums[at] += text == "null" ? 0 : std::stod(text);
      }
    }
    return sums;
  };
  const auto near = [](const std::vector<double>& left, const std::vector<double>& right) {
    return std::equal(left.begin(), left.end(), right.begin(),
                      [](double a, double b) { return std::fabs(a - b) <= 1e-9 * std::max(1.0, std::fabs(a)); });
  };
  const auto whole = total(answer(query, source));
  const int64_t cut = any_time(prng, origin);
  AggregateQuery left = query;
  left.filter.range.to_ns = cut;
  AggregateQuery right = query;
  right.filter.range.from_ns = cut;
  auto both = total(answer(left, source));
  const auto behind = total(answer(right, source));
  for (size_t at = 0; at < 4; ++at) both[at] += behind[at];
  RC_ASSERT(near(both, whole));
  query.bucket = parse_bucket_width(prng.chance(1, 2) ? "1h" : "1d").value();
  query.zone = prng.chance(1, 2) ? "Europe/Berlin" : "";
  RC_ASSERT(near(total(answer(query, source)), whole));
}

}  // namespace
}  // namespace timestore::query::aggregate_property_test
