// The account of deletes: a lie for each of its rules, and what the model takes for gone.
#include "sim/checkers/deletes.h"

#include <gtest/gtest.h>

#include <string>

#include "engine/base/check.h"
#include "engine/series/command.h"

namespace timestore::sim {
namespace {

using Kind = client::WriteEnd::Kind;
using Outcome = ApplyResult::Outcome;

struct DeletesTest : testing::Test {
  std::string broken() const { return findings.first() ? findings.first()->rule : ""; }

  static DeleteOrder of_device(std::uint64_t operation, const std::string& device = "a") {
    DeleteOrder order{.names = {{.name = device}}};
    sign(order, operation);
    return order;
  }
  raft::Index log(const std::string& command) {
    model.apply({.term = 1, .kind = raft::EntryKind::kCommand, .payload = raft::Payload(command)});
    return model.applied();
  }
  raft::Index store(const std::string& device, std::int64_t time_ns, double value) {
    return log(encode_command(std::vector<TimeEntry>{{.device_id = device, .timestamp_ns = time_ns, .value = value}}));
  }
  raft::Index commit(const DeleteOrder& order) {
    const raft::Index index = log(encode_delete(order, kDeletesVersion));
    deletes.committed(index, *model.last_delete());
    return index;
  }
  void begin(std::uint64_t operation) {
    deletes.begins(operation, of_device(operation));
    deletes.submitted(operation);
  }
  raft::Index end(std::uint64_t operation, Kind kind, raft::Index applied = 0, std::uint64_t deleted = 0) {
    client::WriteEnd end;
    end.kind = kind;
    end.applied = applied;
    end.result = {.outcome = Outcome::kDeleted, .deleted = deleted};
    return deletes.ended(operation, end);
  }
  Findings findings;
  Model model;
  Deletes deletes{findings, model};
};

TEST_F(DeletesTest, what_is_done_once_and_answered_so_is_fine) {
  store("a", 1, 1);
  begin(1);
  begin(2);
  begin(3);
  const raft::Index index = commit(of_device(1));
  EXPECT_EQ(end(1, Kind::kApplied, index + 1, 1), index);
  EXPECT_EQ(end(2, Kind::kUnknown), 0U);
  commit(of_device(2));
  end(3, Kind::kNotLeader);
  EXPECT_EQ(broken(), "");
}

TEST_F(DeletesTest, what_is_done_again_is_named) {
  begin(1);
  commit(of_device(1));
  EXPECT_EQ(broken(), "");
  commit(of_device(1));
  EXPECT_EQ(broken(), "a delete is done once for each time that it may have been, and not if it is called undone");
}

TEST_F(DeletesTest, what_was_called_undone_and_is_there_is_named) {
  begin(1);
  end(1, Kind::kBusy);
  commit(of_device(1));
  EXPECT_EQ(broken(), "a delete is done once for each time that it may have been, and not if it is called undone");
}

TEST_F(DeletesTest, what_is_there_and_then_called_undone_is_named) {
  begin(1);
  commit(of_device(1));
  end(1, Kind::kDiskFull);
  EXPECT_EQ(broken(), "a delete is done once for each time that it may have been, and not if it is called undone");
}

TEST_F(DeletesTest, what_nobody_has_asked_for_is_named) {
  begin(1);
  DeleteOrder other = of_device(1, "b");
  commit(other);
  EXPECT_EQ(broken(), "what is deleted is what somebody asked for");
}

TEST_F(DeletesTest, an_answer_of_what_the_log_does_not_say_is_named) {
  store("a", 1, 1);
  begin(1);
  const raft::Index index = commit(of_device(1));
  end(1, Kind::kApplied, index, 2);
  EXPECT_EQ(broken(), "what is said of a delete is what the log says");
}

TEST_F(DeletesTest, an_answer_before_it_is_in_the_log_is_named) {
  begin(1);
  end(1, Kind::kApplied, 5);
  EXPECT_EQ(broken(), "what is said of a delete is what the log says");
}

TEST_F(DeletesTest, an_order_names_its_operation) {
  EXPECT_EQ(operation_of(of_device(300)), 300U);
  DeleteOrder ids{.ids = {Guid()}};
  sign(ids, 70'000);
  EXPECT_EQ(operation_of(ids), 70'000U);
  EXPECT_EQ(operation_of({.ids = {Guid()}}), 0U);
  EXPECT_EQ(operation_of({.names = {{.name = "a"}}}), 0U);
}

TEST_F(DeletesTest, the_model_hides_what_stood_before_and_from_then_on) {
  store("a", 1, 1);
  store("a", 2, 2);
  store("b", 1, 3);
  DeleteOrder order = of_device(1);
  order.first_ns = order.last_ns = 2;
  const raft::Index index = commit(order);
  EXPECT_EQ(model.result(index), (ApplyResult{.outcome = Outcome::kDeleted, .deleted = 1}));
  store("a", 2, 4);
  EXPECT_EQ(model.result(commit(of_device(1))).deleted, 2U) << "the one that stayed, and the one that came later";
}

TEST_F(DeletesTest, the_model_leaves_what_stands_behind_an_index) {
  const raft::Index first = store("a", 1, 1);
  store("a", 1, 2);
  DeleteOrder order = of_device(1);
  order.up_to = first;
  EXPECT_EQ(model.result(commit(order)).deleted, 1U);
  EXPECT_EQ(model.result(commit(order)).deleted, 0U);
  const Guid id = model.stored_id(1).value();
  DeleteOrder by_id{.up_to = first, .ids = {id}};
  EXPECT_EQ(model.result(log(encode_delete(by_id, kDeletesVersion))).deleted, 0U);
  by_id.up_to = first + 1;
  EXPECT_EQ(model.result(log(encode_delete(by_id, kDeletesVersion))).deleted, 1U);
  EXPECT_EQ(model.difference("a", model.applied(), {}), std::nullopt);
}

TEST_F(DeletesTest, the_model_counts_a_point_of_lines_once_and_keeps_what_replaced_it) {
  const auto line = [&](std::uint64_t value) {
    return log(encode_lines({.series = {{.name = "m f", .type = points::Type::kInteger}},
                             .points = {{.time_ns = 1, .bits = value}},
                             .line_ends = {1}},
                            kLinesVersion));
  };
  line(1);
  const raft::Index second = line(2);
  line(3);
  DeleteOrder order{.up_to = second, .names = {{.is_prefix = true, .name = "m"}}};
  EXPECT_EQ(model.result(log(encode_delete(order, kDeletesVersion))).deleted, 0U) << "the third stays";
  order.up_to = second + 1;
  EXPECT_EQ(model.result(log(encode_delete(order, kDeletesVersion))).deleted, 1U);
}

}  // namespace
}  // namespace timestore::sim
