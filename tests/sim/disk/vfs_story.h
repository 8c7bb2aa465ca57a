// A small language for tests of SQLite over the simulated disk.
#pragma once

#include <gtest/gtest.h>
#include <sqlite3.h>

#include <string>

#include "sim/disk/vfs.h"
#include "tests/sim/disk/disk_story.h"

namespace timestore::sim {

// A connection; its statements are run to their end.
class Connection {
 public:
  explicit Connection(const Vfs& vfs, const std::string& path = "db",
                      int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE) {
    status = sqlite3_open_v2(path.c_str(), &handle, flags | SQLITE_OPEN_EXRESCODE, vfs.name().c_str());
  }
  ~Connection() { sqlite3_close(handle); }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  // All values of all rows, with blanks between; remembers SQLite's code.
  std::string run(const std::string& sql) {
    std::string values;
    status = sqlite3_exec(
        handle, sql.c_str(),
        [](void* out, int count, char** columns, char**) {
          std::string& text = *static_cast<std::string*>(out);
          for (int column = 0; column < count; ++column) {
            if (!text.empty()) text += ' ';
            text += columns[column] != nullptr ? columns[column] : "NULL";
          }
          return 0;
        },
        &values, nullptr);
    return values;
  }

  sqlite3* handle = nullptr;
  int status = SQLITE_OK;
};

inline constexpr int kPrimaryCode = 0xff;

class VfsStory : public DiskStory {
 protected:
  // What is read from a disk with this content by a process that starts anew.
  std::string read_on(Disk& other, const std::string& sql) {
    Vfs other_vfs(other);
    Connection connection(other_vfs);
    EXPECT_EQ(connection.run("PRAGMA integrity_check"), "ok");
    return connection.run(sql);
  }
  std::string read_after(CrashPolicy policy, const std::string& sql, std::uint64_t trial = 0) {
    Disk copy = disk;
    copy.choose_from(choices.stream("trial", trial));
    copy.lose_power(policy);
    return read_on(copy, sql);
  }

  SqliteWorld world{choices};
  Vfs vfs{disk};
};

inline const std::string kWal = "PRAGMA journal_mode=WAL; PRAGMA wal_autocheckpoint=0;";
inline const std::string kNumbers = "SELECT group_concat(n) FROM t";

}  // namespace timestore::sim
