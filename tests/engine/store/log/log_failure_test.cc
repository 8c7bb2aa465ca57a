// A disk that fails: once at every operation of a short story.
#include <gmock/gmock.h>

#include "tests/engine/store/log/log_story.h"

namespace timestore::store::log_failure_test {
namespace {

using testing::AnyOf;
using testing::HasSubstr;

// Opens, writes, closes and opens again until something fails. `sure` is what was acknowledged, `attempted` what a
// failed step may have left instead.
struct Attempt {
  LogModel sure;
  LogModel attempted;
  std::string failure;  // empty: nothing failed
  std::unique_ptr<LogFile> log;

  bool step(const Result<void>& done) {
    if (done) {
      sure = attempted;
    } else {
      failure = done.error().message;
    }
    return done.has_value();
  }
  bool open(const Disk& disk) {
    log.reset();
    auto opened = open_log(disk);
    if (!opened) failure = opened.error().message;
    if (opened) log = std::move(*opened);
    return log != nullptr;
  }
  bool initialize() {
    attempted.identity = identity_of_n1();
    return step(log->initialize(identity_of_n1()));
  }
  bool write(const raft::Write& write) {
    attempted.write(write);
    return step(log->write({&write, 1}));
  }
};

void tell(Attempt& attempt, const Disk& disk) {
  const raft::HardState term1{.term = 1, .vote = "n1"};
  const raft::HardState term2{.term = 2, .vote = std::nullopt};
  const raft::Write append{.hard_state = term1,
                           .truncate_from = {},
                           .begin_after = {},
                           .first_index = 1,
                           .entries = {noop(1), command(1, "a"), command(1, "b")}};
  const raft::Write vote{.hard_state = term2, .truncate_from = {}, .begin_after = {}, .first_index = 0, .entries = {}};
  const raft::Write replace{.hard_state = term2,
                            .truncate_from = 2,
                            .begin_after = {},
                            .first_index = 2,
                            .entries = {noop(2), command(2, std::string(9000, 'x'))}};
  const raft::Write compact{.hard_state = term2,
                            .truncate_from = {},
                            .begin_after = raft::Base{{.term = 2, .index = 2}, members_with("n3")},
                            .first_index = 4,
                            .entries = {command(2, "c")}};
  const raft::Write install{.hard_state = term2,
                            .truncate_from = 4,
                            .begin_after = raft::Base{{.term = 2, .index = 9}, members_with("n4")},
                            .first_index = 10,
                            .entries = {command(2, "d")}};
  static_cast<void>(attempt.open(disk) && attempt.initialize() && attempt.write(append) && attempt.write(vote) &&
                    attempt.open(disk) && attempt.write(replace) && attempt.open(disk) && attempt.write(compact) &&
                    attempt.write(install));
}

TEST(LogFailure, after_any_failure_the_old_or_the_new_state_is_recovered_and_stays) {
  int failures = 0;
  for (int operation = 1;; ++operation) {
    SCOPED_TRACE("the failing operation is number " + std::to_string(operation));
    Disk disk;
    disk.fail_at(operation);
    Attempt attempt;
    tell(attempt, disk);
    if (!disk.has_failed()) break;
    ++failures;
    EXPECT_EQ(attempt.failure.empty(),
              attempt.sure == attempt.attempted && attempt.log != nullptr && attempt.sure.base.index == 9);
    attempt.log.reset();

    // A power cut right after the failure.
    EXPECT_THAT(recovered_from(*disk.after_power_cut()), AnyOf(attempt.sure, attempt.attempted));
    for (std::uint64_t seed = 0; seed < 4; ++seed) {
      EXPECT_THAT(recovered_from(*disk.after_torn_power_cut(seed)), AnyOf(attempt.sure, attempt.attempted));
    }

    // Or the process starts again, and what it then believes must not be lost by a power cut later, although the page
    // cache may hold what the failed sync never wrote.
    auto again = open_log(disk);
    ASSERT_TRUE(again.has_value()) << again.error().message;
    const LogModel believed = contents(**again);
    EXPECT_THAT(believed, AnyOf(attempt.sure, attempt.attempted));
    EXPECT_EQ(recovered_from(*disk.after_power_cut()), believed);
  }
  EXPECT_GT(failures, 60);
}

TEST_F(LogStory, after_a_failed_write_every_call_is_refused) {
  start();
  append({noop(1)});
  raft::Write lost = change();
  lost.entries = {command(1, "lost")};
  disk.fail_at(1);
  const auto failed = log->write({&lost, 1});
  ASSERT_FALSE(failed.has_value());
  EXPECT_THAT(failed.error().message, HasSubstr(disk.path("log.db")));

  // The disk works again; the file is refused all the same.
  const auto written = log->write({&lost, 1});
  ASSERT_FALSE(written.has_value());
  EXPECT_THAT(written.error().message, AllOf(HasSubstr("An earlier write failed"), HasSubstr(failed.error().message)));
  EXPECT_FALSE(log->read(1, 1, 1).has_value());

  // Closing leaves everything to the next recovery.
  const std::string write_ahead_log = disk.read("log.db-wal");
  close();
  EXPECT_EQ(disk.read("log.db-wal"), write_ahead_log);
  EXPECT_EQ(recovered_from(disk), model);
}

// What a write says when its n-th disk operation fails; empty when it has fewer.
std::string failure_at(int operation, Disk::Fault fault) {
  Disk disk;
  auto log = open_log(disk).value();
  EXPECT_TRUE(log->initialize(identity_of_n1()).has_value());
  raft::Write lost;
  lost.hard_state.term = 5;
  disk.fail_at(operation, fault);
  const auto done = log->write({&lost, 1});
  EXPECT_EQ(done.has_value(), !disk.has_failed());
  return done ? "" : done.error().message;
}

TEST(LogFailure, a_failed_write_says_what_to_do) {
  EXPECT_THAT(failure_at(1, Disk::Fault::kFull), HasSubstr("The disk is full: make room."));
  EXPECT_THAT(failure_at(1, Disk::Fault::kError), HasSubstr("The disk or the file system failed: check it"));
  std::string of_the_sync;
  for (int operation = 1; !failure_at(operation, Disk::Fault::kError).empty(); ++operation) {
    of_the_sync = failure_at(operation, Disk::Fault::kError);
  }
  EXPECT_THAT(of_the_sync, HasSubstr("this node must stop and recover from the file"));
}

}  // namespace
}  // namespace timestore::store::log_failure_test
