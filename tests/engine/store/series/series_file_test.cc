#include <gmock/gmock.h>
#include <sqlite3.h>

#include <bit>
#include <cmath>
#include <limits>
#include <set>

#include "engine/base/prng.h"
#include "engine/base/timestamp.h"
#include "tests/engine/store/series/series_story.h"
#include "tests/engine/store/sqlite/shell.h"

namespace timestore::store::series_file_test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;
using testing::StartsWith;

const Guid kFirstId = guid("11111111-1111-4111-8111-111111111111");
const Guid kSecondId = guid("22222222-2222-4222-8222-222222222222");

TEST_F(SeriesStory, a_new_file_has_applied_nothing) {
  EXPECT_EQ(series->applied(), raft::Position{});
  EXPECT_EQ(series->state_hash(), 0U);
  EXPECT_EQ(series->durable_index(), 0U);
  EXPECT_THAT(stored_on(disk), IsEmpty());
}

TEST_F(SeriesStory, an_entry_without_an_id_gets_one_from_its_place) {
  EXPECT_EQ(apply({noop(1), command_of({measurement("a", 1, 1.5), measurement("b", 2, 2.5)})}),
            (std::vector<ApplyResult>{{}, kStored}));
  EXPECT_THAT(stored_on(disk), ElementsAre(with_id(make_entry_id({2, 0}, 0, "a", 1), measurement("a", 1, 1.5)),
                                           with_id(make_entry_id({2, 1}, 0, "b", 2), measurement("b", 2, 2.5))));
}

TEST_F(SeriesStory, the_same_id_with_the_same_content_is_stored_once) {
  const std::vector<TimeEntry> entries = {with_id(kFirstId, measurement("a", 1, 1.5, R"({"x":1,"y":2})"))};
  const std::vector<TimeEntry> same = {with_id(kFirstId, measurement("a", 1, 1.5, R"({"y":2,"x":1})"))};
  EXPECT_EQ(apply(entries), kStored);
  EXPECT_EQ(apply(same), kStored);
  EXPECT_EQ(apply({same[0], same[0]}), kStored);
  EXPECT_EQ(stored_on(disk), entries);
}

TEST_F(SeriesStory, the_same_id_with_other_content_is_a_conflict) {
  const TimeEntry stored = with_id(kFirstId, measurement("a", 1, 1.5, R"({"x":1})"));
  ASSERT_EQ(apply({stored}), kStored);
  for (TimeEntry other :
       {with_id(kFirstId, measurement("b", 1, 1.5, R"({"x":1})")),
        with_id(kFirstId, measurement("a", 2, 1.5, R"({"x":1})")),
        with_id(kFirstId, measurement("a", 1, 1.25, R"({"x":1})")), with_id(kFirstId, measurement("a", 1, 1.5))}) {
    EXPECT_EQ(apply({measurement("new", 5, 5), other}), (ApplyResult{.outcome = Outcome::kConflict, .conflicts = {1}}));
  }
  EXPECT_THAT(stored_on(disk), ElementsAre(stored));
}

TEST_F(SeriesStory, a_command_in_conflict_with_itself_stores_nothing) {
  const TimeEntry first = with_id(kFirstId, measurement("a", 1, 1));
  const TimeEntry other = with_id(kFirstId, measurement("a", 1, 2));
  const TimeEntry second = with_id(kSecondId, measurement("b", 1, 1));
  EXPECT_EQ(apply({first, second, other, first, other}),
            (ApplyResult{.outcome = Outcome::kConflict, .conflicts = {2, 4}}));
  EXPECT_THAT(stored_on(disk), IsEmpty());
}

// Thesis 6.3: a command that is tried again is stored once.
TEST_F(SeriesStory, a_retry_with_the_id_that_the_place_gave_is_recognized) {
  const Guid given = make_entry_id({1, 0}, 99, "a", 1);
  const TimeEntry entry = with_id(given, measurement("a", 1, 1));
  ASSERT_EQ(apply({entry}), kStored);
  EXPECT_EQ(apply({entry}), kStored);
  EXPECT_EQ(apply({with_id(given, measurement("a", 1, 2))}),
            (ApplyResult{.outcome = Outcome::kConflict, .conflicts = {0}}));
  EXPECT_THAT(stored_on(disk), ElementsAre(entry));
}

TEST_F(SeriesStory, a_retry_of_a_lost_entry_keeps_the_id_of_the_place_that_it_never_got) {
  const TimeEntry other = with_id(make_entry_id({1, 0}, 5, "other", 1), measurement("other", 1, 1));
  const TimeEntry lost = with_id(make_entry_id({1, 0}, 99, "a", 1), measurement("a", 1, 1));
  ASSERT_EQ(apply({other}), kStored);
  EXPECT_EQ(apply({lost}), kStored);
  EXPECT_EQ(apply({lost}), kStored);
  EXPECT_THAT(stored_on(disk), ElementsAre(other, lost));
}

TEST_F(SeriesStory, an_id_of_a_later_place_is_remembered_when_that_place_comes) {
  const Guid later = make_entry_id({2, 1}, 0, "c", 1);
  const TimeEntry early = with_id(later, measurement("a", 1, 1));
  ASSERT_EQ(apply({early}), kStored);
  EXPECT_EQ(apply({measurement("b", 1, 1), measurement("c", 1, 1)}),  // would give the second one the same id
            (ApplyResult{.outcome = Outcome::kConflict, .conflicts = {1}}));
  EXPECT_EQ(apply({measurement("a", 1, 1), early}), kStored);
  EXPECT_THAT(stored_on(disk), ElementsAre(early, with_id(make_entry_id({3, 0}, 0, "a", 1), measurement("a", 1, 1))));
}

TEST_F(SeriesStory, an_id_whose_place_no_row_can_have_is_an_id_like_any_other) {
  const TimeEntry entry =
      with_id(make_entry_id({kMaxEntryIdIndex, kMaxEntryIdOrdinal}, 1, "a", 1), measurement("a", 1, 1));
  EXPECT_EQ(apply({entry}), kStored);
  EXPECT_EQ(apply({entry}), kStored);
  EXPECT_THAT(stored_on(disk), ElementsAre(entry));
}

TEST_F(SeriesStory, a_malformed_command_moves_the_position_and_stores_nothing) {
  const std::vector<std::string> texts = {"{", "nonsense", R"({"deviceId":"a"})", "[1]", "\xff", std::string("\0", 1)};
  for (const std::string& text : texts) {
    const raft::Index index = next_index();
    const std::uint64_t hash = series->state_hash();
    EXPECT_EQ(apply(std::vector{command_text(text)}).at(0).outcome, Outcome::kMalformed) << text;
    EXPECT_EQ(series->applied().index, index);
    EXPECT_NE(series->state_hash(), hash);
  }
  EXPECT_EQ(apply(std::vector{command_text("")}).at(0).outcome, Outcome::kNothing);
  EXPECT_THAT(stored_on(disk), IsEmpty());
}

TEST_F(SeriesStory, the_level_that_was_applied_last_is_kept_beside_the_members) {
  EXPECT_EQ(series->level(), 0U);
  apply(std::vector{level_entry(1, 1)});
  EXPECT_EQ(series->configuration(), std::nullopt);
  reopen();
  EXPECT_EQ(series->level(), 1U);
  EXPECT_EQ(series->configuration(), std::nullopt);
  const std::uint64_t hash = series->state_hash();
  apply(std::vector{members_entry("n2"), level_entry(1, 2)});
  EXPECT_NE(series->state_hash(), hash);
  reopen();
  EXPECT_EQ(series->level(), 2U);
  EXPECT_EQ(series->configuration(), members_with("n2"));
}

TEST_F(SeriesStory, the_id_of_the_cluster_is_kept_beside_the_level_and_is_a_part_of_the_state) {
  constexpr raft::ClusterId kCluster{.high = 7, .low = 9};
  const auto founding = [](const raft::ClusterId& id) {
    return raft::Entry{1, raft::EntryKind::kNoop, raft::Payload(raft::encode_cluster(id))};
  };
  EXPECT_FALSE(series->cluster().is_known());
  EXPECT_EQ(apply(std::vector{founding(kCluster)}).at(0).outcome, Outcome::kNothing);
  EXPECT_EQ(series->cluster(), kCluster);
  const std::uint64_t hash = series->state_hash();
  reopen();
  EXPECT_EQ(series->cluster(), kCluster);
  EXPECT_EQ(series->state_hash(), hash);
  apply(std::vector{members_entry("n2"), level_entry(1, 2)});
  reopen();
  EXPECT_EQ(series->cluster(), kCluster);
  EXPECT_EQ(series->level(), 2U);
  EXPECT_EQ(series->configuration(), members_with("n2"));

  Disk other;
  auto others = SeriesFile::open(other.path("series.db"), other.vfs()).value();
  ASSERT_TRUE(others->apply(1, std::vector{founding({.high = 7, .low = 10})}).has_value());
  EXPECT_NE(others->state_hash(), hash);
}

TEST_F(SeriesStory, an_envelope_stores_what_the_same_text_would) {
  const TimeEntry entry = measurement("a", 1, 2);
  ASSERT_EQ(apply(std::vector{command_text(encode_command({&entry, 1}, 1))}).at(0).outcome, Outcome::kStored);
  ASSERT_THAT(stored_on(disk), SizeIs(1));
  EXPECT_TRUE(same_content(stored_on(disk).front(), entry));
}

// An older node in a cluster that has been upgraded: to skip the command would be to lose data silently.
TEST_F(SeriesStory, a_command_of_a_newer_version_stops_before_it) {
  constexpr CommandVersion kNext = kNewestCommandVersion + 1;
  const TimeEntry entry = measurement("a", 1, 2);
  const raft::Entry known = command_text(encode_command({&entry, 1}, 1));
  const raft::Entry unknown = command_text(encode_command({&entry, 1}, kNext));
  const auto results = series->apply(1, std::vector{known, unknown, known});
  ASSERT_FALSE(results.has_value());
  EXPECT_THAT(results.error().message,
              StartsWith("Log entry 2 is a command of version " + std::to_string(kNext) + " (kind 2, flags 0), and this node"));
  EXPECT_THAT(series->apply(1, std::vector{known}).error().message, HasSubstr(results.error().message));
  EXPECT_THAT(stored_on(disk), SizeIs(1));

  series.reset();  // the newer release starts on the same files
  series = try_to_open_series(disk, shape, kNext).value();
  EXPECT_EQ(series->applied().index, 1);
  EXPECT_EQ(apply(std::vector{unknown, known}).size(), 2);
  EXPECT_THAT(stored_on(disk), SizeIs(3));
}

TEST_F(SeriesStory, every_value_comes_back_bit_for_bit) {
  using Limits = std::numeric_limits<double>;
  std::vector<double> values = {0.0,
                                -0.0,
                                1,
                                -1,
                                5,
                                1e15,
                                1e16,
                                9007199254740993.0,
                                0.1,
                                Limits::denorm_min(),
                                -Limits::denorm_min(),
                                Limits::min(),
                                Limits::max(),
                                Limits::lowest(),
                                9223372036854775807.0,
                                -9223372036854775808.0,
                                std::nextafter(1.0, 2.0)};
  Prng prng(1);
  while (values.size() < 300) {
    const double value = std::bit_cast<double>(prng.next());
    if (std::isfinite(value)) values.push_back(value);
  }
  std::vector<TimeEntry> entries;
  for (const double value : values) entries.push_back(measurement("a", 0, value));
  ASSERT_EQ(apply(entries), kStored);
  const auto stored = stored_on(disk);
  ASSERT_EQ(stored.size(), values.size());
  for (std::size_t i = 0; i < values.size(); ++i) {
    EXPECT_EQ(std::bit_cast<std::uint64_t>(stored[i].value), std::bit_cast<std::uint64_t>(values[i])) << values[i];
  }
}

TEST_F(SeriesStory, any_device_id_timestamp_and_attributes_come_back) {
  const std::vector<TimeEntry> entries = {
      measurement("Wärmepumpe 北 🌡", kMinTimestamp, 1, R"({"ort":"Küche","tief":{"liste":[1,"zwei",null]}})"),
      measurement("", kMaxTimestamp, 1),
      measurement(std::string("nul\0nul", 7), -1, 1),
      measurement(std::string(5000, 'x'), 0, 1, R"({"long":")" + std::string(10'000, 'y') + R"("})"),
      measurement("'; DROP TABLE points; --", 0, 1),
  };
  ASSERT_EQ(apply(entries), kStored);
  const auto stored = stored_on(disk);
  ASSERT_EQ(stored.size(), entries.size());
  for (std::size_t i = 0; i < entries.size(); ++i) {
    EXPECT_EQ(with_id({}, stored[i]), entries[i]);
    EXPECT_THAT(stored_on(disk, {.device_id = entries[i].device_id}), ElementsAre(stored[i]));
  }
}

TEST_F(SeriesStory, position_hash_and_data_survive_reopening) {
  apply({measurement("a", 1, 1), with_id(kFirstId, measurement("b", 1, 1))});
  apply(std::vector{noop(7)});
  const raft::Position applied = series->applied();
  const std::uint64_t hash = series->state_hash();
  const auto stored = stored_on(disk);
  reopen();
  EXPECT_EQ(series->applied(), applied);
  EXPECT_EQ(series->applied(), (raft::Position{.term = 7, .index = 2}));
  EXPECT_EQ(series->state_hash(), hash);
  EXPECT_EQ(stored_on(disk), stored);
  EXPECT_EQ(apply({with_id(kFirstId, measurement("b", 1, 1))}), kStored);
  EXPECT_EQ(stored_on(disk), stored);
}

TEST_F(SeriesStory, the_state_hash_tells_every_difference) {
  const std::vector<TimeEntry> base = {measurement("a", 1, 1, R"({"x":1})")};
  std::vector<std::vector<TimeEntry>> variants = {base, {}, {base[0], base[0]}};
  variants.push_back({measurement("b", 1, 1, R"({"x":1})")});
  variants.push_back({measurement("a", 2, 1, R"({"x":1})")});
  variants.push_back({measurement("a", 1, 2, R"({"x":1})")});
  variants.push_back({measurement("a", 1, 1, R"({"x":2})")});
  variants.push_back({measurement("a", 1, 1)});
  variants.push_back({with_id(kFirstId, base[0])});
  variants.push_back({measurement("a", 1, 0.0)});
  variants.push_back({measurement("a", 1, -0.0)});
  std::set<std::uint64_t> hashes;
  for (const auto& variant : variants) {
    Disk other;
    auto file = open_series(other);
    ASSERT_TRUE(file->apply(1, std::vector{command_of(variant)}).has_value());
    hashes.insert(file->state_hash());
  }
  EXPECT_EQ(hashes.size(), variants.size());
}

TEST_F(SeriesStory, the_state_hash_of_a_known_log_is_known) {
  apply(std::vector{noop(1)});
  apply({with_id(kFirstId, measurement("a", 1'700'000'000'000'000'000, 21.5, R"({"x":1})"))});
  EXPECT_EQ(series->state_hash(), 9789192963627513216U);  // the same on every machine and for every later version
}

TEST_F(SeriesStory, the_write_ahead_log_is_checkpointed_as_it_grows) {
  const std::string attributes = R"({"x":")" + std::string(16'000, 'x') + R"("})";
  std::size_t largest_bytes = 0;
  for (int i = 0; i < 60; ++i) {
    apply(std::vector<TimeEntry>(50, measurement("a", i, i, attributes)));
    largest_bytes = std::max(largest_bytes, disk.read("series.db-wal").size());
  }
  EXPECT_LT(largest_bytes, std::size_t{30} << 20) << "16 MiB, and a seal with what is merged in it";
  EXPECT_GT(disk.read("series.db").size(), std::size_t{10} << 20);
}

TEST_F(SeriesStory, a_reader_keeps_the_main_file_from_changing_and_nothing_else) {
  apply({measurement("a", 1, 1)});
  auto reader = open_reader(disk);
  ASSERT_EQ(reader->begin().value().index, 1U);
  apply({measurement("a", 2, 1)});
  EXPECT_FALSE(series->checkpoint().value());
  EXPECT_EQ(series->durable_index(), 2U);
  reader->end();
  EXPECT_TRUE(series->checkpoint().value());
}

TEST_F(SeriesStory, a_file_without_a_row_for_each_point_is_the_oldest_that_is_read) {
  series.reset();
  execute(disk, "series.db", "PRAGMA user_version = 1");
  EXPECT_THAT(try_to_open_series(disk).error().message, HasSubstr("which no released version writes"));
}

using SeriesStoryDeathTest = SeriesStory;

TEST_F(SeriesStoryDeathTest, applying_twice_is_a_bug_of_ours) {
  apply({measurement("a", 1, 1)});
  EXPECT_DEATH(static_cast<void>(series->apply(1, std::vector{command_of({measurement("a", 1, 1)})})),
               "applied once and in order");
}

// ------------------------------------------------------------------------------------------------- members

TEST_F(SeriesStory, it_knows_the_members_that_were_applied_last) {
  EXPECT_EQ(series->configuration(), std::nullopt);
  apply(std::vector{noop(1)});
  EXPECT_EQ(series->configuration(), std::nullopt);
  const auto results =
      apply(std::vector{members_entry("n2"), command_of({measurement("a", 1, 1)}), members_entry("n3")});
  EXPECT_EQ(results, (std::vector{ApplyResult{}, kStored, ApplyResult{}}));
  EXPECT_EQ(series->configuration(), members_with("n3"));
  apply({measurement("b", 2, 2)});
  EXPECT_EQ(series->configuration(), members_with("n3"));
  reopen();
  EXPECT_EQ(series->configuration(), members_with("n3"));
}

TEST_F(SeriesStory, other_members_are_another_state) {
  Disk other_disk;
  const auto other = open_series(other_disk);
  apply(std::vector{members_entry("n2")});
  ASSERT_TRUE(other->apply(1, std::vector{members_entry("n3")}).has_value());
  EXPECT_NE(series->state_hash(), other->state_hash());
}

TEST_F(SeriesStory, changed_members_are_damage) {
  apply(std::vector{members_entry("n2")});
  series.reset();
  execute(disk, "series.db", "UPDATE meta SET configuration = replace(configuration, 'n2', 'n3')");
  EXPECT_THAT(try_to_open_series(disk).error().message, HasSubstr("fails its checksum"));
}

}  // namespace
}  // namespace timestore::store::series_file_test
