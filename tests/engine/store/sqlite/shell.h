// Changes a closed file by SQL, checksums of pages and all: what is wrong with it afterwards is wrong in its rows.
#pragma once

#include <gtest/gtest.h>
#include <sqlite3.h>

#include <string>

#include "engine/store/sqlite/sqlite.h"
#include "tests/engine/store/disk.h"

namespace timestore::store {

inline void execute(const Disk& disk, const std::string& file, const std::string& sql) {
  auto database = Database::open(disk.path(file), disk.vfs(), Database::Access::kReadWrite);
  ASSERT_TRUE(database.has_value()) << database.error().message;
  database->merge_wal_on_close();
  const auto done = database->run("do what the test wants", sql);
  ASSERT_TRUE(done.has_value()) << done.error().message;
}

// The rows of a query over a file that may be open elsewhere, as bytes.
inline std::string dump(const Disk& disk, const std::string& file, const std::string& sql) {
  std::string rows;
  sqlite3* database = nullptr;
  EXPECT_EQ(sqlite3_open_v2(disk.path(file).c_str(), &database, SQLITE_OPEN_READONLY, disk.vfs().c_str()), SQLITE_OK);
  sqlite3_stmt* statement = nullptr;
  EXPECT_EQ(sqlite3_prepare_v2(database, sql.c_str(), -1, &statement, nullptr), SQLITE_OK) << sql;
  while (sqlite3_step(statement) == SQLITE_ROW) {
    for (int column = 0; column < sqlite3_column_count(statement); ++column) {
      const auto* bytes = static_cast<const char*>(sqlite3_column_blob(statement, column));
      const auto size = static_cast<std::size_t>(sqlite3_column_bytes(statement, column));
      rows += std::to_string(size) + ":" + (size > 0 ? std::string(bytes, size) : "") + "|";
    }
    rows += '\n';
  }
  sqlite3_finalize(statement);
  sqlite3_close(database);
  return rows;
}

}  // namespace timestore::store
