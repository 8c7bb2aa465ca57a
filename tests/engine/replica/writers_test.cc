// Those who wait for a write, without a replica around them.
#include "engine/replica/writers.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "engine/raft/step.h"
#include "tests/engine/replica/register_machine.h"
#include "tests/scratch_directory.h"

namespace timestore::replica::writers_test {
namespace {

using Kind = WriteEnd::Kind;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

class WritersTest : public ::testing::Test {
 protected:
  WritersTest() {
    options_.max_waiting_bytes = 100;
    options_.seed = 7;
    restart();
  }

  void restart() {
    raft::Restart restart{.id = "n1",
                          .configuration = {.voters = {{"n1", "http://n1"}}},
                          .hard_state = {},
                          .trail = {},
                          .configurations = {},
                          .applied = 0,
                          .seed = 1};
    core_ = raft::start(restart, options_.raft);
    machine_ = std::make_unique<SharedMachine>(testing::RegisterMachine::open(directory_.file("register")).value());
    writers_ = std::make_unique<Writers>(options_, core_, *machine_, space_);
  }

  // A cluster of one: it leads as soon as its disk has its vote, and takes proposals with its first commit.
  void lead() {
    step(raft::Campaign{});
    for (int turn = 0; turn < 3; ++turn) step(raft::WriteDone{core_.last_write});
    ASSERT_TRUE(core_.is_leader());
    ASSERT_TRUE(core_.takes_proposals());
  }
  raft::Effects step(raft::Input input) { return raft::step(core_, std::vector{std::move(input)}); }

  WriteTicket submit(std::string command) {
    writers_->submit(++last_, machine::ready(std::move(command)), [this](const WriteEnd& end) {
      ends_.push_back(end.kind);
      places_.push_back(end.place);
    });
    return last_;
  }

  // As the core tells it of a proposal at this place.
  void end(WriteTicket ticket, raft::Fate::Kind kind, raft::Index index) {
    writers_->end({.id = ticket, .kind = kind, .position = {.term = core_.term(), .index = index}});
  }
  void apply_through(raft::Index index) {
    machine::Standing standing = machine_->standing();
    const raft::Index first = standing.applied.index + 1;
    standing.applied = {.term = core_.term(), .index = index};
    machine_->stands(standing);
    writers_->applied(first, std::vector<machine::Outcome>(index - first + 1));
  }

  ScratchDirectory directory_;
  Options options_;
  Space space_{2};
  raft::State core_;
  std::unique_ptr<SharedMachine> machine_;
  std::unique_ptr<Writers> writers_;
  WriteTicket last_ = 0;
  std::vector<Kind> ends_;
  std::vector<std::optional<machine::Place>> places_;
};

TEST_F(WritersTest, are_told_when_their_entries_are_applied_and_each_where_it_stands) {
  lead();
  const raft::Index last = core_.trail.last_index();
  for (const char* command : {"a", "b", "c"}) submit(command);
  ASSERT_EQ(writers_->propose().size(), 3U);
  EXPECT_FALSE(writers_->may_propose());
  for (WriteTicket ticket = 1; ticket <= 3; ++ticket) end(ticket, raft::Fate::Kind::kCommitted, last + ticket);
  EXPECT_THAT(ends_, IsEmpty());
  apply_through(last + 2);
  EXPECT_THAT(ends_, ElementsAre(Kind::kApplied, Kind::kApplied));
  apply_through(last + 3);
  ASSERT_EQ(places_.size(), 3U);
  for (std::size_t i = 0; i < 3; ++i) EXPECT_EQ(places_[i]->position.index, last + 1 + i);
  EXPECT_EQ(places_[0]->salt, places_[2]->salt) << "one term, one salt";
  EXPECT_FALSE(writers_->is_awaited());
  EXPECT_EQ(writers_->waiting_bytes(), 0U);
}

TEST_F(WritersTest, of_another_term_or_another_life_get_another_salt) {
  std::vector<std::uint64_t> salts;
  for (int life = 0; life < 2; ++life) {
    restart();
    options_.seed = 8;  // of the next life
    for (int term = 0; term < 2; ++term) {
      lead();
      submit("a");
      (void)writers_->propose();
      writers_->give_up(last_);
      salts.push_back(places_.back()->salt);
      step(raft::StepDown{});
    }
  }
  std::sort(salts.begin(), salts.end());
  EXPECT_EQ(std::adjacent_find(salts.begin(), salts.end()), salts.end());
}

TEST_F(WritersTest, that_are_too_many_are_refused_until_some_have_ended) {
  const std::string large(60, 'x');
  submit(large);
  submit(large);
  EXPECT_THAT(ends_, ElementsAre(Kind::kBusy));
  writers_->give_up(1);
  EXPECT_THAT(ends_, ElementsAre(Kind::kBusy, Kind::kNotLeader));
  submit(large);
  EXPECT_EQ(ends_.size(), 2U);
}

TEST_F(WritersTest, that_gave_up_hold_their_room_until_their_writes_have_ended) {
  lead();
  submit(std::string(60, 'x'));
  (void)writers_->propose();
  writers_->give_up(1);
  EXPECT_THAT(ends_, ElementsAre(Kind::kUnknown));
  EXPECT_EQ(writers_->waiting_bytes(), 60U);
  end(1, raft::Fate::Kind::kSuperseded, 0);
  EXPECT_EQ(writers_->waiting_bytes(), 0U);
  EXPECT_EQ(ends_.size(), 1U) << "each is told once";
}

TEST_F(WritersTest, are_refused_by_a_leader_whose_disk_is_full) {
  space_.missed(Lane::kLog);
  submit("a");
  EXPECT_THAT(ends_, IsEmpty()) << "who does not lead says so instead";
  lead();
  submit("b");
  EXPECT_THAT(ends_, ElementsAre(Kind::kDiskFull));
  space_.found(Lane::kLog);
  submit("c");
  EXPECT_EQ(ends_.size(), 1U);
}

TEST_F(WritersTest, whose_outcome_a_snapshot_hides_are_told_that_it_is_unknown) {
  lead();
  const raft::Index last = core_.trail.last_index();
  submit("a");
  submit("b");
  (void)writers_->propose();
  end(1, raft::Fate::Kind::kCommitted, last + 1);
  end(2, raft::Fate::Kind::kCommitted, last + 2);
  writers_->hide(last + 1);
  EXPECT_THAT(ends_, ElementsAre(Kind::kUnknown));
}

TEST_F(WritersTest, of_a_replica_that_fails_are_told_what_is_certain) {
  lead();
  const raft::Index last = core_.trail.last_index();
  submit("committed");
  submit("proposed");
  (void)writers_->propose();
  end(1, raft::Fate::Kind::kCommitted, last + 1);
  submit("waits");
  writers_->fail();
  EXPECT_THAT(ends_, ElementsAre(Kind::kNotLeader, Kind::kUnknown, Kind::kUnknown));
  EXPECT_FALSE(writers_->is_awaited());
}

}  // namespace
}  // namespace timestore::replica::writers_test
