// SQLite over the simulated disk: what survives, who waits for whom, and who outlives what.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sqlite3.h>

#include <memory>
#include <set>
#include <string>
#include <vector>

#include "tests/sim/disk/vfs_story.h"

namespace timestore::sim {
namespace {

using testing::AnyOf;
using testing::ElementsAre;

// -------------------------------------------------------------------------------------------------- durability

TEST_F(VfsStory, a_commit_in_a_fully_synced_write_ahead_log_survives_every_crash) {
  Connection connection(vfs);
  connection.run(kWal + "PRAGMA synchronous=FULL; CREATE TABLE t(n)");
  std::string numbers;
  for (int number = 1; number <= 20; ++number) {
    connection.run("INSERT INTO t VALUES (" + std::to_string(number) + ")");
    ASSERT_EQ(connection.status, SQLITE_OK);
    numbers += (number > 1 ? "," : "") + std::to_string(number);
    if (number == 10) connection.run("PRAGMA wal_checkpoint(RESTART)");
    for (const CrashPolicy policy : kCrashPolicies) EXPECT_EQ(read_after(policy, kNumbers), numbers) << name_of(policy);
  }
}

TEST_F(VfsStory, a_commit_in_a_rollback_journal_survives_or_is_rolled_back) {
  const std::string kSettings = "PRAGMA synchronous=EXTRA;";
  auto connection = std::make_unique<Connection>(vfs);
  connection->run(kSettings + "CREATE TABLE t(n); INSERT INTO t VALUES (0)");
  for (std::uint64_t change = 1;; ++change) {
    connection->run("UPDATE t SET n = 0");
    disk.lose_power_at(change);
    connection->run("UPDATE t SET n = 1");
    const bool is_over = !disk.is_off();
    for (const CrashPolicy policy : kCrashPolicies) {
      EXPECT_THAT(read_after(policy, kNumbers), AnyOf("0", "1")) << name_of(policy) << " at change " << change;
    }
    if (is_over) break;
    // The same process goes on, on a disk that was never off.
    disk.lose_power(CrashPolicy::kEverything);
    connection = std::make_unique<Connection>(vfs);
    connection->run(kSettings);
  }
}

TEST_F(VfsStory, commits_in_a_write_ahead_log_that_is_not_synced_are_taken_back_in_order) {
  Connection connection(vfs);
  connection.run(kWal + "PRAGMA synchronous=NORMAL; CREATE TABLE t(n); INSERT INTO t VALUES (0)");
  connection.run("PRAGMA wal_checkpoint(TRUNCATE)");
  std::vector<std::string> states = {"0"};
  for (int number = 1; number <= 5; ++number) {
    connection.run("INSERT INTO t VALUES (" + std::to_string(number) + ")");
    states.push_back(connection.run(kNumbers));
  }
  EXPECT_EQ(read_after(CrashPolicy::kNothing, kNumbers), states.front());
  EXPECT_EQ(read_after(CrashPolicy::kEverything, kNumbers), states.back());
  std::set<std::string> seen;
  for (std::uint64_t trial = 0; trial < 100; ++trial) {
    for (const CrashPolicy policy : kCrashPolicies) {
      const std::string numbers = read_after(policy, kNumbers, trial);
      EXPECT_THAT(states, testing::Contains(numbers)) << name_of(policy);
      seen.insert(numbers);
    }
  }
  EXPECT_EQ(seen.size(), states.size());
}

TEST_F(VfsStory, a_database_whose_directory_was_never_synced_vanishes) {
  Connection connection(vfs);
  connection.run("PRAGMA journal_mode=OFF; CREATE TABLE t(n); INSERT INTO t VALUES (1)");
  ASSERT_GT(disk.counts().syncs, 0U);
  Disk copy = disk;
  copy.lose_power(CrashPolicy::kNothing);
  EXPECT_TRUE(copy.files().empty());
}

TEST_F(VfsStory, the_first_sync_of_a_new_journal_syncs_the_directory) {
  Connection connection(vfs);
  connection.run("CREATE TABLE t(n)");  // with a rollback journal, which is gone now
  Disk copy = disk;
  copy.lose_power(CrashPolicy::kNothing);
  EXPECT_THAT(copy.files(), ElementsAre("db", "db-journal"));
}

TEST_F(VfsStory, the_removal_of_a_journal_is_durable_only_where_sqlite_asks_for_it) {
  Connection connection(vfs);
  connection.run("PRAGMA synchronous=FULL; CREATE TABLE t(n); INSERT INTO t VALUES (1)");
  EXPECT_THAT(read_after(CrashPolicy::kNothing, kNumbers), "NULL") << "the journal came back, and rolled back";
  connection.run("PRAGMA synchronous=EXTRA; INSERT INTO t VALUES (2)");
  EXPECT_THAT(read_after(CrashPolicy::kNothing, kNumbers), "1,2");
}

// ------------------------------------------------------------------------------------------------- connections

TEST_F(VfsStory, readers_go_on_beside_a_writer) {
  Connection writer(vfs);
  writer.run(kWal + "PRAGMA synchronous=NORMAL; CREATE TABLE t(n); INSERT INTO t VALUES (1)");
  Connection reader(vfs, "db", SQLITE_OPEN_READONLY);
  EXPECT_EQ(reader.run("BEGIN; " + kNumbers), "1");
  writer.run("INSERT INTO t VALUES (2)");
  EXPECT_EQ(writer.status, SQLITE_OK);
  EXPECT_EQ(reader.run(kNumbers), "1") << "one state until it ends";

  // The reader keeps the checkpoint from ending, and its own state from being overwritten.
  writer.run("PRAGMA wal_checkpoint(PASSIVE)");
  EXPECT_EQ(writer.run("PRAGMA wal_checkpoint(TRUNCATE)").substr(0, 1), "1") << "busy";
  EXPECT_EQ(reader.run(kNumbers), "1");
  EXPECT_EQ(reader.run("COMMIT; " + kNumbers), "1,2");
  EXPECT_EQ(writer.run("PRAGMA wal_checkpoint(TRUNCATE)").substr(0, 1), "0");
  EXPECT_EQ(reader.run(kNumbers), "1,2");
}

TEST_F(VfsStory, two_writers_take_turns) {
  for (const std::string& mode : {std::string(), kWal}) {
    Connection first(vfs);
    Connection second(vfs);
    first.run(mode + "CREATE TABLE IF NOT EXISTS t(n); BEGIN IMMEDIATE; INSERT INTO t VALUES (1)");
    second.run("INSERT INTO t VALUES (2)");
    EXPECT_EQ(second.status & kPrimaryCode, SQLITE_BUSY);
    first.run("COMMIT");
    EXPECT_EQ(first.status, SQLITE_OK);
    second.run("INSERT INTO t VALUES (2)");
    EXPECT_EQ(second.status, SQLITE_OK);
  }
}

TEST_F(VfsStory, without_a_write_ahead_log_readers_keep_a_writer_out) {
  Connection writer(vfs);
  Connection reader(vfs);
  writer.run("CREATE TABLE t(n); INSERT INTO t VALUES (1)");
  EXPECT_EQ(reader.run("BEGIN; " + kNumbers), "1");
  writer.run("BEGIN; INSERT INTO t VALUES (2); COMMIT");
  EXPECT_EQ(writer.status & kPrimaryCode, SQLITE_BUSY);

  // A writer that waits lets no new reader in.
  Connection late(vfs);
  late.run(kNumbers);
  EXPECT_EQ(late.status & kPrimaryCode, SQLITE_BUSY);
  reader.run("COMMIT");
  writer.run("COMMIT");
  EXPECT_EQ(writer.status, SQLITE_OK);
  EXPECT_EQ(late.run(kNumbers), "1,2");
}

TEST_F(VfsStory, an_exclusive_connection_keeps_everybody_out) {
  Connection owner(vfs);
  owner.run("PRAGMA locking_mode=EXCLUSIVE;" + kWal + "CREATE TABLE t(n)");
  Connection other(vfs);
  other.run(kNumbers);
  EXPECT_EQ(other.status & kPrimaryCode, SQLITE_BUSY);
}

TEST_F(VfsStory, the_last_connection_merges_and_removes_the_write_ahead_log) {
  auto first = std::make_unique<Connection>(vfs);
  auto second = std::make_unique<Connection>(vfs);
  first->run(kWal + "CREATE TABLE t(n); INSERT INTO t VALUES (1)");
  EXPECT_EQ(second->run(kNumbers), "1");
  first.reset();
  EXPECT_THAT(disk.files(), ElementsAre("db", "db-wal"));
  second.reset();
  EXPECT_THAT(disk.files(), ElementsAre("db"));
}

// ------------------------------------------------------------------------------------------------------- lives

TEST_F(VfsStory, connections_of_an_earlier_life_only_get_errors_and_change_nothing) {
  Connection writer(vfs);
  writer.run(kWal + "CREATE TABLE t(n); INSERT INTO t VALUES (1); BEGIN; INSERT INTO t VALUES (2)");
  auto reader = std::make_unique<Connection>(vfs);
  EXPECT_EQ(reader->run("BEGIN; " + kNumbers), "1");
  auto journaling = std::make_unique<Connection>(vfs, "other");
  journaling->run("CREATE TABLE t(n); PRAGMA cache_size=1; BEGIN; INSERT INTO t VALUES (1)");
  disk.kill();
  const std::uint64_t before = disk.hash();
  const std::uint64_t changes = disk.counts().changes;

  writer.run("COMMIT");
  EXPECT_EQ(writer.status & kPrimaryCode, SQLITE_IOERR);
  reader->run("COMMIT; " + kNumbers);
  EXPECT_EQ(reader->status & kPrimaryCode, SQLITE_IOERR);
  journaling->run("COMMIT");
  EXPECT_EQ(journaling->status & kPrimaryCode, SQLITE_IOERR);

  // Those of the new life are not disturbed: not by their locks, and not by their end.
  Connection again(vfs);
  EXPECT_EQ(again.run("BEGIN IMMEDIATE; " + kNumbers), "1");
  reader.reset();
  journaling.reset();
  EXPECT_EQ(disk.hash(), before);
  EXPECT_EQ(disk.counts().changes, changes);
  again.run("INSERT INTO t VALUES (3); COMMIT");
  EXPECT_EQ(again.status, SQLITE_OK);
  EXPECT_EQ(again.run(kNumbers), "1,3");
}

TEST_F(VfsStory, a_disk_that_is_off_gives_errors) {
  Connection connection(vfs);
  connection.run(kWal + "CREATE TABLE t(n); INSERT INTO t VALUES (1)");
  disk.lose_power_at(1);
  connection.run("INSERT INTO t VALUES (2)");
  EXPECT_EQ(connection.status & kPrimaryCode, SQLITE_IOERR);
  const Connection another(vfs);
  EXPECT_EQ(another.status & kPrimaryCode, SQLITE_CANTOPEN);
}

}  // namespace
}  // namespace timestore::sim
