// apply() against the dumbest store that could do it: a map from ids to entries.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <map>
#include <set>
#include <tuple>

#include "engine/base/timestamp.h"
#include "tests/engine/store/series/series_story.h"

namespace timestore::store::series_property_test {
namespace {

struct Placed {
  EntryPosition position;
  TimeEntry entry;
};

// Entries, an order or what is deleted; none of them: it is malformed.
struct AnyCommand {
  std::optional<std::vector<TimeEntry>> entries;
  std::optional<RetentionOrder> order;
  std::optional<DeleteOrder> deletion = {};
};

struct Model {
  std::map<Guid, Placed> by_id;
  Retention retention;
  raft::Index applied = 0;

  ApplyResult apply(const AnyCommand& command) {
    ++applied;
    if (command.order) return follow(*command.order);
    if (command.deletion) return erase(*command.deletion);
    if (!command.entries) return {.outcome = Outcome::kMalformed, .conflicts = {}};
    return store(*command.entries);
  }

  ApplyResult follow(const RetentionOrder& order) {
    if (order.sets_age) retention.max_age_ns = order.max_age_ns;
    if (order.max_age_ns == retention.max_age_ns && order.max_age_ns != 0) {
      retention.edge_ns = std::max(retention.edge_ns, order.edge_ns);
    }
    std::erase_if(by_id, [&](const auto& stored) { return stored.second.entry.timestamp_ns < retention.edge_ns; });
    return {.outcome = Outcome::kRetention, .conflicts = {}, .edge_ns = retention.edge_ns};
  }

  ApplyResult erase(const DeleteOrder& order) {
    const auto deleted = std::erase_if(by_id, [&](const auto& stored) {
      const auto& [id, placed] = stored;
      if (placed.position.index > order.up_to) return false;
      if (!order.ids.empty()) return std::find(order.ids.begin(), order.ids.end(), id) != order.ids.end();
      const std::int64_t time = placed.entry.timestamp_ns;
      const std::string& device = placed.entry.device_id;
      const DeletedName& name = order.names.at(0);
      return order.database.empty() && order.first_ns <= time && time <= order.last_ns &&
             (name.is_prefix ? device.starts_with(name.name) : device == name.name);
    });
    return {.outcome = Outcome::kDeleted, .deleted = deleted};
  }

  ApplyResult store(const std::vector<TimeEntry>& entries) {
    std::map<Guid, Placed> next = by_id;
    ApplyResult result = kStored;
    ApplyResult expired{.outcome = Outcome::kExpired, .conflicts = {}, .edge_ns = retention.edge_ns};
    for (std::uint32_t ordinal = 0; ordinal < entries.size(); ++ordinal) {
      Placed placed{{applied, ordinal}, entries[ordinal]};
      if (placed.entry.timestamp_ns < retention.edge_ns) expired.conflicts.push_back(ordinal);
      if (placed.entry.id.is_nil())
        placed.entry.id = make_entry_id(placed.position, 0, placed.entry.device_id, placed.entry.timestamp_ns);
      const auto [same_id, is_new] = next.emplace(placed.entry.id, placed);
      if (!is_new && !same_content(same_id->second.entry, placed.entry)) result.conflicts.push_back(ordinal);
    }
    if (!expired.conflicts.empty()) return expired;
    if (result.conflicts.empty()) {
      by_id = next;
    } else {
      result.outcome = Outcome::kConflict;
    }
    return result;
  }

  template <typename Key>
  std::vector<TimeEntry> sorted(const std::optional<std::string>& device, Key key) const {
    std::vector<Placed> found;
    for (const auto& [id, placed] : by_id) {
      if (!device || placed.entry.device_id == *device) found.push_back(placed);
    }
    std::sort(found.begin(), found.end(),
              [&](const Placed& left, const Placed& right) { return key(left) < key(right); });
    std::vector<TimeEntry> entries;
    for (const Placed& placed : found) entries.push_back(placed.entry);
    return entries;
  }
};

const std::vector<std::string> kDevices = {"a", "b", "Ä", ""};
const std::vector<std::int64_t> kTimes = {-1, 0, 1, 86'400'000'000'000, kMinTimestamp, kMaxTimestamp};
const std::vector<double> kValues = {0.0, -0.0, 1.0, 4.9e-324, 1.7976931348623157e308};
const std::vector<std::string> kAttributes = {"", R"({"x":1})", R"({"x":1.0})", R"({"y":[]})"};

// Few ids, so that they collide: none, those of this place and of others near, which tell this entry or another one,
// and two that a client made.
Guid any_id(EntryPosition own, const TimeEntry& entry) {
  const auto salt = *rc::gen::inRange<std::uint64_t>(0, 2);
  const bool tells_another = *rc::gen::inRange(0, 5) == 0;
  const std::string& device = tells_another ? kDevices.front() : entry.device_id;
  const std::int64_t time = tells_another ? 0 : entry.timestamp_ns;
  switch (*rc::gen::weightedElement<int>({{4, 0}, {3, 1}, {4, 2}, {2, 3}})) {
    case 0:
      return {};
    case 1:
      return make_entry_id(own, salt, device, time);
    case 2: {
      const auto index = *rc::gen::inRange<std::uint64_t>(own.index > 3 ? own.index - 3 : 1, own.index + 3);
      return make_entry_id({index, *rc::gen::inRange<std::uint32_t>(0, 3)}, salt, device, time);
    }
    default:
      return guid(salt == 0 ? "11111111-1111-4111-8111-111111111111" : "ffffffff-ffff-4fff-bfff-ffffffffffff");
  }
}

AnyCommand any_order() {
  const auto age = *rc::gen::elementOf(std::vector<std::int64_t>{kForEver, kMinAge, 2 * kMinAge});
  const auto edge =
      *rc::gen::elementOf(std::vector<std::int64_t>{kNoEdge, -1, 0, 1, 2, 86'400'000'000'000, kMaxTimestamp});
  return {.entries = {},
          .order = RetentionOrder{.sets_age = *rc::gen::arbitrary<bool>(), .max_age_ns = age, .edge_ns = edge}};
}

AnyCommand any_deletion(raft::Index index) {
  DeleteOrder order;
  if (*rc::gen::inRange(0, 3) == 0) order.up_to = *rc::gen::inRange<std::uint64_t>(0, index + 2);
  if (*rc::gen::arbitrary<bool>()) {
    for (auto count = *rc::gen::inRange(1, 4); count > 0; --count) {
      const TimeEntry entry{.device_id = *rc::gen::elementOf(kDevices), .timestamp_ns = *rc::gen::elementOf(kTimes)};
      const EntryPosition earlier{*rc::gen::inRange<std::uint64_t>(index > 5 ? index - 5 : 1, index + 1),
                                  *rc::gen::inRange<std::uint32_t>(0, 3)};
      const Guid id = any_id(earlier, entry);
      order.ids.push_back(id.is_nil() ? make_entry_id(earlier, 0, entry.device_id, entry.timestamp_ns) : id);
    }
    return {.entries = {}, .order = {}, .deletion = order};
  }
  const auto one = *rc::gen::elementOf(kTimes);
  const auto other = *rc::gen::elementOf(kTimes);
  if (*rc::gen::arbitrary<bool>()) order.first_ns = std::min(one, other);
  if (*rc::gen::arbitrary<bool>()) order.last_ns = std::max(one, other);
  if (*rc::gen::inRange(0, 10) == 0) order.database = "other";
  order.names = {{.is_prefix = *rc::gen::arbitrary<bool>(), .name = *rc::gen::elementOf(kDevices)}};
  return {.entries = {}, .order = {}, .deletion = order};
}

AnyCommand any_command(raft::Index index) {
  const int kind = *rc::gen::inRange(0, 15);
  if (kind >= 12) return any_deletion(index);
  if (kind == 0) return {};
  if (kind == 1) return any_order();
  std::vector<TimeEntry> entries;
  const auto size = *rc::gen::inRange<std::uint32_t>(0, 4);
  for (std::uint32_t ordinal = 0; ordinal < size; ++ordinal) {
    TimeEntry entry;
    entry.device_id = *rc::gen::elementOf(kDevices);
    entry.timestamp_ns = *rc::gen::elementOf(kTimes);
    entry.id = any_id({index, ordinal}, entry);
    entry.value = *rc::gen::elementOf(kValues);
    entry.attributes = *rc::gen::elementOf(kAttributes);
    entries.push_back(entry);
  }
  return {.entries = entries, .order = {}};
}

using Log = std::vector<AnyCommand>;

Log any_log() {
  Log log(*rc::gen::inRange<std::size_t>(1, 25));
  for (std::size_t i = 0; i < log.size(); ++i) log[i] = any_command(i + 1);
  return log;
}

raft::Entry entry_of(const AnyCommand& command) {
  if (command.order) return command_text(encode_order(*command.order, kRetentionVersion));
  if (command.deletion) return command_text(encode_delete(*command.deletion, kDeletesVersion));
  if (!command.entries) return command_text("{malformed");
  return command_text(encode_command(*command.entries, *rc::gen::element<CommandVersion>(0, 1)));
}

std::vector<raft::Entry> entries_of(const Log& log) {
  std::vector<raft::Entry> entries;
  for (const auto& command : log) entries.push_back(entry_of(command));
  return entries;
}

// When points are sealed, and into what: sizes at which a few entries matter.
SeriesShape any_shape() {
  return {.seal_points = *rc::gen::inRange<std::uint64_t>(1, 12),
          .seal_bytes = *rc::gen::elementOf(std::vector<std::uint64_t>{1, 500, 1 << 20}),
          .partition_width_ns = *rc::gen::elementOf(std::vector<std::int64_t>{2, 3, 86'400'000'000'000}),
          .fan_out = *rc::gen::inRange<std::uint64_t>(2, 4),
          .least_step_points = *rc::gen::inRange<std::uint64_t>(1, 20),
          .least_points_of_its_own = *rc::gen::inRange<std::uint64_t>(1, 5),
          .piece_bytes = *rc::gen::inRange<std::uint64_t>(1, 100),
          .block_points = *rc::gen::inRange<std::uint64_t>(1, 6),
          .least_wide_points = *rc::gen::inRange<std::uint64_t>(1, 4)};
}

// A series file, the log that it was given, and what became of each entry: what is not in the file after a restart is
// applied again.
struct Story {
  SeriesShape shape = any_shape();
  std::unique_ptr<Disk> disk = std::make_unique<Disk>();
  std::unique_ptr<SeriesFile> series = open_series(*disk, shape);
  std::vector<raft::Entry> log = {};
  std::vector<ApplyResult> results = {};
  std::vector<std::uint64_t> hashes = {0};

  void apply(const raft::Entry& entry, const ApplyResult& expected) {
    log.push_back(entry);
    results.push_back(expected);
    const auto result = series->apply(log.size(), {&entry, 1});
    RC_ASSERT(result.has_value());
    RC_ASSERT(result->size() == 1U);
    RC_ASSERT(result->front().outcome == expected.outcome);
    RC_ASSERT(result->front() == expected);
    hashes.push_back(series->state_hash());
  }

  void restart(std::unique_ptr<Disk> other) {
    const raft::Index sealed = series->durable_index();
    series.reset();
    if (other) disk = std::move(other);
    series = open_series(*disk, any_shape());  // which makes no difference now
    RC_ASSERT(series->applied().index == sealed);
    RC_ASSERT(series->state_hash() == hashes[sealed]);
    const auto again = series->apply(sealed + 1, std::span(log).subspan(sealed));
    RC_ASSERT(again.has_value());
    RC_ASSERT(
        std::equal(again->begin(), again->end(), results.begin() + static_cast<std::ptrdiff_t>(sealed), results.end()));
    RC_ASSERT(series->state_hash() == hashes.back());
  }
};

RC_GTEST_PROP(SeriesProperty, applying_is_what_a_map_would_do_whenever_it_is_reopened, ()) {
  Story story;
  std::unique_ptr<Disk>& disk = story.disk;
  Model model;
  for (const auto& command : any_log()) {
    story.apply(entry_of(command), model.apply(command));
    switch (*rc::gen::inRange(0, 10)) {
      case 0:
        story.restart(nullptr);
        break;
      case 1:
        story.restart(disk->after_kill());
        break;
      case 2:
        story.restart(disk->after_power_cut());
        break;
      case 3:
        RC_ASSERT(story.series->checkpoint().has_value());
        break;
      default:
        break;
    }
    RC_ASSERT(story.series->applied().index == model.applied);
  }
  auto reader = open_reader(*disk);
  RC_ASSERT(reader->begin().value().index == model.applied);
  RC_ASSERT(reader->retention() == model.retention);
  for (const auto& [id, placed] : model.by_id) {
    const auto found = reader->find(id).value();
    RC_ASSERT(found == placed.entry);
  }
  reader.reset();

  const auto by_place = [](const Placed& placed) { return placed.position; };
  const auto by_time = [](const Placed& placed) { return std::tuple(placed.entry.timestamp_ns, placed.position); };
  RC_ASSERT(stored_on(*disk) == model.sorted(std::nullopt, by_place));
  for (const std::string& device : kDevices) {
    RC_ASSERT(stored_on(*disk, {.device_id = device}) == model.sorted(device, by_time));
  }
}

RC_GTEST_PROP(SeriesProperty, the_state_does_not_depend_on_how_the_log_is_cut_into_batches, ()) {
  const std::vector<raft::Entry> entries = entries_of(any_log());
  Disk one_by_one;
  auto expected = open_series(one_by_one, any_shape());
  std::vector<ApplyResult> expected_results;
  for (const raft::Entry& entry : entries) {
    const auto results = expected->apply(expected->applied().index + 1, {&entry, 1});
    RC_ASSERT(results.has_value());
    expected_results.push_back(results->at(0));
  }

  Disk in_groups;
  auto series = open_series(in_groups, any_shape());
  std::vector<ApplyResult> all_results;
  while (all_results.size() < entries.size()) {
    const auto size = *rc::gen::inRange<std::size_t>(1, entries.size() - all_results.size() + 1);
    const std::span<const raft::Entry> group = std::span(entries).subspan(all_results.size(), size);
    const auto results = series->apply(all_results.size() + 1, group);
    RC_ASSERT(results.has_value());
    all_results.insert(all_results.end(), results->begin(), results->end());
  }
  RC_ASSERT(all_results == expected_results);
  RC_ASSERT(series->applied() == expected->applied());
  RC_ASSERT(series->state_hash() == expected->state_hash());
  RC_ASSERT(stored_on(in_groups) == stored_on(one_by_one));
}

}  // namespace
}  // namespace timestore::store::series_property_test
