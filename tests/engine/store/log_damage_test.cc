// Damage is named, and never taken for the end of the log.
#include <gmock/gmock.h>
#include <sqlite3.h>

#include "engine/store/wal.h"
#include "tests/engine/store/log_story.h"

namespace timestore::store {
namespace {

using testing::HasSubstr;

class LogDamage : public LogStory {
 protected:
  // A closed file of a few pages: everything is in the main file.
  void write_and_close() {
    start();
    for (int i = 1; i <= 30; ++i) append({command(1 + static_cast<raft::Term>(i) / 10, text_of(i))});
    vote(9, "n2");
    close();
    ASSERT_FALSE(disk.exists("log.db-wal"));
  }
  static std::string text_of(int index) { return "<command " + std::to_string(index) + ">" + std::string(300, '.'); }

  // Changes the closed file as somebody with an SQLite shell might.
  void execute(const std::string& sql) {
    sqlite3* database = nullptr;
    ASSERT_EQ(sqlite3_open_v2(disk.path("log.db").c_str(), &database, SQLITE_OPEN_READWRITE, disk.vfs().c_str()),
              SQLITE_OK);
    EXPECT_EQ(sqlite3_exec(database, sql.c_str(), nullptr, nullptr, nullptr), SQLITE_OK) << sqlite3_errmsg(database);
    sqlite3_close(database);
  }
};

TEST_F(LogDamage, a_flipped_bit_in_a_command_names_the_entry) {
  write_and_close();
  disk.flip_bit("log.db", disk.read("log.db").find("<command 17>") + 3, 4);
  EXPECT_THAT(refusal_of(disk), AllOf(HasSubstr(disk.path("log.db")), HasSubstr("entry 17 fails its checksum"),
                                      HasSubstr("Restore this node from its peers")));
}

TEST_F(LogDamage, a_flipped_bit_anywhere_is_named_or_harmless) {
  write_and_close();
  const std::string intact = disk.read("log.db");
  int named = 0;
  int harmless = 0;
  for (std::size_t offset = 0; offset < intact.size(); offset += 23) {
    Disk copy;
    copy.write("log.db", intact);
    copy.flip_bit("log.db", offset, static_cast<int>(offset % 8));
    auto opened = open_log(copy);
    if (opened) {
      EXPECT_EQ(contents(**opened), model) << "a bit flipped at byte " << offset << " goes unnoticed";
      ++harmless;
    } else {
      EXPECT_THAT(opened.error().message, HasSubstr(copy.path("log.db"))) << "at byte " << offset;
      ++named;
    }
  }
  EXPECT_GT(named, 100);
  EXPECT_GT(harmless, 100);  // free space within pages
}

TEST_F(LogDamage, a_missing_entry_is_named) {
  write_and_close();
  execute("DELETE FROM entries WHERE idx = 12");
  EXPECT_THAT(refusal_of(disk), HasSubstr("entry 12 is missing"));
}

TEST_F(LogDamage, missing_last_entries_are_not_a_shorter_log) {
  write_and_close();
  execute("DELETE FROM entries WHERE idx > 28");
  EXPECT_THAT(refusal_of(disk), AllOf(HasSubstr("should end with entry 30"), HasSubstr("ends with entry 28")));
}

TEST_F(LogDamage, a_missing_row_of_state_or_identity_is_not_a_new_node) {
  write_and_close();
  const std::string intact = disk.read("log.db");
  execute("DELETE FROM state");
  EXPECT_THAT(refusal_of(disk), HasSubstr("term and vote are missing"));
  disk.write("log.db", intact);
  execute("DELETE FROM identity");
  EXPECT_THAT(refusal_of(disk), HasSubstr("identity is missing"));
  disk.write("log.db", intact);
  execute("DELETE FROM members WHERE id = 'n2'");
  EXPECT_THAT(refusal_of(disk), HasSubstr("identity fails its checksum"));
}

TEST_F(LogDamage, a_changed_vote_is_named) {
  write_and_close();
  execute("UPDATE state SET vote = 'n3'");
  EXPECT_THAT(refusal_of(disk), HasSubstr("term and vote fail their checksum"));
}

TEST_F(LogDamage, an_entry_of_an_older_log_is_found_though_its_own_checksum_is_right) {
  start();
  append({noop(1), command(1, "old")});
  close();
  execute("CREATE TABLE kept AS SELECT * FROM entries WHERE idx = 2");
  open();
  truncate_from(1);
  append({noop(2), command(2, "new"), command(2, "newer")});
  close();
  execute("REPLACE INTO entries SELECT * FROM kept");
  EXPECT_THAT(refusal_of(disk), HasSubstr("entry 2 fails its checksum"));
}

TEST_F(LogDamage, a_file_cut_short_is_named) {
  write_and_close();
  const std::string intact = disk.read("log.db");
  disk.write("log.db", intact.substr(0, intact.size() - 4096));
  EXPECT_THAT(refusal_of(disk), HasSubstr("damaged"));
  disk.write("log.db", intact.substr(0, 100));
  EXPECT_THAT(refusal_of(disk), HasSubstr(disk.path("log.db")));
}

// ------------------------------------------------------------------------------------------- write-ahead log

constexpr std::size_t kFrameBytes = 24 + 4096;

class LogTail : public LogStory {
 protected:
  // Ten appends and a last one, all still in the write-ahead log of the disk `killed`.
  void write_and_kill() {
    start();
    for (int i = 1; i <= 10; ++i) append({command(1, "entry " + std::to_string(i))});
    before_last = model;
    wal_bytes_before_last = disk.read("log.db-wal").size();
    append({command(1, "the last"), command(1, std::string(10'000, 'x'))});
    killed = disk.after_kill();
    wal = killed->read("log.db-wal");
    ASSERT_GT(wal.size(), wal_bytes_before_last + 2 * kFrameBytes);
  }

  LogModel before_last;
  std::size_t wal_bytes_before_last = 0;
  std::unique_ptr<Disk> killed;
  std::string wal;
};

TEST_F(LogTail, a_torn_last_write_is_not_damage) {
  write_and_kill();
  for (std::size_t size = wal_bytes_before_last; size < wal.size(); size += 512) {
    auto torn = killed->after_kill();
    torn->write("log.db-wal", wal.substr(0, size));
    EXPECT_EQ(recovered_from(*torn), before_last) << "cut at byte " << size;
  }
  EXPECT_EQ(recovered_from(*killed), model);
}

TEST_F(LogTail, a_last_write_whose_sectors_arrived_out_of_order_is_not_damage) {
  write_and_kill();
  for (std::size_t offset = wal_bytes_before_last; offset + 512 < wal.size(); offset += 512) {
    auto torn = killed->after_kill();
    std::string holed = wal;
    holed.replace(offset, 512, 512, '\0');
    torn->write("log.db-wal", holed);
    const LogModel recovered = recovered_from(*torn);
    EXPECT_TRUE(recovered == before_last || recovered == model) << "a hole at byte " << offset;
  }
}

TEST_F(LogTail, damage_before_the_last_write_is_named) {
  write_and_kill();
  for (std::size_t offset = 0; offset < wal_bytes_before_last; offset += 149) {
    auto rotten = killed->after_kill();
    rotten->flip_bit("log.db-wal", offset, static_cast<int>(offset % 8));
    auto opened = open_log(*rotten);
    if (!opened) {
      EXPECT_THAT(opened.error().message,
                  AllOf(HasSubstr(rotten->path("log.db")), HasSubstr("write-ahead log is damaged")));
    } else {
      // Only the header's checkpoint counter, which nobody needs, could be harmless; its checksum covers it, though.
      ADD_FAILURE() << "a bit flipped at byte " << offset << " goes unnoticed";
    }
  }
}

TEST_F(LogTail, damage_is_named_again_at_the_next_attempt) {
  write_and_kill();
  killed->flip_bit("log.db-wal", 32 + kFrameBytes + 1000, 0);
  const std::string first = refusal_of(*killed);
  EXPECT_EQ(refusal_of(*killed), first);
  EXPECT_EQ(killed->read("log.db-wal").size(), wal.size());
}

TEST(WalDamage, a_log_without_frames_has_none) {
  EXPECT_EQ(find_wal_damage(""), std::nullopt);
  EXPECT_EQ(find_wal_damage("torn"), std::nullopt);
  EXPECT_EQ(find_wal_damage(std::string(32, '\0')), std::nullopt);
}

TEST_F(LogTail, a_last_frame_copied_to_fill_a_sector_is_not_a_later_write) {
  write_and_kill();
  const std::string last_frame = wal.substr(wal.size() - kFrameBytes);
  std::string torn = wal + last_frame;
  torn[wal_bytes_before_last + 500] = static_cast<char>(torn[wal_bytes_before_last + 500] ^ 1);
  EXPECT_EQ(find_wal_damage(torn), std::nullopt);
}

}  // namespace
}  // namespace timestore::store
