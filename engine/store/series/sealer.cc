#include "engine/store/series/sealer.h"

#include <algorithm>
#include <iterator>
#include <string>
#include <utility>

#include "engine/base/mark.h"

namespace timestore::store {

namespace {

// Of the ids that clients gave so many are looked at in each seal (or fewer, where a step of a merge is shorter), and
// twice as many as are new: so a round ends, however fast new ones come.
constexpr std::uint64_t kSweptIds = 1024;

// With more of them what was deleted is removed at once, however long that takes: they are in memory, and every reader
// asks them.
constexpr std::size_t kManyTombstones = std::size_t{1} << 16;

struct SealerVerb {
  const char* attempt;
  const char* sql;
};
constexpr SealerVerb kSealerVerbs[] = {
    // in the order of the verbs
    {"store a series", "INSERT INTO series(number, hash, database, is_line, name, type) VALUES (?, ?, ?, ?, ?, ?)"},
    {"store a field", "INSERT INTO fields(database, measurement, field, type) VALUES (?, ?, ?, ?)"},
    {"store a database", "INSERT INTO databases(name) VALUES (?)"},
    // The id of a point that is gone may be given again before its row was found.
    {"store an id", "REPLACE INTO ids(id, series, time, seq) VALUES (?, ?, ?, ?)"},
    {"store a salt", "INSERT INTO runs(first_index, salt) VALUES (?, ?)"},
    {"save up to where the log has been applied",
     "REPLACE INTO meta(one, applied_index, applied_term, state_hash, configuration, told_index, max_age_ns, edge_ns, "
     "swept_id, purge_round, purged_piece, purged_id, checksum) VALUES (1, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"},
    {"store what was deleted",
     "INSERT INTO tombstones(first_series, last_series, first_time, last_time, first_seq, behind_seq, spares_entries, "
     "round) VALUES (?, ?, ?, ?, ?, ?, ?, ?)"},
    {"read what was deleted", kSelectTombstones.data()},
    {"forget what was deleted", "DELETE FROM tombstones WHERE round < ?1"},
    {"list ids", "SELECT id, series, time, seq FROM ids WHERE id > ?1 ORDER BY id LIMIT ?2"},
    {"remove an id", "DELETE FROM ids WHERE id = ?1"},
};

}  // namespace

Result<Sealer> Sealer::open(Database& database, const SeriesShape& shape) {
  auto segments = segments::SegmentStore::open(database, segment_options(shape));
  if (!segments) return tl::unexpected(std::move(segments.error()));
  static_assert(std::size(kSealerVerbs) == kVerbs);
  std::vector<Statement> statements;
  for (const auto& [attempt, sql] : kSealerVerbs) {
    auto statement = database.prepare(attempt, sql);
    if (!statement) return tl::unexpected(std::move(statement.error()));
    statements.push_back(std::move(*statement));
  }
  return Sealer(database, std::move(*segments), std::move(statements), std::min(kSweptIds, shape.least_step_points));
}

Result<void> Sealer::seal(const FreshView& view, SeriesMeta& meta) {
  auto transaction = Transaction::begin(*database_);
  if (!transaction) return tl::unexpected(std::move(transaction.error()));
  const auto tombstones = sealed_tombstones();
  if (!tombstones) return tl::unexpected(tombstones.error());
  const Visibility visibility(meta.retention, *tombstones, view.tombstones);
  const segments::Kept kept = visibility.kept();
  if (auto sealed = segments_.seal(view.fresh->points, view.points, kept); !sealed) return sealed;
  if (auto written = write_series(view); !written) return written;
  const auto ids = write_ids(view, visibility);
  if (!ids) return tl::unexpected(ids.error());
  if (meta.retention.edge_ns != kNoEdge) {
    if (auto swept = sweep_ids(visibility, swept_ids_ + 2 * *ids, meta.swept_id); !swept) return swept;
  }
  if (*tombstones || view.tombstones) {
    if (auto written = write_tombstones(view, meta); !written) return written;
    const std::size_t size =
        (*tombstones ? (*tombstones)->size() : 0) + (view.tombstones ? view.tombstones->size() : 0);
    if (auto purged = purge(visibility, view.points, size > kManyTombstones, meta); !purged) return purged;
  }
  if (auto written = write_runs(view); !written) return written;
  if (auto written = write_meta(meta); !written) return written;
  if (auto committed = transaction->commit(); !committed) return committed;
  TIMESTORE_MARK("store: fresh points were sealed");
  return {};
}

// Goes on behind the id that was looked at last; behind the greatest a new round begins.
Result<void> Sealer::sweep_ids(const Visibility& visibility, std::uint64_t most, Guid& swept) {
  std::vector<Guid> gone;
  std::uint64_t seen = 0;
  {
    Guid last = swept;
    Statement& list = verb(kListIds);
    const ResetAtEnd reset(list);
    list.bind_blob(1, swept.bytes).bind_integer(2, static_cast<std::int64_t>(most));
    while (true) {
      const auto is_there = list.step();
      if (!is_there) return tl::unexpected(is_there.error());
      if (!*is_there) break;
      const std::string_view id = list.bytes(0);
      if (id.size() != last.bytes.size()) return damaged(database_->path(), "it lists an id that is none");
      std::copy(id.begin(), id.end(), last.bytes.begin());
      const points::Point point{.series = list.natural(1), .time_ns = list.integer(2), .seq = list.natural(3)};
      if (!visibility.shows(point)) gone.push_back(last);
      ++seen;
    }
    swept = seen == most ? last : Guid();
  }
  if (!gone.empty()) TIMESTORE_MARK("store: ids of points that are gone were removed");
  for (const Guid& id : gone) {
    if (auto removed = verb(kRemoveId).bind_blob(1, id.bytes).run(); !removed) return removed;
  }
  return {};
}

// --- What was deleted -----------------------------------------------------------------------------------------------

Result<SharedTombstones> Sealer::sealed_tombstones() {
  const auto stored = read_tombstones(verb(kTombstones));
  if (!stored) return tl::unexpected(stored.error());
  std::vector<points::Tombstone> tombstones;
  for (const StoredTombstone& each : *stored) tombstones.push_back(each.tombstone);
  if (tombstones.empty()) return SharedTombstones();
  return std::make_shared<const points::Tombstones>(std::move(tombstones));
}

// A round that begins with this seal is theirs; one that is under way has passed by some of what they cover.
Result<void> Sealer::write_tombstones(const FreshView& view, const SeriesMeta& meta) {
  if (!view.tombstones) return {};
  const bool begins_now = meta.purged_piece == 0;
  for (const points::Tombstone& each : view.tombstones->all()) {
    auto written = verb(kInsertTombstone)
                       .bind_integer(1, static_cast<std::int64_t>(each.first_series))
                       .bind_integer(2, static_cast<std::int64_t>(each.last_series))
                       .bind_integer(3, each.first_ns)
                       .bind_integer(4, each.last_ns)
                       .bind_integer(5, static_cast<std::int64_t>(each.first_seq))
                       .bind_integer(6, static_cast<std::int64_t>(each.behind_seq))
                       .bind_integer(7, each.spares_entries ? 1 : 0)
                       .bind_integer(8, static_cast<std::int64_t>(meta.purge_round + (begins_now ? 0 : 1)))
                       .run();
    if (!written) return written;
  }
  return {};
}

// A step; or where it is urgent what is left of the round, and then the one that the newest wait for.
Result<void> Sealer::purge(const Visibility& visibility, std::size_t sealed_points, bool is_urgent, SeriesMeta& meta) {
  constexpr std::uint64_t kAll = std::uint64_t{1} << 62;
  if (!is_urgent) {
    return purge_some(visibility, segments_.share(sealed_points), swept_ids_ + 2 * sealed_points, meta);
  }
  if (auto purged = purge_some(visibility, kAll, kAll, meta); !purged) return purged;
  return purge_some(visibility, kAll, kAll, meta);
}

// What is written meanwhile holds nothing of it, so when a round is over nothing is left of what was deleted before it
// began.
Result<void> Sealer::purge_some(const Visibility& visibility, std::uint64_t most_points, std::uint64_t most_ids,
                                SeriesMeta& meta) {
  if (meta.purged_piece != segments::SegmentStore::kAllPieces) {
    const auto last = segments_.purge(meta.purged_piece, most_points, visibility.kept());
    if (!last) return tl::unexpected(last.error());
    meta.purged_piece = *last;
    if (meta.purged_piece != segments::SegmentStore::kAllPieces) return {};
  }
  if (auto swept = sweep_ids(visibility, most_ids, meta.purged_id); !swept) return swept;
  if (!meta.purged_id.is_nil()) return {};
  meta.purged_piece = 0;
  ++meta.purge_round;
  TIMESTORE_MARK("store: nothing was left of what was deleted");
  return verb(kRemoveTombstones).bind_integer(1, static_cast<std::int64_t>(meta.purge_round)).run();
}

Result<void> Sealer::write_series(const FreshView& view) {
  for (std::size_t at = 0; at < view.series; ++at) {
    const auto& [key, type] = view.fresh->series[at];
    auto written = verb(kInsertSeries)
                       .bind_integer(1, static_cast<std::int64_t>(view.fresh->first_series + at))
                       .bind_integer(2, static_cast<std::int64_t>(hash_of(key.view())))
                       .bind_text(3, key.database)
                       .bind_integer(4, key.is_line ? 1 : 0)
                       .bind_text(5, key.name)
                       .bind_integer(6, static_cast<std::int64_t>(type))
                       .run();
    if (!written) return written;
  }
  for (std::size_t at = 0; at < view.fields; ++at) {
    const auto& [key, type] = view.fresh->fields[at];
    auto written = verb(kInsertField)
                       .bind_text(1, key.database)
                       .bind_text(2, key.measurement)
                       .bind_text(3, key.field)
                       .bind_integer(4, static_cast<std::int64_t>(type))
                       .run();
    if (!written) return written;
  }
  for (std::size_t at = 0; at < view.databases; ++at) {
    if (auto written = verb(kInsertDatabase).bind_text(1, view.fresh->databases[at]).run(); !written) return written;
  }
  return {};
}

Result<std::uint64_t> Sealer::write_ids(const FreshView& view, const Visibility& visibility) {
  std::uint64_t written = 0;
  for (std::size_t row = 0; row < view.points; ++row) {
    if (view.fresh->points.id_at(row).is_nil()) continue;
    const points::Point point = view.fresh->points.at(row);
    if (!visibility.shows(point)) continue;
    auto inserted = verb(kInsertId)
                        .bind_blob(1, point.id.bytes)
                        .bind_integer(2, static_cast<std::int64_t>(point.series))
                        .bind_integer(3, point.time_ns)
                        .bind_integer(4, static_cast<std::int64_t>(point.seq))
                        .run();
    if (!inserted) return tl::unexpected(std::move(inserted.error()));
    ++written;
  }
  return written;
}

Result<void> Sealer::write_runs(const FreshView& view) {
  for (std::size_t at = 0; at < view.runs; ++at) {
    const SaltRun& run = view.fresh->runs[at];
    auto written = verb(kInsertRun)
                       .bind_integer(1, static_cast<std::int64_t>(run.first))
                       .bind_integer(2, static_cast<std::int64_t>(run.salt))
                       .run();
    if (!written) return written;
  }
  return {};
}

Result<void> Sealer::write_meta(const SeriesMeta& meta) {
  const std::string members = meta.members_text();
  return verb(kSaveMeta)
      .bind_integer(1, static_cast<std::int64_t>(meta.applied.index))
      .bind_integer(2, static_cast<std::int64_t>(meta.applied.term))
      .bind_integer(3, static_cast<std::int64_t>(meta.state_hash))
      .bind_text(4, members)
      .bind_integer(5, static_cast<std::int64_t>(meta.told_index))
      .bind_integer(6, meta.retention.max_age_ns)
      .bind_integer(7, meta.retention.edge_ns)
      .bind_blob(8, meta.swept_id.bytes)
      .bind_integer(9, static_cast<std::int64_t>(meta.purge_round))
      .bind_integer(10, meta.purged_piece)
      .bind_blob(11, meta.purged_id.bytes)
      .bind_integer(12, meta_checksum(meta))
      .run();
}

}  // namespace timestore::store
