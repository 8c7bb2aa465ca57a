#include "tests/engine/store/series/snapshot_story.h"

namespace timestore::store::installation_test {
namespace {

using testing::HasSubstr;

// One node has applied much; the other, with a file of its own, is behind.
class Installation : public SnapshotStory {
 protected:
  void SetUp() override {
    SnapshotStory::SetUp();
    fill(20);
    behind = open_series(receiver);
    ASSERT_TRUE(behind->apply(1, std::vector{noop(1), command_of({measurement("old", 1, 1)})}).has_value());
  }
  std::unique_ptr<IncomingSnapshot> arrived() {
    const auto snapshot = take();
    auto incoming = receive(snapshot->meta());
    const auto sent = send(bytes_of(*snapshot), *incoming);
    EXPECT_TRUE(sent.has_value()) << sent.error().message;
    const auto finished = incoming->finish();
    EXPECT_TRUE(finished.has_value()) << finished.error().message;
    return incoming;
  }
  void expect_same_state() {
    EXPECT_EQ(behind->applied(), series->applied());
    EXPECT_EQ(behind->state_hash(), series->state_hash());
    EXPECT_EQ(behind->configuration(), series->configuration());
    EXPECT_EQ(stored_on(receiver), stored_on(disk));
  }

  std::unique_ptr<SeriesFile> behind;
};

TEST_F(Installation, the_file_is_the_state_of_the_snapshot_from_then_on) {
  EXPECT_TRUE(behind->install(*arrived()).value());
  expect_same_state();
  EXPECT_EQ(behind->durable_index(), behind->applied().index);
  for (const char* file : {"series.db-incoming", "series.db-incoming-offer"}) EXPECT_FALSE(receiver.exists(file));
  const std::vector next = {command_of({measurement("later", 1, 1)})};
  ASSERT_TRUE(behind->apply(next_index(), next).has_value());
  apply(next);
  expect_same_state();
  behind.reset();
  behind = open_series(receiver);
  expect_same_state();
}

TEST_F(Installation, a_file_that_has_applied_nothing_can_be_replaced) {
  behind.reset();
  for (const char* file : {"series.db", "series.db-wal"}) std::filesystem::remove(receiver.path(file));
  behind = open_series(receiver);
  EXPECT_TRUE(behind->install(*arrived()).value());
  expect_same_state();
}

TEST_F(Installation, it_is_not_undone_by_a_power_cut) {
  ASSERT_TRUE(behind->install(*arrived()).value());
  const auto cut = receiver.after_power_cut();
  EXPECT_EQ(open_series(*cut)->applied(), series->applied());
}

TEST_F(Installation, one_snapshot_after_another) {
  for (int round = 0; round < 3; ++round) {
    fill(5);
    ASSERT_TRUE(behind->install(*arrived()).value());
    expect_same_state();
    ASSERT_TRUE(behind->apply(behind->applied().index + 1, std::vector{noop(1)}).has_value());
    apply(std::vector{noop(1)});
  }
}

TEST_F(Installation, a_reader_of_an_older_state_is_a_reason_to_wait) {
  auto reader = open_reader(receiver);
  ASSERT_TRUE(reader->begin().has_value());
  ASSERT_TRUE(behind->apply(3, std::vector{noop(1)}).has_value());
  const auto snapshot = arrived();
  EXPECT_FALSE(behind->install(*snapshot).value());
  EXPECT_EQ(behind->applied().index, 3U);
  ASSERT_TRUE(behind->apply(4, std::vector{noop(1)}).has_value()) << "nothing has changed";
  reader->end();
  EXPECT_TRUE(behind->install(*snapshot).value());
  expect_same_state();
}

TEST_F(Installation, open_readers_go_on_in_the_old_state_until_they_begin_again) {
  auto idle = open_reader(receiver);
  auto reading = open_reader(receiver);
  ASSERT_TRUE(behind->checkpoint().value());
  ASSERT_TRUE(reading->begin().has_value());
  ASSERT_TRUE(behind->install(*arrived()).value());

  EXPECT_EQ(scan(*reading).size(), 1U);
  EXPECT_EQ(idle->begin().value(), series->applied());
  EXPECT_EQ(scan(*idle), stored_on(disk));
  idle->end();

  // What they do does not touch the new file, and what is done to that does not touch them.
  auto fresh = open_reader(receiver);
  EXPECT_EQ(fresh->begin().value(), series->applied());
  EXPECT_EQ(scan(*fresh), stored_on(disk));
  fresh->end();
  ASSERT_TRUE(behind->apply(next_index(), std::vector{command_of({measurement("later", 1, 1)})}).has_value());
  EXPECT_TRUE(behind->checkpoint().value()) << "readers of the old file are in nobody's way";
  idle.reset();
  EXPECT_EQ(scan(*reading).size(), 1U);
  reading.reset();
  EXPECT_EQ(fresh->begin().value().index, next_index());
}

TEST_F(Installation, after_any_failure_the_old_or_the_new_state_is_recovered) {
  const auto snapshot = take();
  const std::string bytes = bytes_of(*snapshot);
  int failures = 0;
  for (int operation = 1;; ++operation) {
    SCOPED_TRACE("the failing operation is number " + std::to_string(operation));
    Disk failing;
    auto old = open_series(failing);
    ASSERT_TRUE(old->apply(1, std::vector{noop(1), noop(1)}).has_value());
    auto incoming = IncomingSnapshot::open(failing.path("series.db"), failing.vfs(), snapshot->meta()).value();
    ASSERT_TRUE(send(bytes, *incoming).has_value());
    ASSERT_TRUE(incoming->finish().has_value());
    failing.fail_at(operation);
    const auto installed = old->install(*incoming);
    if (!failing.has_failed()) {
      EXPECT_TRUE(installed.value());
      break;
    }
    ++failures;
    ASSERT_FALSE(installed.has_value());
    const auto refused = old->apply(old->applied().index + 1, std::vector{noop(1)});
    ASSERT_FALSE(refused.has_value());
    EXPECT_THAT(refused.error().message, HasSubstr(installed.error().message));
    old.reset();
    const raft::Index recovered = open_series(failing)->applied().index;
    EXPECT_TRUE(recovered == 2 || recovered == series->applied().index) << recovered;
  }
  EXPECT_GT(failures, 4);
}

using InstallationDeathTest = Installation;

TEST_F(InstallationDeathTest, a_snapshot_that_was_not_verified_is_not_installed) {
  const auto snapshot = take();
  auto incoming = receive(snapshot->meta());
  ASSERT_TRUE(send(bytes_of(*snapshot), *incoming).has_value());
  EXPECT_DEATH(static_cast<void>(behind->install(*incoming)), "is verified before it is installed");
}

}  // namespace
}  // namespace timestore::store::installation_test
