// Changes a closed file by SQL, checksums of pages and all: what is wrong with it afterwards is wrong in its rows.
#pragma once

#include <gtest/gtest.h>

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

}  // namespace timestore::store
