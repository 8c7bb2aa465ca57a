// Every crash point: the power goes before each single change of the disk, in every way that a disk may lose what was
// not synced; each change and each read fails once. Whatever happens, the stores recover to a state between what they
// acknowledged and what was asked of them.
//
// What a crash leaves depends on the disk alone. So the script is told once per policy, and before each change a copy
// of the disk loses its power and is recovered, while the story's own connections wait in the middle of their work.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "tests/sim/disk/policy_name.h"
#include "tests/sim/store/store_story.h"

namespace timestore::sim {
namespace {

constexpr std::size_t kChapters = 26;
constexpr std::size_t kStepsPerChapter = 15;

// A script and what a quiet run of it gives: the disk, closed, as it stands before each chapter.
struct Rehearsal {
  explicit Rehearsal(Script with_script) : script(std::move(with_script)) {
    const SqliteWorld world(choices);
    Disk disk(choices.stream("disk"));
    Story story(disk, script);
    for (const auto& chapter : script.chapters) {
      disks.push_back(disk);
      bounds.push_back(story.bounds());
      EXPECT_TRUE(story.tell(chapter)) << story.failure();
      disk.kill();  // nothing is open any more: what was removed is gone
    }
    series_hashes = story.series_hashes();
    EXPECT_EQ(story.bounds().log_acknowledged + 1, script.logs.size());
    EXPECT_EQ(story.bounds().series_acknowledged + 1, script.series.size());
  }

  Choices choices{1};
  Script script;
  std::vector<Disk> disks;
  std::vector<Bounds> bounds;
  std::vector<std::uint64_t> series_hashes;
};

const Rehearsal& rehearsal() {
  static const Rehearsal rehearsal(Author().write(kChapters, kStepsPerChapter));
  return rehearsal;
}

TEST(CrashPoints, the_script_does_what_stores_do) {
  std::map<Step::Kind, int> counts;
  for (const auto& chapter : rehearsal().script.chapters) {
    for (const Step& step : chapter) ++counts[step.kind];
  }
  EXPECT_GE(rehearsal().script.steps(), 300U);
  EXPECT_GT(counts[Step::Kind::kWrite], 100);
  EXPECT_GT(counts[Step::Kind::kApply], 80);
  EXPECT_GT(counts[Step::Kind::kCheckpoint], 15);
  EXPECT_GT(counts[Step::Kind::kBeginSnapshot], 5);
  EXPECT_GT(counts[Step::Kind::kReceive], 5);
  EXPECT_GT(counts[Step::Kind::kInstall], 3);
  EXPECT_GT(counts[Step::Kind::kReopenLog], 0);
  EXPECT_GT(counts[Step::Kind::kReopenSeries], 0);
  EXPECT_GT(counts[Step::Kind::kBeginReading], 5);
  std::size_t compactions = 0;
  std::size_t jumps = 0;
  for (std::size_t version = 1; version < rehearsal().script.logs.size(); ++version) {
    const LogModel& before = rehearsal().script.logs[version - 1];
    const raft::Index base = rehearsal().script.logs[version].base.index;
    if (base > before.base.index) ++(base <= before.last_index() ? compactions : jumps);
    EXPECT_NE(rehearsal().script.logs[version], rehearsal().script.logs[version - 1]);
  }
  EXPECT_GT(compactions, 5U);
  EXPECT_GT(jumps, 2U);
}

// ----------------------------------------------------------------------------------------------- the power goes

// Crashes copies of a disk in one way, and counts.
struct Crasher {
  const Judge& judge;
  CrashPolicy policy;
  std::uint64_t trials;  // at each point
  Choices choices{7};
  std::uint64_t points = 0;
  std::uint64_t recoveries = 0;

  void crash_here(const Disk& disk, const Bounds& bounds) {
    ++points;
    for (std::uint64_t trial = 0; trial < trials && !testing::Test::HasFailure(); ++trial) {
      Disk copy = disk;
      copy.choose_from(choices.stream("crash", points * trials + trial));
      copy.lose_power(policy);
      // Now and then the power goes once more, while the stores recover.
      if (points % 8 == trial % 8) crash_during_recovery(copy, bounds);
      const Recovery recovery = recover(copy, bounds, bounds.series_durable);
      if (points % 16 == 0) expect_to_stay(copy, recovery);
    }
  }

  Recovery recover(Disk& disk, const Bounds& bounds, std::size_t series_from) {
    ++recoveries;
    Recovery recovery = judge.recover(disk, bounds, series_from);
    EXPECT_EQ(recovery.problem, "") << "before change " << points << ", policy " << name_of(policy);
    return recovery;
  }

  void crash_during_recovery(Disk& disk, const Bounds& bounds) {
    disk.lose_power_at(1 + points / 8 % 40);
    static_cast<void>(judge.recover(disk, bounds, bounds.series_durable));
    disk.lose_power(policy);
  }

  // What was recovered and believed is not lost by the next crash.
  void expect_to_stay(Disk& disk, const Recovery& recovered) {
    disk.lose_power(CrashPolicy::kNothing);
    const Bounds same{
        .log_acknowledged = recovered.log, .log_issued = recovered.log, .series_issued = recovered.series};
    recover(disk, same, recovered.series);
  }
};

bool is_chance_in(CrashPolicy policy) {
  return policy == CrashPolicy::kPrefix || policy == CrashPolicy::kSectors || policy == CrashPolicy::kTorn;
}

class PowerLoss : public testing::TestWithParam<CrashPolicy> {};
INSTANTIATE_TEST_SUITE_P(CrashPoints, PowerLoss, testing::ValuesIn(kCrashPolicies), name_of_parameter);

TEST_P(PowerLoss, before_any_change_of_the_disk_loses_nothing_that_was_acknowledged) {
  const Judge judge(rehearsal().script, rehearsal().series_hashes);
  Crasher crasher{.judge = judge, .policy = GetParam(), .trials = is_chance_in(GetParam()) ? 2U : 1U};
  Choices choices(1);
  const SqliteWorld world(choices);
  Disk disk(choices.stream("disk"));
  Story story(disk, rehearsal().script);
  disk.observe_changes([&](const Disk& now) { crasher.crash_here(now, story.bounds()); });
  for (const auto& chapter : rehearsal().script.chapters) {
    ASSERT_TRUE(story.tell(chapter)) << story.failure();
    ASSERT_FALSE(HasFailure());
    disk.kill();
  }
  crasher.crash_here(disk, story.bounds());
  EXPECT_GT(crasher.points, 2000U);
  std::printf("%zu store operations, %ju crash points, %ju recoveries\n", rehearsal().script.steps(),
              std::uintmax_t{crasher.points}, std::uintmax_t{crasher.recoveries});
}

// ------------------------------------------------------------------------------- the log moves to its main file

constexpr std::size_t kVotes = 1010;  // nearly as many pages as the log's checkpoint waits for
constexpr std::size_t kStepsAfterVotes = 9;

std::string salt_of_wal(const Disk& disk) {
  Disk copy = disk;
  std::array<std::uint8_t, 8> salt = {};
  EXPECT_EQ(copy.read(copy.open("log.db-wal", false).value(), salt, 16), salt.size());
  return {salt.begin(), salt.end()};
}

class LogCheckpoint : public testing::TestWithParam<CrashPolicy> {};
INSTANTIATE_TEST_SUITE_P(CrashPoints, LogCheckpoint, testing::ValuesIn(kCrashPolicies), name_of_parameter);

TEST_P(LogCheckpoint, can_be_interrupted_anywhere_and_so_can_the_write_ahead_log_that_begins_anew) {
  const Script script = Author().write_after_many_votes(kVotes, kStepsAfterVotes);
  const Judge judge(script, {});
  Crasher crasher{.judge = judge, .policy = GetParam(), .trials = 1};
  Choices choices(1);
  const SqliteWorld world(choices);
  Disk disk(choices.stream("disk"));
  Story story(disk, script);
  std::string first_salt;
  std::string last_salt;
  disk.observe_changes([&](const Disk& now) {
    const std::size_t written = story.bounds().log_acknowledged;
    if (written < kVotes + 1 || written + 1 == script.logs.size()) return;
    last_salt = salt_of_wal(now);
    if (first_salt.empty()) first_salt = last_salt;
    crasher.crash_here(now, story.bounds());
  });
  ASSERT_TRUE(story.tell(script.chapters[0])) << story.failure();
  EXPECT_NE(first_salt, last_salt) << "the write-ahead log did not begin anew";
  std::printf("%zu store operations, %ju crash points, %ju recoveries\n", kStepsAfterVotes,
              std::uintmax_t{crasher.points}, std::uintmax_t{crasher.recoveries});
}

// --------------------------------------------------------------------------------------------- one thing fails

enum class Failure : std::uint8_t { kChangeFails, kDiskIsFull, kReadFails, kLookFails };

std::string name_of_failure(const testing::TestParamInfo<Failure>& info) {
  switch (info.param) {
    case Failure::kChangeFails:
      return "change_fails";
    case Failure::kDiskIsFull:
      return "disk_is_full";
    case Failure::kReadFails:
      return "read_fails";
    case Failure::kLookFails:
      return "look_fails";
  }
  return "";
}

class SingleFailure : public testing::TestWithParam<Failure> {};
INSTANTIATE_TEST_SUITE_P(CrashPoints, SingleFailure,
                         testing::Values(Failure::kChangeFails, Failure::kDiskIsFull, Failure::kReadFails,
                                         Failure::kLookFails),
                         name_of_failure);

void plan(Disk& disk, Failure failure, std::uint64_t number) {
  switch (failure) {
    case Failure::kChangeFails:
      return disk.fail_change_at(number, DiskError::kIo);
    case Failure::kDiskIsFull:
      return disk.fail_change_at(number, DiskError::kFull);
    case Failure::kReadFails:
      return disk.fail_read_at(number);
    case Failure::kLookFails:
      return disk.fail_look_at(number);
  }
}

TEST_P(SingleFailure, ends_the_use_of_the_file_and_loses_nothing_that_was_acknowledged) {
  const Rehearsal& quiet = rehearsal();
  const Judge judge(quiet.script, quiet.series_hashes);
  Choices choices(1);
  const SqliteWorld world(choices);
  std::uint64_t points = 0;
  std::uint64_t noticed = 0;
  for (std::size_t chapter = 0; chapter < quiet.script.chapters.size(); ++chapter) {
    for (std::uint64_t number = 1;; ++number) {
      SCOPED_TRACE("chapter " + std::to_string(chapter) + ", number " + std::to_string(number));
      Disk disk = quiet.disks[chapter];
      disk.choose_from(choices.stream("failure", points));
      plan(disk, GetParam(), number);
      Story story(disk, quiet.script, quiet.bounds[chapter]);
      const bool is_told = story.tell(quiet.script.chapters[chapter]);
      if (disk.counts().faults == quiet.disks[chapter].counts().faults) {
        ASSERT_TRUE(is_told) << story.failure();
        break;
      }
      ++points;
      if (!is_told) ++noticed;
      if (!is_told) story.expect_refusals();

      // The power goes right then, or the process starts anew on what the page cache shows.
      const Bounds bounds = story.bounds();
      Crasher dark{.judge = judge, .policy = kCrashPolicies[points % std::size(kCrashPolicies)], .trials = 1};
      dark.crash_here(disk, bounds);
      disk.kill();
      dark.expect_to_stay(disk, dark.recover(disk, bounds, bounds.series_acknowledged));
      ASSERT_FALSE(HasFailure());
    }
  }
  EXPECT_GT(points, 1000U);
  EXPECT_GT(noticed, points / 2);
  std::printf("%zu store operations, %ju failures, %ju of them noticed by the store\n", quiet.script.steps(),
              std::uintmax_t{points}, std::uintmax_t{noticed});
}

// ------------------------------------------------------- one thing fails soon after a start that follows a crash

// A disk that was not closed, and what it must hold.
struct Crash {
  Disk disk;
  Bounds bounds;
};

// The first chapter has been told, and much of it is in write-ahead logs alone.
Crash crash_at_the_end_of_the_first_chapter(const Rehearsal& quiet) {
  Disk disk = quiet.disks[0];
  Story story(disk, quiet.script);
  std::optional<Crash> crash;
  disk.observe_changes([&](const Disk& now) {
    const Bounds& end = quiet.bounds[1];
    const Bounds bounds = story.bounds();
    const bool is_told =
        bounds.log_acknowledged == end.log_acknowledged && bounds.series_acknowledged == end.series_acknowledged;
    if (is_told && !crash) crash = {now, bounds};
  });
  EXPECT_TRUE(story.tell(quiet.script.chapters[0])) << story.failure();
  crash->disk.kill();
  return *crash;
}

TEST(FailureAfterACrash, brings_no_older_pages_back_when_the_power_goes) {
  const Rehearsal& quiet = rehearsal();
  const Judge judge(quiet.script, quiet.series_hashes);
  Choices choices(1);
  const SqliteWorld world(choices);
  const Crash crash = crash_at_the_end_of_the_first_chapter(quiet);
  Crasher crasher{.judge = judge, .policy = CrashPolicy::kSectors, .trials = 20};
  for (std::uint64_t number = 1; number <= 100; ++number) {
    SCOPED_TRACE("change " + std::to_string(number));
    Disk disk = crash.disk;
    disk.fail_change_at(number, DiskError::kIo);
    Story story(disk, quiet.script, crash.bounds);
    static_cast<void>(story.tell(quiet.script.chapters[1]));
    crasher.crash_here(disk, story.bounds());
    ASSERT_FALSE(HasFailure());
  }
}

}  // namespace
}  // namespace timestore::sim
