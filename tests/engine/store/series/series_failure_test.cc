// A disk that fails, a process that is killed and a power cut, for the series file.
#include <gmock/gmock.h>

#include "tests/engine/store/series/series_story.h"
#include "tests/engine/store/sqlite/shell.h"

namespace timestore::store::series_failure_test {
namespace {

using testing::HasSubstr;

raft::Entry entry_at(raft::Index index) {
  const auto number = static_cast<std::int64_t>(index);
  std::vector<TimeEntry> entries(3, measurement("device " + std::to_string(index % 5), number, 1));
  if (index % 2 == 0) entries[1].id = guid("11111111-1111-4111-8111-111111111111");  // conflicts, from index 4 on
  return command_of(entries);
}

struct SeriesState {
  raft::Position applied;
  std::uint64_t hash = 0;
  std::vector<TimeEntry> stored;
  bool operator==(const SeriesState&) const = default;
};

SeriesState state_of(const Disk& disk, const SeriesFile& series) {
  return {series.applied(), series.state_hash(), stored_on(disk)};
}

// The states after each log entry, from a disk that never failed.
const std::vector<SeriesState>& states() {
  static const std::vector<SeriesState> all = [] {
    Disk disk;
    auto series = open_series(disk);
    std::vector<SeriesState> states = {state_of(disk, *series)};
    for (raft::Index index = 1; index <= 6; ++index) {
      EXPECT_TRUE(series->apply(index, std::vector{entry_at(index)}).has_value());
      states.push_back(state_of(disk, *series));
    }
    return states;
  }();
  return all;
}

// Applies six entries, with checkpoints and a reopening between; returns the durable index when something failed.
raft::Index tell(Disk& disk) {
  raft::Index durable = 0;
  for (raft::Index index = 1; index <= 6;) {
    auto series = try_to_open_series(disk);
    if (!series) return durable;
    durable = std::max(durable, (*series)->durable_index());
    for (int i = 0; i < 3; ++i, ++index) {
      if (!(*series)->apply(index, std::vector{entry_at(index)})) return durable;
      if (i == 1 && !(*series)->checkpoint()) return durable;
      durable = std::max(durable, (*series)->durable_index());
    }
  }
  return durable;
}

TEST(SeriesFailure, after_any_failure_a_whole_state_is_recovered_and_none_that_was_durable_is_lost) {
  int failures = 0;
  for (int operation = 1;; ++operation) {
    SCOPED_TRACE("the failing operation is number " + std::to_string(operation));
    Disk disk;
    disk.fail_at(operation);
    const raft::Index durable = tell(disk);
    if (!disk.has_failed()) break;
    ++failures;

    // A power cut right after the failure: torn pages, those of an unfinished checkpoint too, are healed.
    std::vector<std::unique_ptr<Disk>> cuts;
    cuts.push_back(disk.after_power_cut());
    for (std::uint64_t seed = 0; seed < 4; ++seed) cuts.push_back(disk.after_torn_power_cut(seed));
    for (const auto& after_cut : cuts) {
      auto series = try_to_open_series(*after_cut);
      ASSERT_TRUE(series.has_value()) << series.error().message;
      const SeriesState state = state_of(*after_cut, **series);
      EXPECT_GE(state.applied.index, durable);
      EXPECT_EQ(state, states().at(state.applied.index));
    }
    auto again = try_to_open_series(disk);
    ASSERT_TRUE(again.has_value()) << again.error().message;
    const SeriesState believed = state_of(disk, **again);
    EXPECT_EQ(believed, states().at(believed.applied.index));
    EXPECT_EQ((*again)->durable_index(), believed.applied.index);

    // What counts as durable after the restart really is, whatever the failed sync left in the page cache only.
    const auto later_cut = disk.after_power_cut();
    auto later = try_to_open_series(*later_cut);
    ASSERT_TRUE(later.has_value()) << later.error().message;
    EXPECT_EQ(state_of(*later_cut, **later), believed);
  }
  EXPECT_GT(failures, 60);
}

TEST_F(SeriesStory, after_a_failed_apply_every_call_is_refused) {
  apply({measurement("a", 1, 1)});
  disk.fail_at(1);
  const auto failed = series->apply(2, std::vector{command_of({measurement("a", 2, 2)})});
  ASSERT_FALSE(failed.has_value());
  EXPECT_THAT(failed.error().message, HasSubstr(disk.path("series.db")));
  const auto again = series->apply(2, std::vector{command_of({measurement("a", 2, 2)})});
  ASSERT_FALSE(again.has_value());
  EXPECT_THAT(again.error().message, HasSubstr("An earlier write failed"));
  EXPECT_FALSE(series->checkpoint().has_value());
}

TEST_F(SeriesStory, a_changed_position_is_named) {
  apply({measurement("a", 1, 1)});
  series.reset();
  execute(disk, "series.db", "UPDATE meta SET applied_index = 2");
  const auto opened = try_to_open_series(disk);
  ASSERT_FALSE(opened.has_value());
  EXPECT_THAT(opened.error().message,
              AllOf(HasSubstr(disk.path("series.db")), HasSubstr("damaged"), HasSubstr("fails its checksum")));
}

TEST_F(SeriesStory, points_beyond_the_applied_position_are_named) {
  apply({measurement("a", 1, 1)});
  series.reset();
  execute(disk, "series.db", "DELETE FROM meta");
  const auto opened = try_to_open_series(disk);
  ASSERT_FALSE(opened.has_value());
  EXPECT_THAT(opened.error().message, HasSubstr("points of log entry 1"));
}

TEST_F(SeriesStory, a_listed_id_without_its_point_is_named) {
  const TimeEntry entry = with_id(guid("11111111-1111-4111-8111-111111111111"), measurement("a", 1, 1));
  apply({entry, measurement("b", 1, 1)});
  series.reset();
  execute(disk, "series.db", "UPDATE ids SET time = 2");
  open();
  const auto applied = series->apply(2, std::vector{command_of({entry})});
  ASSERT_FALSE(applied.has_value());
  EXPECT_THAT(applied.error().message, HasSubstr("the id 11111111-1111-4111-8111-111111111111 is listed for a point"));
}

}  // namespace
}  // namespace timestore::store::series_failure_test
