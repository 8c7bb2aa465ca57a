#include "engine/replica/reconcile.h"

#include <gmock/gmock.h>

namespace timestore::replica::reconcile_test {
namespace {

using store::LogFile;
using ::testing::HasSubstr;

const raft::Configuration kAtBase{.voters = {{"n1", "http://one"}}};
const raft::Configuration kInSnapshot{.voters = {{"n1", "http://one"}, {"n2", "http://two"}}};

// Entries 11 to 15 of the terms 2, 2, 3, 3, 3, after entry 10 of term 2.
LogFile::Recovered log_to_15() {
  LogFile::Recovered log;
  log.identity = {.node = "n1", .configuration = kAtBase};
  log.hard_state = {.term = 7, .vote = "n2"};
  log.trail = raft::Trail({.term = 2, .index = 10});
  for (const raft::Term term : {2U, 2U, 3U, 3U, 3U}) log.trail.append(term, raft::EntryKind::kCommand, 1);
  return log;
}

LogFile::Recovered log_that_noted(raft::Position snapshot) {
  LogFile::Recovered log = log_to_15();
  log.installing = snapshot;
  return log;
}

std::string refusal(const LogFile::Recovered& log, raft::Position applied) {
  const auto verdict = reconcile(log, {.applied = applied, .configuration = {}});
  return verdict ? "" : verdict.error().message;
}

TEST(Reconcile, a_series_file_whose_position_is_in_the_log_goes_with_it) {
  for (const raft::Position applied : {raft::Position{2, 10}, {2, 12}, {3, 13}, {3, 15}}) {
    EXPECT_EQ(reconcile(log_to_15(), {applied, kInSnapshot}), std::nullopt);
    EXPECT_EQ(reconcile(log_that_noted({.term = 6, .index = 99}), {applied, kInSnapshot}), std::nullopt)
        << "a snapshot that was never installed changes nothing";
    EXPECT_EQ(reconcile(log_that_noted(applied), {applied, kInSnapshot}), std::nullopt);
  }
}

TEST(Reconcile, two_new_files_go_together) {
  LogFile::Recovered log;
  log.identity = {.node = "n1", .configuration = kAtBase};
  EXPECT_EQ(reconcile(log, {}), std::nullopt);
}

TEST(Reconcile, after_a_noted_snapshot_beyond_its_end_the_log_begins_anew) {
  const raft::Position snapshot{.term = 6, .index = 99};
  const auto write = reconcile(log_that_noted(snapshot), {snapshot, kInSnapshot, 3}).value();
  ASSERT_TRUE(write.has_value());
  EXPECT_EQ(write->hard_state, log_to_15().hard_state);
  EXPECT_EQ(write->truncate_from, std::nullopt);
  EXPECT_EQ(write->begin_after, (raft::Base{.last = snapshot, .configuration = kInSnapshot, .level = 3}));
  EXPECT_TRUE(write->entries.empty());
}

TEST(Reconcile, entries_that_the_snapshot_contradicts_are_removed) {
  const raft::Position snapshot{.term = 6, .index = 14};
  const auto write = reconcile(log_that_noted(snapshot), {snapshot, kInSnapshot}).value();
  ASSERT_TRUE(write.has_value());
  EXPECT_EQ(write->truncate_from, 14U);
  EXPECT_EQ(write->begin_after->last, snapshot);
}

TEST(Reconcile, where_the_series_file_knows_no_members_those_of_the_log_hold) {
  const raft::Position snapshot{.term = 6, .index = 99};
  EXPECT_EQ(reconcile(log_that_noted(snapshot), {snapshot, std::nullopt}).value()->begin_after->configuration, kAtBase);
}

TEST(Reconcile, a_series_file_ahead_of_the_log_that_nobody_noted_does_not_belong_to_it) {
  for (const raft::Position applied : {raft::Position{6, 99}, {6, 14}, {3, 16}, {2, 13}}) {
    EXPECT_THAT(refusal(log_to_15(), applied), HasSubstr("do not belong together"));
    EXPECT_THAT(refusal(log_that_noted({applied.term, applied.index + 1}), applied),
                HasSubstr("do not belong together"));
    EXPECT_THAT(refusal(log_that_noted({applied.term + 1, applied.index}), applied),
                HasSubstr("do not belong together"));
  }
}

TEST(Reconcile, a_series_file_behind_the_beginning_of_the_log_has_lost_something) {
  EXPECT_THAT(refusal(log_to_15(), {.term = 2, .index = 9}), HasSubstr("what lies between them is lost"));
  EXPECT_THAT(refusal(log_to_15(), {}), HasSubstr("the log begins after entry 10 of term 2"));
  EXPECT_THAT(refusal(log_that_noted({.term = 2, .index = 9}), {.term = 2, .index = 9}), HasSubstr("is lost"));
}

TEST(Reconcile, another_entry_where_the_log_begins_does_not_belong_to_it) {
  EXPECT_THAT(refusal(log_that_noted({.term = 1, .index = 10}), {.term = 1, .index = 10}),
              HasSubstr("do not belong together"));
}

}  // namespace
}  // namespace timestore::replica::reconcile_test
