// For how long points are kept: what is visible, what may be stored, and what a file forgets.
#include "engine/series/retention.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/base/timestamp.h"
#include "engine/store/sqlite/sqlite.h"
#include "tests/engine/store/series/series_story.h"
#include "tests/engine/store/series/snapshot_story.h"

namespace timestore::store::retention_test {
namespace {

using ::testing::IsEmpty;

constexpr std::int64_t kAge = 3600 * kMinAge;

raft::Entry order(const RetentionOrder& order) { return command_text(encode_order(order, kRetentionVersion)); }
raft::Entry move_to(std::int64_t edge) { return order({.sets_age = false, .max_age_ns = kAge, .edge_ns = edge}); }

class RetentionTest : public SeriesStory {
 protected:
  void set_age(std::int64_t edge = kNoEdge) {
    EXPECT_EQ(apply(std::vector{order({.sets_age = true, .max_age_ns = kAge, .edge_ns = edge})}).at(0).outcome,
              Outcome::kRetention);
  }
  void expire(std::int64_t edge) { EXPECT_EQ(apply(std::vector{move_to(edge)}).at(0).edge_ns, edge); }
};

const Guid kFirst = guid("11111111-1111-4111-8111-111111111111");
const Guid kSecond = guid("22222222-2222-4222-8222-222222222222");

// Whether a seal comes after each entry or never: it must make no difference.
class RetentionWhenever : public RetentionTest, public testing::WithParamInterface<bool> {
 protected:
  RetentionWhenever() { shape = GetParam() ? kSealsEach : kSealsLate; }
};
INSTANTIATE_TEST_SUITE_P(Seals, RetentionWhenever, testing::Bool());

TEST_P(RetentionWhenever, reads_stop_at_the_edge) {
  set_age();
  apply({measurement("a", 10, 1), measurement("a", 20, 2), measurement("b", 19, 3), measurement("a", 30, 4)});
  EXPECT_EQ(values(), (std::vector<double>{1, 2, 3, 4}));
  expire(20);
  EXPECT_EQ(values(), (std::vector<double>{2, 4})) << "what is at the edge is kept";
  EXPECT_EQ(values({.device_id = "a"}), (std::vector<double>{2, 4}));
  EXPECT_THAT(values({.device_id = "b"}), IsEmpty());
}

TEST_P(RetentionWhenever, an_id_is_gone_with_its_point) {
  set_age();
  apply({with_id(kFirst, measurement("a", 10, 1)), measurement("a", 10, 2), with_id(kSecond, measurement("a", 20, 3))});
  const Guid own = stored_on(disk).at(1).id;
  EXPECT_TRUE(find(kFirst) && find(own));
  expire(20);
  EXPECT_FALSE(find(kFirst));
  EXPECT_FALSE(find(own));
  EXPECT_TRUE(find(kSecond));
}

TEST_P(RetentionWhenever, a_command_with_a_point_before_the_edge_stores_nothing) {
  set_age(20);
  const auto refused = apply({measurement("a", 20, 1), measurement("a", 19, 2), measurement("a", kMinTimestamp, 3)});
  EXPECT_EQ(refused, (ApplyResult{.outcome = Outcome::kExpired, .conflicts = {1, 2}, .edge_ns = 20}));
  EXPECT_THAT(values(), IsEmpty());
  EXPECT_EQ(apply({measurement("a", 20, 1)}), kStored);
}

TEST_P(RetentionWhenever, a_retry_of_what_has_expired_is_refused_and_no_conflict) {
  set_age();
  apply({with_id(kFirst, measurement("a", 10, 1))});
  expire(20);
  for (const double value : {1.0, 2.0}) {
    EXPECT_EQ(apply({with_id(kFirst, measurement("a", 10, value))}).outcome, Outcome::kExpired) << value;
  }
}

TEST_P(RetentionWhenever, an_id_is_free_again_when_its_point_has_expired) {
  set_age();
  apply({with_id(kFirst, measurement("a", 10, 1)), measurement("a", 11, 2)});
  const Guid own = stored_on(disk).at(1).id;
  expire(20);
  EXPECT_EQ(apply({with_id(kFirst, measurement("b", 30, 3)), with_id(own, measurement("b", 31, 4))}), kStored);
  EXPECT_EQ(find(kFirst)->value, 3);
  EXPECT_EQ(find(own)->value, 4);
  EXPECT_EQ(apply({with_id(kFirst, measurement("b", 30, 9))}).outcome, Outcome::kConflict);
  expire(40);
  EXPECT_EQ(apply({with_id(kFirst, measurement("c", 50, 5))}), kStored);
  EXPECT_EQ(find(kFirst)->value, 5);
}

TEST_P(RetentionWhenever, the_edge_outlives_restarts_and_never_falls) {
  set_age(20);
  if (GetParam()) reopen();
  EXPECT_EQ(apply({measurement("a", 19, 1)}).outcome, Outcome::kExpired);
  EXPECT_EQ(apply(std::vector{move_to(10)}).at(0).edge_ns, 20);
  EXPECT_EQ(apply(std::vector{order({.sets_age = true, .max_age_ns = 2 * kAge, .edge_ns = 3})}).at(0).edge_ns, 20);
  EXPECT_EQ(apply(std::vector{move_to(100)}).at(0).edge_ns, 20) << "of an age that is over";
  EXPECT_EQ(apply(std::vector{order({.sets_age = true})}).at(0).edge_ns, 20);
  auto reader = open_reader(disk);
  EXPECT_TRUE(reader->begin());
  EXPECT_EQ(reader->retention(), (Retention{kForEver, 20}));
}

TEST_P(RetentionWhenever, a_reader_sees_the_edge_of_the_state_that_it_began_with) {
  set_age();
  apply({measurement("a", 10, 1)});
  auto reader = open_reader(disk);
  ASSERT_TRUE(reader->begin());
  expire(20);
  EXPECT_EQ(scan(*reader).size(), 1U);
  EXPECT_EQ(reader->retention().edge_ns, kNoEdge);
  reader->end();
  ASSERT_TRUE(reader->begin());
  EXPECT_THAT(scan(*reader), IsEmpty());
}

TEST_F(RetentionTest, the_file_forgets_points_and_ids) {
  set_age();
  apply({with_id(kFirst, measurement("a", 10, 1)), measurement("a", 11, 2)});
  apply({with_id(kSecond, measurement("a", 30, 3))});
  EXPECT_EQ(rows_in("segments"), 2);
  EXPECT_EQ(rows_in("ids"), 2);
  expire(20);
  EXPECT_EQ(rows_in("segments"), 1);
  EXPECT_EQ(rows_in("pieces"), 1);
  EXPECT_EQ(rows_in("ids"), 1);
  EXPECT_EQ(values(), (std::vector<double>{3}));
}

class RetentionInFours : public RetentionTest {
 protected:
  RetentionInFours() { shape = {.seal_points = 4}; }
};

TEST_F(RetentionInFours, what_expires_before_it_is_sealed_is_never_written) {
  set_age();
  apply({with_id(kFirst, measurement("a", 10, 1)), measurement("a", 30, 2)});
  expire(20);
  apply({measurement("a", 31, 3), measurement("a", 32, 4)});
  EXPECT_EQ(rows_in("ids"), 0);
  EXPECT_EQ(rows_in("(SELECT 1 FROM segments WHERE points = 3)"), 1);
  EXPECT_EQ(values(), (std::vector<double>{2, 3, 4}));
}

class RetentionInSmallSteps : public RetentionTest {
 protected:
  RetentionInSmallSteps() { shape = {.seal_bytes = 1, .least_step_points = 2}; }
};

TEST_F(RetentionInSmallSteps, ids_are_swept_some_at_a_time_and_round_after_round) {
  set_age();
  std::vector<TimeEntry> entries;
  for (int number = 0; number < 9; ++number) {
    entries.push_back(with_id(guid("0000000" + std::to_string(number) + "-0000-4000-8000-000000000000"),
                              measurement("a", number < 7 ? 10 : 30, number)));
  }
  apply(entries);
  EXPECT_EQ(rows_in("ids"), 9);
  expire(20);
  for (const int left : {7, 5, 3, 2, 2}) {
    EXPECT_EQ(rows_in("ids"), left);
    apply(std::vector{noop(1)});
  }
  expire(40);
  for (int seals = 0; seals < 3; ++seals) apply(std::vector{noop(1)});
  EXPECT_EQ(rows_in("ids"), 0);
}

TEST_F(RetentionTest, the_edge_is_in_the_state_hash) {
  Disk left;
  Disk right;
  auto first = open_series(left);
  auto second = open_series(right);
  const raft::Entry early = order({.sets_age = true, .max_age_ns = kAge, .edge_ns = 1});
  const raft::Entry late = order({.sets_age = true, .max_age_ns = kAge, .edge_ns = 2});
  ASSERT_TRUE(first->apply(1, {&early, 1}));
  ASSERT_TRUE(second->apply(1, {&late, 1}));
  EXPECT_NE(first->state_hash(), second->state_hash());
}

class RetentionInSnapshots : public SnapshotStory {};

TEST_F(RetentionInSnapshots, a_snapshot_carries_the_edge) {
  fill(3);
  apply(std::vector{order({.sets_age = true, .max_age_ns = kAge, .edge_ns = 2})});
  const auto snapshot = take();
  auto incoming = receive(snapshot->meta());
  ASSERT_TRUE(send(bytes_of(*snapshot), *incoming));
  ASSERT_TRUE(incoming->finish());
  auto other = open_series(receiver);
  ASSERT_TRUE(other->install(*incoming).value());
  auto reader = open_reader(receiver);
  ASSERT_TRUE(reader->begin());
  EXPECT_EQ(reader->retention(), (Retention{kAge, 2}));
  for (const TimeEntry& entry : scan(*reader)) EXPECT_GE(entry.timestamp_ns, 2);
  const raft::Entry early = command_of({measurement("a", 1, 1)});
  EXPECT_EQ(other->apply(other->applied().index + 1, {&early, 1}).value().at(0).outcome, Outcome::kExpired);
}

}  // namespace
}  // namespace timestore::store::retention_test
