#include "engine/store/series/series_file.h"

#include <algorithm>
#include <map>
#include <utility>

#include "engine/base/check.h"
#include "engine/base/mark.h"
#include "engine/series/command.h"
#include "engine/store/series/incoming_snapshot.h"
#include "engine/store/series/series_connection.h"
#include "engine/store/sqlite/plain_file.h"

namespace timestore::store {

namespace {

// A write-ahead log can only begin anew while no reader uses it. One longer than this does not leave that to chance:
// the checkpoint waits a little for the present readers to finish, while new ones already read from the main file.
constexpr int kPatienceFrames = 4 * kCheckpointFrames;

constexpr EntryPosition place(raft::Index index, std::size_t ordinal) {
  return {.index = index, .ordinal = static_cast<std::uint32_t>(ordinal)};
}

// Whether all ids tell their own place. Then no two of the command can be the same.
bool all_tell_their_place(raft::Index index, const std::vector<TimeEntry>& entries) {
  for (std::size_t ordinal = 0; ordinal < entries.size(); ++ordinal) {
    if (position_of(entries[ordinal].id) != place(index, ordinal)) return false;
  }
  return true;
}

void add_row(Hasher& hasher, EntryPosition position, const TimeEntry& entry) {
  hasher.add(static_cast<std::uint64_t>(row_number(position)));
  add_to(hasher, entry);
}

}  // namespace

SeriesFile::SeriesFile(std::unique_ptr<Connection> connection) : connection_(std::move(connection)) {}
SeriesFile::~SeriesFile() = default;

Result<std::unique_ptr<SeriesFile>> SeriesFile::open(const std::string& path, const std::string& vfs,
                                                     CommandVersion newest) {
  auto connection = Connection::open(path, vfs, newest);
  if (!connection) return tl::unexpected(std::move(connection.error()));
  if (auto removed = IncomingSnapshot::remove_stale(path, vfs, (*connection)->meta.applied); !removed) {
    return tl::unexpected(std::move(removed.error()));
  }
  if (auto removed = remove_file(path + kSnapshotSuffix, vfs); !removed) {
    return tl::unexpected(std::move(removed.error()));
  }
  return std::unique_ptr<SeriesFile>(new SeriesFile(std::move(*connection)));
}

Result<std::unique_ptr<SeriesFile::Connection>> SeriesFile::Connection::open(const std::string& path,
                                                                             const std::string& vfs,
                                                                             CommandVersion newest) {
  auto database = open_for_writing(path, vfs, series_format());
  if (!database) return tl::unexpected(std::move(database.error()));
  auto select_meta = database->prepare("read up to where the log has been applied", kSelectMeta);
  if (!select_meta) return tl::unexpected(std::move(select_meta.error()));
  auto meta = read_meta(*select_meta, database->path());
  if (!meta) return tl::unexpected(std::move(meta.error()));
  auto last_row = database->integer("find the last point", "SELECT ifnull(max(seq), 0) FROM points");
  if (!last_row) return tl::unexpected(std::move(last_row.error()));
  if (const std::string& text = meta->configuration; !text.empty() && !raft::decode_configuration(text)) {
    return damaged(database->path(), "the members in it cannot be read");
  }
  if (static_cast<raft::Index>(*last_row) >> kOrdinalBits > meta->applied.index) {
    return damaged(database->path(), "it holds points of log entry " + std::to_string(*last_row >> kOrdinalBits) +
                                         " and says that it has applied only " + std::to_string(meta->applied.index));
  }

  auto points = PointTable::open(*database);
  if (!points) return tl::unexpected(std::move(points.error()));
  auto save_meta = database->prepare("save up to where the log has been applied",
                                     "REPLACE INTO meta(one, applied_index, applied_term, state_hash, configuration, "
                                     "checksum) VALUES (1, ?, ?, ?, ?, ?)");
  if (!save_meta) return tl::unexpected(std::move(save_meta.error()));
  auto connection = std::make_unique<Connection>(
      Connection{vfs, newest, std::move(*database), std::move(*points), std::move(*save_meta), std::move(*meta)});
  if (auto moved = connection->checkpoint(Database::CheckpointMode::kPassive); !moved && !moved.error().is_full) {
    return tl::unexpected(std::move(moved.error()));
  }
  return connection;
}

raft::Position SeriesFile::applied() const { return connection_->meta.applied; }
std::uint64_t SeriesFile::state_hash() const { return connection_->meta.state_hash; }
raft::Index SeriesFile::durable_index() const { return connection_->durable_index; }

raft::Level SeriesFile::level() const { return connection_->meta.level; }

std::optional<raft::Configuration> SeriesFile::configuration() const {
  if (connection_->meta.configuration.empty()) return std::nullopt;
  return raft::decode_configuration(connection_->meta.configuration).value();
}

Result<std::vector<ApplyResult>> SeriesFile::apply(raft::Index first, std::span<const raft::Entry> entries) {
  if (auto usable = connection_->database.usable(); !usable) return tl::unexpected(std::move(usable.error()));
  TIMESTORE_CHECK(first == connection_->meta.applied.index + 1, "log entries are applied once and in order");
  if (entries.empty()) return std::vector<ApplyResult>();
  auto results = connection_->apply(first, entries);
  if (!results) connection_->points.rolled_back();
  if (!results) connection_->database.stop(results.error());
  return results;
}

Result<bool> SeriesFile::checkpoint() {
  if (auto usable = connection_->database.usable(); !usable) return tl::unexpected(std::move(usable.error()));
  auto done = connection_->checkpoint(Database::CheckpointMode::kPassive);
  if (!done) connection_->database.stop(done.error());
  return done;
}

Result<std::vector<ApplyResult>> SeriesFile::Connection::apply(raft::Index first,
                                                               std::span<const raft::Entry> entries) {
  auto transaction = Transaction::begin(database);
  if (!transaction) return tl::unexpected(std::move(transaction.error()));
  std::vector<ApplyResult> results;
  results.reserve(entries.size());
  SeriesMeta next = meta;
  for (const raft::Entry& entry : entries) {
    next.applied = {.term = entry.term, .index = first + results.size()};
    Hasher hasher;
    hasher.add(next.state_hash).add(next.applied.index).add(next.applied.term);
    auto result = apply_entry(next.applied.index, entry, next, hasher);
    if (!result) return tl::unexpected(std::move(result.error()));
    next.state_hash = hasher.add(static_cast<std::uint64_t>(result->outcome)).value();
    results.push_back(std::move(*result));
  }
  if (auto saved = save(next); !saved) return tl::unexpected(std::move(saved.error()));
  if (auto committed = transaction->commit(); !committed) return tl::unexpected(std::move(committed.error()));
  meta = std::move(next);
  auto moved = checkpoint_when_due();
  if (!moved && !moved.error().is_full) return tl::unexpected(std::move(moved.error()));
  return results;
}

// `next` takes the members and the level, `hasher` everything that is stored.
Result<ApplyResult> SeriesFile::Connection::apply_entry(raft::Index index, const raft::Entry& entry, SeriesMeta& next,
                                                        Hasher& hasher) {
  using Outcome = ApplyResult::Outcome;
  const std::string_view command = entry.payload.view();
  if (entry.kind == raft::EntryKind::kMembers) {
    TIMESTORE_CHECK(raft::decode_configuration(command).has_value(), "members that were committed can be read");
    next.configuration = std::string(command);
    hasher.add(command);
    return ApplyResult{.outcome = Outcome::kNothing, .conflicts = {}};
  }
  if (entry.kind == raft::EntryKind::kLevel) {
    next.level = std::max(next.level, raft::decode_level(command).value());
    hasher.add(command);
    return ApplyResult{.outcome = Outcome::kNothing, .conflicts = {}};
  }
  if (entry.kind == raft::EntryKind::kNoop || command.empty())
    return ApplyResult{.outcome = Outcome::kNothing, .conflicts = {}};
  if (index > kMaxSeriesIndex) {
    return fail(database.path() + " cannot hold log entry " + std::to_string(index) + ": its last one is " +
                std::to_string(kMaxSeriesIndex) + ".");
  }
  auto entries = decode_command(command, newest);
  if (!entries && entries.error().is_unknown) {
    return fail("Log entry " + std::to_string(index) + " " + entries.error().message);
  }
  if (!entries || entries->size() > std::size_t{kMaxEntryIdOrdinal} + 1)
    return ApplyResult{.outcome = Outcome::kMalformed, .conflicts = {}};
  for (std::size_t ordinal = 0; ordinal < entries->size(); ++ordinal) {
    TimeEntry& time_entry = (*entries)[ordinal];
    if (time_entry.id.is_nil()) time_entry.id = make_entry_id(place(index, ordinal), 0);
  }

  auto planned = plan(index, *entries);
  if (!planned) return tl::unexpected(std::move(planned.error()));
  if (!planned->conflicts.empty()) {
    TIMESTORE_MARK("store: a command was refused for a conflict");
    return ApplyResult{.outcome = Outcome::kConflict, .conflicts = std::move(planned->conflicts)};
  }
  for (const std::uint32_t ordinal : planned->additions) {
    const TimeEntry& addition = (*entries)[ordinal];
    auto inserted = points.insert(place(index, ordinal), addition);
    if (!inserted) return tl::unexpected(std::move(inserted.error()));
    add_row(hasher, place(index, ordinal), addition);
  }
  return ApplyResult{.outcome = Outcome::kStored, .conflicts = {}};
}

Result<SeriesFile::Connection::Plan> SeriesFile::Connection::plan(raft::Index index,
                                                                  const std::vector<TimeEntry>& entries) {
  const bool may_repeat = !all_tell_their_place(index, entries);
  std::map<Guid, const TimeEntry*> earlier;  // the first entry of this command with each id
  Plan plan;
  for (std::size_t ordinal = 0; ordinal < entries.size(); ++ordinal) {
    const TimeEntry& entry = entries[ordinal];
    const EntryPosition own = place(index, ordinal);
    auto stored = points.find(entry.id, own);
    if (!stored) return tl::unexpected(std::move(stored.error()));
    const TimeEntry* same_id = *stored ? &**stored : nullptr;
    if (same_id == nullptr && may_repeat) {
      const auto [first, is_first] = earlier.emplace(entry.id, &entry);
      if (!is_first) TIMESTORE_MARK("store: an id came twice in one command");
      if (!is_first) same_id = first->second;
    }
    if (same_id == nullptr) {
      plan.additions.push_back(own.ordinal);
    } else if (!same_content(*same_id, entry)) {
      plan.conflicts.push_back(own.ordinal);
    }
  }
  return plan;
}

Result<void> SeriesFile::Connection::save(const SeriesMeta& next) {
  const std::string cluster = raft::with_level(next.configuration, next.level);
  return save_meta.bind_integer(1, static_cast<std::int64_t>(next.applied.index))
      .bind_integer(2, static_cast<std::int64_t>(next.applied.term))
      .bind_integer(3, static_cast<std::int64_t>(next.state_hash))
      .bind_text(4, cluster)
      .bind_integer(5, meta_checksum(next))
      .run();
}

Result<bool> SeriesFile::Connection::checkpoint(Database::CheckpointMode mode) {
  auto complete = database.checkpoint(mode);
  if (!complete) return tl::unexpected(std::move(complete.error()));
  if (*complete && durable_index > 0 && durable_index < meta.applied.index) {
    TIMESTORE_MARK("store: what was applied became durable");
  }
  if (*complete) durable_index = meta.applied.index;
  return complete;
}

Result<void> SeriesFile::Connection::checkpoint_when_due() {
  if (!hold.expired()) return {};
  const int frames = database.wal_frames();
  // A log that is shorter than when the last checkpoint was made has begun anew.
  if (frames < checkpoint_at_frames - kCheckpointFrames) checkpoint_at_frames = kCheckpointFrames;
  if (frames < checkpoint_at_frames) return {};
  checkpoint_at_frames = frames + kCheckpointFrames;
  const bool is_patient = frames >= kPatienceFrames;
  auto moved = checkpoint(is_patient ? Database::CheckpointMode::kRestart : Database::CheckpointMode::kPassive);
  if (!moved) return tl::unexpected(std::move(moved.error()));
  return {};
}

}  // namespace timestore::store
