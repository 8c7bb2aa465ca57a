// What a lone survivor's log says after it was recovered by force, and where nothing may be done. That it then leads
// and lets others in is seen in tests/system/membership_test.cc.
#include "net/process/recovery.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/store/log/log_file.h"
#include "tests/scratch_directory.h"

namespace timestore::net {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

const raft::Member kOne{"n1", "http://one:1"};
const raft::Member kTwo{"n2", "http://two:1"};
const raft::Member kThree{"n3", "http://three:1"};

class RecoveryTest : public ::testing::Test {
 protected:
  std::string database() const { return directory_.file("s.db"); }
  std::unique_ptr<store::LogFile> open() const {
    auto log = store::LogFile::open(directory_.file("s.raft.db"));
    EXPECT_TRUE(log) << log.error().message;
    return std::move(*log);
  }

  // n1's log: two no-ops, of the terms 3 and 4; it has voted for n2 in term 6.
  void store(const raft::Configuration& configuration, bool novice = false) const {
    auto log = open();
    ASSERT_TRUE(log->initialize({"n1", configuration}));
    raft::Write write;
    write.id = 1;
    write.hard_state = {.term = 6, .vote = "n2", .novice = novice};
    write.first_index = 1;
    write.entries = {{3, raft::EntryKind::kNoop, raft::Payload(std::string())},
                     {4, raft::EntryKind::kNoop, raft::Payload(std::string())}};
    ASSERT_TRUE(log->write({&write, 1}));
  }

  std::string refusal(const raft::NodeId& node = "") const {
    const auto recovery = recover_single(database(), node);
    return recovery ? "not refused" : recovery.error().message;
  }

  void expect_recovered() const {
    const auto log = open();
    EXPECT_EQ(log->recovered().hard_state, (raft::HardState{.term = 7, .vote = std::nullopt, .novice = false}));
    EXPECT_EQ(log->recovered().trail.last(), (raft::Position{7, 4}));
    ASSERT_EQ(log->recovered().clusters.size(), 1U) << "it is another cluster from now on";
    EXPECT_EQ(log->recovered().clusters[0].first, 3U);
    EXPECT_EQ(log->recovered().trail.term_at(2), 4U) << "what was there stays";
    ASSERT_EQ(log->recovered().configurations.size(), 1U);
    EXPECT_EQ(log->recovered().configurations[0].first, 4U) << "it proves that the id is settled";
    EXPECT_EQ(log->recovered().configurations[0].second, raft::Configuration{.voters = {kOne}});
  }

  ScratchDirectory directory_;
};

TEST_F(RecoveryTest, makes_the_survivor_the_only_voter_in_a_new_term_and_once_only) {
  store({.voters = {kOne, kTwo, kThree}});
  const auto recovery = recover_single(database(), "n1");
  ASSERT_TRUE(recovery) << recovery.error().message;
  EXPECT_THAT(recovery->gone, ElementsAre("n2", "n3"));
  EXPECT_EQ(recovery->last, (raft::Position{4, 2}));
  expect_recovered();

  const auto again = recover_single(database(), "");
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_THAT(again->gone, IsEmpty());
  expect_recovered();
}

TEST_F(RecoveryTest, ends_a_change_of_the_members_that_was_on_its_way) {
  store({.voters = {kTwo, kThree}, .outgoing = {kOne, kTwo}});
  ASSERT_TRUE(recover_single(database(), ""));
  expect_recovered();
}

TEST_F(RecoveryTest, takes_a_learner_too) {
  store({.voters = {kTwo}, .learners = {kOne}, .joining = {{"n1", "n2"}}});
  ASSERT_TRUE(recover_single(database(), ""));
  expect_recovered();
}

TEST_F(RecoveryTest, says_that_the_disk_had_been_empty) {
  store({.voters = {kOne, kTwo}}, true);
  const auto recovery = recover_single(database(), "");
  ASSERT_TRUE(recovery);
  EXPECT_TRUE(recovery->was_novice);
  expect_recovered();
}

TEST_F(RecoveryTest, is_refused_where_there_is_nothing_to_go_on_with) {
  EXPECT_THAT(refusal(), HasSubstr("There is no file"));
  EXPECT_FALSE(std::filesystem::exists(directory_.file("s.raft.db")));
  open();
  EXPECT_THAT(refusal(), HasSubstr("belongs to no node"));
  store({.voters = {kTwo, kThree}});
  EXPECT_THAT(refusal(), HasSubstr("no member"));
  EXPECT_EQ(open()->recovered().hard_state.term, 6U);
}

TEST_F(RecoveryTest, is_refused_for_files_of_another_node_and_for_files_in_use) {
  store({.voters = {kOne, kTwo}});
  EXPECT_THAT(refusal("n2"), HasSubstr("belongs to node \"n1\""));
  const auto log = open();
  EXPECT_THAT(refusal(), HasSubstr("Another process has the file open"));
  EXPECT_EQ(log->recovered().trail.last_index(), 2U);
}

}  // namespace
}  // namespace timestore::net
