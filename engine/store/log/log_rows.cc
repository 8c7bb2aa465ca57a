#include "engine/store/log/log_rows.h"

#include <array>
#include <charconv>
#include <string>

namespace timestore::store {

namespace {

constexpr const char* kLogVersion1 = R"sql(
  -- Who this node is.
  CREATE TABLE identity (
    one      INTEGER PRIMARY KEY CHECK (one = 1),
    node     TEXT NOT NULL,
    checksum INTEGER NOT NULL
  );

  -- Where the log begins: after this entry, which a snapshot has, and with these members.
  CREATE TABLE base (
    one             INTEGER PRIMARY KEY CHECK (one = 1),
    idx             INTEGER NOT NULL, -- 0: the log has its first entry
    term            INTEGER NOT NULL,
    entry_checksum  INTEGER NOT NULL, -- of that entry: the seed of the next one's
    configuration   TEXT NOT NULL,    -- empty: no member is known
    installing_idx  INTEGER,          -- the snapshot that was about to be put in the place of the series file
    installing_term INTEGER,
    checksum        INTEGER NOT NULL
  );

  -- The node's term and vote, and where its log ends.
  CREATE TABLE state (
    one           INTEGER PRIMARY KEY CHECK (one = 1),
    term          INTEGER NOT NULL,
    vote          TEXT,             -- NULL: not cast in this term
    novice        INTEGER NOT NULL, -- 1: not admitted by a leader since the file was made
    last_index    INTEGER NOT NULL, -- the base's: the log is empty
    last_checksum INTEGER NOT NULL,
    checksum      INTEGER NOT NULL
  );

  CREATE TABLE entries (
    idx      INTEGER PRIMARY KEY,   -- the log index, after the base without gaps
    term     INTEGER NOT NULL,
    kind     INTEGER NOT NULL,      -- 0: no-op, 1: command, 2: members
    checksum INTEGER NOT NULL,      -- CRC-32 of the row, seeded with the checksum of the entry before
    command  TEXT NOT NULL
  );
)sql";

constexpr std::array<const char*, 1> kLogMigrations = {kLogVersion1};

constexpr FileFormat kLogFormat = {
    .name = "log file",
    .application_id = 0x54734c67,  // "TsLg"
    .sharing = FileFormat::Sharing::kAlone,
    .cache_kib = 4096,
    .migrations = kLogMigrations,
    .further_versions = 1,  // kVersionOfLevels: kind 3, a level; ids of clusters; and both at the base
};

constexpr const char* kReadingRows = "read what it holds";

std::string hexadecimal(std::uint64_t number) {
  std::array<char, 16> digits;
  return "0x" + std::string(digits.data(), std::to_chars(digits.begin(), digits.end(), number, 16).ptr);
}

Result<std::optional<raft::NodeId>> read_node(Database& database) {
  auto row = database.prepare(kReadingRows, "SELECT node, checksum FROM identity");
  if (!row) return tl::unexpected(std::move(row.error()));
  auto found = row->step();
  if (!found) return tl::unexpected(std::move(found.error()));
  if (!*found) return std::nullopt;
  raft::NodeId node(row->bytes(0));
  const std::uint64_t stored = row->natural(1);
  if (const std::uint32_t computed = identity_checksum(node); computed != stored) {
    return damaged(database.path(), "the node's identity fails its checksum (stored " + hexadecimal(stored) +
                                        ", computed " + hexadecimal(computed) + ")");
  }
  return node;
}

Result<std::optional<BaseRow>> read_base(Database& database) {
  auto row = database.prepare(kReadingRows,
                              "SELECT idx, term, entry_checksum, configuration, installing_idx, installing_term, "
                              "checksum FROM base");
  if (!row) return tl::unexpected(std::move(row.error()));
  auto found = row->step();
  if (!found) return tl::unexpected(std::move(found.error()));
  if (!*found) return std::nullopt;
  BaseRow base{.entry = {row->natural(0), row->natural(1), static_cast<std::uint32_t>(row->natural(2))},
               .configuration = {},
               .installing = {}};
  const auto [text, cluster] = raft::split_cluster(row->bytes(3));
  const auto [configuration, level] = raft::split_level(text);
  base.configuration = std::string(configuration);
  base.level = level;
  base.cluster = cluster;
  if (!row->is_null(4)) base.installing = {.term = row->natural(5), .index = row->natural(4)};
  const std::uint64_t stored = row->natural(6);
  if (const std::uint32_t computed = base.checksum(); computed != stored) {
    return damaged(database.path(), "the beginning of the log fails its checksum (stored " + hexadecimal(stored) +
                                        ", computed " + hexadecimal(computed) + ")");
  }
  return base;
}

// `holder` completes "... holds members that cannot be read".
Result<raft::Configuration> read_configuration(const Database& database, const std::string& holder,
                                               std::string_view text) {
  auto configuration = raft::decode_configuration(text);
  if (configuration) return configuration;
  return damaged(database.path(),
                 holder + " holds members that cannot be read (" + configuration.error().message + ")");
}

struct StateRow {
  raft::HardState hard_state;
  LogEnd end;  // without its term, which is the entry's own
};

Result<std::optional<StateRow>> read_state(Database& database) {
  auto row =
      database.prepare(kReadingRows, "SELECT term, vote, last_index, last_checksum, checksum, novice FROM state");
  if (!row) return tl::unexpected(std::move(row.error()));
  auto found = row->step();
  if (!found) return tl::unexpected(std::move(found.error()));
  if (!*found) return std::nullopt;
  StateRow state;
  state.hard_state.term = row->natural(0);
  if (!row->is_null(1)) state.hard_state.vote = std::string(row->bytes(1));
  state.end.index = row->natural(2);
  state.end.checksum = static_cast<std::uint32_t>(row->natural(3));
  state.hard_state.novice = row->natural(5) != 0;
  const std::uint64_t stored = row->natural(4);
  if (const std::uint32_t computed = state_checksum(state.hard_state, state.end); computed != stored) {
    return damaged(database.path(), "the node's term and vote fail their checksum (stored " + hexadecimal(stored) +
                                        ", computed " + hexadecimal(computed) + ")");
  }
  return state;
}

// Walks all entries after `base` into what was recovered; returns where they end.
Result<LogEnd> read_entries(Database& database, const LogEnd& base, LogFile::Recovered& recovered) {
  auto row = database.prepare(kReadingRows, "SELECT " + std::string(kEntryColumns) + " FROM entries ORDER BY idx");
  if (!row) return tl::unexpected(std::move(row.error()));
  const std::string path = database.path();
  const raft::Term node_term = recovered.hard_state.term;
  recovered.trail = raft::Trail({.term = base.term, .index = base.index});
  LogEnd end = base;
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
    if (entry->kind == raft::EntryKind::kMembers) {
      auto members = read_configuration(database, "entry " + std::to_string(entry->index), entry->command);
      if (!members) return tl::unexpected(std::move(members.error()));
      recovered.configurations.emplace_back(entry->index, std::move(*members));
    }
    if (entry->kind == raft::EntryKind::kLevel) {
      auto level = raft::decode_level(entry->command);
      if (!level) return damaged(path, "entry " + std::to_string(entry->index) + " holds a level that cannot be read");
      recovered.levels.emplace_back(entry->index, *level);
    }
    const auto cluster = entry->kind == raft::EntryKind::kNoop ? raft::decode_cluster(entry->command) : std::nullopt;
    if (cluster) recovered.clusters.emplace_back(entry->index, *cluster);
    if (entry->kind == raft::EntryKind::kNoop && !entry->command.empty() && !cluster) {
      return damaged(path, "entry " + std::to_string(entry->index) + " holds the id of a cluster that cannot be read");
    }
    recovered.trail.append(entry->term, entry->kind, entry->command.size());
    end = {entry->index, entry->term, static_cast<std::uint32_t>(row->natural(3))};
  }
}

}  // namespace

const FileFormat& log_format() { return kLogFormat; }

std::uint32_t EntryRow::checksum(std::uint32_t seed) const {
  return RowChecksum(seed).add(index).add(term).add(static_cast<std::uint64_t>(kind)).add(command).value();
}

std::uint32_t identity_checksum(const raft::NodeId& node) { return RowChecksum().add(node).value(); }

std::uint32_t BaseRow::checksum() const {
  const raft::Position position = installing.value_or(raft::Position{});
  return RowChecksum()
      .add(entry.index)
      .add(entry.term)
      .add(std::uint64_t{entry.checksum})
      .add(members_text())
      .add(std::uint64_t{installing.has_value()})
      .add(position.index)
      .add(position.term)
      .value();
}

std::string BaseRow::members_text() const {
  return raft::with_cluster(raft::with_level(configuration, level), cluster);
}

std::string configuration_text(const raft::Configuration& configuration) {
  return configuration == raft::Configuration{} ? "" : raft::encode(configuration);
}

std::uint32_t state_checksum(const raft::HardState& hard_state, const LogEnd& end) {
  return RowChecksum()
      .add(hard_state.term)
      .add(std::uint64_t{hard_state.vote.has_value()})
      .add(hard_state.vote.value_or(""))
      .add(std::uint64_t{hard_state.novice})
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
  if (kind > static_cast<std::uint64_t>(raft::EntryKind::kLevel)) {
    return damaged(path, "entry " + std::to_string(index) + " is of the unknown kind " + std::to_string(kind));
  }
  if (entry.term < before.term) {
    return damaged(path, "entry " + std::to_string(index) + " has term " + std::to_string(entry.term) +
                             ", below term " + std::to_string(before.term) + " of the entry before it");
  }
  return entry;
}

Result<RecoveredLog> recover_log(Database& database) {
  auto node = read_node(database);
  if (!node) return tl::unexpected(std::move(node.error()));
  auto base = read_base(database);
  if (!base) return tl::unexpected(std::move(base.error()));
  auto state = read_state(database);
  if (!state) return tl::unexpected(std::move(state.error()));
  const bool is_new = !node->has_value() && !base->has_value() && !state->has_value();
  if (!is_new && !node->has_value()) return damaged(database.path(), "the node's identity is missing");
  if (!is_new && !base->has_value()) return damaged(database.path(), "the beginning of the log is missing");
  if (!is_new && !state->has_value()) return damaged(database.path(), "the node's term and vote are missing");

  auto version = database.integer(kReadingRows, "PRAGMA user_version");
  if (!version) return tl::unexpected(std::move(version.error()));
  RecoveredLog log{.version = static_cast<int>(*version), .recovered = {}, .base = {}, .end = {}};
  log.recovered.hard_state.novice = is_new;
  if (!is_new) {
    log.recovered.identity = {.node = std::move(**node), .configuration = {}};
    if (const std::string& text = (*base)->configuration; !text.empty()) {
      auto configuration = read_configuration(database, "the beginning of the log", text);
      if (!configuration) return tl::unexpected(std::move(configuration.error()));
      log.recovered.identity->configuration = std::move(*configuration);
    }
    log.recovered.level = (*base)->level;
    log.recovered.cluster = (*base)->cluster;
    log.recovered.installing = (*base)->installing;
    log.recovered.hard_state = std::move((*state)->hard_state);
    log.base = std::move(**base);
  }
  auto end = read_entries(database, log.base.entry, log.recovered);
  if (!end) return tl::unexpected(std::move(end.error()));
  log.end = *end;

  const LogEnd expected = is_new ? LogEnd{} : (*state)->end;
  if (log.end.index != expected.index || log.end.checksum != expected.checksum) {
    return damaged(database.path(), "the log should end with entry " + std::to_string(expected.index) + " (checksum " +
                                        hexadecimal(expected.checksum) + ") and ends with entry " +
                                        std::to_string(log.end.index) + " (checksum " + hexadecimal(log.end.checksum) +
                                        ")");
  }
  return log;
}

}  // namespace timestore::store
