#include "engine/store/series/sealer.h"

#include <string>
#include <utility>

#include "engine/base/mark.h"

namespace timestore::store {

Result<Sealer> Sealer::open(Database& database, const SeriesShape& shape) {
  auto segments = segments::SegmentStore::open(database, segment_options(shape));
  if (!segments) return tl::unexpected(std::move(segments.error()));
  auto insert_series = database.prepare("store a device", "INSERT INTO series(number, hash, name) VALUES (?, ?, ?)");
  auto insert_id = database.prepare("store an id", "INSERT INTO ids(id, series, time, seq) VALUES (?, ?, ?, ?)");
  auto insert_run = database.prepare("store a salt", "INSERT INTO runs(first_index, salt) VALUES (?, ?)");
  auto save_meta = database.prepare("save up to where the log has been applied",
                                    "REPLACE INTO meta(one, applied_index, applied_term, state_hash, configuration, "
                                    "told_index, checksum) VALUES (1, ?, ?, ?, ?, ?, ?)");
  for (auto* statement : {&insert_series, &insert_id, &insert_run, &save_meta}) {
    if (!*statement) return tl::unexpected(std::move(statement->error()));
  }
  return Sealer(database, std::move(*segments), std::move(*insert_series), std::move(*insert_id),
                std::move(*insert_run), std::move(*save_meta));
}

Result<void> Sealer::seal(const FreshView& view, const SeriesMeta& meta) {
  auto transaction = Transaction::begin(*database_);
  if (!transaction) return tl::unexpected(std::move(transaction.error()));
  const auto keeps_all = [](const points::Point&) { return true; };
  if (auto sealed = segments_.seal(view.fresh->points, view.points, keeps_all); !sealed) return sealed;
  if (auto written = write_series(view); !written) return written;
  if (auto written = write_ids(view); !written) return written;
  if (auto written = write_runs(view); !written) return written;
  if (auto written = write_meta(meta); !written) return written;
  if (auto committed = transaction->commit(); !committed) return committed;
  TIMESTORE_MARK("store: fresh points were sealed");
  return {};
}

Result<void> Sealer::write_series(const FreshView& view) {
  for (std::size_t at = 0; at < view.names; ++at) {
    const std::string& name = view.fresh->names[at];
    auto written = insert_series_.bind_integer(1, static_cast<std::int64_t>(view.fresh->first_series + at))
                       .bind_integer(2, static_cast<std::int64_t>(device_hash(name)))
                       .bind_text(3, name)
                       .run();
    if (!written) return written;
  }
  return {};
}

Result<void> Sealer::write_ids(const FreshView& view) {
  for (std::size_t row = 0; row < view.points; ++row) {
    if (view.fresh->points.id_at(row).is_nil()) continue;
    const points::Point point = view.fresh->points.at(row);
    auto written = insert_id_.bind_blob(1, point.id.bytes)
                       .bind_integer(2, static_cast<std::int64_t>(point.series))
                       .bind_integer(3, point.time_ns)
                       .bind_integer(4, static_cast<std::int64_t>(point.seq))
                       .run();
    if (!written) return written;
  }
  return {};
}

Result<void> Sealer::write_runs(const FreshView& view) {
  for (std::size_t at = 0; at < view.runs; ++at) {
    const SaltRun& run = view.fresh->runs[at];
    auto written = insert_run_.bind_integer(1, static_cast<std::int64_t>(run.first))
                       .bind_integer(2, static_cast<std::int64_t>(run.salt))
                       .run();
    if (!written) return written;
  }
  return {};
}

Result<void> Sealer::write_meta(const SeriesMeta& meta) {
  const std::string members = meta.members_text();
  return save_meta_.bind_integer(1, static_cast<std::int64_t>(meta.applied.index))
      .bind_integer(2, static_cast<std::int64_t>(meta.applied.term))
      .bind_integer(3, static_cast<std::int64_t>(meta.state_hash))
      .bind_text(4, members)
      .bind_integer(5, static_cast<std::int64_t>(meta.told_index))
      .bind_integer(6, meta_checksum(meta))
      .run();
}

}  // namespace timestore::store
