#include "engine/query/fill.h"

#include <algorithm>
#include <iterator>
#include <utility>


namespace timestore::query {
namespace {

std::optional<double> number_in(const Value& value) {
  if (const auto* number = std::get_if<double>(&value)) return *number;
  if (const auto* integer = std::get_if<int64_t>(&value)) return static_cast<double>(*integer);
  if (const auto* natural = std::get_if<uint64_t>(&value)) return static_cast<double>(*natural);
  return std::nullopt;
}

}  // namespace

Answer<std::vector<Value>> values_of(const AggregateQuery& query, Cell& cell, int64_t elapsed_ns) {
  std::vector<Value> values;
  for (const Function& function : query.functions) {
    auto value = cell.value(function, elapsed_ns);
    if (!value) return tl::unexpected(std::move(value.error()));
    values.push_back(std::move(*value));
  }
  return values;
}

// --- Moments --------------------------------------------------------------------------------------------------------

Moments::Moments(const Plan& plan, const Fold& fold) : plan_(plan), span_(fold.span().value_or(Fold::Span())) {}

Bucket Moments::first_bucket() const {
  return plan_.buckets->containing(plan_.query.filter.range.from_ns.value_or(span_.first_ns));
}

Bucket Moments::last_bucket() const {
  const TimeRange& range = plan_.query.filter.range;
  return plan_.buckets->containing(range.to_ns ? range.last_ns() : span_.last_ns);
}

uint64_t Moments::count_buckets(uint64_t enough) const {
  const Bucket last = last_bucket();
  uint64_t count = 1;
  for (Bucket bucket = first_bucket(); bucket != last && count < enough; ++count) {
    bucket = plan_.buckets->containing(bucket.last_ns + 1);
  }
  return count;
}

int64_t Moments::elapsed_ns(const Bucket& bucket) const {
  const TimeRange& range = plan_.query.filter.range;
  const Int128 begin = std::max(bucket.first_ns, range.from_ns.value_or(span_.first_ns));
  const Int128 end = std::min(Int128{bucket.last_ns} + 1, Int128{range.to_ns.value_or(span_.last_ns)});
  return static_cast<int64_t>(std::clamp<Int128>(end - begin, 0, kMaxTimestamp));
}

int64_t Moments::label(const Bucket& bucket) const {
  return plan_.buckets ? bucket.first_ns : plan_.query.filter.range.from_ns.value_or(span_.first_ns);
}

// --- Before the range -----------------------------------------------------------------------------------------------

PreviousValues::PreviousValues(const Plan& plan, const Moments& moments)
    : plan_(plan),
      moments_(moments),
      looks_before_(plan.query.fill.kind == Fill::Kind::kPrevious && plan.query.filter.range.from_ns.has_value()) {
  if (!looks_before_) return;
  for (const Series& series : plan.series) series_[group_of(plan.query, series)].push_back(&series);
}

// The plan of a group alone, without a range.
Plan PreviousValues::plan_of_group(const GroupName& name) const {
  Plan group{
      .query = plan_.query, .needs = plan_.needs, .buckets = plan_.buckets, .series = {}, .limits = plan_.limits};
  group.query.filter.range = {};
  group.query.limit.reset();
  for (const Series* series : series_.at(name)) group.series.push_back(*series);
  return group;
}

Answer<std::vector<Value>> PreviousValues::of(const GroupName& name, const Cells& cells, Source& source) const {
  if (!looks_before_) return std::vector<Value>();
  const Bucket first = moments_.first_bucket();
  const auto known = cells.find(first.first_ns);
  const bool is_needed = known == cells.end() || known->second.cell.points() == 0;
  if (!is_needed || first.first_ns <= kMinTimestamp) return std::vector<Value>();

  Plan group = plan_of_group(name);
  const auto time_ns = last_time_before(group, first.first_ns, source);
  if (!time_ns) return tl::unexpected(time_ns.error());
  if (!*time_ns) return std::vector<Value>();
  const Bucket bucket = plan_.buckets->containing(**time_ns);
  group.query.filter.range = {.from_ns = bucket.first_ns, .to_ns = bucket.last_ns + 1};
  Fold fold(group);
  if (auto added = fold.add_all(source); !added) return tl::unexpected(added.error());
  const auto found = fold.groups().find(name);
  if (found == fold.groups().end()) return std::vector<Value>();
  return values_of(plan_.query, found->second.at(bucket.first_ns).cell, Moments(group, fold).elapsed_ns(bucket));
}

// Of the last point that is selected.
Answer<std::optional<int64_t>> PreviousValues::last_time_before(const Plan& group, int64_t time_ns,
                                                                Source& source) const {
  Plan last = group;
  last.query.functions = {{.kind = Function::Kind::kLast, .name = "last"}};
  last.needs = needs_of(last.query.functions);
  last.buckets.reset();
  last.query.filter.range.to_ns = time_ns;
  Fold fold(last);
  if (auto added = fold.add_all(source); !added) return tl::unexpected(added.error());
  if (!fold.span()) return std::optional<int64_t>();
  return std::optional(fold.span()->last_ns);
}

// --- Filling --------------------------------------------------------------------------------------------------------

Filling::Filling(const Plan& plan, const Moments& moments, Cells& cells, std::vector<Value> before)
    : plan_(plan), moments_(moments), cells_(cells), before_range_(std::move(before)) {
  for (auto& [begin, cell] : cells_) {
    if (cell.cell.points() > 0) with_points_.push_back(&cell);
  }
}

BucketCell* Filling::cell_before(const Bucket& bucket) const {
  const auto at = std::partition_point(with_points_.begin(), with_points_.end(),
                                       [&](const BucketCell* cell) { return cell->bucket.first_ns < bucket.first_ns; });
  return at == with_points_.begin() ? nullptr : *std::prev(at);
}

BucketCell* Filling::cell_behind(const Bucket& bucket) const {
  const auto at = std::partition_point(with_points_.begin(), with_points_.end(), [&](const BucketCell* cell) {
    return cell->bucket.first_ns <= bucket.first_ns;
  });
  return at == with_points_.end() ? nullptr : *at;
}

Answer<void> Filling::look_at(BucketCell* cell, Neighbour& neighbour) {
  if (neighbour.cell == cell) return {};
  neighbour.cell = cell;
  neighbour.values.clear();
  if (cell == nullptr) return {};
  auto values = values_of(plan_.query, cell->cell, moments_.elapsed_ns(cell->bucket));
  if (!values) return tl::unexpected(std::move(values.error()));
  neighbour.values = std::move(*values);
  return {};
}

Answer<std::vector<Value>> Filling::values(const Bucket& bucket) {
  const auto at = cells_.find(bucket.first_ns);
  const bool is_there = at != cells_.end();
  std::vector<Value> values(plan_.query.functions.size());
  if (is_there) {
    auto own = values_of(plan_.query, at->second.cell, moments_.elapsed_ns(bucket));
    if (!own || at->second.cell.points() > 0) return own;
    values = std::move(*own);
  }
  if (auto looked = look_at(cell_before(bucket), before_); !looked) return tl::unexpected(looked.error());
  if (plan_.query.fill.kind == Fill::Kind::kLinear) {
    if (auto looked = look_at(cell_behind(bucket), behind_); !looked) return tl::unexpected(looked.error());
  }
  for (size_t function = 0; function < values.size(); ++function) {
    // What a bucket without points has is the area of a segment that crosses it.
    const bool is_area = plan_.query.functions[function].kind == Function::Kind::kIntegral;
    if (is_area && !std::holds_alternative<std::monostate>(values[function])) continue;
    values[function] = filled(function, bucket);
  }
  return values;
}

Value Filling::filled(size_t function, const Bucket& bucket) const {
  const bool is_count = plan_.query.functions[function].kind == Function::Kind::kCount;
  switch (plan_.query.fill.kind) {
    case Fill::Kind::kNone:
      return {};
    case Fill::Kind::kNull:
      return is_count ? Value(uint64_t{0}) : Value();
    case Fill::Kind::kNumber:
      return value_of(plan_.query.fill.number);
    case Fill::Kind::kPrevious: {
      const std::vector<Value>& values = before_.cell != nullptr ? before_.values : before_range_;
      return values.empty() ? Value() : values[function];
    }
    case Fill::Kind::kLinear:
      return between(function, bucket);
  }
  return {};
}

// By the beginnings of buckets.
Value Filling::between(size_t function, const Bucket& bucket) const {
  if (before_.cell == nullptr || behind_.cell == nullptr) return {};
  const auto left = number_in(before_.values[function]);
  const auto right = number_in(behind_.values[function]);
  if (!left || !right) return {};
  const Int128 begin = before_.cell->bucket.first_ns;
  const auto part = static_cast<double>(bucket.first_ns - begin);
  const double share = part / static_cast<double>(behind_.cell->bucket.first_ns - begin);
  return *left * (1 - share) + *right * share;
}

}  // namespace timestore::query
