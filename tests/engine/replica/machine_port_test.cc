// A replica drives whatever state machine it is given: here a register. What goes in and comes out is opaque to it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

#include "tests/engine/replica/register_machine.h"
#include "tests/engine/replica/small_world.h"

namespace timestore::replica::machine_port_test {
namespace {

using ::testing::ElementsAre;
using testing::RegisterMachine;

class MachinePortTest : public ::testing::Test {
 protected:
  MachinePortTest() {
    world_.open_machine = [this](std::size_t number) -> Result<std::unique_ptr<machine::StateMachine>> {
      auto opened = RegisterMachine::open(world_.series_path(number));
      if (!opened) return tl::unexpected(opened.error());
      machines_[number] = opened->get();
      return std::move(*opened);
    };
  }

  void start(std::size_t number) {
    const auto started = world_.start(number);
    ASSERT_TRUE(started) << started.error().message;
  }
  void start_all() {
    for (std::size_t number = 0; number < world_.size(); ++number) start(number);
    ASSERT_TRUE(world_.elect());
  }
  std::size_t leader() { return *world_.leader(); }

  void set(const std::string& value) {
    world_[leader()].submit(machine::ready(value), [this](WriteEnd end) { ends_.push_back(std::move(end)); });
  }
  void set_many(int count) {
    for (int i = 0; i < count; ++i) {
      set("value " + std::to_string(i));
      world_.settle_everything();
    }
  }
  // What the outcomes tell: the value before each.
  std::vector<std::string> values_before() const {
    std::vector<std::string> values;
    for (const WriteEnd& end : ends_) values.emplace_back(end.outcome.detail.view());
    return values;
  }

  testing::SmallWorld world_{3};
  std::map<std::size_t, RegisterMachine*> machines_;  // of those that are up
  std::vector<WriteEnd> ends_;
};

TEST_F(MachinePortTest, a_command_that_is_ready_is_applied_as_it_is_and_its_outcome_comes_back) {
  start_all();
  for (const char* value : {"a", "[1,2", "b"}) set(value);
  world_[leader()].settle();
  world_.settle_everything();
  for (int i = 0; i < 10; ++i) world_.tick();
  EXPECT_THAT(values_before(), ElementsAre("", "a", "[1,2"));
  for (const WriteEnd& end : ends_) {
    EXPECT_EQ(end.kind, WriteEnd::Kind::kApplied);
    EXPECT_EQ(end.outcome.code, static_cast<std::uint32_t>(RegisterMachine::Code::kSet));
  }
  for (const auto& [number, machine] : machines_) EXPECT_EQ(machine->value(), "b") << number;
}

TEST_F(MachinePortTest, a_draft_is_made_once_for_the_place_that_its_end_tells) {
  start_all();
  set("before");
  std::vector<machine::Place> made;
  std::optional<WriteEnd> told;
  Replica& replica = world_[leader()];
  replica.submit({.size_bytes = 1,
                  .command =
                      [&](const machine::Place& place) {
                        made.push_back(place);
                        return "made for " + std::to_string(place.position.index);
                      }},
                 [&](WriteEnd end) { told = std::move(end); });
  EXPECT_TRUE(made.empty()) << "its place is not known yet";
  replica.settle();
  ASSERT_EQ(made.size(), 1U);
  EXPECT_EQ(made[0].position, replica.core().trail.last());
  world_.settle_everything();
  ASSERT_TRUE(told);
  EXPECT_EQ(told->kind, WriteEnd::Kind::kApplied);
  EXPECT_EQ(told->place, made[0]);
  EXPECT_EQ(made.size(), 1U);
  EXPECT_EQ(machines_[leader()]->value(), "made for " + std::to_string(made[0].position.index));
}

TEST_F(MachinePortTest, a_draft_that_is_given_up_has_its_place_if_it_is_in_a_log) {
  start_all();
  Replica& replica = world_[leader()];
  world_.cut(leader(), true);
  const auto keep = [this](WriteEnd end) { ends_.push_back(std::move(end)); };
  const WriteTicket proposed = replica.submit(machine::ready("a"), keep);
  replica.settle();
  const WriteTicket waiting = replica.submit(machine::ready("b"), keep);
  replica.give_up(proposed);
  replica.give_up(waiting);
  ASSERT_EQ(ends_.size(), 2U);
  EXPECT_EQ(ends_[0].kind, WriteEnd::Kind::kUnknown);
  ASSERT_TRUE(ends_[0].place);
  EXPECT_EQ(ends_[0].place->position, replica.core().trail.last());
  EXPECT_EQ(ends_[1].kind, WriteEnd::Kind::kNotLeader);
  EXPECT_FALSE(ends_[1].place);
}

TEST_F(MachinePortTest, a_follower_makes_no_command) {
  start_all();
  Replica& follower = world_[(leader() + 1) % 3];
  bool is_made = false;
  follower.submit({.size_bytes = 1,
                   .command =
                       [&](const machine::Place&) {
                         is_made = true;
                         return std::string("x");
                       }},
                  [this](WriteEnd end) { ends_.push_back(std::move(end)); });
  follower.settle();
  ASSERT_EQ(ends_.size(), 1U);
  EXPECT_EQ(ends_[0].kind, WriteEnd::Kind::kNotLeader);
  EXPECT_FALSE(ends_[0].place);
  EXPECT_FALSE(is_made);
}

TEST_F(MachinePortTest, what_finds_no_space_is_applied_when_there_is_some_and_answers_come_in_order) {
  start_all();
  const std::size_t number = leader();
  machines_[number]->room = 2;
  for (const char* value : {"a", "b", "c", "d"}) set(value);
  world_[number].settle();
  world_.settle_everything();
  EXPECT_THAT(values_before(), ElementsAre("", "a")) << "what was applied is told";
  EXPECT_TRUE(world_[number].has_full_disk());
  set("refused");
  ASSERT_EQ(ends_.size(), 3U);
  EXPECT_EQ(ends_.back().kind, WriteEnd::Kind::kDiskFull);
  ends_.pop_back();

  machines_[number]->room = 1;
  for (int i = 0; i < 10; ++i) world_.tick();
  EXPECT_THAT(values_before(), ElementsAre("", "a", "b"));
  EXPECT_TRUE(world_[number].has_full_disk());
  machines_[number]->room = 1000;
  for (int i = 0; i < 10; ++i) world_.tick();
  EXPECT_THAT(values_before(), ElementsAre("", "a", "b", "c"));
  EXPECT_FALSE(world_[number].has_full_disk());
  EXPECT_EQ(machines_[number]->value(), "d");
}

TEST_F(MachinePortTest, what_was_not_durable_is_applied_again_after_a_crash) {
  start_all();
  set_many(20);
  const std::size_t number = leader();
  const auto standing = machines_[number]->standing();
  ASSERT_EQ(standing.durable, 0U) << "nobody has asked for it";
  world_.crash(number);
  start(number);
  EXPECT_EQ(world_[number].applied(), 0U);
  ASSERT_TRUE(world_.elect());
  for (int i = 0; i < 10; ++i) world_.tick();
  EXPECT_GE(world_[number].applied(), standing.applied.index);
  EXPECT_EQ(machines_[number]->value(), "value 19");
}

TEST_F(MachinePortTest, a_log_is_forgotten_as_far_as_the_machine_is_durable_and_a_snapshot_brings_the_rest) {
  world_.options.kept_entries = 4;
  world_.options.snapshot_chunk_bytes = 3;
  world_.options.snapshot_bytes_per_tick = 30;
  start_all();
  const std::size_t away = (leader() + 1) % 3;
  world_.crash(away);
  set_many(40);
  for (int i = 0; i < 20; ++i) world_.tick();
  const raft::Index base = world_[leader()].core().trail.base().index;
  EXPECT_GT(base, 10U);
  EXPECT_LE(base, machines_[leader()]->standing().durable);

  start(away);
  for (int i = 0; i < 400 && world_[away].state_hash() != world_[leader()].state_hash(); ++i) world_.tick();
  EXPECT_EQ(machines_[away]->value(), "value 39");
  EXPECT_GE(machines_[away]->standing().durable, base) << "no log had these entries for it";
  EXPECT_EQ(world_[away].state_hash(), world_[leader()].state_hash());
  world_.crash(away);
  start(away);
  EXPECT_GE(world_[away].applied(), base);
}

}  // namespace
}  // namespace timestore::replica::machine_port_test
