// Damage is named, and never taken for the end of the log.
#include <gmock/gmock.h>

#include <set>

#include "engine/store/sqlite/wal.h"
#include "tests/engine/store/log/log_story.h"
#include "tests/engine/store/rot.h"
#include "tests/engine/store/sqlite/shell.h"

namespace timestore::store::log_damage_test {
namespace {

using testing::AllOf;
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

  void execute(const std::string& sql) { store::execute(disk, "log.db", sql); }
};

TEST_F(LogDamage, a_changed_command_names_the_entry) {
  write_and_close();
  execute("UPDATE entries SET command = replace(command, '<', '>') WHERE idx = 17");
  EXPECT_THAT(refusal_of(disk), AllOf(HasSubstr(disk.path("log.db")), HasSubstr("entry 17 fails its checksum"),
                                      HasSubstr("Restore this node from its peers")));
}

std::int64_t number_in(const Disk& disk, const std::string& file, const std::string& sql) {
  auto database = Database::open(disk.path(file), disk.vfs(), Database::Access::kReadOnly);
  return database->integer("ask", sql).value();
}

TEST_F(LogDamage, a_flipped_bit_in_the_log_is_named_unless_its_page_is_free) {
  start();
  for (int i = 1; i <= 40; ++i) append({command(1, "<command " + std::to_string(i) + ">" + std::string(300, '.'))});
  append({command(1, std::string(9000, 'x'))});
  truncate_from(25);
  append({command(2, std::string(9000, 'y'))});
  close();
  const std::string intact = disk.read("log.db");
  const auto free_pages = static_cast<std::size_t>(number_in(disk, "log.db", "PRAGMA freelist_count"));
  ASSERT_GE(free_pages, 1U);

  std::set<std::size_t> named;
  std::set<std::size_t> harmless;
  for (const std::size_t offset : sample_of(intact)) {
    SCOPED_TRACE("a bit flipped at byte " + std::to_string(offset));
    Disk rotten;
    rotten.write("log.db", flipped(intact, offset, offset));
    auto opened = open_log(rotten);
    (opened ? harmless : named).insert(offset / kPage + 1);
    if (opened) {
      EXPECT_EQ(contents(**opened), model);
    } else {
      EXPECT_THAT(opened.error().message, names_damage_at(rotten.path("log.db"), offset));
    }
  }
  EXPECT_EQ(harmless.size(), free_pages);
  EXPECT_EQ(named.size() + harmless.size(), intact.size() / kPage)
      << "in a page either all is named or all is harmless";
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
  execute("UPDATE identity SET node = 'n2'");
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

// Each vote is a transaction of one frame, and all frames are of one page. So many, that some header lies in two
// sectors of the disk. Only the last vote, and the end of the one before it, cannot be told from a torn write.
TEST_F(LogTail, damage_to_one_of_many_votes_is_named) {
  start();
  for (raft::Term term = 1; term <= 70; ++term) vote(term, "n2");
  killed = disk.after_kill();
  wal = killed->read("log.db-wal");
  const std::size_t end_of_votes = 32 + (wal.size() - 32) / kFrameBytes * kFrameBytes;
  ASSERT_EQ(wal.size(), end_of_votes);
  ASSERT_GE(wal.size(), 32 + 70 * kFrameBytes);
  EXPECT_EQ(find_wal_damage(wal), std::nullopt);
  for (std::size_t frame = 32; frame + 2 * kFrameBytes < wal.size(); frame += kFrameBytes) {
    for (std::size_t offset = frame; offset < frame + kFrameBytes; offset += offset < frame + 24 ? 1 : 509) {
      EXPECT_THAT(find_wal_damage(flipped(wal, offset, offset)), testing::Optional(HasSubstr("is damaged"))) << offset;
    }
  }
}

// What such a frame says of itself is worth nothing: whether the next one is whole can be told only by its content.
TEST_F(LogTail, damage_to_both_the_salt_and_the_checksum_of_a_vote_is_named) {
  start();
  for (raft::Term term = 1; term <= 70; ++term) vote(term, "n2");
  const std::string votes = disk.read("log.db-wal");
  ASSERT_GE(votes.size(), 32 + 70 * kFrameBytes);
  const std::size_t first_vote = votes.size() - 70 * kFrameBytes;
  for (std::size_t frame = first_vote; frame + 3 * kFrameBytes <= votes.size(); frame += kFrameBytes) {
    const std::string two_more = votes.substr(0, frame + 3 * kFrameBytes);
    EXPECT_EQ(find_wal_damage(two_more), std::nullopt);
    const std::string damaged = flipped(flipped(two_more, frame + 9, 0), frame + 17, 0);
    EXPECT_THAT(find_wal_damage(damaged), testing::Optional(HasSubstr("is damaged"))) << frame;
  }
}

// The header of a frame lies in two sectors, and only the second one is written: the log has begun anew in place, and
// an old mark of a commit stands beside the new salt, in the middle of the last transaction.
TEST_F(LogTail, an_old_commit_mark_beside_a_new_salt_ends_no_transaction) {
  constexpr std::size_t kFrame = 32 + 41 * kFrameBytes;
  constexpr std::size_t kSalt = kFrame + 8;
  static_assert(kSalt % 512 == 0);
  start();
  for (raft::Term term = 1; term <= 70; ++term) vote(term, "n2");
  killed = disk.after_kill();
  log = open_log(*killed).value();
  for (raft::Term term = 71; term <= 70 + 41; ++term) vote(term, "n2");
  before_last = model;
  const std::string before = killed->read("log.db-wal");
  append({command(200, std::string(10'000, 'x'))});
  auto torn = killed->after_kill();
  close();
  wal = torn->read("log.db-wal");
  const std::string salt = wal.substr(16, 8);
  ASSERT_NE(before.substr(kSalt, 8), salt);
  ASSERT_NE(before.substr(kFrame + 4, 4), std::string(4, '\0')) << "it ended a transaction";
  ASSERT_EQ(wal.substr(kFrame + 4, 4), std::string(4, '\0')) << "it does not";
  ASSERT_EQ(wal.substr(kSalt + kFrameBytes, 8), salt) << "of the same transaction";

  torn->write("log.db-wal", wal.replace(kSalt - 512, 512, before, kSalt - 512, 512));
  EXPECT_EQ(find_wal_damage(wal), std::nullopt);
  EXPECT_EQ(recovered_from(*torn), before_last);
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
}  // namespace timestore::store::log_damage_test
