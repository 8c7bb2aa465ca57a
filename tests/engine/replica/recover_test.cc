// A lone survivor that was recovered by force goes on as a cluster of one, with all that it held. What its log says,
// and where nothing may be done, is seen in tests/net/process/recovery_test.cc.
#include "engine/replica/recover.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/store/series/series_machine.h"
#include "tests/engine/replica/register_machine.h"
#include "tests/engine/replica/small_world.h"
#include "tests/engine/replica/writes.h"
#include "tests/scratch_directory.h"

namespace timestore::replica::recover_test {
namespace {

using ::testing::ElementsAre;
using testing::entry;

TEST(Recover, a_survivor_leads_itself_and_has_lost_nothing_that_it_held) {
  testing::SmallWorld world(3);
  world.options.raft.level = raft::kEnvelopesLevel;
  for (std::size_t number = 0; number < 3; ++number) ASSERT_TRUE(world.start(number));
  ASSERT_TRUE(world.elect());
  EXPECT_TRUE(world[0].status().cluster.is_known());
  EXPECT_NE(world[0].status().cluster, (raft::ClusterId{7, 8}));
  for (int i = 0; i < 10; ++i) client::submit(world[*world.leader()], {entry("d", i)}, [](const client::WriteEnd&) {});
  world.settle_everything();
  for (int i = 0; i < 10; ++i) world.tick();
  for (std::size_t number = 0; number < 3; ++number) world.crash(number);

  {
    const auto log = store::LogFile::open(world.log_path(0)).value();
    const auto machine = store::SeriesMachine::open(world.series_path(0)).value();
    const auto recovery = recover_alone(*log, *machine, {7, 8});
    ASSERT_TRUE(recovery) << recovery.error().message;
    EXPECT_EQ(recovery->node, "n1");
    EXPECT_THAT(recovery->gone, ElementsAre("n2", "n3"));
  }
  ASSERT_TRUE(world.start(0));
  ASSERT_TRUE(world.elect());
  bool is_stored = false;
  client::submit(world[0], {entry("d", 10)},
                 [&](const client::WriteEnd& end) { is_stored = end.result.outcome == ApplyResult::Outcome::kStored; });
  world[0].settle();
  world.settle_everything();
  EXPECT_TRUE(is_stored);
  EXPECT_EQ(world[0].status().cluster, (raft::ClusterId{7, 8})) << "it has nothing to do with the old cluster any more";
  EXPECT_TRUE(world[0].status().is_settled);
  EXPECT_EQ(world.stored(0).size(), 11U);
}

TEST(Recover, the_level_that_a_snapshot_brought_before_a_crash_is_kept) {
  const ScratchDirectory directory;
  const std::string log_path = directory.file("n1.raft.db");
  const raft::Position snapshot{.term = 1, .index = 1};
  {
    const auto log = store::LogFile::open(log_path).value();
    ASSERT_TRUE(log->initialize({"n1", {.voters = {{"n1", "http://n1"}, {"n2", "http://n2"}}}}));
    raft::Write term;
    term.hard_state.term = 1;
    ASSERT_TRUE(log->write({&term, 1}));
    ASSERT_TRUE(log->note_installation(snapshot));
  }
  const auto machine = testing::RegisterMachine::open(directory.file("n1.db")).value();
  const raft::Entry level{1, raft::EntryKind::kLevel, raft::Payload(raft::encode_level(1))};
  ASSERT_TRUE(machine->apply(1, {&level, 1}));
  ASSERT_TRUE(recover_alone(*store::LogFile::open(log_path).value(), *machine, {7, 8}));
  EXPECT_EQ(store::LogFile::open(log_path).value()->recovered().level, 1U);
}

}  // namespace
}  // namespace timestore::replica::recover_test
