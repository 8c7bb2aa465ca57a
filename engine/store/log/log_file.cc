#include "engine/store/log/log_file.h"

#include <utility>

#include "engine/base/check.h"
#include "engine/base/mark.h"
#include "engine/store/log/log_rows.h"
#include "engine/store/sqlite/sqlite.h"

namespace timestore::store {

namespace {

// When this many pages have been written, they move from the write-ahead log into the main file, so that neither the
// log nor the next recovery grows without bound. Counted, not timed: the same writes give the same disk operations.
constexpr int kLogCheckpointFrames = 1024;

// For people with an sqlite3 shell. JSON begins with an ASCII character, an envelope does not.
bool is_text(std::string_view command) { return command.empty() || static_cast<unsigned char>(command.front()) < 0x80; }

}  // namespace

struct LogFile::Connection {
  Database database;
  Statement insert, remove_from, remove_through, remove_all, find, save_base, save_state, select;
  Recovered recovered;
  bool has_identity;
  raft::HardState hard_state;
  BaseRow base;
  LogEnd end;
  int version;
  int checkpoint_at_frames = kLogCheckpointFrames;

  Result<void> initialize(const Identity& identity);
  Result<void> write(std::span<const raft::Write> writes);
  Result<void> checkpoint_when_due();
  Result<void> write(const raft::Write& write);
  Result<LogEnd> entry_at(raft::Index index);
  Result<void> truncate_from(raft::Index index);
  Result<void> begin_after(const raft::Base& next);
  Result<void> note_installation(raft::Position position);
  Result<void> expect_levels();
  Result<void> append(const raft::Entry& entry);
  Result<void> save(const BaseRow& next);
  Result<void> save(const raft::HardState& state);
  Result<std::vector<raft::Entry>> read(raft::Index first, std::size_t max_count, std::uint64_t max_bytes);
};

LogFile::LogFile(std::unique_ptr<Connection> connection) : connection_(std::move(connection)) {}
LogFile::~LogFile() = default;

Result<std::unique_ptr<LogFile>> LogFile::open(const std::string& path, const std::string& vfs) {
  auto database = open_for_writing(path, vfs, log_format());
  if (!database) return tl::unexpected(std::move(database.error()));
  auto log = recover_log(*database);
  if (!log) {
    database->stop(log.error());
    return tl::unexpected(std::move(log.error()));
  }

  auto insert = database->prepare("append log entries",
                                  "INSERT INTO entries(idx, term, kind, checksum, command) VALUES (?, ?, ?, ?, ?)");
  auto remove_from = database->prepare("remove log entries", "DELETE FROM entries WHERE idx >= ?");
  auto remove_through = database->prepare("remove log entries", "DELETE FROM entries WHERE idx <= ?");
  auto remove_all = database->prepare("remove log entries", "DELETE FROM entries");
  auto find = database->prepare("find a log entry", "SELECT term, checksum FROM entries WHERE idx = ?");
  auto save_base =
      database->prepare("save where the log begins",
                        "UPDATE base SET idx = ?, term = ?, entry_checksum = ?, configuration = ?, installing_idx = ?, "
                        "installing_term = ?, checksum = ? WHERE one = 1");
  auto save_state = database->prepare(
      "save the node's term and vote",
      "UPDATE state SET term = ?, vote = ?, last_index = ?, last_checksum = ?, checksum = ?, novice = ? WHERE one = 1");
  auto select = database->prepare("read log entries",
                                  "SELECT " + std::string(kEntryColumns) + " FROM entries WHERE idx >= ? ORDER BY idx");
  for (auto* statement :
       {&insert, &remove_from, &remove_through, &remove_all, &find, &save_base, &save_state, &select}) {
    if (!*statement) return tl::unexpected(std::move(statement->error()));
  }
  const bool has_identity = log->recovered.identity.has_value();
  raft::HardState hard_state = log->recovered.hard_state;
  return std::unique_ptr<LogFile>(new LogFile(std::make_unique<Connection>(Connection{
      std::move(*database), std::move(*insert), std::move(*remove_from), std::move(*remove_through),
      std::move(*remove_all), std::move(*find), std::move(*save_base), std::move(*save_state), std::move(*select),
      std::move(log->recovered), has_identity, std::move(hard_state), std::move(log->base), log->end, log->version})));
}

const LogFile::Recovered& LogFile::recovered() const { return connection_->recovered; }

raft::Position LogFile::base() const {
  return {.term = connection_->base.entry.term, .index = connection_->base.entry.index};
}

Result<void> LogFile::initialize(const Identity& identity) {
  if (auto usable = connection_->database.usable(); !usable) return usable;
  auto done = connection_->initialize(identity);
  if (!done) connection_->database.stop(done.error());
  return done;
}

Result<void> LogFile::write(std::span<const raft::Write> writes) {
  if (auto usable = connection_->database.usable(); !usable) return usable;
  if (writes.empty()) return {};
  const LogEnd end = connection_->end;
  const BaseRow base = connection_->base;
  const int version = connection_->version;
  auto done = connection_->write(writes);
  if (done) return connection_->checkpoint_when_due();
  connection_->version = version;
  connection_->end = end;
  connection_->base = base;
  connection_->database.stop(done.error());
  return done;
}

Result<void> LogFile::note_installation(raft::Position position) {
  if (auto usable = connection_->database.usable(); !usable) return usable;
  const BaseRow base = connection_->base;
  auto done = connection_->note_installation(position);
  if (done) return done;
  connection_->base = base;
  connection_->database.stop(done.error());
  return done;
}

Result<std::vector<raft::Entry>> LogFile::read(raft::Index first, std::size_t max_count, std::uint64_t max_bytes) {
  if (auto usable = connection_->database.usable(); !usable) return tl::unexpected(std::move(usable.error()));
  TIMESTORE_CHECK(first > connection_->base.entry.index, "what the log begins after is not read any more");
  TIMESTORE_CHECK(max_count >= 1, "reading asks for at least one entry");
  return connection_->read(first, max_count, max_bytes);
}

Result<void> LogFile::Connection::initialize(const Identity& identity) {
  TIMESTORE_CHECK(!has_identity, "a node is given its identity once");
  constexpr const char* kAttempt = "save the node's identity";
  auto transaction = Transaction::begin(database);
  if (!transaction) return tl::unexpected(std::move(transaction.error()));
  auto node = database.prepare(kAttempt, "INSERT INTO identity VALUES (1, ?, ?)");
  auto beginning = database.prepare(kAttempt, "INSERT INTO base VALUES (1, 0, 0, 0, '', NULL, NULL, 0)");
  auto state = database.prepare(kAttempt, "INSERT INTO state VALUES (1, 0, NULL, ?, 0, 0, ?)");
  for (auto* statement : {&node, &beginning, &state}) {
    if (!*statement) return tl::unexpected(std::move(statement->error()));
  }
  const std::uint32_t checksum = identity_checksum(identity.node);
  if (auto run = node->bind_text(1, identity.node).bind_integer(2, checksum).run(); !run) return run;
  if (auto run = beginning->run(); !run) return run;
  const BaseRow first{.entry = {}, .configuration = configuration_text(identity.configuration), .installing = {}};
  if (auto saved = save(first); !saved) return saved;
  if (auto run =
          state->bind_integer(1, hard_state.novice ? 1 : 0).bind_integer(2, state_checksum(hard_state, {})).run();
      !run)
    return run;
  auto committed = transaction->commit();
  if (!committed) return committed;
  has_identity = true;
  base = first;
  return {};
}

Result<void> LogFile::Connection::write(std::span<const raft::Write> writes) {
  TIMESTORE_CHECK(has_identity, "a node knows who it is before it promises anything");
  auto transaction = Transaction::begin(database);
  if (!transaction) return tl::unexpected(std::move(transaction.error()));
  if (writes.size() > 1) TIMESTORE_MARK("store: several writes shared a sync");
  const LogEnd end_before = end;
  raft::HardState latest = hard_state;
  for (const raft::Write& write : writes) {
    TIMESTORE_CHECK(write.hard_state.term >= latest.term, "a node's term never falls");
    TIMESTORE_CHECK(write.hard_state.term > latest.term || !latest.vote || write.hard_state.vote == latest.vote,
                    "a node votes once in a term");
    latest = write.hard_state;
    if (auto done = this->write(write); !done) return done;
  }
  if (latest != hard_state || end != end_before) {
    if (auto saved = save(latest); !saved) return saved;
  }
  if (auto committed = transaction->commit(); !committed) return committed;
  hard_state = std::move(latest);
  return {};
}

// What was written is durable already. So when there is no space to move it, that is tried again later.
Result<void> LogFile::Connection::checkpoint_when_due() {
  const int frames = database.wal_frames();
  if (frames < kLogCheckpointFrames) checkpoint_at_frames = kLogCheckpointFrames;
  if (frames < checkpoint_at_frames) return {};
  auto moved = database.checkpoint(Database::CheckpointMode::kPassive);
  if (!moved) database.stop(moved.error());
  if (!moved && moved.error().is_full) {
    checkpoint_at_frames = frames + kLogCheckpointFrames;
    return {};
  }
  if (!moved) return tl::unexpected(std::move(moved.error()));
  TIMESTORE_CHECK(*moved, "nobody else reads the log file while it is open");
  TIMESTORE_MARK("store: the log file was checkpointed");
  return {};
}

// Everything but the hard state.
Result<void> LogFile::Connection::write(const raft::Write& write) {
  if (write.truncate_from) {
    if (auto truncated = truncate_from(*write.truncate_from); !truncated) return truncated;
  }
  if (write.begin_after) {
    TIMESTORE_CHECK(write.begin_after->last.term <= write.hard_state.term, "a log begins in a term that was reached");
    if (auto begun = begin_after(*write.begin_after); !begun) return begun;
  }
  TIMESTORE_CHECK(write.entries.empty() || write.first_index == end.index + 1, "entries follow the end of the log");
  for (const raft::Entry& entry : write.entries) {
    TIMESTORE_CHECK(entry.term <= write.hard_state.term, "no entry comes from a term that the node has not reached");
    if (auto appended = append(entry); !appended) return appended;
  }
  return {};
}

// An entry in the log, or the one before.
Result<LogEnd> LogFile::Connection::entry_at(raft::Index index) {
  if (index == base.entry.index) return base.entry;
  const ResetAtEnd reset(find);
  auto found = find.bind_integer(1, static_cast<std::int64_t>(index)).step();
  if (!found) return tl::unexpected(std::move(found.error()));
  if (!*found) return damaged(database.path(), "entry " + std::to_string(index) + " is missing");
  return LogEnd{index, find.natural(0), static_cast<std::uint32_t>(find.natural(1))};
}

Result<void> LogFile::Connection::truncate_from(raft::Index index) {
  TIMESTORE_CHECK(index > base.entry.index && index <= end.index + 1, "only entries in the log can be removed");
  if (index == end.index + 1) return {};
  if (auto removed = remove_from.bind_integer(1, static_cast<std::int64_t>(index)).run(); !removed) return removed;
  TIMESTORE_MARK("store: entries were removed from the log file");
  if (index == base.entry.index + 1) TIMESTORE_MARK("store: the log file lost all its entries");
  auto before = entry_at(index - 1);
  if (!before) return tl::unexpected(std::move(before.error()));
  end = *before;
  return {};
}

Result<void> LogFile::Connection::begin_after(const raft::Base& next) {
  const auto [term, index] = next.last;
  TIMESTORE_CHECK(index >= base.entry.index, "a log does not get back what was removed from its beginning");
  BaseRow row{.entry = {index, term},
              .configuration = configuration_text(next.configuration),
              .level = next.level,
              .cluster = next.cluster,
              .installing = {}};
  if (index <= end.index) {
    auto entry = entry_at(index);
    if (!entry) return tl::unexpected(std::move(entry.error()));
    TIMESTORE_CHECK(entry->term == term, "a log begins after an entry that it holds, or beyond its end");
    row.entry = *entry;
    if (auto removed = remove_through.bind_integer(1, static_cast<std::int64_t>(index)).run(); !removed) return removed;
    if (index > base.entry.index) TIMESTORE_MARK("store: the log file was compacted");
  } else {
    if (auto removed = remove_all.run(); !removed) return removed;
    TIMESTORE_MARK("store: the log file went on after a snapshot");
    end = row.entry;
  }
  base = std::move(row);
  if (base.level > raft::kOriginalLevel || base.cluster.is_known()) {
    if (auto expected = expect_levels(); !expected) return expected;
  }
  return save(base);
}

// Older releases know neither levels nor ids of clusters, and refuse the file from now on.
Result<void> LogFile::Connection::expect_levels() {
  if (version >= kVersionOfLevels) return {};
  TIMESTORE_MARK("store: a log file became one that older releases refuse");
  version = kVersionOfLevels;
  return database.run("say that it may hold levels", "PRAGMA user_version=" + std::to_string(version));
}

Result<void> LogFile::Connection::note_installation(raft::Position position) {
  TIMESTORE_CHECK(has_identity, "a node knows who it is before it promises anything");
  TIMESTORE_CHECK(position.term <= hard_state.term, "a log begins in a term that was reached");
  auto transaction = Transaction::begin(database);
  if (!transaction) return tl::unexpected(std::move(transaction.error()));
  base.installing = position;
  if (auto saved = save(base); !saved) return saved;
  return transaction->commit();
}

Result<void> LogFile::Connection::append(const raft::Entry& entry) {
  TIMESTORE_CHECK(entry.term >= end.term, "terms never fall along a log");
  TIMESTORE_CHECK(!entry.payload.is_absent() || entry.kind == raft::EntryKind::kNoop, "a command has a payload");
  TIMESTORE_CHECK(entry.kind != raft::EntryKind::kMembers || raft::decode_configuration(entry.payload.view()),
                  "members that come into the log can be read");
  if (entry.kind == raft::EntryKind::kLevel ||
      (entry.kind == raft::EntryKind::kNoop && entry.payload.size_bytes() > 0)) {
    if (auto expected = expect_levels(); !expected) return expected;
  }
  const EntryRow row{.index = end.index + 1, .term = entry.term, .kind = entry.kind, .command = entry.payload.view()};
  end = {row.index, row.term, row.checksum(end.checksum)};
  insert.bind_integer(1, static_cast<std::int64_t>(row.index))
      .bind_integer(2, static_cast<std::int64_t>(row.term))
      .bind_integer(3, static_cast<std::int64_t>(row.kind))
      .bind_integer(4, end.checksum);
  if (is_text(row.command)) return insert.bind_text(5, row.command).run();
  return insert.bind_blob(5, {reinterpret_cast<const std::uint8_t*>(row.command.data()), row.command.size()}).run();
}

Result<void> LogFile::Connection::save(const BaseRow& next) {
  const std::string members = next.members_text();
  save_base.bind_integer(1, static_cast<std::int64_t>(next.entry.index))
      .bind_integer(2, static_cast<std::int64_t>(next.entry.term))
      .bind_integer(3, next.entry.checksum)
      .bind_text(4, members);
  if (next.installing) {
    save_base.bind_integer(5, static_cast<std::int64_t>(next.installing->index))
        .bind_integer(6, static_cast<std::int64_t>(next.installing->term));
  } else {
    save_base.bind_null(5).bind_null(6);
  }
  return save_base.bind_integer(7, next.checksum()).run();
}

Result<void> LogFile::Connection::save(const raft::HardState& state) {
  save_state.bind_integer(1, static_cast<std::int64_t>(state.term));
  if (state.vote) {
    save_state.bind_text(2, *state.vote);
  } else {
    save_state.bind_null(2);
  }
  return save_state.bind_integer(3, static_cast<std::int64_t>(end.index))
      .bind_integer(4, end.checksum)
      .bind_integer(5, state_checksum(state, end))
      .bind_integer(6, state.novice ? 1 : 0)
      .run();
}

Result<std::vector<raft::Entry>> LogFile::Connection::read(raft::Index first, std::size_t max_count,
                                                           std::uint64_t max_bytes) {
  std::vector<raft::Entry> entries;
  if (first > end.index) return entries;
  TIMESTORE_MARK("store: entries were read from the log file");
  // The entry before the first comes along: its checksum is the seed of the first one's. The base has no row.
  const bool is_first = first == base.entry.index + 1;
  LogEnd before = is_first ? base.entry : LogEnd{.index = first - 1};
  std::uint64_t bytes = 0;
  const ResetAtEnd reset(select);
  select.bind_integer(1, static_cast<std::int64_t>(is_first ? first : first - 1));
  while (entries.size() < max_count) {
    auto found = select.step();
    if (!found) return tl::unexpected(std::move(found.error()));
    if (!*found) {
      if (before.index == end.index) break;
      return damaged(database.path(), "entry " + std::to_string(before.index + 1) + " is missing");
    }
    if (select.natural(0) == first - 1) {
      before.term = select.natural(1);
      before.checksum = static_cast<std::uint32_t>(select.natural(3));
      continue;
    }
    auto row = read_entry_row(select, database.path(), before);
    if (!row) return tl::unexpected(std::move(row.error()));
    bytes += row->command.size();
    if (!entries.empty() && bytes > max_bytes) break;
    entries.push_back({row->term, row->kind, raft::Payload(std::string(row->command))});
    before = {row->index, row->term, static_cast<std::uint32_t>(select.natural(3))};
  }
  return entries;
}

}  // namespace timestore::store
