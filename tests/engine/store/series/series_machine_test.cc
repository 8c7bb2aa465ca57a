// The series file behind the port of a state machine: what is not in the tests of the file itself.
#include "engine/store/series/series_machine.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include "engine/series/command.h"
#include "engine/store/series/snapshot.h"
#include "tests/scratch_directory.h"

namespace timestore::store::series_machine_test {
namespace {

RC_GTEST_PROP(SeriesMachine, an_outcome_brings_the_result_as_it_was, ()) {
  constexpr int kLast = static_cast<int>(ApplyResult::Outcome::kTooScattered);
  ApplyResult result{.outcome = static_cast<ApplyResult::Outcome>(*rc::gen::inRange(0, kLast + 1)),
                     .conflicts = *rc::gen::arbitrary<std::vector<std::uint32_t>>()};
  if (tells_edge(result.outcome)) result.edge_ns = *rc::gen::arbitrary<std::int64_t>();
  if (tells_type(result.outcome)) result.stored_type = *rc::gen::arbitrary<std::uint8_t>();
  if (tells_deleted(result.outcome)) result.deleted = *rc::gen::arbitrary<std::uint64_t>();
  RC_ASSERT(result_of(outcome_of(result)) == result);
}

raft::Entry command(std::vector<TimeEntry> entries) {
  return {1, raft::EntryKind::kCommand, raft::Payload(encode_command(entries))};
}

TEST(SeriesMachine, tells_what_became_of_each_entry_and_where_it_stands) {
  const ScratchDirectory directory;
  const auto machine = SeriesMachine::open(directory.file("s.db")).value();
  EXPECT_EQ(machine->name(), "The series file " + directory.file("s.db"));
  TimeEntry entry{.device_id = "d", .timestamp_ns = 1, .value = 1, .attributes = ""};
  entry.id.bytes[0] = 1;
  TimeEntry other = entry;
  other.value = 2;
  const std::vector<raft::Entry> entries = {command({entry}), command({entry}), command({entry, other, other})};
  const auto outcomes = machine->apply(1, entries);
  ASSERT_TRUE(outcomes && outcomes->size() == 3);
  EXPECT_EQ(result_of((*outcomes)[0]).outcome, ApplyResult::Outcome::kStored);
  EXPECT_EQ(result_of((*outcomes)[1]).outcome, ApplyResult::Outcome::kStored);
  EXPECT_EQ(result_of((*outcomes)[2]).outcome, ApplyResult::Outcome::kConflict);
  EXPECT_THAT(result_of((*outcomes)[2]).conflicts, ::testing::ElementsAre(1, 2));
  EXPECT_EQ(machine->standing().applied, (raft::Position{1, 3}));
  EXPECT_EQ(machine->standing().durable, 0U);
}

TEST(SeriesMachine, makes_durable_what_the_log_says_and_nothing_before) {
  const ScratchDirectory directory;
  const auto machine = SeriesMachine::open(directory.file("s.db"), "", {.shape = {.seal_points = 2}}).value();
  const std::vector<raft::Entry> entries(
      3, command({{.device_id = "d", .timestamp_ns = 1, .value = 1, .attributes = ""}}));
  ASSERT_TRUE(machine->apply(1, entries));
  EXPECT_EQ(machine->standing().applied.index, 3U);
  EXPECT_EQ(machine->standing().durable, 2U);
  ASSERT_TRUE(machine->make_durable());
  EXPECT_EQ(machine->standing().durable, 2U);
}

TEST(SeriesMachine, lends_parts_that_begin_with_a_page) {
  const ScratchDirectory directory;
  const auto machine = SeriesMachine::open(directory.file("s.db"), "", {.shape = {.seal_points = 1}}).value();
  const std::vector<raft::Entry> entries = {
      command({{.device_id = "d", .timestamp_ns = 1, .value = 1, .attributes = ""}})};
  ASSERT_TRUE(machine->apply(1, entries));
  const auto writer = machine->begin_snapshot();
  ASSERT_NE(writer, nullptr);
  EXPECT_EQ(writer->applied(), 1U);
  machine::SnapshotWriter::Step step;
  for (int i = 0; i < 100 && !step.is_over; ++i) step = writer->step(kMinChunkBytes).value();
  ASSERT_NE(step.snapshot, nullptr);
  const std::uint64_t size = step.snapshot->meta().size_bytes;
  EXPECT_TRUE(step.snapshot->has_part_at(0));
  EXPECT_TRUE(step.snapshot->has_part_at(size - kMinChunkBytes));
  for (const std::uint64_t offset : {std::uint64_t{1}, kMinChunkBytes + 1, size, ~std::uint64_t{0}}) {
    EXPECT_FALSE(step.snapshot->has_part_at(offset)) << offset;
  }
  EXPECT_EQ(step.snapshot->read_part(0, 1).value().bytes.size(), kMinChunkBytes);
}

}  // namespace
}  // namespace timestore::store::series_machine_test
