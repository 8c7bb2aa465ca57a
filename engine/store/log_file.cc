#include "engine/store/log_file.h"

#include <utility>

#include "engine/base/check.h"
#include "engine/base/mark.h"
#include "engine/store/log_rows.h"
#include "engine/store/sqlite.h"

namespace timestore::store {

namespace {

// When this many pages have been written, they move from the write-ahead log into the main file, so that neither the
// log nor the next recovery grows without bound. Counted, not timed: the same writes give the same disk operations.
constexpr int kCheckpointFrames = 1024;

}  // namespace

struct LogFile::Connection {
  Database database;
  Statement insert, remove, find, save_state, select;
  Recovered recovered;
  bool has_identity;
  raft::HardState hard_state;
  LogEnd end;

  Result<void> initialize(const Identity& identity);
  Result<void> write(std::span<const raft::Write> writes);
  Result<void> truncate_from(raft::Index index);
  Result<void> append(const raft::Entry& entry);
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
  auto remove = database->prepare("remove log entries", "DELETE FROM entries WHERE idx >= ?");
  auto find = database->prepare("find a log entry", "SELECT term, checksum FROM entries WHERE idx = ?");
  auto save_state = database->prepare(
      "save the node's term and vote",
      "UPDATE state SET term = ?, vote = ?, last_index = ?, last_checksum = ?, checksum = ? WHERE one = 1");
  auto select = database->prepare("read log entries",
                                  "SELECT " + std::string(kEntryColumns) + " FROM entries WHERE idx >= ? ORDER BY idx");
  for (auto* statement : {&insert, &remove, &find, &save_state, &select}) {
    if (!*statement) return tl::unexpected(std::move(statement->error()));
  }
  const bool has_identity = log->recovered.identity.has_value();
  raft::HardState hard_state = log->recovered.hard_state;
  return std::unique_ptr<LogFile>(new LogFile(std::make_unique<Connection>(
      Connection{std::move(*database), std::move(*insert), std::move(*remove), std::move(*find), std::move(*save_state),
                 std::move(*select), std::move(log->recovered), has_identity, std::move(hard_state), log->end})));
}

const LogFile::Recovered& LogFile::recovered() const { return connection_->recovered; }

Result<void> LogFile::initialize(const Identity& identity) {
  if (auto usable = connection_->database.usable(); !usable) return usable;
  auto done = connection_->initialize(identity);
  if (!done) connection_->database.stop(done.error());
  return done;
}

Result<void> LogFile::write(std::span<const raft::Write> writes) {
  if (auto usable = connection_->database.usable(); !usable) return usable;
  if (writes.empty()) return {};
  auto done = connection_->write(writes);
  if (!done) connection_->database.stop(done.error());
  return done;
}

Result<std::vector<raft::Entry>> LogFile::read(raft::Index first, std::size_t max_count, std::uint64_t max_bytes) {
  if (auto usable = connection_->database.usable(); !usable) return tl::unexpected(std::move(usable.error()));
  TIMESTORE_CHECK(first >= 1 && max_count >= 1, "reading begins at an entry and asks for at least one");
  return connection_->read(first, max_count, max_bytes);
}

Result<void> LogFile::Connection::initialize(const Identity& identity) {
  TIMESTORE_CHECK(!has_identity, "a node is given its identity once");
  constexpr const char* kAttempt = "save the node's identity";
  auto transaction = Transaction::begin(database);
  if (!transaction) return tl::unexpected(std::move(transaction.error()));
  auto node = database.prepare(kAttempt, "INSERT INTO identity VALUES (1, ?, ?)");
  auto member = database.prepare(kAttempt, "INSERT INTO members VALUES (?, ?)");
  auto state = database.prepare(kAttempt, "INSERT INTO state VALUES (1, 0, NULL, 0, 0, ?)");
  for (auto* statement : {&node, &member, &state}) {
    if (!*statement) return tl::unexpected(std::move(statement->error()));
  }
  if (auto run = node->bind_text(1, identity.node).bind_integer(2, identity_checksum(identity)).run(); !run) return run;
  for (const raft::Member& voter : identity.configuration.voters) {
    if (auto run = member->bind_text(1, voter.id).bind_text(2, voter.url).run(); !run) return run;
  }
  if (auto run = state->bind_integer(1, state_checksum({}, {})).run(); !run) return run;
  auto committed = transaction->commit();
  if (committed) has_identity = true;
  return committed;
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
    if (write.truncate_from) {
      if (auto truncated = truncate_from(*write.truncate_from); !truncated) return truncated;
    }
    TIMESTORE_CHECK(write.entries.empty() || write.first_index == end.index + 1, "entries follow the end of the log");
    for (const raft::Entry& entry : write.entries) {
      TIMESTORE_CHECK(entry.term <= latest.term, "no entry comes from a term that the node has not reached");
      if (auto appended = append(entry); !appended) return appended;
    }
  }
  if (latest != hard_state || end != end_before) {
    if (auto saved = save(latest); !saved) return saved;
  }
  if (auto committed = transaction->commit(); !committed) return committed;
  hard_state = std::move(latest);

  if (database.wal_frames() < kCheckpointFrames) return {};
  auto moved = database.checkpoint(Database::CheckpointMode::kPassive);
  if (!moved) return tl::unexpected(std::move(moved.error()));
  TIMESTORE_CHECK(*moved, "nobody else reads the log file while it is open");
  TIMESTORE_MARK("store: the log file was checkpointed");
  return {};
}

Result<void> LogFile::Connection::truncate_from(raft::Index index) {
  TIMESTORE_CHECK(index >= 1 && index <= end.index + 1, "only entries in the log can be removed");
  if (index == end.index + 1) return {};
  if (auto removed = remove.bind_integer(1, static_cast<std::int64_t>(index)).run(); !removed) return removed;
  TIMESTORE_MARK("store: entries were removed from the log file");
  if (index == 1) {
    TIMESTORE_MARK("store: the log file lost all its entries");
    end = {};
    return {};
  }
  const ResetAtEnd reset(find);
  auto found = find.bind_integer(1, static_cast<std::int64_t>(index - 1)).step();
  if (!found) return tl::unexpected(std::move(found.error()));
  if (!*found) return damaged(database.path(), "entry " + std::to_string(index - 1) + " is missing");
  end = {index - 1, find.natural(0), static_cast<std::uint32_t>(find.natural(1))};
  return {};
}

Result<void> LogFile::Connection::append(const raft::Entry& entry) {
  TIMESTORE_CHECK(entry.term >= end.term, "terms never fall along a log");
  TIMESTORE_CHECK(!entry.payload.is_absent() || entry.kind == raft::EntryKind::kNoop, "a command has a payload");
  const EntryRow row{.index = end.index + 1, .term = entry.term, .kind = entry.kind, .command = entry.payload.view()};
  end = {row.index, row.term, row.checksum(end.checksum)};
  return insert.bind_integer(1, static_cast<std::int64_t>(row.index))
      .bind_integer(2, static_cast<std::int64_t>(row.term))
      .bind_integer(3, static_cast<std::int64_t>(row.kind))
      .bind_integer(4, end.checksum)
      .bind_text(5, row.command)
      .run();
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
      .run();
}

Result<std::vector<raft::Entry>> LogFile::Connection::read(raft::Index first, std::size_t max_count,
                                                           std::uint64_t max_bytes) {
  std::vector<raft::Entry> entries;
  if (first > end.index) return entries;
  TIMESTORE_MARK("store: entries were read from the log file");
  // The entry before the first comes along: its checksum is the seed of the first one's.
  LogEnd before{.index = first - 1};
  std::uint64_t bytes = 0;
  const ResetAtEnd reset(select);
  select.bind_integer(1, static_cast<std::int64_t>(first == 1 ? first : first - 1));
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
