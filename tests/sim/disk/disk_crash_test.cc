// What a loss of power may leave, policy by policy.
#include <gtest/gtest.h>

#include <set>
#include <string>

#include "tests/sim/disk/disk_story.h"

namespace timestore::sim {
namespace {

// -------------------------------------------------------------------------------------------- crashes: the data

TEST_F(DiskStory, nothing_that_is_not_synced_survives_the_worst_crash) {
  make_durable("a", pattern(5000, 1));
  write("a", pattern(3000, 2), 700);
  truncate("a", 1000);
  write("a", pattern(100, 3), 8000);
  EXPECT_EQ(after(CrashPolicy::kNothing, "a"), pattern(5000, 1));
}

TEST_F(DiskStory, everything_survives_the_best_crash) {
  make_durable("a", pattern(5000, 1));
  write("a", pattern(3000, 2), 700);
  truncate("a", 1000);
  write("b", "unsynced directory", 0);
  const std::string seen = content("a");
  EXPECT_EQ(after(CrashPolicy::kEverything, "a"), seen);
  EXPECT_EQ(after(CrashPolicy::kEverything, "b"), "unsynced directory");
}

TEST_F(DiskStory, a_prefix_is_cut_at_one_point_over_all_files) {
  make_durable("a", "-");
  make_durable("b", "-");
  for (const char* step : {"1", "2", "3", "4"}) {
    write("a", step, 0);
    write("b", step, 0);
  }
  EXPECT_EQ(all_of_them_after(CrashPolicy::kPrefix, {"a", "b"}),
            (std::set<std::string>{"--", "1-", "11", "21", "22", "32", "33", "43", "44"}));
}

TEST_F(DiskStory, a_torn_write_survives_in_whole_sectors) {
  make_durable("a", pattern(4 * kSector, 1));
  write("a", pattern(2 * kSector, 2), kSector / 2);
  const std::string old = after(CrashPolicy::kNothing, "a");
  const std::string seen = content("a");
  std::set<std::string> expected;
  for (unsigned survivors = 0; survivors < 8; ++survivors) {
    std::string image = old;
    for (std::size_t sector = 0; sector < 3; ++sector) {
      if ((survivors >> sector & 1) != 0) {
        image.replace(sector * kSector, kSector, seen.substr(sector * kSector, kSector));
      }
    }
    expected.insert(image);
  }
  EXPECT_EQ(all_after(CrashPolicy::kTorn, "a"), expected);
}

TEST_F(DiskStory, before_a_torn_write_everything_survives_and_after_it_nothing) {
  make_durable("a", pattern(6 * kSector, 1));
  for (const int step : {0, 1, 2}) {
    write("a", pattern(2 * kSector, 2 + step), 2 * kSector * static_cast<std::size_t>(step));
  }
  const std::string seen = content("a");
  for (const std::string& image : all_after(CrashPolicy::kTorn, "a")) {
    bool all_survived = true;
    for (std::size_t write = 0; write < 3; ++write) {
      const std::size_t at = write * 2 * kSector;
      const bool any = image.substr(at, kSector) == seen.substr(at, kSector) ||
                       image.substr(at + kSector, kSector) == seen.substr(at + kSector, kSector);
      EXPECT_TRUE(!any || all_survived);
      all_survived = image.substr(at, 2 * kSector) == seen.substr(at, 2 * kSector);
    }
  }
}

TEST_F(DiskStory, sectors_survive_in_any_order) {
  make_durable("a", pattern(3 * kSector, 1));
  for (const std::size_t sector : {0U, 1U, 2U}) write("a", pattern(kSector, 2), sector * kSector);
  EXPECT_EQ(all_after(CrashPolicy::kSectors, "a", 2000).size(), 8U);
}

TEST_F(DiskStory, a_sector_holds_what_was_seen_in_it_at_some_moment) {
  make_durable("a", std::string(kSector, '-'));
  std::set<std::string> seen = {content("a")};
  for (const std::size_t at : {3U, 100U, 3U, 400U}) {
    write("a", std::to_string(at) + std::to_string(seen.size()), at);
    seen.insert(content("a"));
  }
  for (const CrashPolicy policy : {CrashPolicy::kPrefix, CrashPolicy::kSectors, CrashPolicy::kTorn}) {
    EXPECT_EQ(all_after(policy, "a"), seen) << name_of(policy);
  }
}

TEST_F(DiskStory, a_file_may_have_grown_without_its_data) {
  make_durable("a", pattern(kSector, 1));
  write("a", pattern(kSector, 2), 0);
  write("a", pattern(3 * kSector, 3), kSector);
  EXPECT_EQ(after(CrashPolicy::kSizeFirst, "a"), pattern(kSector, 1) + std::string(3 * kSector, '\0'));
  // Or with a part of it.
  EXPECT_TRUE(all_after(CrashPolicy::kSectors, "a", 2000)
                  .contains(pattern(kSector, 2) + std::string(kSector, '\0') + pattern(kSector, 3, kSector) +
                            std::string(kSector, '\0')));
}

TEST_F(DiskStory, what_was_cut_off_does_not_come_back_in_a_file_that_grew_again) {
  make_durable("a", pattern(4 * kSector, 1));
  truncate("a", kSector);
  write("a", pattern(kSector, 2), 3 * kSector);
  EXPECT_EQ(after(CrashPolicy::kSizeFirst, "a"), pattern(kSector, 1) + std::string(3 * kSector, '\0'));
  for (const std::string& image : all_after(CrashPolicy::kSectors, "a", 500)) {
    if (image.size() == 4 * kSector && image.substr(kSector, kSector) == pattern(kSector, 1, kSector)) {
      EXPECT_EQ(image, pattern(4 * kSector, 1)) << "the truncation was taken back, and all that depends on it";
    }
  }
}

TEST_F(DiskStory, a_file_that_was_never_synced_is_empty) {
  write("a", "data", 0);
  ASSERT_TRUE(disk.sync_directory());
  EXPECT_EQ(after(CrashPolicy::kNothing, "a"), "");
}

// ------------------------------------------------------------------------------------------- crashes: the names

TEST_F(DiskStory, a_name_is_durable_once_the_directory_is_synced) {
  write("a", "data", 0);
  sync("a");
  EXPECT_FALSE(disk.is_synced("a"));
  EXPECT_EQ(after(CrashPolicy::kNothing, "a"), kNoFile);
  ASSERT_TRUE(disk.sync_directory());
  EXPECT_TRUE(disk.is_synced("a"));
  EXPECT_EQ(after(CrashPolicy::kNothing, "a"), "data");
}

TEST_F(DiskStory, a_removed_file_comes_back_as_it_was_synced) {
  make_durable("a", "durable");
  write("a", "pending", 0);
  ASSERT_TRUE(disk.remove("a"));
  EXPECT_FALSE(disk.is_synced("a"));
  EXPECT_EQ(after(CrashPolicy::kNothing, "a"), "durable");
  EXPECT_EQ(after(CrashPolicy::kEverything, "a"), kNoFile);
  disk.kill();
  EXPECT_EQ(after(CrashPolicy::kNothing, "a"), "durable");
  ASSERT_TRUE(disk.sync_directory());
  EXPECT_EQ(after(CrashPolicy::kNothing, "a"), kNoFile);
}

TEST_F(DiskStory, a_renaming_survives_or_does_not) {
  make_durable("old", "new content");
  make_durable("name", "old content");
  ASSERT_TRUE(disk.rename("old", "name"));
  EXPECT_EQ(content("name"), "new content");
  EXPECT_EQ(all_of_them_after(CrashPolicy::kPrefix, {"old", "name"}),
            (std::set<std::string>{"new contentold content", std::string(kNoFile) + "new content"}));
}

TEST_F(DiskStory, names_take_part_in_the_order_of_all_changes) {
  make_durable("a", "-");
  write("a", "1", 0);
  write("b", "2", 0);
  EXPECT_EQ(all_of_them_after(CrashPolicy::kPrefix, {"a", "b"}),
            (std::set<std::string>{"-" + kNoFile, "1" + kNoFile, "1", "12"}));
}

TEST_F(DiskStory, names_survive_in_any_order_that_makes_sense) {
  make_durable("a", "a");
  ASSERT_TRUE(disk.rename("a", "b"));
  write("c", "c", 0);
  sync("c");
  ASSERT_TRUE(disk.remove("b"));
  EXPECT_EQ(all_of_them_after(CrashPolicy::kSectors, {"a", "b", "c"}),
            (std::set<std::string>{
                "a" + kNoFile + kNoFile,      // none
                kNoFile + "a" + kNoFile,      // the renaming
                "a" + kNoFile + "c",          // the creation
                kNoFile + "a" + "c",          // both
                kNoFile + kNoFile + kNoFile,  // renaming and removal
                kNoFile + kNoFile + "c",      // all
            }));
}

TEST_F(DiskStory, a_directory_that_could_not_be_synced_can_be_synced_later) {
  write("a", "data", 0);
  sync("a");
  disk.fail_change_at(1, DiskError::kIo);
  EXPECT_EQ(disk.sync_directory(), tl::unexpected(DiskError::kIo));
  EXPECT_FALSE(disk.is_synced("a"));
  ASSERT_TRUE(disk.sync_directory());
  EXPECT_TRUE(disk.is_synced("a"));
}

}  // namespace
}  // namespace timestore::sim
