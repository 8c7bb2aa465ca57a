// The contract of the simulated disk, sentence by sentence.
#include "sim/disk/disk.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <string>

#include "tests/sim/disk/disk_story.h"

namespace timestore::sim {
namespace {

using testing::ElementsAre;

// ------------------------------------------------------------------------------------------- reading and writing

TEST_F(DiskStory, what_is_written_is_read_at_once) {
  write("a", "hello", 0);
  write("a", "J", 0);
  write("a", "!", 7);
  EXPECT_EQ(content("a"), std::string("Jello\0\0!", 8));
  truncate("a", 3);
  EXPECT_EQ(content("a"), "Jel");
  truncate("a", 5);
  EXPECT_EQ(content("a"), std::string("Jel\0\0", 5));
}

TEST_F(DiskStory, a_read_beyond_the_end_gives_fewer_bytes) {
  write("a", "hello", 0);
  std::uint8_t bytes[8];
  EXPECT_EQ(disk.read(open("a"), bytes, 3), 2U);
  EXPECT_EQ(disk.read(open("a"), bytes, 5), 0U);
  EXPECT_EQ(disk.read(open("a"), bytes, 100), 0U);
}

TEST_F(DiskStory, a_file_keeps_its_number_under_another_name) {
  write("a", "hello", 0);
  const Disk::FileNumber number = open("a");
  ASSERT_TRUE(disk.rename("a", "b"));
  EXPECT_EQ(disk.open("b", false), number);
  EXPECT_EQ(disk.open("a", false), tl::unexpected(DiskError::kNotFound));
  EXPECT_THAT(disk.files(), ElementsAre("b"));
}

TEST_F(DiskStory, a_removed_file_can_be_used_until_the_process_ends) {
  write("a", "hello", 0);
  const Disk::FileNumber number = open("a");
  ASSERT_TRUE(disk.remove("a"));
  ASSERT_TRUE(disk.sync_directory());
  EXPECT_FALSE(disk.exists("a"));
  EXPECT_EQ(disk.size(number), 5U);
  disk.kill();
  EXPECT_EQ(disk.size(number), tl::unexpected(DiskError::kNotFound));
}

TEST_F(DiskStory, the_end_of_the_process_loses_nothing_that_was_written) {
  write("a", "hello", 0);
  const std::uint64_t life = disk.life();
  disk.kill();
  EXPECT_EQ(content("a"), "hello");
  EXPECT_NE(disk.life(), life);
}

TEST_F(DiskStory, a_copy_is_another_disk) {
  make_durable("a", "old");
  write("a", "new", 0);
  Disk copy = disk;
  copy.lose_power(CrashPolicy::kNothing);
  EXPECT_EQ(content_of(copy, "a"), "old");
  EXPECT_EQ(content("a"), "new");
  EXPECT_NE(copy.hash(), disk.hash());
}

TEST_F(DiskStory, the_hash_tells_names_and_bytes) {
  write("a", "1", 0);
  const std::uint64_t before = disk.hash();
  write("a", "2", 0);
  EXPECT_NE(disk.hash(), before);
  write("a", "1", 0);
  EXPECT_EQ(disk.hash(), before);
  ASSERT_TRUE(disk.rename("a", "b"));
  EXPECT_NE(disk.hash(), before);
}

// ------------------------------------------------------------------------------------------------------ syncing

TEST_F(DiskStory, what_is_synced_survives_every_loss_of_power) {
  make_durable("a", pattern(5000, 1));
  write("a", pattern(3000, 2), 700);
  truncate("a", 4000);
  write("a", pattern(100, 3), 6000);
  sync("a");
  const std::string synced = content("a");
  EXPECT_TRUE(disk.is_synced("a"));
  for (const CrashPolicy policy : kCrashPolicies) EXPECT_EQ(after(policy, "a"), synced) << name_of(policy);
}

TEST_F(DiskStory, one_files_sync_is_no_others) {
  make_durable("a", "old a");
  make_durable("b", "old b");
  write("a", "new", 0);
  write("b", "new", 0);
  sync("a");
  EXPECT_EQ(after(CrashPolicy::kNothing, "a"), "new a");
  EXPECT_EQ(after(CrashPolicy::kNothing, "b"), "old b");
  EXPECT_TRUE(disk.is_synced("a"));
  EXPECT_FALSE(disk.is_synced("b"));
  EXPECT_FALSE(disk.is_synced(""));
}

TEST_F(DiskStory, what_a_failed_sync_lost_is_seen_but_no_later_sync_writes_it) {
  make_durable("a", pattern(4 * kSector, 1));
  write("a", pattern(kSector, 2), 0);
  fail_sync("a");
  EXPECT_EQ(content("a").substr(0, kSector), pattern(kSector, 2));
  EXPECT_FALSE(disk.is_synced("a"));
  write("a", pattern(kSector, 3), 2 * kSector);
  sync("a");
  EXPECT_FALSE(disk.is_synced("a"));
  disk.kill();
  EXPECT_EQ(content("a"), pattern(kSector, 2) + pattern(kSector, 1, kSector) + pattern(kSector, 3) +
                              pattern(kSector, 1, 3 * kSector));

  // Under every policy that keeps the order of things, the lost sector is the old one.
  for (const CrashPolicy policy : {CrashPolicy::kNothing, CrashPolicy::kEverything, CrashPolicy::kPrefix}) {
    EXPECT_EQ(after(policy, "a"), pattern(2 * kSector, 1) + pattern(kSector, 3) + pattern(kSector, 1, 3 * kSector))
        << name_of(policy);
  }
}

TEST_F(DiskStory, what_a_failed_sync_lost_may_have_reached_the_disk) {
  make_durable("a", pattern(kSector, 1));
  write("a", pattern(kSector, 2), 0);
  fail_sync("a");
  EXPECT_EQ(all_after(CrashPolicy::kSectors, "a"), (std::set<std::string>{pattern(kSector, 1), pattern(kSector, 2)}));
}

TEST_F(DiskStory, writing_a_lost_sector_again_saves_it) {
  make_durable("a", pattern(2 * kSector, 1));
  write("a", pattern(kSector, 2), 0);
  fail_sync("a");
  write("a", "x", 10);  // the page cache writes whole sectors
  sync("a");
  EXPECT_TRUE(disk.is_synced("a"));
  const std::string seen = content("a");
  EXPECT_EQ(seen, pattern(10, 2) + "x" + pattern(kSector - 11, 2, 11) + pattern(kSector, 1, kSector));
  for (const CrashPolicy policy : kCrashPolicies) EXPECT_EQ(after(policy, "a"), seen) << name_of(policy);
}

TEST_F(DiskStory, a_sector_lost_twice_is_the_oldest) {
  make_durable("a", pattern(kSector, 1));
  for (const int seed : {2, 3}) {
    write("a", pattern(kSector, seed), 0);
    fail_sync("a");
  }
  EXPECT_EQ(after(CrashPolicy::kEverything, "a"), pattern(kSector, 1));
}

TEST_F(DiskStory, a_lost_truncation_is_taken_back) {
  make_durable("a", pattern(3 * kSector, 1));
  truncate("a", 100);
  fail_sync("a");
  EXPECT_EQ(content("a"), pattern(100, 1));
  EXPECT_EQ(after(CrashPolicy::kNothing, "a"), pattern(3 * kSector, 1));
}

TEST_F(DiskStory, a_lost_truncation_is_made_good_by_the_next_sync) {
  make_durable("a", pattern(3 * kSector, 1));
  truncate("a", 0);
  fail_sync("a");
  EXPECT_FALSE(disk.is_synced("a"));
  sync("a");
  EXPECT_TRUE(disk.is_synced("a"));
  for (const CrashPolicy policy : kCrashPolicies) EXPECT_EQ(after(policy, "a"), "") << name_of(policy);
}

TEST_F(DiskStory, a_lost_growth_is_taken_back) {
  make_durable("a", pattern(kSector, 1));
  write("a", pattern(kSector, 2), kSector);
  fail_sync("a");
  EXPECT_EQ(after(CrashPolicy::kNothing, "a"), pattern(kSector, 1));
}

// ------------------------------------------------------------------------------------------------------- faults

TEST_F(DiskStory, the_power_goes_before_the_nth_change) {
  make_durable("a", "1");
  disk.lose_power_at(2);
  write("a", "2", 0);
  EXPECT_FALSE(disk.is_off());
  EXPECT_EQ(disk.write(open("a"), bytes_of("3"), 0), tl::unexpected(DiskError::kOff));
  EXPECT_TRUE(disk.is_off());

  std::uint8_t byte[1];
  EXPECT_EQ(disk.read(1, byte, 0), tl::unexpected(DiskError::kOff));
  EXPECT_EQ(disk.open("a", false), tl::unexpected(DiskError::kOff));
  EXPECT_EQ(disk.sync(1), tl::unexpected(DiskError::kOff));
  EXPECT_EQ(disk.size(1), tl::unexpected(DiskError::kOff));
  EXPECT_EQ(disk.truncate(1, 0), tl::unexpected(DiskError::kOff));
  EXPECT_EQ(disk.remove("a"), tl::unexpected(DiskError::kOff));
  EXPECT_EQ(disk.rename("a", "b"), tl::unexpected(DiskError::kOff));
  EXPECT_EQ(disk.sync_directory(), tl::unexpected(DiskError::kOff));

  disk.lose_power(CrashPolicy::kEverything);
  EXPECT_FALSE(disk.is_off());
  EXPECT_EQ(content("a"), "2");
}

TEST_F(DiskStory, a_planned_failure_happens_once) {
  make_durable("a", "1");
  disk.fail_change_at(2, DiskError::kFull);
  write("a", "2", 0);
  EXPECT_EQ(disk.sync(open("a")), tl::unexpected(DiskError::kFull));
  write("a", "3", 0);
  sync("a");
  EXPECT_EQ(after(CrashPolicy::kNothing, "a"), "3");

  disk.fail_read_at(2);
  std::uint8_t byte[1];
  EXPECT_EQ(disk.read(open("a"), byte, 0), 1U);
  EXPECT_EQ(disk.read(open("a"), byte, 0), tl::unexpected(DiskError::kIo));
  EXPECT_EQ(disk.read(open("a"), byte, 0), 1U);
}

TEST_F(DiskStory, a_write_that_fails_may_have_begun) {
  std::set<std::string> seen;
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    Disk other(choices.stream("other disk", seed));
    const auto file = other.open("a", true).value();
    other.fail_change_at(1, DiskError::kIo);
    EXPECT_FALSE(other.write(file, bytes_of("abc"), 0));
    seen.insert(content_of(other, "a"));
  }
  EXPECT_EQ(seen, (std::set<std::string>{"", "a", "ab", "abc"}));
}

TEST_F(DiskStory, a_write_that_fails_overwrites_whole_sectors) {
  const std::string before = pattern(4 * kSector, 1);
  const std::size_t offset = kSector / 2;
  std::set<std::size_t> written;
  for (int round = 0; round < 100; ++round) {
    write("a", before, 0);
    disk.fail_change_at(1, DiskError::kIo);
    const std::string after = pattern(3 * kSector, 2);
    ASSERT_EQ(disk.write(open("a"), bytes_of(after), offset), tl::unexpected(DiskError::kIo));
    const std::string seen = content("a");
    std::size_t end = offset;
    while (end < offset + after.size() && seen[end] == after[end - offset]) ++end;
    EXPECT_EQ(seen.substr(end), before.substr(end));
    written.insert(end);
  }
  EXPECT_EQ(written, (std::set<std::size_t>{offset, kSector, 2 * kSector, 3 * kSector}));
}

TEST_F(DiskStory, each_kind_of_fault_comes_as_often_as_it_is_set) {
  write("a", "x", 0);
  const Disk::FileNumber file = open("a");
  const auto failures = [&](const DiskFaults& faults, const auto& operation) {
    disk.set_faults(faults);
    int count = 0;
    for (int round = 0; round < 10'000; ++round) count += operation() ? 0 : 1;
    disk.heal();
    return count;
  };
  const auto write_once = [&] { return disk.write(file, bytes_of("x"), 0).has_value(); };
  const auto sync_once = [&] { return disk.sync(file).has_value(); };
  std::uint8_t byte[1];
  const auto read_once = [&] { return disk.read(file, byte, 0).has_value(); };
  const auto about_1000 = testing::AllOf(testing::Gt(850), testing::Lt(1150));
  EXPECT_THAT(failures({.write_error = 100'000}, write_once), about_1000);
  EXPECT_THAT(failures({.sync_error = 100'000}, sync_once), about_1000);
  EXPECT_THAT(failures({.read_error = 100'000}, read_once), about_1000);
  EXPECT_EQ(failures({.sync_error = 100'000, .read_error = 100'000}, write_once), 0);
  EXPECT_EQ(failures({.write_error = 100'000, .read_error = 100'000}, sync_once), 0);
  EXPECT_EQ(failures({.write_error = 100'000, .sync_error = 100'000}, read_once), 0);
  EXPECT_GT(disk.counts().faults, 2500U);
  EXPECT_EQ(failures({}, write_once), 0);
}

TEST_F(DiskStory, a_full_disk_takes_what_fits) {
  make_durable("a", "12345678");
  disk.set_faults({.capacity_bytes = 10});
  EXPECT_EQ(disk.write(open("a"), bytes_of("abcdef"), 6), tl::unexpected(DiskError::kFull));
  EXPECT_EQ(content("a"), "123456abcd");
  write("a", "xyz", 0);  // what is there can be written over
  EXPECT_EQ(disk.write(open("b"), bytes_of("z"), 0), tl::unexpected(DiskError::kFull));
  EXPECT_EQ(disk.truncate(open("a"), 11), tl::unexpected(DiskError::kFull));
  truncate("a", 5);
  write("b", "12345", 0);
  EXPECT_EQ(disk.size_bytes(), 10U);
}

TEST_F(DiskStory, healing_ends_every_fault_but_not_what_they_did) {
  make_durable("a", pattern(kSector, 1));
  write("a", pattern(kSector, 2), 0);
  fail_sync("a");
  disk.set_faults({.write_error = 900'000, .sync_error = 900'000, .read_error = 900'000, .capacity_bytes = 0});
  disk.lose_power_at(1);
  disk.fail_change_at(1, DiskError::kIo);
  disk.fail_read_at(1);
  disk.heal();
  for (int round = 0; round < 100; ++round) {
    write("b", "data", 4 * static_cast<std::size_t>(round));
    sync("a");
  }
  EXPECT_FALSE(disk.is_synced("a"));
  EXPECT_EQ(after(CrashPolicy::kNothing, "a"), pattern(kSector, 1));
}

TEST_F(DiskStory, a_wiped_disk_is_empty_for_good) {
  make_durable("a", "data");
  const std::uint64_t life = disk.life();
  const Disk::FileNumber file = open("a");
  disk.wipe();
  EXPECT_TRUE(disk.files().empty());
  EXPECT_NE(disk.life(), life);
  EXPECT_EQ(disk.size(file), tl::unexpected(DiskError::kNotFound));
  EXPECT_EQ(after(CrashPolicy::kNothing, "a"), kNoFile);
  EXPECT_NE(disk.open("a", true), file);
}

TEST_F(DiskStory, the_durable_beginning_ends_where_a_loss_of_power_could_change_something) {
  EXPECT_EQ(disk.durable_beginning("a").size(), 0U);
  write("a", pattern(4 * kSector, 1), 0);
  EXPECT_EQ(disk.durable_beginning("a").size(), 0U);
  sync("a");
  EXPECT_EQ(disk.durable_beginning("a").size(), 4 * kSector);
  write("a", "later", 3 * kSector + 7);
  write("a", "more", 5 * kSector);
  EXPECT_EQ(disk.durable_beginning("a").size(), 3 * kSector + 7);
  write("a", "x", kSector);
  fail_sync("a");  // whole sectors are lost
  EXPECT_EQ(disk.durable_beginning("a").size(), kSector);
  const auto seen = disk.durable_beginning("a");
  EXPECT_EQ(std::string(seen.begin(), seen.end()), pattern(kSector, 1));
  truncate("a", 100);
  EXPECT_EQ(disk.durable_beginning("a").size(), 100U);
}

TEST_F(DiskStory, changes_are_counted_and_observed_before_they_are_done) {
  std::uint64_t observed = 0;
  disk.observe_changes([&](const Disk& before) {
    EXPECT_EQ(before.counts().changes, observed);
    ++observed;
  });
  write("a", "1", 0);  // a creation and a write
  truncate("a", 0);
  sync("a");
  ASSERT_TRUE(disk.rename("a", "b"));
  ASSERT_TRUE(disk.remove("b"));
  ASSERT_TRUE(disk.sync_directory());
  EXPECT_EQ(observed, 7U);
  EXPECT_EQ(disk.counts().changes, 7U);
  EXPECT_EQ(disk.counts().syncs, 2U);

  Disk copy = disk;
  ASSERT_TRUE(copy.sync_directory());
  EXPECT_EQ(observed, 7U);
}

}  // namespace
}  // namespace timestore::sim
