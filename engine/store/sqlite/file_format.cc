#include "engine/store/sqlite/file_format.h"

#include "engine/base/checksum.h"
#include "engine/base/mark.h"
#include "engine/store/sqlite/page_checksums.h"
#include "engine/store/sqlite/wal.h"

namespace timestore::store {

namespace {

// How long a writer's checkpoint waits for readers of a write-ahead log that has grown too long (series_file.cc).
constexpr int kWriterBusyTimeoutMs = 100;
// How long a reader waits for the instants in which SQLite locks even readers out (recovery after a crash).
constexpr int kReaderBusyTimeoutMs = 1000;
// A write-ahead log that one huge transaction has stretched is cut back to this size when it begins anew.
constexpr int kWalKeptBytes = 64 << 20;

// The version of a file of this format: 0 for a new one. Anything else is an error.
Result<int> recognize(Database& database, const FileFormat& format) {
  constexpr const char* kAttempt = "recognize it";
  auto tables = database.text(kAttempt,
                              "SELECT ifnull(group_concat(name, ', '), '') FROM sqlite_schema "
                              "WHERE type = 'table' AND name NOT LIKE 'sqlite%'");
  if (!tables) return tl::unexpected(std::move(tables.error()));
  auto application_id = database.integer(kAttempt, "PRAGMA application_id");
  if (!application_id) return tl::unexpected(std::move(application_id.error()));
  auto version = database.integer(kAttempt, "PRAGMA user_version");
  if (!version) return tl::unexpected(std::move(version.error()));

  const std::string path = database.path();
  if (*application_id == 0 && *version == 0 && tables->empty()) {
    auto pages = database.integer(kAttempt, "PRAGMA page_count");
    if (!pages) return tl::unexpected(std::move(pages.error()));
    if (*pages == 0 || database.has_page_checksums()) return 0;
    return fail_for_good(
        path + " is not a Time Store DB " + format.name +
        ": it is an empty database that another program made. Nothing was written to it; remove it or give "
        "this node another path.");
  }
  if (*application_id != format.application_id) {
    return fail_for_good(path + " is not a Time Store DB " + format.name +
                         ": it is another application's database (application id " + std::to_string(*application_id) +
                         ", tables: " + *tables +
                         "). Nothing was written to it; move it away or give this node another path.");
  }
  if (*version > format.newest_version()) {
    return fail_for_good(path + " has version " + std::to_string(*version) + " of the " + format.name +
                         "'s format, and this program knows versions up to " + std::to_string(format.newest_version()) +
                         ": start the newer program that wrote it.");
  }
  if (*version < 1 || tables->empty()) {
    return damaged(path, std::string("this ") + format.name + " has version " + std::to_string(*version) +
                             " of its format and the tables: " + *tables);
  }
  if (*version < format.oldest_version) {
    return fail(path + " has version " + std::to_string(*version) + " of the " + format.name +
                "'s format, which no released version writes. Nothing was written to it; restore this node from its "
                "peers.");
  }
  if (!database.has_page_checksums()) {
    return fail_for_good(
        path + " is a " + format.name +
        " without page checksums, as no released version writes them, or the header of the file is damaged. "
        "Nothing was written to it; restore this node from its peers.");
  }
  return static_cast<int>(*version);
}

// Everything here holds for the connection only and does not touch the file. SQLite's own checkpoints are off already,
// because the database has a hook of its own for the write-ahead log.
std::string connection_settings(const FileFormat& format) {
  std::string settings = "PRAGMA page_size=" + std::to_string(kPageBytes) + ";";
  if (format.sharing == FileFormat::Sharing::kAlone) settings += "PRAGMA locking_mode=EXCLUSIVE;";
  settings +=
      "PRAGMA synchronous=FULL; PRAGMA secure_delete=OFF; PRAGMA cache_spill=OFF; PRAGMA temp_store=MEMORY;"
      "PRAGMA mmap_size=0; PRAGMA cell_size_check=ON;";
  settings += "PRAGMA journal_size_limit=" + std::to_string(kWalKeptBytes) + ";";
  settings += "PRAGMA cache_size=-" + std::to_string(format.cache_kib) + ";";
  return settings;
}

// Makes what a crash left in the write-ahead log durable, or says that it is damaged. The write lock is held meanwhile.
Result<void> recover_wal(Database& database) {
  auto transaction = Transaction::begin(database);
  if (!transaction) return tl::unexpected(std::move(transaction.error()));
  auto wal = read_wal(database);
  if (!wal) return tl::unexpected(std::move(wal.error()));
  if (auto damage = find_wal_damage(*wal)) return damaged(database.path(), *damage);
  return rewrite_wal(database, *wal);
}

Result<void> migrate(Database& database, const FileFormat& format, int version) {
  if (version >= format.version()) return {};
  constexpr const char* kAttempt = "bring it to the present version of its format";
  auto transaction = Transaction::begin(database);
  if (!transaction) return tl::unexpected(std::move(transaction.error()));
  for (; version < format.version(); ++version) {
    auto migrated = database.run(kAttempt, format.migrations[static_cast<std::size_t>(version)]);
    if (!migrated) return migrated;
  }
  auto stamped = database.run(kAttempt, "PRAGMA application_id=" + std::to_string(format.application_id) +
                                            "; PRAGMA user_version=" + std::to_string(version));
  if (!stamped) return stamped;
  return transaction->commit();
}

}  // namespace

Result<Database> open_for_writing(const std::string& path, const std::string& vfs, const FileFormat& format) {
  auto database = Database::open(path, vfs, Database::Access::kReadWrite);
  if (!database) return database;
  if (auto set = database->run("configure it", connection_settings(format)); !set) {
    return tl::unexpected(std::move(set.error()));
  }
  // No waiting for a file that another process holds; that is over when the file is ours.
  database->set_busy_timeout(0);
  auto version = recognize(*database, format);
  if (!version) return tl::unexpected(std::move(version.error()));

  if (*version == 0) {
    database->start_page_checksums();
  } else if (auto recovered = recover_wal(*database); !recovered) {
    return tl::unexpected(std::move(recovered.error()));
  }
  auto mode = database->text("turn its write-ahead log on", "PRAGMA journal_mode=WAL");
  if (!mode) return tl::unexpected(std::move(mode.error()));
  if (*mode != "wal") {
    return fail_for_good(path + ": a " + format.name +
                         " needs a write-ahead log, which is not possible here (SQLite answers '" + *mode +
                         "'): is this a regular file on a local disk?");
  }
  if (*version == 0) TIMESTORE_MARK("store: a file was made");
  if (auto migrated = migrate(*database, format, *version); !migrated) {
    return tl::unexpected(std::move(migrated.error()));
  }
  // The log is not cut: were a sync to fail and the power to go, parts of what was cut off could come back and be taken
  // for newer than the main file. It begins anew in place, with a header that is synced before anything else.
  // Without space to do so it stays as it is: what it holds was made durable above.
  if (auto moved = database->checkpoint(Database::CheckpointMode::kRestart); !moved && !moved.error().is_full) {
    return tl::unexpected(std::move(moved.error()));
  }
  database->merge_wal_on_close();
  database->set_busy_timeout(kWriterBusyTimeoutMs);
  return database;
}

Result<Database> open_for_reading(const std::string& path, const std::string& vfs, const FileFormat& format,
                                  Database::Access access) {
  auto database = Database::open(path, vfs, access);
  if (!database) return database;
  database->set_busy_timeout(kReaderBusyTimeoutMs);
  auto set = database->run("configure it", "PRAGMA cache_size=-" + std::to_string(format.cache_kib) +
                                               "; PRAGMA mmap_size=0; PRAGMA cell_size_check=ON;");
  if (!set) return tl::unexpected(std::move(set.error()));
  auto version = recognize(*database, format);
  if (!version) return tl::unexpected(std::move(version.error()));
  if (*version < format.version()) {
    return fail(path + " has no " + format.name + " of this version yet: it is created when the node starts.");
  }
  return database;
}

Result<void> expect_schema(Database& database, const std::string& vfs, const FileFormat& format) {
  constexpr const char* kAttempt = "compare its schema";
  constexpr std::string_view kSchema =
      "SELECT ifnull(group_concat(item, char(10)), '') FROM "
      "(SELECT type || ' ' || name || ' ' || tbl_name || ' ' || ifnull(sql, '') AS item FROM sqlite_schema ORDER BY 1)";
  auto model = Database::open(":memory:", vfs, Database::Access::kReadWrite);
  if (!model) return tl::unexpected(std::move(model.error()));
  for (const char* const migration : format.migrations) {
    if (auto migrated = model->run(kAttempt, migration); !migrated) return migrated;
  }
  auto expected = model->text(kAttempt, kSchema);
  if (!expected) return tl::unexpected(std::move(expected.error()));
  auto found = database.text(kAttempt, kSchema);
  if (!found) return tl::unexpected(std::move(found.error()));
  if (*found == *expected) return {};
  return fail(database.path() + " has other tables than a " + format.name + " of version " +
              std::to_string(format.version()) + " of its format.");
}

tl::unexpected<Error> damaged(std::string_view path, std::string_view what) {
  TIMESTORE_MARK("store: damage was found and named");
  std::string message(path);
  message.append(": damaged: ").append(what).append(". Restore this node from its peers.");
  return fail_for_good(std::move(message));
}

RowChecksum& RowChecksum::add(std::uint64_t number) {
  if (bytes_.size() - gathered_ < sizeof number) *this = RowChecksum(value());
  for (std::size_t at = 0; at < sizeof number; ++at) bytes_[gathered_++] = static_cast<char>(number >> (8 * at) & 0xff);
  return *this;
}

RowChecksum& RowChecksum::add(std::string_view text) {
  add(static_cast<std::uint64_t>(text.size()));
  if (text.size() <= bytes_.size() - gathered_) {
    text.copy(&bytes_[0] + gathered_, text.size());
    gathered_ += text.size();
  } else {
    *this = RowChecksum(crc32(text, value()));
  }
  return *this;
}

std::uint32_t RowChecksum::value() const { return crc32({bytes_.data(), gathered_}, checksum_); }

}  // namespace timestore::store
