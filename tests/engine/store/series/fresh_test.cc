// What is fresh: seen at once, sealed where the log says, applied again after a crash.
#include <gmock/gmock.h>
#include <sqlite3.h>

#include "engine/base/prng.h"
#include "tests/engine/store/series/series_story.h"
#include "tests/engine/store/sqlite/shell.h"

namespace timestore::store::fresh_test {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

class FreshStory : public SeriesStory {
 protected:
  void SetUp() override {
    shape = {.seal_points = 4};
    open();
  }

  std::vector<TimeEntry> find(const std::vector<TimeEntry>& entries) {
    auto reader = open_reader(disk);
    EXPECT_TRUE(reader->begin().has_value());
    std::vector<TimeEntry> found;
    for (const TimeEntry& entry : entries) {
      auto stored = reader->find(entry.id).value();
      if (stored) found.push_back(*stored);
    }
    return found;
  }
};

TEST_F(FreshStory, is_seen_before_it_is_sealed_and_after) {
  for (int number = 1; number <= 10; ++number) {
    apply({measurement("a", number, number)});
    EXPECT_THAT(stored_on(disk), SizeIs(number));
    EXPECT_THAT(stored_on(disk, {.device_id = "a"}), SizeIs(number));
    EXPECT_EQ(series->durable_index(), number / 4 * 4);
  }
}

TEST_F(FreshStory, is_gone_after_a_crash_and_comes_again_from_the_log) {
  std::vector<raft::Entry> log;
  for (int number = 1; number <= 6; ++number) log.push_back(command_of({measurement("a", number, number)}));
  apply(log);
  const std::uint64_t hash = series->state_hash();
  const std::vector<TimeEntry> stored = stored_on(disk);
  reopen();
  EXPECT_EQ(series->applied().index, 4U);
  EXPECT_THAT(stored_on(disk), SizeIs(4));
  ASSERT_TRUE(series->apply(5, std::span(log).subspan(4)).has_value());
  EXPECT_EQ(series->state_hash(), hash);
  EXPECT_EQ(stored_on(disk), stored);
}

// A reader that was opened without the board, as another process does, sees what is in the file.
TEST_F(FreshStory, is_not_in_the_file) {
  for (int number = 1; number <= 6; ++number) apply({measurement("a", number, number)});
  auto reader = SeriesReader::open(disk.path("series.db"), disk.vfs()).value();
  EXPECT_EQ(reader->begin().value().index, 4U);
  EXPECT_THAT(scan(*reader), SizeIs(4));
}

TEST_F(FreshStory, entries_that_store_nothing_bring_a_seal_nearer_too) {
  shape = {.seal_bytes = 3 * kEntryBytes};
  Disk other;
  auto file = open_series(other, shape);
  ASSERT_TRUE(file->apply(1, std::vector{noop(1), noop(1)}).has_value());
  EXPECT_EQ(file->durable_index(), 0U);
  ASSERT_TRUE(file->apply(3, std::vector{noop(1), noop(1)}).has_value());
  EXPECT_EQ(file->durable_index(), 3U);
}

TEST_F(FreshStory, a_batch_is_sealed_as_a_whole) {
  apply({measurement("a", 1, 1), measurement("a", 2, 1), measurement("a", 3, 1)});
  EXPECT_EQ(series->durable_index(), 0U);
  apply(std::vector<TimeEntry>(9, measurement("b", 1, 1)));
  EXPECT_EQ(series->durable_index(), 2U);
  EXPECT_THAT(stored_on(disk), SizeIs(12));
}

TEST_F(FreshStory, a_reader_sees_one_state_while_seals_go_on) {
  apply({measurement("a", 1, 1), measurement("b", 1, 2)});
  auto reader = open_reader(disk);
  ASSERT_EQ(reader->begin().value().index, 1U);
  for (int number = 0; number < 20; ++number) apply({measurement("a", number, 9), measurement("new", number, 9)});
  EXPECT_THAT(scan(*reader), SizeIs(2));
  EXPECT_THAT(scan(*reader, {.device_id = "a"}), SizeIs(1));
  EXPECT_THAT(scan(*reader, {.device_id = "new"}), IsEmpty());
  reader->end();
  ASSERT_EQ(reader->begin().value().index, 21U);
  EXPECT_THAT(scan(*reader), SizeIs(42));
}

// Between the commit of a seal and the news of it.
TEST_F(FreshStory, a_reader_with_an_older_view_sees_the_seal_once) {
  auto board = std::make_shared<PlainFreshBoard>();
  for (int number = 1; number <= 3; ++number) apply({measurement("a", number, number)});
  board->put(board_of(disk).lock()->look());
  apply({measurement("a", 4, 4)});
  auto reader = SeriesReader::open(disk.path("series.db"), disk.vfs(), board).value();
  EXPECT_EQ(reader->begin().value().index, 4U);
  EXPECT_THAT(scan(*reader), SizeIs(4));
  EXPECT_THAT(scan(*reader, {.device_id = "a"}), SizeIs(4));
}

TEST_F(FreshStory, a_reader_whose_file_is_older_than_the_view_says_so) {
  for (int number = 1; number <= 5; ++number) apply({measurement("a", number, number)});
  auto board = std::make_shared<PlainFreshBoard>();
  board->put(FreshView{.sealed = {.term = 1, .index = 7}, .applied = {.term = 1, .index = 9}});
  auto reader = SeriesReader::open(disk.path("series.db"), disk.vfs(), board).value();
  EXPECT_THAT(reader->begin().error().message, testing::HasSubstr("being replaced"));
  board->put(board_of(disk).lock()->look());
  EXPECT_EQ(reader->begin().value().index, 5U);
}

TEST_F(FreshStory, without_space_for_a_seal_what_was_applied_stays_and_the_rest_waits) {
  std::vector<raft::Entry> log;
  for (int number = 1; number <= 6; ++number) log.push_back(command_of({measurement("a", number, number)}));
  disk.fail_at(1, Disk::Fault::kFull);
  EXPECT_EQ(series->apply(1, log).value().size(), 4U);
  EXPECT_TRUE(disk.has_failed());
  EXPECT_EQ(series->applied().index, 4U);
  EXPECT_EQ(series->durable_index(), 0U);
  EXPECT_THAT(stored_on(disk), SizeIs(4));
  disk.fail_at(1, Disk::Fault::kFull);
  EXPECT_THAT(series->apply(5, std::span(log).subspan(4)).value(), IsEmpty());
  EXPECT_EQ(series->apply(5, std::span(log).subspan(4)).value().size(), 2U);
  EXPECT_EQ(series->durable_index(), 4U);
  EXPECT_THAT(stored_on(disk), SizeIs(6));
}

TEST_F(FreshStory, ids_are_found_wherever_their_points_are) {
  std::vector<TimeEntry> all;
  for (std::uint8_t number = 1; number <= 30; ++number) {
    TimeEntry ours = measurement("device " + std::to_string(number % 5), number * std::int64_t{40'000'000'000'000}, 1);
    TimeEntry theirs = measurement("device " + std::to_string(number % 3), -number, 2);
    ours.id = make_entry_id({number, 0}, number / 10, ours.device_id, ours.timestamp_ns);
    theirs.id.bytes[0] = number;
    ASSERT_EQ(apply({ours, theirs}), kStored);
    all.insert(all.end(), {ours, theirs});
    EXPECT_EQ(find(all), all);
  }
  for (const TimeEntry& entry : all) EXPECT_EQ(apply({entry}), kStored);
  EXPECT_EQ(stored_on(disk), all);
  TimeEntry never = measurement("device 1", 1, 1);
  never.id = make_entry_id({7, 1}, 0, never.device_id, never.timestamp_ns);
  EXPECT_THAT(find({never}), IsEmpty());
}

TEST_F(FreshStory, ids_of_two_salts_at_one_place_in_the_log_are_both_kept) {
  const TimeEntry one = with_id(make_entry_id({1, 0}, 5, "a", 1), measurement("a", 1, 1));
  const TimeEntry other = with_id(make_entry_id({1, 1}, 6, "a", 1), measurement("a", 1, 2));
  ASSERT_EQ(apply({one, other}), kStored);
  for (int number = 0; number < 5; ++number) {
    EXPECT_EQ(find({one, other}), (std::vector{one, other}));
    EXPECT_EQ(apply({other, one}), kStored);
    apply({measurement("b", number, 1)});
  }
  EXPECT_THAT(stored_on(disk, {.device_id = "a"}), ElementsAre(one, other));
}

// Rows are equal wherever the log was cut, and however often the process began anew.
TEST_F(FreshStory, files_at_one_sealed_position_hold_the_same_rows) {
  shape = {.seal_points = 7, .fan_out = 2, .least_step_points = 3, .least_points_of_its_own = 3, .piece_bytes = 40};
  const auto rows_of = [](const Disk& of) {
    std::string rows;
    for (const char* table : {"meta", "series", "ids", "runs", "segments", "pieces", "jobs", "numbers"}) {
      rows += dump(of, "series.db", std::string("SELECT * FROM ") + table) + "\n";
    }
    return rows;
  };
  Prng prng(3);
  std::vector<raft::Entry> log;
  for (std::uint8_t number = 1; number <= 100; ++number) {
    TimeEntry entry =
        measurement("device " + std::to_string(prng.below(6)), static_cast<std::int64_t>(prng.next() >> 8), number);
    if (prng.below(3) == 0) entry.id.bytes[3] = number;
    log.push_back(command_of({entry, measurement("b", number, 1)}));
  }
  Disk at_once;
  auto expected = open_series(at_once, shape);
  ASSERT_EQ(expected->apply(1, log).value().size(), log.size());
  for (int round = 0; round < 10; ++round) {
    Disk in_parts;
    auto file = open_series(in_parts, shape);
    while (file->applied().index < log.size()) {
      const std::size_t at = file->applied().index;
      const auto size = std::min<std::size_t>(log.size() - at, 1 + prng.below(20));
      ASSERT_TRUE(file->apply(at + 1, std::span(log).subspan(at, size)).has_value());
      if (prng.below(4) > 0) continue;
      file.reset();
      file = open_series(in_parts);
    }
    EXPECT_EQ(file->durable_index(), expected->durable_index());
    EXPECT_TRUE(rows_of(in_parts) == rows_of(at_once));
  }
}

}  // namespace
}  // namespace timestore::store::fresh_test
