// A write keeps its ids, and its client is told the truth.
#include "engine/client/submission.h"

#include <gtest/gtest.h>

namespace timestore::client::submission_test {
namespace {

using Kind = client::WriteEnd::Kind;
using Applied = ApplyResult::Outcome;

Guid id(std::uint8_t number) {
  Guid made;
  made.bytes[15] = number;
  return made;
}

struct Write : ::testing::Test {
  std::uint8_t made = 0;
  const TimeEntry entry{.id = {}, .device_id = "d", .timestamp_ns = 1, .value = 1, .attributes = ""};
  Submission write{
      {.self = "n1", .is_forwarded = false, .deadline = 10 * kSecond, .make_id = [this] { return id(++made); }},
      std::vector{entry}};
  const Leadership n1{.is_leader = true, .leader = "n1", .term = 1};
  const Leadership n2{.is_leader = false, .leader = "n2", .term = 2};
  const Leadership n3{.is_leader = false, .leader = "n3", .term = 3};

  client::WriteEnd end(Kind kind, Guid with = {}) const {
    client::WriteEnd end{.kind = kind, .result = {}, .entries = {entry}};
    end.entries.front().id = with;
    return end;
  }
};

TEST_F(Write, gets_its_id_when_it_leaves_the_node_and_keeps_it) {
  const auto here = write.next(n1, 0);
  EXPECT_TRUE(write.entries().front().id.is_nil()) << "the leader gives ids that tell a place";
  EXPECT_TRUE(write.ended(here.attempt, end(Kind::kNotLeader, id(77)), 1));
  const auto there = write.next(n2, 2);
  EXPECT_EQ(write.entries().front().id, id(1));
  EXPECT_TRUE(write.lost(there.attempt, false, 3));
  EXPECT_EQ(write.next(n3, 4).to, "n3");
  EXPECT_EQ(write.entries().front().id, id(1));
}

TEST_F(Write, keeps_the_id_under_which_this_node_may_have_stored_it) {
  EXPECT_TRUE(write.ended(write.next(n1, 0).attempt, end(Kind::kUnknown, id(77)), 1));
  EXPECT_EQ(write.next(n2, 2).to, "n2");
  EXPECT_EQ(write.entries().front().id, id(77));
}

TEST_F(Write, is_answered_as_the_leader_says) {
  auto stored = end(Kind::kApplied);
  stored.entries.clear();  // they are not repeated on the way
  stored.applied = 17;
  stored.result.outcome = Applied::kStored;
  EXPECT_TRUE(write.ended(write.next(n2, 0).attempt, stored, 1));
  EXPECT_EQ(write.next(n2, 2).kind, Attempts::Step::Kind::kEnd);
  EXPECT_TRUE(write.has_answer());
  EXPECT_EQ(write.end().applied, 17U);
  EXPECT_EQ(write.end().entries.front().id, id(1));
}

TEST_F(Write, that_may_be_stored_is_unknown_whatever_a_later_attempt_says) {
  EXPECT_TRUE(write.lost(write.next(n2, 0).attempt, false, 1));
  EXPECT_TRUE(write.ended(write.next(n3, 2).attempt, end(Kind::kBusy), 3));
  EXPECT_EQ(write.next(n3, 4).kind, Attempts::Step::Kind::kEnd);
  EXPECT_EQ(write.end().kind, Kind::kUnknown);
  EXPECT_EQ(write.end().entries.front().id, id(1));
}

struct LinesWrite : ::testing::Test {
  const LinesCommand lines = std::make_shared<const std::string>("lines");
  Submission write{{.self = "n1", .is_forwarded = false, .deadline = 10 * kSecond, .make_id = [] { return Guid(); }},
                   lines};
  const Leadership n1{.is_leader = true, .leader = "n1", .term = 1};
  const Leadership n2{.is_leader = false, .leader = "n2", .term = 2};
  const Leadership n3{.is_leader = false, .leader = "n3", .term = 3};
};

TEST_F(LinesWrite, goes_on_as_it_is_while_it_is_certainly_not_stored) {
  EXPECT_TRUE(write.ended(write.next(n1, 0).attempt, {.kind = Kind::kNotLeader, .result = {}, .entries = {}}, 1));
  EXPECT_TRUE(write.lost(write.next(n2, 2).attempt, true, 3));
  const auto third = write.next(n3, 4);
  EXPECT_EQ(third.to, "n3");
  EXPECT_EQ(write.lines(), lines);
  EXPECT_TRUE(write.entries().empty());
}

TEST_F(LinesWrite, is_not_sent_again_when_it_may_be_stored) {
  EXPECT_TRUE(write.lost(write.next(n2, 0).attempt, false, 1));
  EXPECT_EQ(write.next(n3, 2).kind, Attempts::Step::Kind::kEnd) << "another write may have come between";
  EXPECT_EQ(write.end().kind, Kind::kUnknown);
}

SubmitAnswer ended(client::WriteEnd end) { return {.end = std::move(end), .hint = {}}; }

TEST(SubmitAnswer, comes_back_as_it_was_sent) {
  std::vector<SubmitAnswer> answers;
  for (const Applied outcome : {Applied::kNothing, Applied::kStored, Applied::kMalformed}) {
    answers.push_back(ended({.kind = Kind::kApplied, .result = {outcome, {}}, .entries = {}, .applied = 17}));
  }
  answers.push_back(
      ended({.kind = Kind::kApplied, .result = {Applied::kConflict, {0, 5}}, .entries = {}, .applied = 1}));
  answers.push_back(ended({.kind = Kind::kApplied,
                           .result = {.outcome = Applied::kTypeConflict, .conflicts = {3}, .stored_type = 5},
                           .entries = {},
                           .applied = 2}));
  answers.push_back(ended({.kind = Kind::kApplied,
                           .result = {.outcome = Applied::kPartlyStored, .conflicts = {0, 7}, .stored_type = 0},
                           .entries = {},
                           .applied = 3}));
  answers.push_back(ended({.kind = Kind::kApplied,
                           .result = {.outcome = Applied::kDeleted, .deleted = 70'000'000'000},
                           .entries = {},
                           .applied = 4}));
  answers.push_back(
      ended({.kind = Kind::kApplied, .result = {.outcome = Applied::kTooScattered}, .entries = {}, .applied = 5}));
  for (const Kind kind : {Kind::kBusy, Kind::kDiskFull, Kind::kTooEarly, Kind::kUnknown})
    answers.push_back(ended({.kind = kind, .result = {}, .entries = {}}));
  answers.push_back(ended({.kind = Kind::kNotLeader, .result = {}, .entries = {}}));
  answers.push_back(answers.back());
  answers.back().hint = {.leader = "a node", .term = 4};
  for (const SubmitAnswer& answer : answers) {
    const std::string text = encode_submit_answer(answer);
    const auto decoded = decode_submit_answer(text);
    ASSERT_TRUE(decoded) << text;
    EXPECT_EQ(decoded->end.kind, answer.end.kind) << text;
    EXPECT_EQ(decoded->end.result, answer.end.result) << text;
    EXPECT_EQ(decoded->end.applied, answer.end.applied) << text;
    EXPECT_EQ(decoded->hint, answer.hint) << text;
  }
  EXPECT_EQ(encode_submit_answer(answers.back()), "not-leader 4 a node");
}

TEST(SubmitAnswer, that_makes_no_sense_is_an_error) {
  for (const char* text : {"", "stored", "stored x", "conflict 1 x", "not-leader x n2", "fine", "stored 1 -1",
                           "type-conflict 1", "partly-stored 1 256", "partly-stored 1 x 2"}) {
    EXPECT_FALSE(decode_submit_answer(text)) << text;
  }
}

}  // namespace
}  // namespace timestore::client::submission_test
