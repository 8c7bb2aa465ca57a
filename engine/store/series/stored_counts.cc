// What a delete asks of the stored points: where one stands, and how many there are.
#include <algorithm>
#include <optional>
#include <utility>

#include "engine/store/series/stored_points.h"

namespace timestore::store {

using points::Point;
using points::Tombstone;

// An entry is found by its id, and then its place by its series and time.
Result<std::optional<Tombstone>> StoredPoints::tombstone_of(const TimeEntry& entry) {
  const auto series = catalog_.find({.name = entry.device_id});
  if (!series) return tl::unexpected(series.error());
  if (!*series) return std::nullopt;
  const points::SeriesNumber number = (*series)->number;
  std::optional<Tombstone> found;
  Result<void> read;
  const segments::Scan wanted{
      .first_series = number, .last_series = number, .from = entry.timestamp_ns, .to = entry.timestamp_ns};
  auto scanned = reader_.scan(wanted, fresh(), [&](const Point& point) {
    if (point.is_line || !visibility_.shows(point)) return true;
    const auto id = id_of(point, {.name = entry.device_id});
    if (!id) read = tl::unexpected(id.error());
    if (!id) return false;
    if (*id != entry.id) return true;
    found = Tombstone{.first_series = number,
                      .last_series = number,
                      .first_ns = point.time_ns,
                      .last_ns = point.time_ns,
                      .first_seq = point.seq,
                      .behind_seq = point.seq + 1};
    return false;
  });
  if (!scanned) return tl::unexpected(std::move(scanned.error()));
  if (!read) return tl::unexpected(std::move(read.error()));
  return found;
}

Result<std::optional<Tombstone>> StoredPoints::tombstone_of(const Guid& id) {
  auto entry = find(id);
  if (!entry) return tl::unexpected(std::move(entry.error()));
  if (*entry) return tombstone_of(**entry);
  const auto line = find_line(id);
  if (!line) return tl::unexpected(line.error());
  if (!*line) return std::nullopt;
  const Point& point = (*line)->point;
  return Tombstone{.first_series = point.series,
                   .last_series = point.series,
                   .first_ns = point.time_ns,
                   .last_ns = point.time_ns,
                   .first_seq = 0,
                   .behind_seq = point.seq + 1,
                   .spares_entries = true};
}

// Most batches are within the times, and need not be decoded.
Result<StoredPoints::Counted> StoredPoints::count(std::span<const points::SeriesNumber> series, std::int64_t first_ns,
                                                  std::int64_t last_ns, points::Seq behind) {
  const auto cursor = read({.series = series, .first_ns = first_ns, .last_ns = last_ns});
  if (!cursor) return tl::unexpected(cursor.error());
  const bool asks_for_places = behind < first_seq_behind(view_.applied.index);
  Counted counted;
  const auto add = [&](points::SeriesNumber number, std::uint64_t count) {
    if (count == 0) return;
    counted.points += count;
    if (counted.series.empty() || counted.series.back() != number) counted.series.push_back(number);
  };
  while (true) {
    const auto is_there = (*cursor)->next();
    if (!is_there) return tl::unexpected(is_there.error());
    if (!*is_there) return counted;
    const points::BatchHead& head = (*cursor)->head();
    if (first_ns <= head.first_ns && head.last_ns <= last_ns && !asks_for_places) {
      add(head.series, head.count);
      continue;
    }
    const auto columns = (*cursor)->columns();
    if (!columns) return tl::unexpected(columns.error());
    const auto identities = (*cursor)->identities();
    if (!identities) return tl::unexpected(identities.error());
    std::uint64_t count = 0;
    for (std::size_t at = 0; at < (*columns)->count; ++at) {
      const bool is_in_time = first_ns <= (*columns)->times[at] && (*columns)->times[at] <= last_ns;
      if (is_in_time && (*identities)->seqs[at] < behind) ++count;
    }
    add(head.series, count);
  }
}

}  // namespace timestore::store
