// Writes what is fresh into the series file: a seal, which is one transaction.
#pragma once

#include <cstdint>
#include <vector>

#include "engine/base/result.h"
#include "engine/store/segments/segment_store.h"
#include "engine/store/series/fresh.h"
#include "engine/store/series/series_format.h"
#include "engine/store/series/visibility.h"

namespace timestore::store {

class Sealer {
 public:
  // The database must outlive it, and stay where it is.
  [[nodiscard]] static Result<Sealer> open(Database& database, const SeriesShape& shape);

  // The view as segments, what else is new, and `meta`, all of it durable when it returns. What the view does not show
  // any more is not written, and some of what the file holds of it goes; `meta` then tells how far that came, and so do
  // the tombstones. Nothing has changed in the file after an error that is a full disk; after another one the file is
  // of no more use.
  [[nodiscard]] Result<void> seal(const FreshView& view, SeriesMeta& meta);

 private:
  enum Verb : std::uint8_t {
    kInsertSeries,
    kInsertField,
    kInsertDatabase,
    kInsertId,
    kInsertRun,
    kSaveMeta,
    kInsertTombstone,
    kTombstones,
    kRemoveTombstones,
    kListIds,
    kRemoveId,
    kVerbs
  };
  Sealer(Database& database, segments::SegmentStore segments, std::vector<Statement> statements,
         std::uint64_t swept_ids)
      : database_(&database),
        segments_(std::move(segments)),
        statements_(std::move(statements)),
        swept_ids_(swept_ids) {}
  Statement& verb(Verb verb) { return statements_[verb]; }

  Result<SharedTombstones> sealed_tombstones();
  Result<void> write_series(const FreshView& view);
  Result<void> write_tombstones(const FreshView& view, const SeriesMeta& meta);
  Result<void> purge(const Visibility& visibility, std::size_t sealed_points, bool is_urgent, SeriesMeta& meta);
  Result<void> purge_some(const Visibility& visibility, std::uint64_t most_points, std::uint64_t most_ids,
                          SeriesMeta& meta);
  Result<std::uint64_t> write_ids(const FreshView& view, const Visibility& visibility);  // so many
  Result<void> sweep_ids(const Visibility& visibility, std::uint64_t most, Guid& swept);
  Result<void> write_runs(const FreshView& view);
  Result<void> write_meta(const SeriesMeta& meta);

  Database* database_;
  segments::SegmentStore segments_;
  std::vector<Statement> statements_;  // by verb
  std::uint64_t swept_ids_;            // in each seal, beside those that are new
};

}  // namespace timestore::store
