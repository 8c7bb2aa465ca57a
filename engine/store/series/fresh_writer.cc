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

points::SeriesNumber FreshWriter::add_series(const SeriesKeyView& key, points::Type type) {
  const points::SeriesNumber number = fresh_->first_series + fresh_->series.size();
  fresh_->series.push_back({.key = SeriesKey(key), .type = type});
  index_.series.emplace(SeriesKey(key), NumberedSeries{.number = number, .type = type});
  view_.series = fresh_->series.size();
  return number;
}

void FreshWriter::add_field(const FieldKeyView& key, points::Type type) {
  fresh_->fields.push_back({.key = FieldKey(key), .type = type});
  index_.fields.emplace(FieldKey(key), type);
  view_.fields = fresh_->fields.size();
}

void FreshWriter::add_database(std::string_view name) {
  fresh_->databases.push_back(std::string(name));
  index_.databases.emplace(name);
  view_.databases = fresh_->databases.size();
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

void FreshWriter::add(const points::Point& point) {
  fresh_->points.append(point);
  view_.points = fresh_->points.size();
}

// Readers may have those that were there before.
void FreshWriter::add(const std::vector<points::Tombstone>& tombstones) {
  std::vector<points::Tombstone> all;
  if (view_.tombstones) all = view_.tombstones->all();
  all.insert(all.end(), tombstones.begin(), tombstones.end());
  view_.tombstones = std::make_shared<const points::Tombstones>(std::move(all));
}

void FreshWriter::count(raft::Position position, std::uint64_t command_bytes) {
  view_.applied = position;
  bytes_ += kEntryBytes + command_bytes;
}

}  // namespace timestore::store
