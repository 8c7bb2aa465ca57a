// The points of a series file in one state: those in its segments, and the fresh ones behind them.
//
// For whoever applies, and for readers; each has a connection of its own. What is read of the file is read within a
// transaction of the caller, or by whoever alone writes.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/result.h"
#include "engine/series/time_entry.h"
#include "engine/store/segments/segment_scan.h"
#include "engine/store/series/catalog.h"
#include "engine/store/series/fresh.h"
#include "engine/store/series/series_format.h"
#include "engine/store/series/visibility.h"

namespace timestore::store {

using Visit = std::function<bool(const TimeEntry&)>;  // false: enough

class StoredPoints {
 public:
  // The database must outlive it, and stay where it is.
  [[nodiscard]] static Result<StoredPoints> open(Database& database, const SeriesShape& shape);

  // What is read from now on: the file as it is, of which `sealed` tells, and what the view has beyond that. Requires
  // that the view begins there, or has nothing beyond it.
  [[nodiscard]] Result<void> look_at(FreshView view, const SeriesMeta& sealed);
  void let_go();  // of what was fresh

  // What is read of the file stays in memory while the sealed state is the same. For readers, who never look at a
  // transaction that may yet be rolled back.
  void keep() { reader_.keep(); }

  // For who appends: what to find fresh things by. It must outlive this.
  void index_fresh_by(const FreshIndex* index);

  // What of all that is there.
  const Visibility& visibility() const { return visibility_; }

  Catalog& catalog() { return catalog_; }

  // The entry with this id, if it is stored.
  [[nodiscard]] Result<std::optional<TimeEntry>> find(const Guid& id);

  // Of ids that tell their place, if they were given at that index; nothing before the first run.
  [[nodiscard]] std::optional<std::uint64_t> salt_at(raft::Index index) const;

  [[nodiscard]] std::optional<SaltRun> last_run() const;

  // Entries, not lines. In the order of the log.
  [[nodiscard]] Result<void> scan(const Visit& visit);
  // By time, and then in the order of the log.
  [[nodiscard]] Result<void> scan_series(points::SeriesNumber series, const Visit& visit);

  // --- For queries -------------------------------------------------------------------------------------------------

  // Batches of series, in their order. What `reading` points to must outlive the cursor, and this stay as it is.
  [[nodiscard]] Result<std::unique_ptr<points::BatchCursor>> read(const points::Reading& reading);

  // All points whose place in the log is behind `after`, in the order of the log. This must stay as it is while the
  // cursor is used. A line point may be among them although a later one has replaced it.
  [[nodiscard]] std::unique_ptr<points::PointCursor> read_log(points::Seq after);

  // Of a point of that series.
  [[nodiscard]] Result<Guid> id_of(const points::Point& point, const SeriesKeyView& series) const;

  // The line point with this id, if it is there. Its series is told by its number.
  struct FoundLine {
    points::Point point;
    std::string text;  // of a string
  };
  [[nodiscard]] Result<std::optional<FoundLine>> find_line(const Guid& id);

  // --- For deletes -------------------------------------------------------------------------------------------------

  // What covers exactly the point with this id: an entry, or a line's point with all that it has replaced.
  [[nodiscard]] Result<std::optional<points::Tombstone>> tombstone_of(const Guid& id);

  // The points of these series, ascending, that stand within these times and before that place in the log.
  struct Counted {
    std::uint64_t points = 0;
    std::vector<points::SeriesNumber> series = {};  // that have any, ascending
  };
  [[nodiscard]] Result<Counted> count(std::span<const points::SeriesNumber> series, std::int64_t first_ns,
                                      std::int64_t last_ns, points::Seq behind);

 private:
  enum Verb : std::uint8_t { kFindId, kRuns, kTombstones, kVerbs };
  StoredPoints(std::string path, std::vector<Statement> statements, Catalog catalog, segments::SegmentReader reader)
      : path_(std::move(path)),
        statements_(std::move(statements)),
        catalog_(std::move(catalog)),
        reader_(std::move(reader)) {}

  Statement& verb(Verb verb) { return statements_[verb]; }
  Result<void> read_what_is_sealed();
  Result<void> read_runs();
  Result<void> read_tombstones();
  Result<TimeEntry> entry_of(const points::Point& point);
  Result<std::optional<TimeEntry>> entry_at(points::SeriesNumber series, std::int64_t from, std::int64_t to,
                                            points::Seq seq);
  Result<std::optional<TimeEntry>> entry_in(std::size_t row);
  Result<std::optional<TimeEntry>> find_told(const EntryIdParts& told);
  Result<std::optional<TimeEntry>> find_told(const EntryIdParts& told, points::SeriesNumber series,
                                             segments::TimeRange times);
  Result<std::optional<TimeEntry>> find_listed(const Guid& id);
  Result<std::optional<points::Tombstone>> tombstone_of(const TimeEntry& entry);
  std::optional<std::size_t> fresh_row_of(const Guid& id) const;
  std::span<const segments::FreshPoints> fresh() const { return {fresh_.data(), view_.points > 0 ? 1U : 0U}; }

  std::string path_;
  std::vector<Statement> statements_;  // by verb
  Catalog catalog_;
  segments::SegmentReader reader_;
  FreshView view_;
  std::array<segments::FreshPoints, 1> fresh_;  // of the view
  Visibility visibility_;
  const FreshIndex* index_ = nullptr;
  std::vector<SaltRun> runs_;    // in the file, by first index
  SharedTombstones tombstones_;  // in the file
  raft::Index are_of_ = 0;       // the sealed position at which these were read
};

}  // namespace timestore::store
