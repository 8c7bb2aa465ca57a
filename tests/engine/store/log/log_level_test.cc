// A log file and feature levels: it is the same as ever until it holds one, so that a node can be put back.
#include <gmock/gmock.h>

#include "engine/store/sqlite/sqlite.h"
#include "tests/engine/store/log/log_story.h"

namespace timestore::store::log_level_test {
namespace {

using Levels = std::vector<std::pair<raft::Index, raft::Level>>;

// As an older release sees it: that one knows versions up to 1.
std::int64_t version_of(const Disk& disk) {
  auto database = Database::open(disk.path("log.db"), disk.vfs(), Database::Access::kReadOnly);
  EXPECT_TRUE(database.has_value()) << database.error().message;
  return database->integer("see its version", "PRAGMA user_version").value();
}

TEST_F(LogStory, a_file_without_a_level_stays_one_that_older_releases_read) {
  start();
  append({noop(1), command(1, "a"), members_entry(1, "n2")});
  begin_after({1, 2}, "n2");
  reopen();
  EXPECT_EQ(log->recovered().level, 0U);
  EXPECT_TRUE(log->recovered().levels.empty());
  close();
  EXPECT_EQ(version_of(disk), 1);
}

TEST_F(LogStory, a_file_of_the_first_version_takes_a_level_and_is_one_of_the_second) {
  start();
  append({noop(1)});
  close();
  ASSERT_EQ(version_of(disk), 1);
  open();
  append({command(1, "a"), level_entry(1, 1), command(1, "b"), level_entry(1, 2)});
  EXPECT_EQ(recovered_from(*disk.after_power_cut()), model);
  reopen();
  EXPECT_EQ(contents(*log), model);
  EXPECT_EQ(log->recovered().levels, (Levels{{3, 1}, {5, 2}}));
  close();
  EXPECT_EQ(version_of(disk), 2);
}

TEST_F(LogStory, a_level_that_is_cut_off_is_not_recovered) {
  start();
  append({noop(1), level_entry(1, 1)});
  truncate_from(2);
  reopen();
  EXPECT_TRUE(log->recovered().levels.empty());
}

TEST_F(LogStory, the_level_at_its_beginning_is_kept) {
  start();
  append({noop(1), level_entry(1, 1), command(1, "a"), command(1, "b")});
  raft::Write beginning = change();
  beginning.begin_after = {.last = {1, 3}, .configuration = members_with("n2"), .level = 1};
  write(beginning);
  EXPECT_EQ(recovered_from(*disk.after_power_cut()), model);
  reopen();
  EXPECT_EQ(contents(*log), model);
  EXPECT_EQ(log->recovered().level, 1U);
  EXPECT_TRUE(log->recovered().levels.empty());
  EXPECT_EQ(log->recovered().identity->configuration, members_with("n2"));
}

TEST_F(LogStory, a_level_that_comes_with_a_snapshot_makes_it_one_of_the_second_version) {
  start();
  raft::Write beginning = change();
  beginning.hard_state.term = 3;
  beginning.begin_after = {.last = {3, 9}, .configuration = {}, .level = 7};
  write(beginning);
  reopen();
  EXPECT_EQ(log->recovered().level, 7U);
  EXPECT_EQ(log->recovered().identity->configuration, raft::Configuration{});
  close();
  EXPECT_EQ(version_of(disk), 2);
}

// ---------------------------------------------------------------------------------------------------- its cluster

constexpr raft::ClusterId kCluster{.high = 7, .low = 9};

raft::Entry cluster_entry(raft::Term term) {
  return {term, raft::EntryKind::kNoop, raft::Payload(raft::encode_cluster(kCluster))};
}

TEST_F(LogStory, the_id_of_its_cluster_is_kept_and_makes_it_one_of_the_second_version) {
  start();
  append({cluster_entry(1), command(1, "a")});
  EXPECT_EQ(recovered_from(*disk.after_power_cut()), model);
  reopen();
  EXPECT_EQ(contents(*log), model);
  ASSERT_EQ(log->recovered().clusters.size(), 1U);
  EXPECT_EQ(log->recovered().clusters.front(), (std::pair<raft::Index, raft::ClusterId>(1, kCluster)));
  EXPECT_FALSE(log->recovered().cluster.is_known());
  close();
  EXPECT_EQ(version_of(disk), 2);
}

TEST_F(LogStory, the_id_of_its_cluster_is_kept_where_it_begins) {
  start();
  append({cluster_entry(1), command(1, "a"), command(1, "b")});
  raft::Write beginning = change();
  beginning.begin_after = {.last = {1, 2}, .configuration = members_with("n2"), .level = 1, .cluster = kCluster};
  write(beginning);
  reopen();
  EXPECT_EQ(log->recovered().cluster, kCluster);
  EXPECT_EQ(log->recovered().level, 1U);
  EXPECT_TRUE(log->recovered().clusters.empty());
  EXPECT_EQ(log->recovered().identity->configuration, members_with("n2"));
}

TEST_F(LogStory, an_id_that_is_cut_off_is_not_recovered) {
  start();
  append({noop(1), cluster_entry(1)});
  truncate_from(2);
  reopen();
  EXPECT_TRUE(log->recovered().clusters.empty());
}

}  // namespace
}  // namespace timestore::store::log_level_test
