#include "sim/checkers/line_writes.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "engine/series/command.h"

namespace timestore::sim {
namespace {

using Kind = client::WriteEnd::Kind;

LineWrite line(std::uint64_t operation) {
  return {.database = "",
          .keeps_good_lines = true,
          .series = {{.name = "op n", .is_device = false, .type = points::Type::kInteger},
                     {.name = "m f", .is_device = false, .type = points::Type::kFloat}},
          .points = {{.series = 0, .time_ns = 1, .bits = operation, .text = ""},
                     {.series = 1, .time_ns = 2, .bits = operation, .text = ""}},
          .line_ends = {1, 2}};
}

struct LineWritesTest : testing::Test {
  std::string broken() const { return findings.first() ? findings.first()->rule : ""; }

  void begin(std::uint64_t operation) {
    writes.begins(operation, std::make_shared<const LineWrite>(line(operation)));
  }
  // The log has it.
  raft::Index commit(const LineWrite& write) {
    const std::string command = encode_lines(write, kLinesVersion);
    model.apply({.term = 1, .kind = raft::EntryKind::kCommand, .payload = raft::Payload(command)});
    writes.committed(model.applied(), *model.last_lines());
    return model.applied();
  }
  void end(std::uint64_t operation, Kind kind, raft::Index applied = 0,
           ApplyResult::Outcome outcome = ApplyResult::Outcome::kStored) {
    client::WriteEnd end;
    end.kind = kind;
    end.applied = applied;
    end.result.outcome = outcome;
    writes.ended(operation, end);
  }

  Findings findings;
  Model model;
  LineWrites writes{findings, model};
};

TEST_F(LineWritesTest, what_is_stored_once_and_answered_so_is_fine) {
  begin(1);
  begin(2);
  begin(3);
  end(1, Kind::kApplied, commit(line(1)));
  end(2, Kind::kUnknown);
  commit(line(2));
  end(3, Kind::kNotLeader);
  EXPECT_EQ(broken(), "");
}

TEST_F(LineWritesTest, what_the_network_has_repeated_may_be_stored_again) {
  begin(1);
  writes.doubled(1);
  commit(line(1));
  commit(line(1));
  EXPECT_EQ(broken(), "");
}

TEST_F(LineWritesTest, what_is_stored_again_is_named) {
  begin(1);
  commit(line(1));
  commit(line(1));
  EXPECT_EQ(broken(), "a write of lines is not stored again");
}

TEST_F(LineWritesTest, what_nobody_has_written_is_named) {
  begin(1);
  LineWrite other = line(1);
  other.points[1].bits = 7;
  commit(other);
  EXPECT_EQ(broken(), "what is stored of lines is what somebody has written");
}

TEST_F(LineWritesTest, what_was_called_undone_and_is_there_is_named) {
  begin(1);
  end(1, Kind::kBusy);
  commit(line(1));
  EXPECT_EQ(broken(), "a write of lines that is called undone was not done");
}

TEST_F(LineWritesTest, an_answer_of_what_the_log_does_not_say_is_named) {
  begin(1);
  const raft::Index index = commit(line(1));
  end(1, Kind::kApplied, index, ApplyResult::Outcome::kPartlyStored);
  EXPECT_EQ(broken(), "what is said of a write of lines is what the log says");
}

TEST_F(LineWritesTest, an_answer_before_it_is_in_the_log_is_named) {
  begin(1);
  end(1, Kind::kApplied, 5);
  EXPECT_EQ(broken(), "what is said of a write of lines is what the log says");
}

TEST_F(LineWritesTest, the_model_keeps_types_and_good_lines_apart) {
  begin(1);
  commit(line(1));
  LineWrite wrong = line(2);
  wrong.series[1].type = points::Type::kInteger;
  model.apply({.term = 1, .kind = raft::EntryKind::kCommand, .payload = raft::Payload(encode_lines(wrong, kLinesVersion))});
  const ApplyResult& result = model.result(2);
  EXPECT_EQ(result.outcome, ApplyResult::Outcome::kPartlyStored);
  EXPECT_EQ(result.conflicts, std::vector<std::uint32_t>{1});
  EXPECT_EQ(result.stored_type, static_cast<std::uint8_t>(points::Type::kFloat));
}

}  // namespace
}  // namespace timestore::sim
