// Writes what is fresh into the series file: a seal, which is one transaction.
#pragma once

#include "engine/base/result.h"
#include "engine/store/segments/segment_store.h"
#include "engine/store/series/fresh.h"
#include "engine/store/series/series_format.h"

namespace timestore::store {

class Sealer {
 public:
  // The database must outlive it, and stay where it is.
  [[nodiscard]] static Result<Sealer> open(Database& database, const SeriesShape& shape);

  // The view as segments, what else is new, and `meta`, all of it durable when it returns. Nothing has changed after an
  // error that is a full disk; after another one the file is of no more use.
  [[nodiscard]] Result<void> seal(const FreshView& view, const SeriesMeta& meta);

 private:
  Sealer(Database& database, segments::SegmentStore segments, Statement insert_series, Statement insert_id,
         Statement insert_run, Statement save_meta)
      : database_(&database),
        segments_(std::move(segments)),
        insert_series_(std::move(insert_series)),
        insert_id_(std::move(insert_id)),
        insert_run_(std::move(insert_run)),
        save_meta_(std::move(save_meta)) {}

  Result<void> write_series(const FreshView& view);
  Result<void> write_ids(const FreshView& view);
  Result<void> write_runs(const FreshView& view);
  Result<void> write_meta(const SeriesMeta& meta);

  Database* database_;
  segments::SegmentStore segments_;
  Statement insert_series_, insert_id_, insert_run_, save_meta_;
};

}  // namespace timestore::store
