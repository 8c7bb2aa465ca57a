#include <gmock/gmock.h>

#include <atomic>
#include <thread>

#include "tests/engine/store/series/series_story.h"

namespace timestore::store::series_reader_test {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

std::vector<double> values_of(const std::vector<TimeEntry>& entries) {
  std::vector<double> values;
  for (const TimeEntry& entry : entries) values.push_back(entry.value);
  return values;
}

TEST_F(SeriesStory, all_devices_come_in_the_order_of_storing_one_device_by_time) {
  apply({measurement("a", 30, 1), measurement("b", 20, 2), measurement("a", 10, 3)});
  apply({measurement("a", 30, 4), measurement("a", -5, 5)});
  EXPECT_THAT(values_of(stored_on(disk)), ElementsAre(1, 2, 3, 4, 5));
  EXPECT_THAT(values_of(stored_on(disk, {.device_id = "a"})), ElementsAre(5, 3, 1, 4));
  EXPECT_THAT(stored_on(disk, {.device_id = "A"}), IsEmpty());
}

TEST_F(SeriesStory, a_scan_stops_when_the_visitor_has_enough_and_can_be_repeated) {
  apply({measurement("a", 1, 1), measurement("a", 2, 2), measurement("a", 3, 3)});
  auto reader = open_reader(disk);
  ASSERT_TRUE(reader->begin().has_value());
  for (const SeriesQuery& query : {SeriesQuery{}, SeriesQuery{.device_id = "a"}}) {
    std::vector<double> seen;
    ASSERT_TRUE(reader
                    ->scan(query,
                           [&](const TimeEntry& entry) {
                             seen.push_back(entry.value);
                             return seen.size() < 2;
                           })
                    .has_value());
    EXPECT_THAT(seen, ElementsAre(1, 2));
    EXPECT_THAT(values_of(scan(*reader, query)), ElementsAre(1, 2, 3));
  }
}

TEST_F(SeriesStory, a_reader_sees_one_state_until_it_ends) {
  apply({measurement("a", 1, 1)});
  auto reader = open_reader(disk);
  EXPECT_EQ(reader->begin().value(), (raft::Position{.term = 1, .index = 1}));
  apply({measurement("a", 2, 2), measurement("new", 2, 2)});
  ASSERT_TRUE(series->checkpoint().has_value());
  EXPECT_THAT(values_of(scan(*reader)), ElementsAre(1));
  EXPECT_THAT(scan(*reader, {.device_id = "new"}), IsEmpty());
  reader->end();
  EXPECT_EQ(reader->begin().value(), (raft::Position{.term = 1, .index = 2}));
  EXPECT_THAT(values_of(scan(*reader)), ElementsAre(1, 2, 2));
}

TEST_F(SeriesStory, a_reader_of_a_file_that_has_applied_nothing_sees_position_zero) {
  auto reader = open_reader(disk);
  EXPECT_EQ(reader->begin().value(), raft::Position{});
  EXPECT_THAT(scan(*reader), IsEmpty());
}

TEST_F(SeriesStory, a_reader_outlives_the_writer) {
  apply({measurement("a", 1, 1)});
  auto reader = open_reader(disk);
  ASSERT_TRUE(reader->begin().has_value());
  apply({measurement("a", 2, 2)});
  series.reset();
  EXPECT_THAT(values_of(scan(*reader)), ElementsAre(1));
  open();
  apply({measurement("a", 3, 3)});
  EXPECT_THAT(values_of(scan(*reader)), ElementsAre(1));
  reader->end();
  ASSERT_EQ(reader->begin().value().index, 3U);
  EXPECT_THAT(values_of(scan(*reader)), ElementsAre(1, 2, 3));
}

// Every command stores ten entries, so a state that has applied n commands has 10 n of them, and no other number.
TEST_F(SeriesStory, readers_on_other_threads_only_ever_see_whole_commands) {
  constexpr raft::Index kCommands = 400;
  std::atomic<bool> is_over = false;
  std::atomic<int> scans = 0;
  const auto read = [&] {
    auto reader = open_reader(disk);
    raft::Index latest = 0;
    while (!is_over || latest < kCommands) {
      const auto position = reader->begin();
      ASSERT_TRUE(position.has_value()) << position.error().message;
      EXPECT_GE(position->index, latest);
      latest = position->index;
      EXPECT_EQ(scan(*reader).size(), 10 * latest);
      EXPECT_EQ(scan(*reader, {.device_id = "a"}).size(), 5 * latest);
      reader->end();
      ++scans;
    }
  };
  std::thread first(read);
  std::thread second(read);
  for (raft::Index index = 1; index <= kCommands; ++index) {
    std::vector<TimeEntry> entries;
    for (int i = 0; i < 10; ++i) entries.push_back(measurement(i % 2 == 0 ? "a" : "b", i, 1));
    apply(entries);
    if (index % 50 == 0) {
      EXPECT_TRUE(series->checkpoint().has_value());
    }
  }
  is_over = true;
  first.join();
  second.join();
  EXPECT_GE(scans, 2);
}

}  // namespace
}  // namespace timestore::store::series_reader_test
