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

// Which ids are those that an entry gets at its place, of whatever salt.
std::vector<bool> told_places(raft::Index index, const std::vector<TimeEntry>& entries) {
  std::vector<bool> are_told(entries.size());
  for (std::size_t ordinal = 0; ordinal < entries.size(); ++ordinal) {
    const TimeEntry& entry = entries[ordinal];
    const auto told = parts_of(entry.id);
    are_told[ordinal] = told && told->position == place(index, ordinal) &&
                        entry.id == make_entry_id(told->position, told->salt, entry.device_id, entry.timestamp_ns);
  }
  return are_told;
}

void add_point(Hasher& hasher, EntryPosition position, const TimeEntry& entry) {
  hasher.add(seq_of(position));
  add_to(hasher, entry);
}

}  // namespace

SeriesFile::SeriesFile(std::unique_ptr<Connection> connection) : connection_(std::move(connection)) {}
SeriesFile::~SeriesFile() = default;

Result<std::unique_ptr<SeriesFile>> SeriesFile::open(const std::string& path, const std::string& vfs,
                                                     const SeriesFileOptions& options) {
  auto connection = Connection::open(path, vfs, options);
  if (!connection) return tl::unexpected(std::move(connection.error()));
  if (auto removed = IncomingSnapshot::remove_stale(path, vfs, (*connection)->meta.applied); !removed) {
    return tl::unexpected(std::move(removed.error()));
  }
  if (auto removed = remove_file(path + kSnapshotSuffix, vfs); !removed) {
    return tl::unexpected(std::move(removed.error()));
  }
  return std::unique_ptr<SeriesFile>(new SeriesFile(std::move(*connection)));
}

// ------------------------------------------------------------------------------------------------------ opening

SeriesFile::Connection::Connection(std::string vfs_name, const SeriesFileOptions& file_options, Database opened)
    : vfs(std::move(vfs_name)), options(file_options), database(std::move(opened)) {}

Result<std::unique_ptr<SeriesFile::Connection>> SeriesFile::Connection::open(const std::string& path,
                                                                             const std::string& vfs,
                                                                             const SeriesFileOptions& options) {
  auto database = open_for_writing(path, vfs, series_format());
  if (!database) return tl::unexpected(std::move(database.error()));
  auto connection = std::make_unique<Connection>(vfs, options, std::move(*database));
  if (auto started = connection->start(); !started) return tl::unexpected(std::move(started.error()));
  if (auto moved = connection->checkpoint(Database::CheckpointMode::kPassive); !moved && !moved.error().is_full) {
    return tl::unexpected(std::move(moved.error()));
  }
  return connection;
}

Result<void> SeriesFile::Connection::start() {
  if (auto taken = take_shape(); !taken) return taken;
  auto select_meta = database.prepare("read up to where the log has been applied", kSelectMeta);
  if (!select_meta) return tl::unexpected(std::move(select_meta.error()));
  auto found = read_meta(*select_meta, database.path());
  if (!found) return tl::unexpected(std::move(found.error()));
  if (const std::string& text = found->configuration; !text.empty() && !raft::decode_configuration(text)) {
    return damaged(database.path(), "the members in it cannot be read");
  }
  sealed = meta = std::move(*found);
  if (auto checked = check_last_place(); !checked) return checked;
  auto stored = StoredPoints::open(database, shape);
  if (!stored) return tl::unexpected(std::move(stored.error()));
  points.emplace(std::move(*stored));
  auto opened = Sealer::open(database, shape);
  if (!opened) return tl::unexpected(std::move(opened.error()));
  sealer.emplace(std::move(*opened));
  return begin_fresh();
}

Result<void> SeriesFile::Connection::take_shape() {
  auto found = read_shape(database);
  if (!found) return tl::unexpected(std::move(found.error()));
  shape = found->value_or(options.shape);
  if (*found) return {};
  auto transaction = Transaction::begin(database);
  if (!transaction) return tl::unexpected(std::move(transaction.error()));
  if (auto written = write_shape(database, shape); !written) return written;
  return transaction->commit();
}

Result<void> SeriesFile::Connection::check_last_place() {
  auto last = database.integer("find the last point", "SELECT ifnull(max(last_seq), 0) FROM segments");
  if (!last) return tl::unexpected(std::move(last.error()));
  const EntryPosition place = position_of(static_cast<points::Seq>(*last));
  if (place.index <= sealed.applied.index) return {};
  return damaged(database.path(), "it holds points of log entry " + std::to_string(place.index) +
                                      " and says that it has applied only " + std::to_string(sealed.applied.index));
}

// Nothing is fresh, and readers know it.
Result<void> SeriesFile::Connection::begin_fresh() {
  auto next = points->catalog().next_number();
  if (!next) return tl::unexpected(std::move(next.error()));
  fresh.emplace(sealed.applied, *next, sealed.retention);
  points->index_fresh_by(&fresh->index());
  if (auto looked = points->look_at(fresh->view(), sealed); !looked) return looked;
  last_run = points->last_run();
  publish();
  return {};
}

raft::Position SeriesFile::applied() const { return connection_->meta.applied; }
std::uint64_t SeriesFile::state_hash() const { return connection_->meta.state_hash; }
raft::Index SeriesFile::durable_index() const { return connection_->sealed.applied.index; }

raft::Level SeriesFile::level() const { return connection_->meta.level; }

const raft::ClusterId& SeriesFile::cluster() const { return connection_->meta.cluster; }

std::optional<raft::Configuration> SeriesFile::configuration() const {
  if (connection_->meta.configuration.empty()) return std::nullopt;
  return raft::decode_configuration(connection_->meta.configuration).value();
}

Result<std::vector<ApplyResult>> SeriesFile::apply(raft::Index first, std::span<const raft::Entry> entries) {
  if (auto usable = connection_->database.usable(); !usable) return tl::unexpected(std::move(usable.error()));
  TIMESTORE_CHECK(first == connection_->meta.applied.index + 1, "log entries are applied once and in order");
  if (entries.empty()) return std::vector<ApplyResult>();
  auto results = connection_->apply(first, entries);
  if (!results) connection_->database.stop(results.error());
  return results;
}

Result<bool> SeriesFile::checkpoint() {
  if (auto usable = connection_->database.usable(); !usable) return tl::unexpected(std::move(usable.error()));
  auto done = connection_->checkpoint(Database::CheckpointMode::kPassive);
  if (!done) connection_->database.stop(done.error());
  return done;
}

// ----------------------------------------------------------------------------------------------------- applying

// A seal that is due comes before the next entry, in this call or in a later one.
Result<std::vector<ApplyResult>> SeriesFile::Connection::apply(raft::Index first,
                                                               std::span<const raft::Entry> entries) {
  std::vector<ApplyResult> results;
  results.reserve(entries.size());
  for (const raft::Entry& entry : entries) {
    auto has_room = seal_when_due();
    if (!has_room) return tl::unexpected(std::move(has_room.error()));
    if (!*has_room) break;
    meta.applied = {.term = entry.term, .index = first + results.size()};
    Hasher hasher;
    hasher.add(meta.state_hash).add(meta.applied.index).add(meta.applied.term);
    auto result = apply_entry(meta.applied.index, entry, hasher);
    if (!result) return tl::unexpected(std::move(result.error()));
    meta.state_hash = hasher.add(static_cast<std::uint64_t>(result->outcome)).value();
    fresh->count(meta.applied, entry.payload.size_bytes());
    results.push_back(std::move(*result));
  }
  publish();
  if (results.size() < entries.size()) return results;
  if (auto sealed_now = seal_when_due(); !sealed_now) return tl::unexpected(std::move(sealed_now.error()));
  return results;
}

// False: there is no space for it.
Result<bool> SeriesFile::Connection::seal_when_due() {
  if (!fresh->is_due(shape)) return true;
  SeriesMeta next = meta;
  auto done = unless_full(sealer->seal(fresh->view(), next));
  if (!done) return done;
  if (!*done) {
    TIMESTORE_MARK("store: there was no space for a seal");
    return false;
  }
  sealed = meta = std::move(next);
  if (auto begun = begin_fresh(); !begun) return tl::unexpected(std::move(begun.error()));
  auto moved = checkpoint_when_due();
  if (!moved && !moved.error().is_full) return tl::unexpected(std::move(moved.error()));
  return true;
}

// `hasher` takes everything that is stored.
Result<ApplyResult> SeriesFile::Connection::apply_entry(raft::Index index, const raft::Entry& entry, Hasher& hasher) {
  using Outcome = ApplyResult::Outcome;
  const std::string_view command = entry.payload.view();
  if (entry.kind == raft::EntryKind::kMembers) {
    TIMESTORE_CHECK(raft::decode_configuration(command).has_value(), "members that were committed can be read");
    meta.configuration = std::string(command);
    hasher.add(command);
    return ApplyResult{.outcome = Outcome::kNothing, .conflicts = {}};
  }
  if (entry.kind == raft::EntryKind::kLevel) {
    meta.level = std::max(meta.level, raft::decode_level(command).value());
    hasher.add(command);
    return ApplyResult{.outcome = Outcome::kNothing, .conflicts = {}};
  }
  if (const auto cluster = raft::decode_cluster(command); entry.kind == raft::EntryKind::kNoop && cluster) {
    meta.cluster = *cluster;
    hasher.add(command);
  }
  if (entry.kind == raft::EntryKind::kNoop || command.empty()) {
    return ApplyResult{.outcome = Outcome::kNothing, .conflicts = {}};
  }
  if (index > kMaxSeriesIndex) {
    return fail(database.path() + " cannot hold log entry " + std::to_string(index) + ": its last one is " +
                std::to_string(kMaxSeriesIndex) + ".");
  }
  return apply_command(index, command, hasher);
}

Result<ApplyResult> SeriesFile::Connection::apply_command(raft::Index index, std::string_view command, Hasher& hasher) {
  using Outcome = ApplyResult::Outcome;
  auto decoded = decode_command(command, options.newest);
  if (!decoded && decoded.error().is_unknown) {
    return fail_for_good("Log entry " + std::to_string(index) + " " + decoded.error().message);
  }
  if (!decoded || decoded->entries.size() > std::size_t{kMaxEntryIdOrdinal} + 1) {
    return ApplyResult{.outcome = Outcome::kMalformed, .conflicts = {}};
  }
  if (decoded->retention) return ApplyResult(follow(*decoded->retention, hasher));
  if (decoded->lines) return apply_lines(index, *decoded->lines, hasher);
  if (decoded->deletion) return apply_delete(index, *decoded->deletion, hasher);
  std::vector<TimeEntry>& entries = decoded->entries;
  if (auto refused = refuse_expired(entries)) return std::move(*refused);
  for (std::size_t ordinal = 0; ordinal < entries.size(); ++ordinal) {
    TimeEntry& each = entries[ordinal];
    if (each.id.is_nil())
      each.id = make_entry_id(place(index, ordinal), decoded->salt, each.device_id, each.timestamp_ns);
  }
  const std::vector<bool> are_told = told_places(index, entries);
  auto planned = plan(index, entries, are_told);
  if (!planned) return tl::unexpected(std::move(planned.error()));
  if (!planned->conflicts.empty()) {
    TIMESTORE_MARK("store: a command was refused for a conflict");
    return ApplyResult{.outcome = Outcome::kConflict, .conflicts = std::move(planned->conflicts)};
  }
  for (const std::uint32_t ordinal : planned->additions) {
    const TimeEntry& addition = entries[ordinal];
    auto added = add(place(index, ordinal), addition, are_told[ordinal]);
    if (!added) return tl::unexpected(std::move(added.error()));
    add_point(hasher, place(index, ordinal), addition);
  }
  return ApplyResult{.outcome = Outcome::kStored, .conflicts = {}};
}

ApplyResult SeriesFile::Connection::follow(const RetentionOrder& order, Hasher& hasher) {
  const Retention before = std::exchange(meta.retention, after(meta.retention, order));
  if (meta.retention == before) TIMESTORE_MARK("store: an order of retention changed nothing");
  if (meta.retention.edge_ns != before.edge_ns) TIMESTORE_MARK("store: the edge of retention moved");
  fresh->keep(meta.retention);
  hasher.add(static_cast<std::uint64_t>(meta.retention.max_age_ns));
  hasher.add(static_cast<std::uint64_t>(meta.retention.edge_ns));
  return {.outcome = ApplyResult::Outcome::kRetention, .conflicts = {}, .edge_ns = meta.retention.edge_ns};
}

// Before any id is looked up: whether that of a point which is gone can still be found must make no difference.
std::optional<ApplyResult> SeriesFile::Connection::refuse_expired(const std::vector<TimeEntry>& entries) const {
  ApplyResult refused{.outcome = ApplyResult::Outcome::kExpired, .conflicts = {}, .edge_ns = meta.retention.edge_ns};
  for (std::size_t ordinal = 0; ordinal < entries.size(); ++ordinal) {
    if (!meta.retention.hides(entries[ordinal].timestamp_ns)) continue;
    refused.conflicts.push_back(static_cast<std::uint32_t>(ordinal));
  }
  if (refused.conflicts.empty()) return std::nullopt;
  TIMESTORE_MARK("store: a point before the edge of retention was refused");
  return refused;
}

Result<SeriesFile::Connection::Plan> SeriesFile::Connection::plan(raft::Index index,
                                                                  const std::vector<TimeEntry>& entries,
                                                                  const std::vector<bool>& are_told) {
  if (auto looked = points->look_at(fresh->view(), sealed); !looked) {
    return tl::unexpected(std::move(looked.error()));
  }
  const bool may_be_taken = index <= meta.told_index;  // even the ids of places that come now
  const bool may_repeat = std::find(are_told.begin(), are_told.end(), false) != are_told.end();
  std::map<Guid, const TimeEntry*> earlier;  // the first entry of this command with each id
  Plan plan;
  for (std::size_t ordinal = 0; ordinal < entries.size(); ++ordinal) {
    const TimeEntry& entry = entries[ordinal];
    std::optional<TimeEntry> stored;
    if (may_be_taken || !are_told[ordinal]) {
      auto found = points->find(entry.id);
      if (!found) return tl::unexpected(std::move(found.error()));
      stored = std::move(*found);
    }
    const TimeEntry* same_id = stored ? &*stored : nullptr;
    if (same_id == nullptr && may_repeat) {
      const auto [first, is_first] = earlier.emplace(entry.id, &entry);
      if (!is_first) TIMESTORE_MARK("store: an id came twice in one command");
      if (!is_first) same_id = first->second;
    }
    if (same_id == nullptr && !are_told[ordinal]) {
      auto line = points->find_line(entry.id);
      if (!line) return tl::unexpected(std::move(line.error()));
      if (*line) {
        plan.conflicts.push_back(static_cast<std::uint32_t>(ordinal));
        continue;
      }
    }
    if (same_id == nullptr) {
      plan.additions.push_back(static_cast<std::uint32_t>(ordinal));
    } else if (!same_content(*same_id, entry)) {
      plan.conflicts.push_back(static_cast<std::uint32_t>(ordinal));
    }
  }
  return plan;
}

Result<void> SeriesFile::Connection::add(EntryPosition position, const TimeEntry& entry, bool is_told) {
  const SeriesKeyView key{.name = entry.device_id};
  auto series = points->catalog().find(key);
  if (!series) return tl::unexpected(std::move(series.error()));
  const points::SeriesNumber number = *series ? (*series)->number : fresh->add_series(key, points::Type::kFloat);
  const auto told = parts_of(entry.id);
  if (told && told->position.index > position.index) meta.told_index = std::max(meta.told_index, told->position.index);
  fresh->add(number, seq_of(position), entry, is_told && is_of_run({.first = position.index, .salt = told->salt}));
  return {};
}

// Whether an id that tells its place, and was given there, has the salt of the others of that log index. A run begins
// with the first of them. An id with another salt at the same index, which only a client can give, is stored as it is.
bool SeriesFile::Connection::is_of_run(SaltRun run) {
  const bool is_first = std::exchange(last_told, run.first) != run.first;
  if (last_run && last_run->salt == run.salt) return true;
  if (!is_first) return false;
  last_run = run;
  fresh->begin_run(run);
  return true;
}

Result<bool> SeriesFile::Connection::checkpoint(Database::CheckpointMode mode) {
  auto complete = database.checkpoint(mode);
  if (!complete) return tl::unexpected(std::move(complete.error()));
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
