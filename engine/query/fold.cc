#include "engine/query/fold.h"

#include <algorithm>
#include <array>
#include <utility>

#include "engine/base/check.h"
#include "engine/query/batches.h"
#include "engine/query/filter.h"
#include "engine/store/points/decimal.h"

namespace timestore::query {
namespace {

constexpr size_t kLeastForDecimals = 16;  // of fewer values each is looked at by itself

bool is_only(const std::vector<Function>& functions, Function::Kind kind) {
  return functions.size() == 1 && functions[0].kind == kind;
}

std::vector<SeriesNumber> numbers_of(const std::vector<Series>& series, size_t begin, size_t end) {
  std::vector<SeriesNumber> numbers;
  numbers.reserve(end - begin);
  for (size_t at = begin; at < end; ++at) numbers.push_back(series[at].number);
  return numbers;
}

// The first point of a batch that is selected, or the last if that is the direction.
Answer<std::optional<SeriesPoint>> nearest_in(BatchCursor& cursor, const Reading& reading, const Filter& filter,
                                              bool must_be_number) {
  const BatchHead& head = cursor.head();
  const auto columns = cursor.columns();
  if (!columns) return environment(columns.error());
  const points::BlockIdentities* identities = nullptr;
  if (!filter.attributes.empty()) {
    const auto read = cursor.identities();
    if (!read) return environment(read.error());
    identities = *read;
  }
  const bool is_text = head.type == points::Type::kString;
  for (size_t step = 0; step < head.count; ++step) {
    const size_t at = reading.is_descending ? head.count - 1 - step : step;
    const int64_t time_ns = (*columns)->times[at];
    const uint64_t bits = is_text ? 0 : (*columns)->bits[at];
    if (time_ns < reading.first_ns || time_ns > reading.last_ns) continue;
    if (must_be_number && head.type == points::Type::kFloat && !is_finite(bits)) continue;
    if (!passes(filter, head.type, bits, identities ? identities->attributes[at] : "")) continue;
    return SeriesPoint{time_ns, Number(head.type, bits)};
  }
  return std::nullopt;
}

}  // namespace

GroupName group_of(const AggregateQuery& query, const Series& series) {
  GroupName name;
  for (const GroupKey& key : query.group_by) {
    if (key.kind == GroupKey::Kind::kDevice) {
      name.emplace_back(series.name);
      continue;
    }
    const auto tag =
        std::find_if(series.tags.begin(), series.tags.end(), [&](const Tag& known) { return known.name == key.tag; });
    name.push_back(tag == series.tags.end() ? std::nullopt : std::optional(tag->value));
  }
  return name;
}

// Points of a batch that count. They stand in the batch itself where all of a stretch count, and else in the arrays.
struct Fold::Selection {
  points::Type type = points::Type::kFloat;
  std::span<const int64_t> times;
  std::span<const uint64_t> bits;
  std::span<const std::string_view> texts;
  std::span<const Seq> seqs;
  std::optional<unsigned> exponent;

  std::array<int64_t, points::kMaxBlockPoints> kept_times;
  std::array<uint64_t, points::kMaxBlockPoints> kept_bits;
  std::array<std::string_view, points::kMaxBlockPoints> kept_texts;
  std::array<Seq, points::kMaxBlockPoints> kept_seqs;
};

Answer<Plan> plan_of(AggregateQuery query, Source& source, const Limits& limits) {
  Plan plan{.query = std::move(query), .needs = {}, .buckets = {}, .series = {}, .limits = limits};
  plan.needs = needs_of(plan.query.functions);
  if (plan.query.bucket) {
    auto zone = std::make_shared<const TimeZone>(TimeZone::utc());
    if (!plan.query.zone.empty() && plan.query.zone != "UTC") {
      auto named = TimeZone::named(plan.query.zone);
      if (!named && named.error().is_environment) return environment(Error{named.error().sentence});
      if (!named) return refuse("tz", named.error().sentence);
      zone = std::make_shared<const TimeZone>(std::move(*named));
    }
    plan.buckets.emplace(*plan.query.bucket, std::move(zone));
  }
  const SeriesWanted wanted{.database = plan.query.filter.database,
                            .names = plan.query.filter.devices,
                            .prefixes = plan.query.filter.prefixes};
  const auto listed = source.list(wanted, [&](Series&& series) {
    if (passes(plan.query.filter, series)) plan.series.push_back(std::move(series));
  });
  if (!listed) return environment(listed.error());
  std::sort(plan.series.begin(), plan.series.end(),
            [](const Series& left, const Series& right) { return left.number < right.number; });
  return plan;
}

Fold::Fold(const Plan& plan)
    : plan_(plan),
      first_ns_(plan.query.filter.range.first_ns()),
      last_ns_(plan.query.filter.range.last_ns()),
      selection_(std::make_unique<Selection>()) {
  reads_last_only_ = !plan.buckets && is_only(plan.query.functions, Function::Kind::kLast);
  reads_first_only_ = !plan.buckets && is_only(plan.query.functions, Function::Kind::kFirst);
  if (!plan.needs.order()) kept_ = plan.query.limit;  // differences and areas need all that comes before
}

Fold::~Fold() = default;
Fold::Fold(Fold&&) noexcept = default;

// --- Series ---------------------------------------------------------------------------------------------------------

Answer<void> Fold::add(Source& source, size_t begin, size_t end) {
  if (plan_.query.filter.range.is_empty() || begin == end) return {};
  const std::vector<SeriesNumber> numbers = numbers_of(plan_.series, begin, end);
  if (plan_.needs.order()) {
    if (auto found = find_nearest(source, numbers); !found) return found;
  }
  if (reads_last_only_ && !plan_.query.filter.range.from_ns) {
    if (auto found = find_first(source, numbers); !found) return found;
  }
  const Reading reading{
      .series = numbers, .first_ns = first_ns_, .last_ns = last_ns_, .is_descending = reads_last_only_};
  auto folded = for_each_batch(source, reading, plan_.limits, [this](BatchCursor& cursor) -> Answer<void> {
    if (walk_.series == nullptr || walk_.series->number != cursor.head().series) {
      if (auto done = end_series(); !done) return done;
      if (auto done = begin_series(cursor.head().series); !done) return done;
    }
    return add_batch(cursor);
  });
  if (!folded) return folded;
  if (auto done = end_series(); !done) return done;
  return add_areas_without_points(numbers);
}

Answer<void> Fold::begin_series(SeriesNumber number) {
  const auto found = std::lower_bound(plan_.series.begin(), plan_.series.end(), number,
                                      [](const Series& series, SeriesNumber wanted) { return series.number < wanted; });
  TIMESTORE_CHECK(found != plan_.series.end() && found->number == number, "a source reads what was asked for");
  walk_ = {};
  walk_.series = &*found;
  const auto group = groups_.find(group_of(plan_.query, *found));
  if (group != groups_.end()) {
    walk_.cells = &group->second;
    walk_.at = group->second.end();
  }
  const auto before = before_.find(number);
  if (before != before_.end()) walk_.last = before->second;
  return {};
}

// What follows the last point.
Answer<void> Fold::end_series() {
  if (walk_.series == nullptr) return {};
  const auto behind = behind_.find(walk_.series->number);
  if (walk_.last && behind != behind_.end()) {
    if (auto added = add_area({*walk_.last, behind->second}); !added) return added;
  }
  if (behind != behind_.end()) behind_.erase(behind);
  walk_ = {};
  return {};
}

// Series whose points stand on both sides of the range, and none in it.
Answer<void> Fold::add_areas_without_points(std::span<const SeriesNumber> numbers) {
  for (const SeriesNumber number : numbers) {
    if (!behind_.contains(number) || !before_.contains(number)) continue;
    if (auto done = begin_series(number); !done) return done;
    if (auto done = end_series(); !done) return done;
  }
  before_.clear();
  behind_.clear();
  return {};
}

// The nearest numbers outside of the range, which differences and areas need.
Answer<void> Fold::find_nearest(Source& source, std::span<const SeriesNumber> numbers) {
  if (first_ns_ > kMinTimestamp) {
    const Reading reading{
        .series = numbers, .first_ns = kMinTimestamp, .last_ns = first_ns_ - 1, .is_descending = true};
    if (auto read = read_nearest(source, reading, before_); !read) return read;
  }
  if (plan_.needs.area && last_ns_ < kMaxTimestamp) {
    const Reading reading{.series = numbers, .first_ns = last_ns_ + 1, .last_ns = kMaxTimestamp};
    return read_nearest(source, reading, behind_);
  }
  return {};
}

Answer<void> Fold::read_nearest(Source& source, Reading reading, NearestPoints& found) {
  const Filter& filter = plan_.query.filter;
  return for_each_batch(source, reading, plan_.limits, [&](BatchCursor& cursor) -> Answer<void> {
    const BatchHead& head = cursor.head();
    if (is_number(head.type)) {
      if (verdict(filter, head) == Verdict::kNone) return {};
      const auto at = nearest_in(cursor, reading, filter, true);
      if (!at) return tl::unexpected(at.error());
      if (!*at) return {};
      found[head.series] = **at;
    }
    cursor.skip_series();
    return {};
  });
}

// The first selected point, which names a range that begins with it, where series are read from their ends.
Answer<void> Fold::find_first(Source& source, std::span<const SeriesNumber> numbers) {
  const Filter& filter = plan_.query.filter;
  const Reading reading{.series = numbers, .first_ns = first_ns_, .last_ns = last_ns_};
  return for_each_batch(source, reading, plan_.limits, [&](BatchCursor& cursor) -> Answer<void> {
    const BatchHead& head = cursor.head();
    const Verdict found = verdict(filter, head);
    if (found == Verdict::kNone) return {};
    if (found == Verdict::kUnknown) {
      const auto at = nearest_in(cursor, reading, filter, false);
      if (!at) return tl::unexpected(at.error());
      if (!*at) return {};
      extend((*at)->time_ns, (*at)->time_ns);
    } else if (head.first_ns <= last_ns_) {
      extend(head.first_ns, head.first_ns);
    }
    cursor.skip_series();
    return {};
  });
}

// --- Batches --------------------------------------------------------------------------------------------------------

Answer<void> Fold::add_batch(BatchCursor& cursor) {
  const BatchHead& head = cursor.head();
  const bool is_beyond = head.last_ns < first_ns_ || head.first_ns > last_ns_;
  if (is_beyond || verdict(plan_.query.filter, head) == Verdict::kNone) return {};
  // A series whose last (first) point is known has no other, unless one has the same time.
  const bool is_done = walk_.end_ns && ((reads_last_only_ && head.last_ns < *walk_.end_ns) ||
                                        (reads_first_only_ && head.first_ns > *walk_.end_ns));
  const bool is_descending = plan_.query.is_descending;
  if (is_done || (!is_descending && is_beyond_limit(head.first_ns))) {
    cursor.skip_series();
    return {};
  }
  if (is_descending && is_beyond_limit(head.last_ns)) return {};
  const auto whole = add_whole(head);
  if (!whole) return tl::unexpected(whole.error());
  if (*whole) return {};
  if (auto selected = select(cursor); !selected) return selected;
  return add_selection();
}

// From statistics, where the batch lies in one bucket and all of its points count. False: they are not enough.
Answer<bool> Fold::add_whole(const BatchHead& head) {
  if (!plan_.needs.only_statistics() || head.first_ns < first_ns_ || head.last_ns > last_ns_) return false;
  if (verdict(plan_.query.filter, head) != Verdict::kAll) return false;
  if (head.statistics == nullptr && (plan_.needs.sum || plan_.needs.extremes) && is_number(head.type)) return false;
  const Bucket bucket = bucket_at(head.first_ns);
  if (!bucket.contains(head.last_ns)) return false;
  const auto cell = cell_of(bucket);
  if (!cell) return tl::unexpected(cell.error());
  if (!(*cell)->add(head, plan_.needs)) return false;
  extend(head.first_ns, head.last_ns);
  return true;
}

Answer<void> Fold::select(BatchCursor& cursor) {
  const BatchHead& head = cursor.head();
  const Filter& filter = plan_.query.filter;
  Selection& selection = *selection_;
  const auto columns = cursor.columns();
  if (!columns) return environment(columns.error());
  const points::BlockIdentities* identities = nullptr;
  if (plan_.needs.ends || !filter.attributes.empty()) {
    const auto read = cursor.identities();
    if (!read) return environment(read.error());
    identities = *read;
  }
  const auto times = std::span(std::as_const((*columns)->times)).first(head.count);
  const auto begin = static_cast<size_t>(std::lower_bound(times.begin(), times.end(), first_ns_) - times.begin());
  const auto end = static_cast<size_t>(std::upper_bound(times.begin(), times.end(), last_ns_) - times.begin());
  size_t count = end - begin;
  selection.type = head.type;
  if (verdict(filter, head) == Verdict::kAll) {
    selection.times = times.subspan(begin, count);
    selection.bits = std::span(std::as_const((*columns)->bits)).subspan(begin, count);
    selection.texts = std::span(std::as_const((*columns)->texts)).subspan(begin, count);
    if (identities) selection.seqs = std::span(identities->seqs).subspan(begin, count);
  } else {
    count = 0;
    const bool is_text = head.type == points::Type::kString;
    for (size_t at = begin; at < end; ++at) {
      const uint64_t bits = is_text ? 0 : (*columns)->bits[at];
      if (!passes(filter, head.type, bits, identities ? identities->attributes[at] : "")) continue;
      selection.kept_times[count] = times[at];
      selection.kept_bits[count] = bits;
      if (is_text) selection.kept_texts[count] = (*columns)->texts[at];
      if (identities) selection.kept_seqs[count] = identities->seqs[at];
      ++count;
    }
    selection.times = std::span(std::as_const(selection.kept_times)).first(count);
    selection.bits = std::span(std::as_const(selection.kept_bits)).first(count);
    selection.texts = std::span(std::as_const(selection.kept_texts)).first(count);
    selection.seqs = std::span(std::as_const(selection.kept_seqs)).first(count);
  }
  selection.exponent.reset();
  if (head.type != points::Type::kFloat || !plan_.needs.sum) return {};
  const auto* known = head.statistics ? std::get_if<points::DoubleStatistics>(head.statistics) : nullptr;
  if (known != nullptr && known->sum) {
    selection.exponent = known->exponent;
  } else if (count >= kLeastForDecimals) {
    std::array<double, points::kMaxBlockPoints> values;
    std::transform(selection.bits.begin(), selection.bits.end(), values.begin(),
                   [](uint64_t word) { return std::bit_cast<double>(word); });
    const points::Decimals decimals(std::span(std::as_const(values)).first(count));
    if (decimals.are_found && decimals.exceptions.empty()) selection.exponent = decimals.exponent;
  }
  return {};
}

// Bucket by bucket.
Answer<void> Fold::add_selection() {
  const Selection& all = *selection_;
  for (size_t begin = 0; begin < all.times.size();) {
    const Bucket bucket = bucket_at(all.times[begin]);
    size_t end = all.times.size();
    if (all.times.back() > bucket.last_ns) {
      const auto from = all.times.begin() + static_cast<std::ptrdiff_t>(begin);
      end = static_cast<size_t>(std::upper_bound(from, all.times.end(), bucket.last_ns) - all.times.begin());
    }
    const size_t count = end - begin;
    const Run run{.type = all.type,
                  .times = all.times.subspan(begin, count),
                  .bits = all.bits.subspan(begin, count),
                  .texts = all.texts.subspan(begin, count),
                  .seqs = plan_.needs.ends ? all.seqs.subspan(begin, count) : std::span<const Seq>(),
                  .exponent = all.exponent};
    if (auto added = add_run(run, bucket); !added) return added;
    begin = end;
  }
  return {};
}

}  // namespace timestore::query
