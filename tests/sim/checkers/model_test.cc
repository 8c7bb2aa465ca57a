// The model and the real series file are two implementations of one state machine: each is the other's oracle.
#include "sim/checkers/model.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "engine/series/command.h"
#include "engine/store/series/series_file.h"
#include "engine/store/series/series_reader.h"
#include "sim/disk/vfs.h"
#include "tests/sim/checkers/id.h"

namespace timestore::sim {
namespace {

raft::Entry command(const std::vector<TimeEntry>& entries) {
  return {.term = 1, .kind = raft::EntryKind::kCommand, .payload = raft::Payload(encode_command(entries))};
}

// Few ids, devices, times and values, so that everything happens to everything.
rc::Gen<TimeEntry> any_entry() {
  return rc::gen::map(
      rc::gen::tuple(rc::gen::inRange(0, 6), rc::gen::inRange(0, 3), rc::gen::inRange(0, 3), rc::gen::inRange(0, 2)),
      [](const auto& drawn) {
        const auto [id, device, time, value] = drawn;
        return TimeEntry{.id = id_of(static_cast<std::uint8_t>(id)),  // 0: nil
                         .device_id = std::string(1, static_cast<char>('a' + device)),
                         .timestamp_ns = time,
                         .value = static_cast<double>(value)};
      });
}

rc::Gen<raft::Entry> any_log_entry() {
  const raft::Entry noop{.term = 1, .kind = raft::EntryKind::kNoop, .payload = raft::Payload("")};
  const raft::Entry malformed{.term = 1, .kind = raft::EntryKind::kCommand, .payload = raft::Payload("{\"x\"")};
  const auto order = rc::gen::map(
      rc::gen::tuple(rc::gen::arbitrary<bool>(), rc::gen::inRange(0, 3), rc::gen::inRange(-1, 4)),
      [](const auto& drawn) {
        const auto [sets_age, age, edge] = drawn;
        const RetentionOrder drawn_order{.sets_age = sets_age, .max_age_ns = age * kMinAge, .edge_ns = edge};
        return raft::Entry{.term = 1,
                           .kind = raft::EntryKind::kCommand,
                           .payload = raft::Payload(encode_order(drawn_order, kRetentionVersion))};
      });
  return rc::gen::weightedOneOf<raft::Entry>(
      {{1, rc::gen::just(noop)},
       {1, rc::gen::just(malformed)},
       {1, order},
       {10, rc::gen::map(rc::gen::nonEmpty(rc::gen::container<std::vector<TimeEntry>>(any_entry())), command)}});
}

std::vector<TimeEntry> scanned(store::SeriesReader& reader, const store::SeriesQuery& query) {
  std::vector<TimeEntry> entries;
  const auto done = reader.scan(query, [&](const TimeEntry& entry) { return entries.push_back(entry), true; });
  RC_ASSERT(done.has_value());
  return entries;
}

RC_GTEST_PROP(Model, agrees_with_the_series_file, ()) {
  const auto log = *rc::gen::container<std::vector<raft::Entry>>(any_log_entry());
  Choices choices(1);
  const SqliteWorld sqlite(choices);
  Disk disk(choices.stream("disk", 0));
  const Vfs vfs(disk);
  const auto board = std::make_shared<store::PlainFreshBoard>();
  const auto seal_points = *rc::gen::inRange<std::uint64_t>(1, 10);
  const auto file =
      store::SeriesFile::open("series.db", vfs.name(), {.shape = {.seal_points = seal_points}, .board = board}).value();
  const auto results = file->apply(1, log).value();

  Model model;
  for (const raft::Entry& entry : log) model.apply(entry);
  for (raft::Index index = 1; index <= log.size(); ++index) RC_ASSERT(model.result(index) == results[index - 1]);
  const auto reader = store::SeriesReader::open("series.db", vfs.name(), board).value();
  reader->begin().value();
  RC_ASSERT(model.difference(log.size(), scanned(*reader, {})) == std::nullopt);
  for (const char* device : {"a", "b", "c", "d"}) {
    RC_ASSERT(model.difference(device, log.size(), scanned(*reader, {.device_id = device})) == std::nullopt);
  }
  reader->end();
}

TEST(Model, remembers_every_state) {
  const TimeEntry late{.id = id_of(1), .device_id = "a", .timestamp_ns = 9};
  const TimeEntry early{.id = id_of(2), .device_id = "a", .timestamp_ns = 3};
  Model model;
  model.apply(command({late}));
  model.apply(command({early}));
  EXPECT_EQ(model.difference("a", 0, {}), std::nullopt);
  EXPECT_EQ(model.difference("a", 1, {late}), std::nullopt);
  EXPECT_EQ(model.difference("a", 2, {early, late}), std::nullopt);
  EXPECT_NE(model.difference("a", 1, {early, late}), std::nullopt);
  EXPECT_NE(model.difference("a", 2, {late, early}), std::nullopt);
  EXPECT_NE(model.difference("a", 2, {late}), std::nullopt);
  EXPECT_NE(model.difference("b", 2, {late}), std::nullopt);
  EXPECT_EQ(model.difference(1, {late}), std::nullopt);
  EXPECT_EQ(model.difference(2, {late, early}), std::nullopt);
  EXPECT_NE(model.difference(2, {early, late}), std::nullopt);
  EXPECT_NE(model.difference(1, {late, early}), std::nullopt);
}

TEST(Model, minus_zero_is_not_zero_in_an_answer) {
  TimeEntry entry{.id = id_of(1), .device_id = "a", .value = 0.0};
  Model model;
  model.apply(command({entry}));
  entry.value = -0.0;
  EXPECT_NE(model.difference("a", 1, {entry}), std::nullopt);
}

TEST(Model, knows_where_an_id_was_stored) {
  Model model;
  const auto entries = model.apply(command({{.device_id = "a"}}));
  ASSERT_EQ(entries.size(), 1U);
  EXPECT_EQ(model.index_of(entries.front().id), 1U);
  EXPECT_EQ(model.index_of(id_of(1)), 0U);
}

}  // namespace
}  // namespace timestore::sim
