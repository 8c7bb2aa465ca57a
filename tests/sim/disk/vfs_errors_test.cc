// What SQLite is told when the disk fails, and that a run can be repeated.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sqlite3.h>

#include <string>
#include <vector>

#include "engine/base/hash.h"
#include "tests/sim/disk/vfs_story.h"

namespace timestore::sim {
namespace {

using testing::ElementsAre;

// ------------------------------------------------------------------------------------------------------ errors

// SQLite's code when the n-th change of one insertion fails, for all n.
std::vector<int> codes_of_failing_changes(const std::string& settings, DiskError error) {
  std::vector<int> codes;
  for (std::uint64_t change = 1;; ++change) {
    Choices choices(1);
    Disk disk(choices.stream("disk"));
    Vfs vfs(disk);
    Connection connection(vfs);
    connection.run(settings + "CREATE TABLE t(n)");
    const std::uint64_t faults = disk.counts().faults;
    disk.fail_change_at(change, error);
    connection.run("INSERT INTO t VALUES (1)");
    if (disk.counts().faults == faults) return codes;
    codes.push_back(connection.status);
  }
}

TEST(VfsErrors, a_failed_change_has_its_own_code) {
  constexpr int kWrite = SQLITE_IOERR_WRITE;
  // A page's frame is its header and its content; then the commit is synced.
  EXPECT_THAT(codes_of_failing_changes(kWal + "PRAGMA synchronous=FULL;", DiskError::kIo),
              ElementsAre(kWrite, kWrite, SQLITE_IOERR_FSYNC));
  EXPECT_THAT(codes_of_failing_changes(kWal + "PRAGMA synchronous=FULL;", DiskError::kFull),
              ElementsAre(SQLITE_FULL, SQLITE_FULL, SQLITE_IOERR_FSYNC));
  // The journal: created, its header, two pages (number, content, checksum), synced, and its directory with it; the
  // count of its pages, synced. Then the two pages of the file, synced, and the journal removed, for good.
  EXPECT_THAT(codes_of_failing_changes("PRAGMA synchronous=EXTRA;", DiskError::kIo),
              ElementsAre(SQLITE_CANTOPEN, kWrite, kWrite, kWrite, kWrite, kWrite, kWrite, kWrite, SQLITE_IOERR_FSYNC,
                          SQLITE_IOERR_DIR_FSYNC, kWrite, SQLITE_IOERR_FSYNC, kWrite, kWrite, SQLITE_IOERR_FSYNC,
                          SQLITE_IOERR_DELETE, SQLITE_IOERR_DIR_FSYNC));
}

TEST_F(VfsStory, a_failed_read_has_its_own_code) {
  {
    Connection connection(vfs);
    connection.run("CREATE TABLE t(n)");
  }
  Connection connection(vfs);
  disk.fail_read_at(1);
  connection.run(kNumbers);
  EXPECT_EQ(connection.status, SQLITE_IOERR_READ);
  EXPECT_EQ(connection.run(kNumbers), "NULL");
}

TEST_F(VfsStory, a_read_beyond_the_end_is_filled_with_zeros) {
  Connection connection(vfs);
  connection.run("CREATE TABLE t(n)");
  sqlite3_file* file = nullptr;
  ASSERT_EQ(sqlite3_file_control(connection.handle, "main", SQLITE_FCNTL_FILE_POINTER, &file), SQLITE_OK);
  sqlite3_int64 size = 0;
  ASSERT_EQ(file->pMethods->xFileSize(file, &size), SQLITE_OK);
  std::string bytes(20, 'x');
  EXPECT_EQ(file->pMethods->xRead(file, bytes.data(), 20, size - 10), SQLITE_IOERR_SHORT_READ);
  EXPECT_EQ(bytes.substr(10), std::string(10, '\0'));
}

TEST_F(VfsStory, a_file_that_was_removed_under_a_connection_is_noticed) {
  Connection connection(vfs);
  connection.run("CREATE TABLE t(n)");
  ASSERT_TRUE(disk.remove("db"));
  connection.run("INSERT INTO t VALUES (1)");
  EXPECT_EQ(connection.status, SQLITE_READONLY_DBMOVED);
}

TEST_F(VfsStory, a_missing_file_is_not_made_for_a_reader) {
  const Connection reader(vfs, "db", SQLITE_OPEN_READONLY);
  EXPECT_EQ(reader.status & kPrimaryCode, SQLITE_CANTOPEN);
  EXPECT_TRUE(disk.files().empty());
}

TEST_F(VfsStory, temporary_files_go_with_their_connection) {
  {
    Connection connection(vfs);
    connection.run(
        "PRAGMA temp_store=FILE; PRAGMA cache_size=1; PRAGMA temp.cache_size=1; CREATE TEMP TABLE t(n);"
        "WITH RECURSIVE many(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM many LIMIT 3000)"
        "INSERT INTO t SELECT hex(zeroblob(100)) || n FROM many");
    EXPECT_EQ(connection.run("SELECT count(*) FROM t"), "3000");
    EXPECT_GT(disk.size_bytes(), 0U);
  }
  EXPECT_EQ(disk.size_bytes(), 0U);
}

// ----------------------------------------------------------------------------------------------------- repetition

// Everything that a small story leaves, salts of the write-ahead log and random numbers included.
std::uint64_t hash_of_a_story(std::uint64_t seed) {
  Choices choices(seed);
  const SqliteWorld world(choices);
  Disk disk(choices.stream("disk"));
  Hasher hasher;
  {
    Vfs vfs(disk);
    Connection connection(vfs);
    connection.run(kWal + "CREATE TABLE t(n, random, time)");
    for (int round = 0; round < 20; ++round) {
      connection.run("INSERT INTO t VALUES (1, random(), datetime('now', 'subsec'))");
      if (round % 5 == 4) connection.run("PRAGMA wal_checkpoint(RESTART)");
      hasher.add(disk.hash());
    }
    hasher.add(connection.run("SELECT group_concat(random) FROM t"));
    disk.lose_power(CrashPolicy::kSectors);
  }
  return hasher.add(disk.hash()).value();
}

TEST(SqliteWorld, a_run_is_the_same_whatever_ran_before_it) {
  const std::uint64_t first = hash_of_a_story(1);
  EXPECT_NE(hash_of_a_story(2), first);
  EXPECT_EQ(hash_of_a_story(1), first);
  std::uint64_t number = 0;
  sqlite3_randomness(sizeof number, &number);
  for (std::uint64_t seed = 3; seed < 20; ++seed) hash_of_a_story(seed);
  EXPECT_EQ(hash_of_a_story(1), first);
}

TEST(SqliteWorld, it_leaves_sqlite_as_it_was) {
  const sqlite3_vfs* before = sqlite3_vfs_find(nullptr);
  std::uint64_t first = 0;
  std::uint64_t second = 0;
  for (std::uint64_t* number : {&first, &second}) {
    { hash_of_a_story(1); }
    EXPECT_EQ(sqlite3_vfs_find(nullptr), before);
    sqlite3_randomness(sizeof *number, number);
  }
  EXPECT_NE(first, second) << "outside, randomness is the system's again";
}

}  // namespace
}  // namespace timestore::sim
