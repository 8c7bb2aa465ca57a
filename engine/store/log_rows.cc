#include "engine/store/log_rows.h"

#include <array>
#include <charconv>
#include <string>

namespace timestore::store {

namespace {

constexpr const char* kVersion1 = R"sql(
  -- Who this node is, and the members it was first started with.
  CREATE TABLE identity (
    one      INTEGER PRIMARY KEY CHECK (one = 1),
    node     TEXT NOT NULL,
    checksum INTEGER NOT NULL    -- over the node and all members
  );
  CREATE TABLE members (
    id  TEXT PRIMARY KEY,
    url TEXT NOT NULL
  ) WITHOUT ROWID;

  -- The node's term and vote, and where its log ends.
  CREATE TABLE state (
    one           INTEGER PRIMARY KEY CHECK (one = 1),
    term          INTEGER NOT NULL,
    vote          TEXT,             -- NULL: not cast in this term
    last_index    INTEGER NOT NULL, -- 0: the log is empty
    last_checksum INTEGER NOT NULL,
    checksum      INTEGER NOT NULL
  );

  CREATE TABLE entries (
    idx      INTEGER PRIMARY KEY,   -- the log index, from 1 without gaps
    term     INTEGER NOT NULL,
    kind     INTEGER NOT NULL,      -- 0: no-op, 1: command
    checksum INTEGER NOT NULL,      -- CRC-32 of the row, seeded with the checksum of the entry before
    command  TEXT NOT NULL
  );
)sql";

constexpr std::array<const char*, 1> kMigrations = {kVersion1};

constexpr FileFormat kFormat = {
    .name = "log file",
    .application_id = 0x54734c67,  // "TsLg"
    .durability = FileFormat::Durability::kEveryCommit,
    .cache_kib = 4096,
    .migrations = kMigrations,
};

constexpr const char* kAttempt = "read what it holds";

std::string hexadecimal(std::uint64_t number) {
  std::array<char, 16> digits;
  return "0x" + std::string(digits.data(), std::to_chars(digits.begin(), digits.end(), number, 16).ptr);
}

Result<std::optional<LogFile::Identity>> read_identity(Database& database) {
  auto row = database.prepare(kAttempt, "SELECT node, checksum FROM identity");
  if (!row) return tl::unexpected(std::move(row.error()));
  auto found = row->step();
  if (!found) return tl::unexpected(std::move(found.error()));
  if (!*found) return std::nullopt;
  LogFile::Identity identity{.node = std::string(row->bytes(0)), .configuration = {}};
  const std::uint64_t stored = row->natural(1);

  auto member = database.prepare(kAttempt, "SELECT id, url FROM members ORDER BY id");
  if (!member) return tl::unexpected(std::move(member.error()));
  for (;;) {
    auto next = member->step();
    if (!next) return tl::unexpected(std::move(next.error()));
    if (!*next) break;
    identity.configuration.voters.push_back({std::string(member->bytes(0)), std::string(member->bytes(1))});
  }
  if (const std::uint32_t computed = identity_checksum(identity); computed != stored) {
    return damaged(database.path(), "the node's identity fails its checksum (stored " + hexadecimal(stored) +
                                        ", computed " + hexadecimal(computed) + ")");
  }
  return identity;
}

struct StateRow {
  raft::HardState hard_state;
  LogEnd end;  // without its term, which is the entry's own
};

Result<std::optional<StateRow>> read_state(Database& database) {
  auto row = database.prepare(kAttempt, "SELECT term, vote, last_index, last_checksum, checksum FROM state");
  if (!row) return tl::unexpected(std::move(row.error()));
  auto found = row->step();
  if (!found) return tl::unexpected(std::move(found.error()));
  if (!*found) return std::nullopt;
  StateRow state;
  state.hard_state.term = row->natural(0);
  if (!row->is_null(1)) state.hard_state.vote = std::string(row->bytes(1));
  state.end.index = row->natural(2);
  state.end.checksum = static_cast<std::uint32_t>(row->natural(3));
  const std::uint64_t stored = row->natural(4);
  if (const std::uint32_t computed = state_checksum(state.hard_state, state.end); computed != stored) {
    return damaged(database.path(), "the node's term and vote fail their checksum (stored " + hexadecimal(stored) +
                                        ", computed " + hexadecimal(computed) + ")");
  }
  return state;
}

// Walks all entries into `trail`; returns where they end.
Result<LogEnd> read_entries(Database& database, raft::Term node_term, raft::Trail& trail) {
  auto row = database.prepare(kAttempt, "SELECT " + std::string(kEntryColumns) + " FROM entries ORDER BY idx");
  if (!row) return tl::unexpected(std::move(row.error()));
  const std::string path = database.path();
  LogEnd end;
  for (;;) {
    auto next = row->step();
    if (!next) {
      next.error().message += " (The last entry that could be read is " + std::to_string(end.index) + ".)";
      return tl::unexpected(std::move(next.error()));
    }
    if (!*next) return end;
    auto entry = read_entry_row(*row, path, end);
    if (!entry) return tl::unexpected(std::move(entry.error()));
    if (entry->term > node_term) {
      return damaged(path, "entry " + std::to_string(entry->index) + " has term " + std::to_string(entry->term) +
                               ", beyond the node's own term " + std::to_string(node_term));
    }
    trail.append(entry->term, entry->kind, entry->command.size());
    end = {entry->index, entry->term, static_cast<std::uint32_t>(row->natural(3))};
  }
}

}  // namespace

const FileFormat& log_format() { return kFormat; }

std::uint32_t EntryRow::checksum(std::uint32_t seed) const {
  return RowChecksum(seed).add(index).add(term).add(static_cast<std::uint64_t>(kind)).add(command).value();
}

std::uint32_t identity_checksum(const LogFile::Identity& identity) {
  RowChecksum checksum;
  checksum.add(identity.node).add(identity.configuration.voters.size());
  for (const raft::Member& member : identity.configuration.voters) checksum.add(member.id).add(member.url);
  return checksum.value();
}

std::uint32_t state_checksum(const raft::HardState& hard_state, const LogEnd& end) {
  return RowChecksum()
      .add(hard_state.term)
      .add(std::uint64_t{hard_state.vote.has_value()})
      .add(hard_state.vote.value_or(""))
      .add(end.index)
      .add(std::uint64_t{end.checksum})
      .value();
}

Result<EntryRow> read_entry_row(const Statement& row, std::string_view path, const LogEnd& before) {
  const raft::Index index = row.natural(0);
  const std::uint64_t kind = row.natural(2);
  if (index != before.index + 1) {
    return damaged(path, "entry " + std::to_string(before.index + 1) + " is missing: entry " + std::to_string(index) +
                             " is found in its place");
  }
  EntryRow entry{.index = index,
                 .term = row.natural(1),
                 .kind = static_cast<raft::EntryKind>(kind & 0xff),
                 .command = row.bytes(4)};
  const std::uint64_t stored = row.natural(3);
  if (const std::uint32_t computed = entry.checksum(before.checksum); computed != stored || kind > 0xff) {
    return damaged(path, "entry " + std::to_string(index) + " fails its checksum (stored " + hexadecimal(stored) +
                             ", computed " + hexadecimal(computed) + ")");
  }
  if (kind > static_cast<std::uint64_t>(raft::EntryKind::kCommand)) {
    return damaged(path, "entry " + std::to_string(index) + " is of the unknown kind " + std::to_string(kind));
  }
  if (entry.term < before.term) {
    return damaged(path, "entry " + std::to_string(index) + " has term " + std::to_string(entry.term) +
                             ", below term " + std::to_string(before.term) + " of the entry before it");
  }
  return entry;
}

Result<RecoveredLog> recover_log(Database& database) {
  auto identity = read_identity(database);
  if (!identity) return tl::unexpected(std::move(identity.error()));
  auto state = read_state(database);
  if (!state) return tl::unexpected(std::move(state.error()));
  if (identity->has_value() != state->has_value()) {
    return damaged(database.path(),
                   identity->has_value() ? "the node's term and vote are missing" : "the node's identity is missing");
  }
  RecoveredLog log;
  log.recovered.identity = std::move(*identity);
  if (*state) log.recovered.hard_state = std::move((*state)->hard_state);
  auto end = read_entries(database, log.recovered.hard_state.term, log.recovered.trail);
  if (!end) return tl::unexpected(std::move(end.error()));
  log.end = *end;

  const LogEnd expected = *state ? (*state)->end : LogEnd{};
  if (log.end.index != expected.index || log.end.checksum != expected.checksum) {
    return damaged(database.path(), "the log should end with entry " + std::to_string(expected.index) + " (checksum " +
                                        hexadecimal(expected.checksum) + ") and ends with entry " +
                                        std::to_string(log.end.index) + " (checksum " + hexadecimal(log.end.checksum) +
                                        ")");
  }
  return log;
}

}  // namespace timestore::store
