#include <algorithm>

#include "tests/engine/store/series/snapshot_story.h"
#include "tests/engine/store/sqlite/shell.h"

namespace timestore::store::snapshot_test {
namespace {

using testing::AllOf;
using testing::HasSubstr;

TEST_F(SnapshotStory, a_snapshot_is_the_file_at_its_position) {
  fill(30);
  const auto snapshot = take();
  EXPECT_EQ(snapshot->meta().applied, series->applied());
  EXPECT_EQ(snapshot->meta().state_hash, series->state_hash());
  EXPECT_EQ(snapshot->meta().size_bytes, disk.read("series.db").size());
  EXPECT_TRUE(bytes_of(*snapshot) == disk.read("series.db"));
}

TEST_F(SnapshotStory, what_is_applied_while_it_is_made_is_not_in_it_and_waits_in_the_write_ahead_log) {
  fill(30);
  const auto writer = begin();
  const std::string at_begin = disk.read("series.db");
  const raft::Position position = series->applied();
  std::unique_ptr<Snapshot> snapshot;
  while (snapshot == nullptr) {
    fill(3);
    EXPECT_FALSE(series->checkpoint().value()) << "the main file stands still";
    snapshot = writer->step(1).value();
    EXPECT_EQ(writer->copied_bytes() % kPageBytes, 0U);
  }
  EXPECT_EQ(snapshot->meta().applied, position);
  EXPECT_TRUE(bytes_of(*snapshot) == at_begin);
  EXPECT_TRUE(series->checkpoint().value());
  EXPECT_FALSE(disk.read("series.db") == at_begin);
  EXPECT_TRUE(bytes_of(*snapshot) == at_begin);
}

// More than the log of one checkpoint: none is tried meanwhile, and afterwards one is due at once.
TEST_F(SnapshotStory, a_checkpoint_that_is_due_waits_for_the_snapshot) {
  fill(3);
  auto writer = begin();
  const std::string at_begin = disk.read("series.db");
  const std::string large(15'000, 'x');
  for (int number = 0; number < 1500; ++number) {
    apply({measurement("a", number, number, "{\"note\":\"" + large + "\"}")});
  }
  EXPECT_TRUE(disk.read("series.db") == at_begin);
  writer->end();
  apply({measurement("a", 1, 1)});
  EXPECT_GT(disk.read("series.db").size(), std::size_t{15} << 20);
}

TEST_F(SnapshotStory, a_reader_of_an_older_state_is_a_reason_to_wait) {
  fill(3);
  auto reader = open_reader(disk);
  ASSERT_TRUE(reader->begin().has_value());
  fill(3);
  EXPECT_EQ(series->begin_snapshot().value(), nullptr);
  EXPECT_EQ(series->begin_snapshot().value(), nullptr) << "and again";
  reader->end();
  const auto snapshot = take();
  EXPECT_TRUE(bytes_of(*snapshot) == disk.read("series.db"));
}

TEST_F(SnapshotStory, readers_go_on_while_it_is_made) {
  fill(3);
  const auto writer = begin();
  fill(3);
  EXPECT_EQ(stored_on(disk).size(), 12U);
  EXPECT_EQ(finish(*writer)->meta().applied.index, 4U);
}

TEST_F(SnapshotStory, who_gives_up_lets_go_of_the_file) {
  fill(30);
  {
    const auto writer = begin();
    EXPECT_EQ(writer->step(1).value(), nullptr);
  }
  fill(1);
  EXPECT_TRUE(series->checkpoint().value());
  const auto snapshot = take();
  EXPECT_TRUE(bytes_of(*snapshot) == disk.read("series.db"));
}

TEST_F(SnapshotStory, it_leaves_no_file_and_what_a_crash_leaves_is_removed) {
  fill(30);
  const auto writer = begin();
  EXPECT_FALSE(disk.exists("series.db-snapshot"));
  writer->end();
  series.reset();
  disk.write("series.db-snapshot", "left by a crash");
  open();
  EXPECT_FALSE(disk.exists("series.db-snapshot"));
}

TEST_F(SnapshotStory, a_complete_snapshot_outlives_changes_of_its_file) {
  fill(30);
  const std::string at_begin = disk.read("series.db");
  const auto snapshot = take();
  fill(30);
  series.reset();
  EXPECT_EQ(bytes_of(*snapshot).size(), snapshot->meta().size_bytes);
  disk.write("series.db", "");
  EXPECT_EQ(bytes_of(*snapshot).size(), snapshot->meta().size_bytes);
}

TEST_F(SnapshotStory, chunks_are_whole_pages_of_any_number) {
  fill(30);
  const auto snapshot = take();
  const std::string whole = bytes_of(*snapshot);
  for (const std::uint64_t max_bytes : {1U, 4096U, 4097U, 20'000U, 100'000'000U}) {
    const auto chunk = snapshot->read_chunk(2 * kPageBytes, max_bytes).value();
    EXPECT_EQ(chunk.bytes.size() % kPageBytes, 0U);
    EXPECT_TRUE(text(chunk.bytes) == whole.substr(2 * kPageBytes, chunk.bytes.size()));
    EXPECT_EQ(chunk.bytes.size(),
              std::clamp<std::size_t>(max_bytes / kPageBytes * kPageBytes, kPageBytes, whole.size() - 2 * kPageBytes));
    EXPECT_EQ(chunk.checksum, chunk_checksum(chunk.bytes));
  }
  EXPECT_TRUE(snapshot->read_chunk(whole.size(), 1).value().bytes.empty());
}

TEST_F(SnapshotStory, damage_is_named_instead_of_copied_and_the_file_stays_in_use) {
  fill(30);
  ASSERT_TRUE(series->checkpoint().value());
  const std::size_t last_page = disk.read("series.db").size() / kPageBytes;
  disk.flip_bit("series.db", (last_page - 1) * kPageBytes + 100, 3);
  const auto writer = begin();
  const auto copied = writer->step(1'000'000'000);
  ASSERT_FALSE(copied.has_value());
  EXPECT_THAT(copied.error().message,
              AllOf(HasSubstr(disk.path("series.db")), HasSubstr("page " + std::to_string(last_page) + " fails")));
  apply({measurement("a", 1, 1)});
  EXPECT_TRUE(series->checkpoint().value());
}

TEST_F(SnapshotStory, pages_that_were_freed_before_they_were_written_are_copied_as_they_are) {
  fill(3);
  series.reset();
  execute(disk, "series.db",
          "PRAGMA journal_mode = DELETE; PRAGMA secure_delete = OFF; BEGIN; INSERT INTO pieces VALUES (1, 1, 1, 1, "
          "1, 1, 1, 1, 1, 1, zeroblob(16), zeroblob(50000)); "
          "DELETE FROM pieces WHERE key = 1; COMMIT");
  open();
  const auto snapshot = take();
  const std::string bytes = bytes_of(*snapshot);
  EXPECT_TRUE(bytes == disk.read("series.db"));
  bool has_empty_page = false;
  for (std::size_t at = 0; at < bytes.size(); at += kPageBytes) {
    if (bytes.substr(at, kPageBytes) == std::string(kPageBytes, '\0')) has_empty_page = true;
  }
  EXPECT_TRUE(has_empty_page) << "this test tests nothing";
  EXPECT_EQ(verdict_on(bytes, snapshot->meta()), "");
}

}  // namespace
}  // namespace timestore::store::snapshot_test
