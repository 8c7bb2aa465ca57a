// Deletes: what they hide, what they leave alone, and what a file forgets.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "engine/query/aggregate.h"
#include "engine/store/points/tombstones.h"
#include "engine/store/sqlite/sqlite.h"
#include "tests/engine/store/series/series_story.h"
#include "tests/engine/store/series/snapshot_story.h"

namespace timestore::store::deletes_test {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

const Guid kFirst = guid("11111111-1111-4111-8111-111111111111");
const Guid kSecond = guid("22222222-2222-4222-8222-222222222222");

raft::Entry order(const DeleteOrder& order) { return command_text(encode_delete(order, kDeletesVersion)); }

DeleteOrder of_device(const std::string& device, std::int64_t first = kMinTimestamp,
                      std::int64_t last = kMaxTimestamp) {
  return {.first_ns = first, .last_ns = last, .names = {{.name = device}}};
}

raft::Entry lines(const std::string& database, const std::string& name, std::int64_t time_ns, std::uint64_t value,
                  bool is_device = false) {
  return command_text(encode_lines({.database = database,
                                    .series = {{.name = name,
                                                .is_device = is_device,
                                                .type = is_device ? points::Type::kFloat : points::Type::kInteger}},
                                    .points = {{.time_ns = time_ns, .bits = value}},
                                    .line_ends = {1}},
                                   kLinesVersion));
}

class DeletesTest : public SeriesStory {
 protected:
  std::uint64_t erase(const DeleteOrder& wanted) {
    const ApplyResult result = apply(std::vector{order(wanted)}).at(0);
    EXPECT_EQ(result.outcome, Outcome::kDeleted);
    return result.deleted;
  }
  // Times and values of all points of a database, by series.
  std::vector<std::pair<std::int64_t, std::uint64_t>> points_of(const std::string& database) {
    auto reader = open_reader(disk);
    EXPECT_TRUE(reader->begin().has_value());
    std::vector<points::SeriesNumber> numbers;
    EXPECT_TRUE(
        reader->source().list({.database = database}, [&](query::Series&& each) { numbers.push_back(each.number); }));
    std::vector<std::pair<std::int64_t, std::uint64_t>> found;
    auto cursor = reader->source().read({.series = numbers, .first_ns = kMinTimestamp, .last_ns = kMaxTimestamp});
    while ((*cursor)->next().value()) {
      const points::BlockColumns& columns = **(*cursor)->columns();
      for (std::size_t at = 0; at < columns.count; ++at) found.emplace_back(columns.times[at], columns.bits[at]);
    }
    return found;
  }
  std::pair<std::uint64_t, double> count_and_sum() {
    auto reader = open_reader(disk);
    EXPECT_TRUE(reader->begin().has_value());
    const query::AggregateQuery query{.functions = {{.kind = query::Function::Kind::kCount, .name = "count"},
                                                    {.kind = query::Function::Kind::kSum, .name = "sum"}}};
    std::pair<std::uint64_t, double> told;
    EXPECT_TRUE(query::aggregate(query, reader->source(), {}, [&](const query::AggregateRow& row) {
      told = {std::get<std::uint64_t>(row.values[0]), std::get<double>(row.values[1])};
    }));
    return told;
  }
};

// Whether a seal comes after each entry or never: it must make no difference.
class DeletesWhenever : public DeletesTest, public testing::WithParamInterface<bool> {
 protected:
  DeletesWhenever() { shape = GetParam() ? kSealsEach : kSealsLate; }
};
INSTANTIATE_TEST_SUITE_P(Seals, DeletesWhenever, testing::Bool());

TEST_P(DeletesWhenever, a_range_goes_and_what_is_beside_it_stays) {
  apply({measurement("a", 10, 1), measurement("a", 20, 2), measurement("a", 30, 3), measurement("a", 31, 4),
         measurement("b", 20, 5)});
  EXPECT_EQ(erase(of_device("a", 20, 30)), 2U);
  EXPECT_THAT(values(), ElementsAre(1, 4, 5)) << "both ends of the range are in it";
  EXPECT_THAT(values({.device_id = "a"}), ElementsAre(1, 4));
  EXPECT_EQ(count_and_sum(), std::pair(std::uint64_t{3}, 10.0));
  EXPECT_EQ(erase(of_device("a", 20, 30)), 0U) << "it is gone already";
  EXPECT_EQ(erase({.names = {{.is_prefix = true}}}), 3U);
  EXPECT_THAT(values(), IsEmpty());
}

TEST_P(DeletesWhenever, what_is_written_later_stays) {
  apply({measurement("a", 10, 1)});
  EXPECT_EQ(erase(of_device("a")), 1U);
  apply({measurement("a", 10, 2), measurement("aa", 10, 3)});
  EXPECT_THAT(values(), ElementsAre(2, 3));
  EXPECT_EQ(count_and_sum(), std::pair(std::uint64_t{2}, 5.0));
}

TEST_P(DeletesWhenever, an_order_that_comes_again_says_up_to_where_it_holds) {
  apply({measurement("a", 10, 1)});
  DeleteOrder until = of_device("a");
  until.up_to = series->applied().index;
  apply({measurement("a", 10, 2)});
  EXPECT_EQ(erase(until), 1U);
  EXPECT_EQ(erase(until), 0U);
  EXPECT_THAT(values(), ElementsAre(2));
  DeleteOrder by_id{.up_to = until.up_to, .ids = {stored_on(disk).at(0).id}};
  EXPECT_EQ(erase(by_id), 0U);
  by_id.up_to = series->applied().index;
  EXPECT_EQ(erase(by_id), 1U);
}

TEST_P(DeletesWhenever, an_id_is_free_again) {
  apply({with_id(kFirst, measurement("a", 10, 1)), measurement("a", 10, 2), with_id(kSecond, measurement("a", 10, 3))});
  const Guid own = stored_on(disk).at(1).id;
  EXPECT_EQ(erase({.ids = {kFirst, own, kFirst}}), 2U);
  EXPECT_THAT(values(), ElementsAre(3));
  EXPECT_FALSE(find(kFirst));
  EXPECT_FALSE(find(own));
  EXPECT_EQ(erase({.ids = {kFirst, own}}), 0U);
  EXPECT_EQ(apply({with_id(kFirst, measurement("a", 10, 1)), with_id(own, measurement("a", 10, 2))}), kStored)
      << "what comes again with its content is stored anew";
  EXPECT_EQ(find(own)->value, 2);
  EXPECT_THAT(values(), ElementsAre(3, 1, 2));
  EXPECT_EQ(apply({with_id(kFirst, measurement("b", 10, 9))}).outcome, Outcome::kConflict);
  EXPECT_EQ(erase({.ids = {kFirst}}), 1U);
  EXPECT_EQ(apply({with_id(kFirst, measurement("b", 10, 9))}), kStored) << "and so is other content";
  EXPECT_EQ(find(kFirst)->value, 9);
}

TEST_P(DeletesWhenever, a_point_of_a_line_goes_by_its_id_with_what_it_replaced) {
  apply(std::vector{lines("", "a", 10, 7, true), lines("", "a", 10, 8, true)});
  apply({measurement("a", 10, 1)});
  const Guid id = make_line_id(hash_of({.name = "a"}), 10);
  EXPECT_EQ(erase({.ids = {id}}), 1U);
  EXPECT_THAT(points_of(""), ElementsAre(std::pair(10, std::bit_cast<std::uint64_t>(1.0)))) << "an entry is another";
  EXPECT_EQ(erase({.ids = {id}}), 0U);
  apply(std::vector{lines("", "a", 10, 9, true)});
  EXPECT_EQ(points_of("").size(), 2U);
}

TEST_P(DeletesWhenever, names_are_those_of_one_database_and_kind) {
  apply(std::vector{lines("", "m f", 1, 1), lines("", "m,t=a f", 1, 2), lines("other", "m f", 1, 3)});
  EXPECT_EQ(erase({.database = "other", .names = {{.kind = DeletedName::Kind::kDevice, .name = "m f"}}}), 0U);
  EXPECT_EQ(erase({.database = "other", .names = {{.kind = DeletedName::Kind::kLine, .name = "m f"}}}), 1U);
  EXPECT_THAT(points_of("other"), IsEmpty());
  EXPECT_EQ(points_of("").size(), 2U);
  EXPECT_EQ(erase({.names = {{.is_prefix = true, .name = "m,t="}}}), 1U);
  EXPECT_THAT(points_of(""), ElementsAre(std::pair(1, 1U)));
}

TEST_P(DeletesWhenever, outlives_restarts) {
  apply({with_id(kFirst, measurement("a", 10, 1)), measurement("a", 20, 2)});
  erase({.ids = {kFirst}});
  if (GetParam()) reopen();
  EXPECT_THAT(values(), ElementsAre(2));
  EXPECT_FALSE(find(kFirst));
}

TEST_P(DeletesWhenever, a_reader_sees_what_was_there_when_it_began) {
  apply({measurement("a", 10, 1)});
  auto reader = open_reader(disk);
  ASSERT_TRUE(reader->begin());
  erase(of_device("a"));
  EXPECT_EQ(scan(*reader).size(), 1U);
  reader->end();
  ASSERT_TRUE(reader->begin());
  EXPECT_THAT(scan(*reader), IsEmpty());
}

TEST_F(DeletesTest, the_file_forgets_points_ids_and_what_was_deleted) {
  apply({with_id(kFirst, measurement("a", 10, 1)), measurement("a", 11, 2)});
  apply({with_id(kSecond, measurement("a", 30, 3))});
  EXPECT_EQ(rows_in("ids"), 2);
  erase({.ids = {kFirst}});
  EXPECT_EQ(rows_in("ids"), 1);
  EXPECT_EQ(rows_in("(SELECT 1 FROM pieces WHERE points = 2)"), 0);
  EXPECT_EQ(rows_in("pieces"), 2) << "one was written anew";
  EXPECT_EQ(rows_in("tombstones"), 0);
  erase(of_device("a", 30, 30));
  EXPECT_EQ(rows_in("pieces"), 1);
  EXPECT_EQ(rows_in("ids"), 0);
  EXPECT_EQ(rows_in("tombstones"), 0);
  EXPECT_THAT(values(), ElementsAre(2));
}

class DeletesInSmallSteps : public DeletesTest {
 protected:
  DeletesInSmallSteps() { shape = {.seal_bytes = 1, .fan_out = 100, .least_step_points = 1, .piece_bytes = 1}; }
};

TEST_F(DeletesInSmallSteps, a_tombstone_stays_until_nothing_is_left_that_it_covers) {
  for (int number = 0; number < 6; ++number) apply({measurement("a", 10 + number, number)});
  erase(of_device("a", 10, 14));
  EXPECT_EQ(rows_in("tombstones"), 1);
  EXPECT_GT(rows_in("pieces"), 1);
  reopen();
  EXPECT_THAT(values(), ElementsAre(5));
  int seals = 0;
  for (; rows_in("tombstones") > 0; ++seals) {
    EXPECT_THAT(values(), ElementsAre(5)) << seals;
    apply(std::vector{noop(1)});
    ASSERT_LT(seals, 20);
  }
  EXPECT_GT(seals, 2);
  EXPECT_EQ(rows_in("pieces"), 1);
  EXPECT_THAT(values(), ElementsAre(5));
}

// So many are outstanding at no time: they are in memory. Every second series is meant, so each is a tombstone.
TEST_F(DeletesInSmallSteps, with_very_many_tombstones_everything_goes_at_once) {
  constexpr int kSeries = 14'000;
  constexpr int kTimes = 5;
  std::vector<TimeEntry> entries;
  for (int number = 0; number < kSeries; ++number) {
    for (int time = 0; time < kTimes; ++time) entries.push_back(measurement("a" + std::to_string(number), time, 0));
    entries.push_back(measurement("b" + std::to_string(number), 0, 1));
  }
  apply(entries);
  std::int64_t most = 0;
  for (int time = 0; time < kTimes; ++time) {
    DeleteOrder some{.first_ns = time, .last_ns = time, .names = {{.is_prefix = true, .name = "a"}}};
    EXPECT_EQ(erase(some), static_cast<std::uint64_t>(kSeries));
    most = std::max(most, rows_in("tombstones"));
  }
  EXPECT_GT(most, 3 * kSeries);
  EXPECT_EQ(rows_in("tombstones"), 0);
  EXPECT_EQ(values().size(), static_cast<std::size_t>(kSeries));
}

class DeletesUnsealed : public DeletesTest {
 protected:
  DeletesUnsealed() { shape = kSealsLate; }
};

TEST_F(DeletesUnsealed, too_scattered_a_delete_is_refused) {
  std::vector<TimeEntry> entries;
  for (int number = 0; number < 40'000; ++number) {
    entries.push_back(measurement((number % 2 == 0 ? "even" : "odd") + std::to_string(number), 1, number));
  }
  apply(entries);
  const ApplyResult refused = apply(std::vector{order({.names = {{.is_prefix = true, .name = "odd"}}})}).at(0);
  EXPECT_EQ(refused, (ApplyResult{.outcome = Outcome::kTooScattered}));
  EXPECT_EQ(values().size(), 40'000U);
}

TEST_F(DeletesTest, what_was_deleted_is_in_the_state_hash) {
  std::vector<std::uint64_t> hashes;
  for (const std::int64_t last : {10, 11}) {
    Disk other;
    auto file = open_series(other);
    const raft::Entry commands[] = {command_of({measurement("a", 10, 1)}), order(of_device("a", 10, last))};
    ASSERT_TRUE(file->apply(1, commands));
    hashes.push_back(file->state_hash());
  }
  EXPECT_NE(hashes[0], hashes[1]);
}

class DeletesInSnapshots : public SnapshotStory {};

TEST_F(DeletesInSnapshots, a_snapshot_carries_what_was_deleted) {
  shape = {.seal_bytes = 1, .least_step_points = 1};
  fill(30);
  apply(std::vector{order({.names = {{.is_prefix = true}}})});
  const auto snapshot = take();
  auto incoming = receive(snapshot->meta());
  ASSERT_TRUE(send(bytes_of(*snapshot), *incoming));
  ASSERT_TRUE(incoming->finish());
  auto other = open_series(receiver);
  ASSERT_TRUE(other->install(*incoming).value());
  EXPECT_THAT(stored_on(receiver), IsEmpty());
}

// All tombstones, one after the other.
RC_GTEST_PROP(Tombstones, cover_and_reach_what_one_of_them_does, ()) {
  const auto small = [] { return *rc::gen::inRange<std::uint64_t>(0, 8); };
  std::vector<points::Tombstone> list(*rc::gen::inRange<std::size_t>(0, 12));
  for (points::Tombstone& each : list) {
    each.first_series = small();
    each.last_series = each.first_series + (*rc::gen::arbitrary<bool>() ? 0 : small());
    each.first_ns = static_cast<std::int64_t>(small()) - 4;
    each.last_ns = each.first_ns + (*rc::gen::arbitrary<bool>() ? 0 : static_cast<std::int64_t>(small()));
    each.behind_seq = small();
    const bool is_of_one_place = each.first_series == each.last_series && each.first_ns == each.last_ns;
    each.first_seq = is_of_one_place ? small() : 0;
    each.spares_entries = is_of_one_place && *rc::gen::arbitrary<bool>();
  }
  const points::Tombstones tombstones(list);
  bool any_covers = false;
  for (points::SeriesNumber series = 0; series < 16; ++series) {
    for (std::int64_t time = -5; time < 12; ++time) {
      for (points::Seq seq = 0; seq < 8; ++seq) {
        const points::Point point{.series = series, .time_ns = time, .seq = seq, .is_line = (seq & 1) != 0};
        const bool is_covered =
            std::any_of(list.begin(), list.end(), [&](const auto& each) { return points::covers(each, point); });
        RC_ASSERT(tombstones.cover(point) == is_covered);
        if (is_covered) RC_ASSERT(tombstones.reach({series, series, time, time, seq}));
        any_covers = any_covers || is_covered;
      }
    }
  }
  if (any_covers) RC_ASSERT(tombstones.reach({0, 15, -5, 11, 0}));
  RC_ASSERT(!tombstones.reach({0, 15, -5, 11, 8}));  // all of them end before
}

}  // namespace
}  // namespace timestore::store::deletes_test
