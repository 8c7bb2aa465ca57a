#include "engine/query/influxql/windows.h"

#include <algorithm>
#include <cstdlib>

#include "engine/query/big_number.h"

namespace timestore::query::influxql {
namespace {

int64_t clamped(Int128 moment) { return static_cast<int64_t>(std::clamp<Int128>(moment, kFirstTime, kLastTime)); }

}  // namespace

int64_t time_between(int64_t from_ns, int64_t to_ns) { return clamped(Int128{to_ns} - from_ns); }

int64_t Windows::zone_offset_ns(int64_t time_ns) const {
  if (!zone) return 0;
  return zone->stretches()[zone->stretch_at(std::max(time_ns, kFirstTime))].offset_s * 1'000'000'000;
}

Window Windows::containing(int64_t time_ns) const {
  if (interval_ns == 0) return {bounds.first_ns, bounds.last_ns == kLastTime ? kLastTime + 1 : bounds.last_ns + 1};
  const int64_t moved = clamped(Int128{time_ns} - offset_ns);
  const int64_t zone_ns = zone_offset_ns(moved);
  auto rest = static_cast<int64_t>((Int128{moved} + zone_ns) % interval_ns);
  if (rest < 0) rest += interval_ns;
  int64_t begin = clamped(Int128{moved} - rest);
  int64_t end = clamped(Int128{moved} + (interval_ns - rest));
  if (zone) {
    const auto correct = [&](int64_t& edge) {
      const int64_t change = zone_ns - zone_offset_ns(edge);
      if (change != 0 && std::abs(change) < interval_ns) edge = clamped(Int128{edge} + change);
    };
    correct(begin);
    correct(end);
  }
  return {begin == kFirstTime ? begin : clamped(Int128{begin} + offset_ns), clamped(Int128{end} + offset_ns)};
}

int64_t Windows::next(int64_t begin_ns, bool is_descending) const {
  const int64_t offset = zone_offset_ns(begin_ns);
  int64_t next = clamped(Int128{begin_ns} + (is_descending ? -interval_ns : interval_ns));
  if (!zone) return next;
  const int64_t change = offset - zone_offset_ns(next);
  if (change != 0 && std::abs(change) < interval_ns) next = clamped(Int128{next} + change);
  return next;
}

}  // namespace timestore::query::influxql
