#include "engine/query/buckets.h"

#include <date/date.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <string>

#include "engine/base/timestamp.h"

namespace timestore::query {
namespace {

using Unit = BucketWidth::Unit;

constexpr int64_t kSecondNs = 1'000'000'000;
constexpr int64_t kHourNs = 3600 * kSecondNs;
constexpr int64_t kDayNs = 24 * kHourNs;
constexpr int64_t kFirstMonday = 4;  // in days since 1970-01-01
constexpr int64_t kMonthsBefore1970 = 1970 * 12;
constexpr int64_t kLongestJumpNs = 52 * kHourNs;  // clocks show at most 26 hours more or less than UTC
constexpr Int128 kNever = Int128{1} << 100;

struct WidthName {
  std::string_view name;
  Unit unit;
  int64_t count;
};

constexpr std::array<WidthName, 10> kWidthNames = {{{"ns", Unit::kNanoseconds, 1},
                                                    {"us", Unit::kNanoseconds, 1'000},
                                                    {"ms", Unit::kNanoseconds, 1'000'000},
                                                    {"s", Unit::kNanoseconds, kSecondNs},
                                                    {"m", Unit::kNanoseconds, 60 * kSecondNs},
                                                    {"h", Unit::kNanoseconds, kHourNs},
                                                    {"d", Unit::kDays, 1},
                                                    {"w", Unit::kWeeks, 1},
                                                    {"mo", Unit::kMonths, 1},
                                                    {"y", Unit::kMonths, 12}}};

Int128 floored(Int128 number, Int128 step) {
  const Int128 rest = number % step;
  return number - (rest < 0 ? rest + step : rest);
}

int64_t clamped(Int128 moment) {
  return static_cast<int64_t>(std::clamp<Int128>(moment, kMinTimestamp, kMaxTimestamp));
}

}  // namespace

Result<BucketWidth> parse_bucket_width(std::string_view text) {
  int64_t count = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
  const auto name = text.substr(static_cast<size_t>(end - text.data()));
  const auto found =
      std::find_if(kWidthNames.begin(), kWidthNames.end(), [&](const WidthName& known) { return known.name == name; });
  if (end == text.data() || found == kWidthNames.end()) {
    return fail("a bucket is a number and a unit: ns, us, ms, s, m, h, d, w, mo, or y, such as 5m");
  }
  const Int128 whole = Int128{count} * found->count;
  if (error != std::errc() || count <= 0) return fail("a bucket is a positive number of units");
  const bool is_time = found->unit == Unit::kNanoseconds;
  if (is_time && whole > kDayNs) return fail("a bucket of more than a day is written in days, weeks, months or years");
  if (!is_time && whole > BucketWidth::kMaxCount) {
    return fail("a bucket has at most " + std::to_string(BucketWidth::kMaxCount) + " days, weeks or months");
  }
  return BucketWidth{.unit = found->unit, .count = static_cast<int64_t>(whole)};
}

Buckets::Buckets(BucketWidth width, std::shared_ptr<const TimeZone> zone)
    : width_(width), zone_(std::move(zone)), sees_twice_(width.unit == Unit::kNanoseconds && width.count <= kHourNs) {
  const auto& stretches = zone_->stretches();
  const bool is_plain = stretches.size() == 1 && stretches[0].offset_s == 0;
  if (is_plain && width.unit == Unit::kNanoseconds && kDayNs % width.count == 0) plain_width_ns_ = width.count;
}

Buckets::Buckets(int64_t width_ns, int64_t offset_ns)
    : sees_twice_(false), plain_width_ns_(width_ns), plain_offset_ns_(offset_ns) {}

Buckets::Civil Buckets::from_months(int64_t months) const {
  const int64_t since = months + kMonthsBefore1970;
  const date::year_month_day first(date::year(static_cast<int>(since / 12)),
                                   date::month(static_cast<unsigned>(since % 12 + 1)), date::day(1));
  return Int128{date::sys_days(first).time_since_epoch().count()} * kDayNs;
}

// The last edge that is not later.
Buckets::Civil Buckets::floor(Civil civil) const {
  switch (width_.unit) {
    case Unit::kNanoseconds: {
      const Civil midnight = floored(civil, kDayNs);
      return midnight + floored(civil - midnight, width_.count);
    }
    case Unit::kDays:
      return floored(civil, Int128{width_.count} * kDayNs);
    case Unit::kWeeks: {
      const Civil origin = Int128{kFirstMonday} * kDayNs;
      return origin + floored(civil - origin, Int128{7 * width_.count} * kDayNs);
    }
    case Unit::kMonths: {
      const date::year_month_day day(date::sys_days(date::days(static_cast<int>(floored(civil, kDayNs) / kDayNs))));
      const int64_t months = (static_cast<int>(day.year()) - 1970) * 12 + static_cast<int>(unsigned(day.month())) - 1;
      return from_months(static_cast<int64_t>(floored(months, width_.count)));
    }
  }
  return civil;
}

// The first edge that is later.
Buckets::Civil Buckets::after(Civil civil) const {
  const Civil edge = floor(civil);
  switch (width_.unit) {
    case Unit::kNanoseconds:
      return std::min<Civil>(edge + width_.count, floored(civil, kDayNs) + kDayNs);
    case Unit::kDays:
      return edge + Int128{width_.count} * kDayNs;
    case Unit::kWeeks:
      return edge + Int128{7 * width_.count} * kDayNs;
    case Unit::kMonths: {
      const date::year_month_day day(date::sys_days(date::days(static_cast<int>(edge / kDayNs))));
      const int64_t months = (static_cast<int>(day.year()) - 1970) * 12 + static_cast<int>(unsigned(day.month())) - 1;
      return from_months(months + width_.count);
    }
  }
  return edge;
}

Buckets::Reach Buckets::reach_of(size_t stretch) const {
  const auto& stretches = zone_->stretches();
  const auto begin_of = [&](size_t at) { return Int128{stretches[at].begin_s} * kSecondNs; };
  const auto offset_of = [&](size_t at) { return Int128{stretches[at].offset_s} * kSecondNs; };
  const bool is_last = stretch + 1 == stretches.size();
  Reach reach{.begin = begin_of(stretch),
              .end = is_last ? kNever : begin_of(stretch + 1),
              .offset = offset_of(stretch),
              .reached = -kNever,
              .first = -kNever};
  if (stretch == 0) return reach;
  reach.reached = reach.begin + offset_of(stretch - 1);
  reach.first = reach.begin + reach.offset;
  if (sees_twice_) return reach;
  for (size_t at = stretch - 1; at > 0 && begin_of(at) > reach.begin - kLongestJumpNs; --at) {
    reach.reached = std::max(reach.reached, begin_of(at) + offset_of(at - 1));
  }
  reach.first = std::max(reach.first, reach.reached);
  return reach;
}

bool Buckets::begins_with_skipped_edge(const Reach& reach) const {
  return reach.reached > -kNever && reach.reached < reach.first && floor(reach.first - 1) >= reach.reached;
}

Buckets::Moment Buckets::last_edge(Moment moment, size_t stretch) const {
  while (true) {
    const Reach reach = reach_of(stretch);
    const Civil edge = floor(moment + reach.offset);
    if (edge >= reach.first) return edge - reach.offset;
    if (begins_with_skipped_edge(reach)) return reach.begin;
    moment = reach.begin - 1;
    --stretch;
  }
}

Buckets::Moment Buckets::next_edge(Moment moment, size_t stretch) const {
  Reach reach = reach_of(stretch);
  Civil edge = after(std::max<Civil>(moment + reach.offset, reach.first - 1));
  while (edge - reach.offset >= reach.end) {
    reach = reach_of(++stretch);
    if (begins_with_skipped_edge(reach)) return reach.begin;
    edge = after(reach.first - 1);
  }
  return edge - reach.offset;
}

Bucket Buckets::containing(int64_t time_ns) const {
  if (plain_width_ns_ != 0) {
    const auto rest = static_cast<int64_t>((Int128{time_ns} - plain_offset_ns_) % plain_width_ns_);
    const Int128 first = Int128{time_ns} - (rest < 0 ? rest + plain_width_ns_ : rest);
    return {clamped(first), clamped(first + plain_width_ns_ - 1)};
  }
  const size_t stretch = zone_->stretch_at(time_ns);
  return {clamped(last_edge(time_ns, stretch)), clamped(next_edge(time_ns, stretch) - 1)};
}

}  // namespace timestore::query
