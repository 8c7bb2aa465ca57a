// Appends to what is fresh, and knows when it is to be sealed.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "engine/raft/types.h"
#include "engine/series/time_entry.h"
#include "engine/store/series/fresh.h"
#include "engine/store/series/series_shape.h"

namespace timestore::store {

// So many make a seal due: each delete copies those that are fresh.
inline constexpr std::size_t kFreshTombstones = 1024;

class FreshWriter {
 public:
  // Behind everything up to `sealed`. New series are numbered from `next_series` on.
  FreshWriter(raft::Position sealed, points::SeriesNumber next_series, const Retention& retention);

  // Everything that the writer has as one state, up to the entry that was counted last.
  FreshView view() const;
  const FreshIndex& index() const { return index_; }

  // The number of one that has none yet.
  points::SeriesNumber add_series(const SeriesKeyView& key, points::Type type);

  // One that has no type yet; a database that was not there.
  void add_field(const FieldKeyView& key, points::Type type);
  void add_database(std::string_view name);

  void begin_run(SaltRun run);

  // The entry stands at `seq`. Its id is left out if it tells its place.
  void add(points::SeriesNumber series, points::Seq seq, const TimeEntry& entry, bool tells_its_place);

  // Of a line. Its texts are copied.
  void add(const points::Point& point);

  void keep(const Retention& retention) { view_.retention = retention; }  // from now on

  void add(const std::vector<points::Tombstone>& tombstones);

  // Nothing more is added for this log entry, whose command has so many bytes. Every entry is counted.
  void count(raft::Position position, std::uint64_t command_bytes);

  // Whether a seal is due, which depends on the log alone: it comes before anything else is added.
  bool is_due(const SeriesShape& shape) const {
    return view_.points >= shape.seal_points || bytes_ >= shape.seal_bytes ||
           (view_.tombstones && view_.tombstones->size() >= kFreshTombstones);
  }

 private:
  std::shared_ptr<Fresh> fresh_;
  FreshView view_;
  FreshIndex index_;
  std::uint64_t bytes_ = 0;
};

}  // namespace timestore::store
