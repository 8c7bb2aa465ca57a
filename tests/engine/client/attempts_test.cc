// Who is asked next, when, and what may be said in the end.
#include "engine/client/attempts.h"

#include <gtest/gtest.h>

namespace timestore::client::attempts_test {
namespace {

using Kind = Attempts::Step::Kind;
using Verdict = Attempts::Verdict;

constexpr Time kDeadline = 10 * kSecond;

Leadership knows(const raft::NodeId& leader, raft::Term term = 1) {
  return {.is_leader = leader == "n1", .leader = leader, .term = term};
}

Attempts attempts(Effect effect, bool is_forwarded = false) {
  return Attempts({.self = "n1", .effect = effect, .is_forwarded = is_forwarded, .deadline = kDeadline});
}

TEST(Attempts, go_to_this_node_when_it_leads_and_else_to_the_leader) {
  auto write = attempts(Effect::kOnce);
  const auto here = write.next(knows("n1"), 0);
  EXPECT_EQ(here.kind, Kind::kTry);
  EXPECT_EQ(here.to, "n1");
  EXPECT_EQ(here.until, kDeadline);
  EXPECT_TRUE(write.ended(here.attempt, Outcome::kNotTaken, 1));
  const auto there = write.next(knows("n2", 2), 1);
  EXPECT_EQ(there.kind, Kind::kTry) << "what is known has changed, so there is no pause";
  EXPECT_EQ(there.to, "n2");
  EXPECT_EQ(there.until, 1 + kAttemptTime);
  EXPECT_TRUE(write.ended(there.attempt, Outcome::kDone, 2));
  EXPECT_EQ(write.next(knows("n2", 2), 2).kind, Kind::kEnd);
  EXPECT_EQ(write.verdict(), Verdict::kDone);
}

TEST(Attempts, pause_for_longer_and_longer_and_no_longer_than_a_limit) {
  auto read = attempts(Effect::kNone);
  Time now = 0;
  std::vector<Time> pauses;
  while (pauses.size() < 5) {
    const auto step = read.next(knows("n2"), now);
    if (step.kind == Kind::kTry) {
      EXPECT_TRUE(read.ended(step.attempt, Outcome::kNotTaken, now));
      continue;
    }
    pauses.push_back(step.until - now);
    now = step.until;
  }
  EXPECT_EQ(pauses, (std::vector<Time>{20'000, 40'000, 80'000, 160'000, 160'000}));
}

TEST(Attempts, what_may_have_happened_is_never_called_undone) {
  for (const Outcome later : {Outcome::kNotTaken, Outcome::kRefused}) {
    auto write = attempts(Effect::kOnce);
    EXPECT_TRUE(write.ended(write.next(knows("n2"), 0).attempt, Outcome::kUnknown, 1));
    EXPECT_TRUE(write.ended(write.next(knows("n3", 2), 1).attempt, later, 2));
    while (write.next(knows("n3", 2), kDeadline).kind != Kind::kEnd) {
    }
    EXPECT_EQ(write.verdict(), Verdict::kUnknown);
  }
}

TEST(Attempts, certainly_nothing_has_happened_when_each_of_them_says_so) {
  auto write = attempts(Effect::kOnce);
  EXPECT_TRUE(write.ended(write.next(knows("n2"), 0).attempt, Outcome::kNotTaken, 1));
  EXPECT_EQ(write.next(knows(""), kDeadline).kind, Kind::kEnd);
  EXPECT_EQ(write.verdict(), Verdict::kNotTaken);
}

TEST(Attempts, an_attempt_that_is_out_at_the_deadline_may_have_happened) {
  auto write = attempts(Effect::kOnce);
  EXPECT_EQ(write.next(knows("n2"), kDeadline - 5).until, kDeadline);
  EXPECT_EQ(write.next(knows("n2"), kDeadline - 1).kind, Kind::kWait);
  EXPECT_EQ(write.next(knows("n2"), kDeadline).kind, Kind::kEnd);
  EXPECT_EQ(write.verdict(), Verdict::kUnknown);
}

TEST(Attempts, an_answer_that_comes_too_late_says_nothing_of_the_present_attempt) {
  auto write = attempts(Effect::kOnce);
  const auto first = write.next(knows("n2"), 0);
  const auto second = write.next(knows("n3", 2), kAttemptTime);
  EXPECT_EQ(second.kind, Kind::kTry);
  EXPECT_FALSE(write.ended(first.attempt, Outcome::kNotTaken, kAttemptTime + 1));
  EXPECT_TRUE(write.ended(second.attempt, Outcome::kDone, kAttemptTime + 2));
}

TEST(Attempts, an_errand_that_may_have_been_done_is_not_repeated) {
  auto errand = attempts(Effect::kAnyNew);
  EXPECT_TRUE(errand.ended(errand.next(knows("n2"), 0).attempt, Outcome::kNotTaken, 1));
  EXPECT_TRUE(errand.ended(errand.next(knows("n2", 2), 2).attempt, Outcome::kUnknown, 3));
  EXPECT_EQ(errand.next(knows("n3", 3), 4).kind, Kind::kEnd);
  EXPECT_EQ(errand.verdict(), Verdict::kUnknown);
}

TEST(Attempts, a_read_may_be_repeated_and_leaves_nothing_unknown) {
  auto read = attempts(Effect::kNone);
  EXPECT_TRUE(read.ended(read.next(knows("n2"), 0).attempt, Outcome::kUnknown, 1));
  EXPECT_EQ(read.next(knows("n3", 2), 2).kind, Kind::kTry);
  EXPECT_FALSE(read.may_have_happened());
}

TEST(Attempts, what_was_handed_on_once_is_not_handed_on_again) {
  auto write = attempts(Effect::kOnce, true);
  EXPECT_EQ(write.next(knows("n2"), 0).kind, Kind::kEnd);
  EXPECT_EQ(write.verdict(), Verdict::kNotTaken);
  auto other = attempts(Effect::kOnce, true);
  EXPECT_TRUE(other.ended(other.next(knows("n1"), 0).attempt, Outcome::kNotTaken, 1, knows("n3", 9)));
  EXPECT_EQ(other.next(knows("n3", 9), 2).kind, Kind::kEnd);
}

TEST(Attempts, a_node_that_knows_better_is_believed_once) {
  auto write = attempts(Effect::kOnce);
  EXPECT_TRUE(write.ended(write.next(knows("n2", 3), 0).attempt, Outcome::kNotTaken, 1, knows("n3", 4)));
  const auto hinted = write.next(knows("n2", 3), 1);
  EXPECT_EQ(hinted.to, "n3");
  EXPECT_TRUE(write.ended(hinted.attempt, Outcome::kNotTaken, 2, knows("n3", 4)));
  EXPECT_EQ(write.next(knows("n2", 3), 2).kind, Kind::kWait);
  EXPECT_EQ(write.next(knows("n2", 3), kSecond).to, "n2");
}

TEST(Attempts, a_hint_that_is_older_than_what_is_known_here_is_not_believed) {
  auto write = attempts(Effect::kOnce);
  EXPECT_TRUE(write.ended(write.next(knows("n2", 3), 0).attempt, Outcome::kNotTaken, 1, knows("n3", 2)));
  EXPECT_EQ(write.next(knows("n2", 3), kSecond).to, "n2");
}

TEST(Attempts, that_are_stopped_try_nothing_more) {
  auto write = attempts(Effect::kOnce);
  write.stop();
  EXPECT_EQ(write.next(knows("n1"), 0).kind, Kind::kEnd);
  EXPECT_EQ(write.verdict(), Verdict::kNotTaken);
}

}  // namespace
}  // namespace timestore::client::attempts_test
