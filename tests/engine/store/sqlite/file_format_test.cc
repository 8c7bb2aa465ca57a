// Files of other applications and other versions are refused, and left as they are.
#include <gmock/gmock.h>
#include <rapidcheck/gtest.h>
#include <sqlite3.h>

#include <string>

#include "engine/base/checksum.h"
#include "engine/store/series/series_file.h"
#include "engine/store/series/series_reader.h"
#include "engine/store/sqlite/file_format.h"
#include "engine/store/sqlite/page_checksums.h"
#include "tests/engine/store/log/log_story.h"
#include "tests/engine/store/sqlite/shell.h"

namespace timestore::store::file_format_test {
namespace {

using testing::HasSubstr;

std::string little_endian(std::uint64_t number) {
  std::string bytes;
  for (int shift = 0; shift < 64; shift += 8) bytes += static_cast<char>(number >> shift & 0xff);
  return bytes;
}

RC_GTEST_PROP(RowChecksum, is_that_of_the_fields_one_after_another, (std::uint32_t seed)) {
  RowChecksum checksum(seed);
  std::string fields;
  for (int left = *rc::gen::inRange(0, 30); left > 0; --left) {
    if (*rc::gen::arbitrary<bool>()) {
      const auto number = *rc::gen::arbitrary<std::uint64_t>();
      checksum.add(number);
      fields += little_endian(number);
    } else {
      const std::string text(*rc::gen::inRange<std::size_t>(0, 90), *rc::gen::arbitrary<char>());
      checksum.add(text);
      fields += little_endian(text.size()) + text;
    }
    RC_ASSERT(checksum.value() == crc32(fields, seed));
  }
}

// What the original, a .NET program with Entity Framework Core, leaves when it is killed.
std::unique_ptr<Disk> disk_of_the_original(const std::string& journal_mode) {
  Disk disk;
  sqlite3* database = nullptr;
  EXPECT_EQ(sqlite3_open(disk.path("series.db").c_str(), &database), SQLITE_OK);
  const std::string sql = "PRAGMA journal_mode=" + journal_mode +
                          "; CREATE TABLE Data (Id TEXT PRIMARY KEY); CREATE TABLE RaftLog (\"Index\" INTEGER);"
                          "INSERT INTO Data VALUES ('precious');";
  EXPECT_EQ(sqlite3_exec(database, sql.c_str(), nullptr, nullptr, nullptr), SQLITE_OK);
  auto killed = disk.after_kill();
  sqlite3_close(database);
  return killed;
}

TEST(FileFormat, a_database_of_the_original_is_refused_and_left_alone) {
  for (const char* journal_mode : {"WAL", "DELETE"}) {
    auto disk = disk_of_the_original(journal_mode);
    const std::string main_before = disk->read("series.db");
    const std::string wal_before = disk->read("series.db-wal");
    EXPECT_EQ(wal_before.empty(), std::string(journal_mode) == "DELETE");
    for (int attempt = 0; attempt < 2; ++attempt) {
      const auto series = SeriesFile::open(disk->path("series.db"), disk->vfs());
      ASSERT_FALSE(series.has_value());
      EXPECT_THAT(series.error().message, AllOf(HasSubstr(disk->path("series.db")), HasSubstr("Data, RaftLog"),
                                                HasSubstr("Nothing was written to it")));
      EXPECT_FALSE(LogFile::open(disk->path("series.db"), disk->vfs()).has_value());
      EXPECT_FALSE(SeriesReader::open(disk->path("series.db"), disk->vfs()).has_value());
    }
    EXPECT_EQ(disk->read("series.db"), main_before) << journal_mode;
    EXPECT_EQ(disk->read("series.db-wal"), wal_before) << journal_mode;
  }
}

TEST(FileFormat, a_file_that_is_no_database_is_refused_and_left_alone) {
  Disk disk;
  const std::string text = "Dear diary, " + std::string(2000, '.');
  disk.write("log.db", text);
  EXPECT_THAT(refusal_of(disk), AllOf(HasSubstr(disk.path("log.db")), HasSubstr("not an SQLite database")));
  EXPECT_EQ(disk.read("log.db"), text);
}

TEST(FileFormat, the_two_files_are_not_taken_for_each_other) {
  Disk disk;
  { ASSERT_TRUE(LogFile::open(disk.path("log.db"), disk.vfs()).has_value()); }
  const auto series = SeriesFile::open(disk.path("log.db"), disk.vfs());
  ASSERT_FALSE(series.has_value());
  EXPECT_THAT(series.error().message, HasSubstr("is not a Time Store DB series file"));
}

TEST(FileFormat, a_newer_version_is_refused_and_left_alone) {
  Disk disk;
  { ASSERT_TRUE(LogFile::open(disk.path("log.db"), disk.vfs()).has_value()); }
  execute(disk, "log.db", "PRAGMA user_version = 3");
  const std::string before = disk.read("log.db");
  EXPECT_THAT(refusal_of(disk), AllOf(HasSubstr("has version 3"), HasSubstr("knows versions up to 2"),
                                      HasSubstr("start the newer program")));
  EXPECT_EQ(disk.read("log.db"), before);
}

// Runs SQL as any SQLite program would, which knows nothing of page checksums.
void execute_plainly(const Disk& disk, const std::string& file, const std::string& sql) {
  sqlite3* database = nullptr;
  ASSERT_EQ(sqlite3_open(disk.path(file).c_str(), &database), SQLITE_OK);
  EXPECT_EQ(sqlite3_exec(database, sql.c_str(), nullptr, nullptr, nullptr), SQLITE_OK) << sqlite3_errmsg(database);
  sqlite3_close(database);
}

TEST(FileFormat, our_file_without_page_checksums_is_refused_and_left_alone) {
  Disk disk;
  execute_plainly(disk, "log.db",
                  "PRAGMA application_id = 1416842343; PRAGMA user_version = 1; CREATE TABLE entries (idx, command)");
  const std::string before = disk.read("log.db");
  EXPECT_THAT(refusal_of(disk), AllOf(HasSubstr(disk.path("log.db")), HasSubstr("without page checksums"),
                                      HasSubstr("restore this node from its peers")));
  EXPECT_EQ(disk.read("log.db"), before);
}

TEST(FileFormat, an_empty_database_of_another_program_is_refused_and_left_alone) {
  Disk disk;
  execute_plainly(disk, "log.db", "VACUUM");
  const std::string before = disk.read("log.db");
  EXPECT_FALSE(before.empty());
  EXPECT_THAT(refusal_of(disk), HasSubstr("an empty database that another program made"));
  EXPECT_EQ(disk.read("log.db"), before);
}

TEST(FileFormat, our_file_without_a_version_is_damaged) {
  Disk disk;
  { ASSERT_TRUE(LogFile::open(disk.path("log.db"), disk.vfs()).has_value()); }
  execute(disk, "log.db", "PRAGMA user_version = 0");
  EXPECT_THAT(refusal_of(disk), AllOf(HasSubstr("damaged"), HasSubstr("version 0")));
}

// Were a sync to fail then and the power to go, parts of what was cut off could come back and be taken for newer than
// the main file.
TEST(FileFormat, opening_does_not_cut_what_a_crash_left_in_a_write_ahead_log) {
  Disk disk;
  const auto log = LogFile::open(disk.path("log.db"), disk.vfs());
  const auto series = SeriesFile::open(disk.path("series.db"), disk.vfs());
  ASSERT_TRUE(log && series);
  const std::vector<raft::Entry> entries{command(1, "{malformed")};
  ASSERT_TRUE((*log)->initialize(identity_of_n1()) && (*series)->apply(1, entries));
  const auto killed = disk.after_kill();
  const std::size_t log_bytes = killed->read("log.db-wal").size();
  const std::size_t series_bytes = killed->read("series.db-wal").size();
  ASSERT_GT(log_bytes, kPageBytes);
  ASSERT_GT(series_bytes, kPageBytes);

  const auto log_again = LogFile::open(killed->path("log.db"), killed->vfs());
  const auto series_again = SeriesFile::open(killed->path("series.db"), killed->vfs());
  ASSERT_TRUE(log_again && series_again);
  EXPECT_EQ(killed->read("log.db-wal").size(), log_bytes);
  EXPECT_EQ(killed->read("series.db-wal").size(), series_bytes);
}

TEST(FileFormat, a_reader_needs_a_file_that_exists) {
  Disk disk;
  const auto reader = SeriesReader::open(disk.path("series.db"), disk.vfs());
  ASSERT_FALSE(reader.has_value());
  EXPECT_THAT(reader.error().message, HasSubstr(disk.path("series.db")));
  EXPECT_FALSE(disk.exists("series.db"));
}

}  // namespace
}  // namespace timestore::store::file_format_test
