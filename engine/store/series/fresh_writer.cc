#include "engine/store/series/fresh_writer.h"

#include <bit>
#include <utility>

namespace timestore::store {

FreshWriter::FreshWriter(raft::Position sealed, points::SeriesNumber next_series, const Retention& retention)
    : fresh_(std::make_shared<Fresh>()) {
  fresh_->first_series = next_series;
  view_ = {.fresh = fresh_, .sealed = sealed, .applied = sealed, .retention = retention};
}

FreshView FreshWriter::view() const { return view_; }

points::SeriesNumber FreshWriter::add_series(std::string_view name) {
  const points::SeriesNumber number = fresh_->first_series + fresh_->names.size();
  fresh_->names.push_back(std::string(name));
  index_.names.emplace(name, number);
  view_.names = fresh_->names.size();
  return number;
}

void FreshWriter::begin_run(SaltRun run) {
  fresh_->runs.push_back(run);
  view_.runs = fresh_->runs.size();
}

void FreshWriter::add(points::SeriesNumber series, points::Seq seq, const TimeEntry& entry, bool tells_its_place) {
  const auto& [id, device_id, timestamp_ns, value, attributes] = entry;
  fresh_->points.append({.series = series,
                         .time_ns = timestamp_ns,
                         .seq = seq,
                         .bits = std::bit_cast<std::uint64_t>(value),
                         .id = tells_its_place ? Guid() : id,
                         .attributes = attributes});
  if (!tells_its_place) index_.ids.insert_or_assign(id, view_.points);  // an id is free again when its point is gone
  view_.points = fresh_->points.size();
}

void FreshWriter::count(raft::Position position, std::uint64_t command_bytes) {
  view_.applied = position;
  bytes_ += kEntryBytes + command_bytes;
}

}  // namespace timestore::store
