// Feature levels and commands of other releases, as whole replicas meet them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>

#include "engine/series/command.h"
#include "tests/engine/replica/small_world.h"
#include "tests/engine/replica/writes.h"

namespace timestore::replica::level_test {
namespace {

using testing::entry;
using ::testing::HasSubstr;
using World = testing::SmallWorld;

void start_all(World& world) {
  for (std::size_t number = 0; number < world.size(); ++number) ASSERT_TRUE(world.start(number));
  ASSERT_TRUE(world.elect());
}

// The first byte of the newest command of the leader, which is written and proposed now.
char first_byte_of_a_write(World& world) {
  char first = 0;
  world.on_arrival = [&](const raft::NodeId&, raft::Message& message) {
    if (const auto* append = std::get_if<raft::AppendRequest>(&message)) {
      for (const raft::Entry& each : append->entries) {
        if (each.kind == raft::EntryKind::kCommand) first = each.payload.view().front();
      }
    }
    return true;
  };
  client::submit(world[*world.leader()], {entry("d", 1)}, [](const client::WriteEnd& end) {
    EXPECT_EQ(end.kind, WriteEnd::Kind::kApplied);
    EXPECT_EQ(end.result.outcome, ApplyResult::Outcome::kStored);
  });
  world.settle_everything();
  world.on_arrival = nullptr;
  return first;
}

TEST(ReplicaLevel, commands_are_the_originals_text_until_the_level_is_reached) {
  World world(3);
  start_all(world);
  EXPECT_EQ(world[*world.leader()].status().level, 0U);
  EXPECT_EQ(first_byte_of_a_write(world), '{');
}

TEST(ReplicaLevel, commands_are_envelopes_when_all_know_them) {
  World world(3);
  world.options.raft.level = 1;
  start_all(world);
  for (int i = 0; i < 20; ++i) world.tick();
  EXPECT_EQ(world[*world.leader()].status().level, 1U);
  EXPECT_EQ(world[*world.leader()].status().highest_level, 1U);
  EXPECT_EQ(first_byte_of_a_write(world), kCommandMagic);
  for (std::size_t number = 0; number < world.size(); ++number) EXPECT_EQ(world[number].unreadable(), 0U);
}

TEST(ReplicaLevel, an_older_release_does_not_start_on_files_that_hold_the_level) {
  World world(1);
  world.options.raft.level = 1;
  start_all(world);
  for (int i = 0; i < 20; ++i) world.tick();
  ASSERT_EQ(world[0].status().level, 1U);
  world.crash(0);
  world.options.raft.level = 0;
  const auto refused = world.start(0);
  ASSERT_FALSE(refused.has_value());
  EXPECT_THAT(refused.error().message, HasSubstr("feature level 1, and this release knows levels up to 0"));
  world.options.raft.level = 1;
  EXPECT_TRUE(world.start(0).has_value());
}

// n2 leads a newer term, and has this in its log.
void hear_from_n2(World& world, raft::Entry entry) {
  const raft::Term term = world[0].core().term() + 1;
  const raft::Position last = world[0].core().trail.last();
  entry.term = term;
  world[0].receive("n2",
                   raft::AppendRequest{.term = term,
                                       .leader = "n2",
                                       .prev_index = last.index,
                                       .prev_term = last.term,
                                       .leader_commit = last.index + 1,
                                       .round = 1,
                                       .entries = {std::move(entry)}},
                   0);
  world.settle(0);
  while (world.run_lane(0, Lane::kLog) || world.run_lane(0, Lane::kSeries)) continue;
}

raft::Entry command(const std::string& text) {
  return {.kind = raft::EntryKind::kCommand, .payload = raft::Payload(text)};
}

TEST(ReplicaLevel, a_command_that_nobody_can_read_is_counted_and_skipped) {
  World world(3);
  for (std::size_t number = 0; number < 3; ++number) ASSERT_TRUE(world.start(number));
  hear_from_n2(world, command("nonsense"));
  EXPECT_EQ(world[0].failure(), std::nullopt);
  EXPECT_EQ(world[0].unreadable(), 1U);
  EXPECT_EQ(world[0].applied(), 1U);
}

TEST(ReplicaLevel, a_command_of_a_newer_version_ends_the_replica) {
  World world(3);
  world.options.raft.level = 1;
  for (std::size_t number = 0; number < 3; ++number) ASSERT_TRUE(world.start(number));
  hear_from_n2(world, command(encode_command({}, 2)));
  ASSERT_TRUE(world[0].failure().has_value());
  EXPECT_THAT(world[0].failure()->message, HasSubstr("Log entry 1 is a command of version 2"));
  EXPECT_EQ(world[0].applied(), 0U);
}

TEST(ReplicaLevel, a_level_that_is_not_known_ends_the_replica_and_leaves_its_files_alone) {
  World world(3);
  world.options.raft.level = 1;
  for (std::size_t number = 0; number < 3; ++number) ASSERT_TRUE(world.start(number));
  hear_from_n2(world, {.kind = raft::EntryKind::kLevel, .payload = raft::Payload(raft::encode_level(2))});
  ASSERT_TRUE(world[0].failure().has_value());
  EXPECT_THAT(world[0].failure()->message, HasSubstr("feature level 2, and this release knows levels up to 1"));
  world.crash(0);
  ASSERT_TRUE(world.start(0));
  EXPECT_EQ(world[0].core().trail.last_index(), 0U);
}

}  // namespace
}  // namespace timestore::replica::level_test
