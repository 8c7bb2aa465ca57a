#include "sim/checkers/model.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <iterator>

#include "engine/series/command.h"
#include "engine/series/entry_id.h"

namespace timestore::sim {

namespace {

// That no node applies what it does not know is for others to check.
constexpr CommandVersion kAnyVersion = 255;

std::string in_words(const TimeEntry& entry) {
  std::string text;
  append_json(text, entry);
  return text;
}

std::string expected_at(std::size_t position, const TimeEntry* expected, const TimeEntry* seen) {
  return "entry " + std::to_string(position) + " should be " + (expected ? in_words(*expected) : "missing") +
         " and is " + (seen ? in_words(*seen) : "missing");
}

// The clients' names have nothing escaped in them.
std::tuple<std::string, std::string, std::string> field_of(const std::string& database, const std::string& name) {
  return {database, name.substr(0, name.find_first_of(", ")), name.substr(name.rfind(' ') + 1)};
}

template <typename Placed>
bool was_deleted(const Placed& placed, raft::Index index) {
  return placed.deleted_at != 0 && placed.deleted_at <= index;
}

// What is deleted by names and times.
bool names(const DeleteOrder& order, bool is_of_field, const std::string& name, std::int64_t time_ns) {
  if (time_ns < order.first_ns || time_ns > order.last_ns) return false;
  for (const DeletedName& wanted : order.names) {
    if (wanted.kind == DeletedName::Kind::kDevice && is_of_field) continue;
    if (wanted.kind == DeletedName::Kind::kLine && !is_of_field) continue;
    if (wanted.is_prefix ? name.substr(0, wanted.name.size()) == wanted.name : name == wanted.name) return true;
  }
  return false;
}

}  // namespace

bool is_identical(const TimeEntry& left, const TimeEntry& right) {
  return left == right && std::signbit(left.value) == std::signbit(right.value);
}

std::vector<TimeEntry> Model::apply(const raft::Entry& entry) {
  using Outcome = ApplyResult::Outcome;
  const raft::Index index = results_.size() + 1;
  last_lines_.reset();
  last_delete_.reset();
  const std::string_view command = entry.payload.view();
  if (entry.kind != raft::EntryKind::kCommand || command.empty()) {
    results_.push_back({.outcome = Outcome::kNothing, .conflicts = {}});
    return {};
  }
  auto decoded = decode_command(command, kAnyVersion);
  if (!decoded || decoded->entries.size() > kMaxEntryIdOrdinal + std::size_t{1}) {
    results_.push_back({.outcome = Outcome::kMalformed, .conflicts = {}});
    return {};
  }
  if (decoded->retention) {
    results_.push_back(follow(index, *decoded->retention));
    return {};
  }
  if (decoded->lines) {
    last_lines_ = std::move(decoded->lines);
    results_.push_back(store(index, *last_lines_));
    return {};
  }
  if (decoded->deletion) {
    last_delete_ = std::move(decoded->deletion);
    results_.push_back(erase(index, *last_delete_));
    return {};
  }
  std::uint32_t ordinal = 0;
  for (TimeEntry& each : decoded->entries) {
    if (each.id.is_nil())
      each.id = make_entry_id({.index = index, .ordinal = ordinal}, decoded->salt, each.device_id, each.timestamp_ns);
    ++ordinal;
  }
  results_.push_back(store(index, decoded->entries));
  return std::move(decoded->entries);
}

// An edge that was computed from an age which is not in force any more means nothing.
ApplyResult Model::follow(raft::Index index, const RetentionOrder& order) {
  if (order.sets_age) retention_.max_age_ns = order.max_age_ns;
  if (order.max_age_ns == retention_.max_age_ns && order.max_age_ns != 0 && order.edge_ns > retention_.edge_ns) {
    retention_.edge_ns = order.edge_ns;
    edges_[index] = order.edge_ns;
  }
  return {.outcome = ApplyResult::Outcome::kRetention, .conflicts = {}, .edge_ns = retention_.edge_ns};
}

std::int64_t Model::edge_at(raft::Index index) const { return std::prev(edges_.upper_bound(index))->second; }

// A command may repeat an id within itself: the later ones are measured against the first.
ApplyResult Model::store(raft::Index index, const std::vector<TimeEntry>& entries) {
  using Outcome = ApplyResult::Outcome;
  ApplyResult expired{.outcome = Outcome::kExpired, .conflicts = {}, .edge_ns = retention_.edge_ns};
  std::vector<std::uint32_t> conflicts;
  std::map<Guid, const TimeEntry*> additions;
  std::vector<const TimeEntry*> in_order;
  for (std::uint32_t ordinal = 0; ordinal < entries.size(); ++ordinal) {
    const TimeEntry& entry = entries[ordinal];
    if (has_expired(entry)) expired.conflicts.push_back(ordinal);
    const auto found = by_id_.find(entry.id);
    const bool is_taken =
        found != by_id_.end() && !has_expired(stored_[found->second].entry) && stored_[found->second].deleted_at == 0;
    const auto [earlier, is_first] = additions.emplace(entry.id, &entry);
    const TimeEntry& holder = is_taken ? stored_[found->second].entry : *earlier->second;
    if (!is_taken && is_first) {
      in_order.push_back(&entry);
    } else if (!same_content(holder, entry)) {
      conflicts.push_back(ordinal);
    }
  }
  if (!expired.conflicts.empty()) return expired;
  if (!conflicts.empty()) return {.outcome = Outcome::kConflict, .conflicts = std::move(conflicts)};
  for (const TimeEntry* entry : in_order) {
    const std::size_t number = stored_.size();
    by_id_.insert_or_assign(entry->id, number);
    stored_.push_back({.index = index, .entry = *entry});
    std::vector<std::size_t>& device = by_device_[entry->device_id];
    const auto later = std::upper_bound(
        device.begin(), device.end(), entry->timestamp_ns,
        [&](std::int64_t time, std::size_t other) { return time < stored_[other].entry.timestamp_ns; });
    device.insert(later, number);
  }
  return {.outcome = Outcome::kStored, .conflicts = {}};
}

raft::Index Model::index_of(const Guid& id) const {
  const auto found = by_id_.find(id);
  return found == by_id_.end() ? 0 : stored_[found->second].index;
}

std::optional<std::string> Model::difference(const std::string& device_id, raft::Index index,
                                             const std::vector<TimeEntry>& answer) const {
  std::size_t position = 0;
  const std::int64_t edge = edge_at(index);
  const auto device = by_device_.find(device_id);
  if (device != by_device_.end()) {
    for (const std::size_t number : device->second) {
      const Stored& stored = stored_[number];
      if (stored.index > index || stored.entry.timestamp_ns < edge || was_deleted(stored, index)) continue;
      if (position >= answer.size()) return expected_at(position, &stored.entry, nullptr);
      if (!is_identical(stored.entry, answer[position])) {
        return expected_at(position, &stored.entry, &answer[position]);
      }
      ++position;
    }
  }
  if (position < answer.size()) return expected_at(position, nullptr, &answer[position]);
  return std::nullopt;
}

std::optional<std::string> Model::difference(raft::Index index, const std::vector<TimeEntry>& stored) const {
  std::size_t position = 0;
  const std::int64_t edge = edge_at(index);
  for (const Stored& expected : stored_) {
    if (expected.index > index) break;
    if (expected.entry.timestamp_ns < edge || was_deleted(expected, index)) continue;
    if (position >= stored.size()) return expected_at(position, &expected.entry, nullptr);
    if (!is_identical(expected.entry, stored[position])) {
      return expected_at(position, &expected.entry, &stored[position]);
    }
    ++position;
  }
  if (position < stored.size()) return expected_at(position, nullptr, &stored[position]);
  return std::nullopt;
}

std::optional<std::string> Model::difference(raft::Index index, const AnswerSeen& answer) const {
  const std::vector<PointSeen> rows = rows_at(index, answer.inquiry.database);
  const std::vector<std::string> expected = answer_of(answer.inquiry, rows);
  const auto [wanted, seen] = std::mismatch(expected.begin(), expected.end(), answer.lines.begin(), answer.lines.end());
  if (wanted == expected.end() && seen == answer.lines.end()) return std::nullopt;
  return "line " + std::to_string(wanted - expected.begin()) + " should be " +
         (wanted == expected.end() ? "missing" : *wanted) + " and is " +
         (seen == answer.lines.end() ? "missing" : *seen);
}

// ---------------------------------------------------------------------------------------------------- deletes

std::optional<Guid> Model::stored_id(std::uint64_t draw) const {
  if (stored_.empty()) return std::nullopt;
  return stored_[draw % stored_.size()].entry.id;
}

ApplyResult Model::erase(raft::Index index, const DeleteOrder& order) {
  ApplyResult result{.outcome = ApplyResult::Outcome::kDeleted};
  if (!order.ids.empty()) {
    result.deleted = erase_ids(index, order);
    return result;
  }
  for (Stored& stored : stored_) {
    if (!order.database.empty() || stored.deleted_at != 0 || stored.index > order.up_to) continue;
    if (has_expired(stored.entry) || !names(order, false, stored.entry.device_id, stored.entry.timestamp_ns)) continue;
    stored.deleted_at = index;
    deleted_.insert(stored.entry.id);
    ++result.deleted;
  }
  result.deleted += erase_lines(index, order);
  return result;
}

std::uint64_t Model::erase_ids(raft::Index index, const DeleteOrder& order) {
  std::uint64_t count = 0;
  for (const Guid& id : order.ids) {
    const auto found = by_id_.find(id);
    if (found == by_id_.end()) continue;
    Stored& stored = stored_[found->second];
    if (has_expired(stored.entry) || stored.deleted_at != 0 || stored.index > order.up_to) continue;
    stored.deleted_at = index;
    deleted_.insert(id);
    ++count;
  }
  return count;
}

// A point counts once, with all that it has replaced, and not where a later one stays.
std::uint64_t Model::erase_lines(raft::Index index, const DeleteOrder& order) {
  std::map<std::tuple<std::string, bool, std::int64_t>, bool> goes;
  for (StoredLine& line : lines_) {
    const TimeEntry& entry = line.point.entry;
    if (line.database != order.database || line.deleted_at != 0 || has_expired(entry)) continue;
    if (!names(order, line.point.is_of_field, entry.device_id, entry.timestamp_ns)) continue;
    const bool is_meant = line.index <= order.up_to;
    goes[{entry.device_id, line.point.is_of_field, entry.timestamp_ns}] = is_meant;
    if (is_meant) line.deleted_at = index;
  }
  std::uint64_t count = 0;
  for (const auto& [place, is_gone] : goes) count += is_gone ? 1 : 0;
  return count;
}

// ---------------------------------------------------------------------------------------------------- lines

std::uint64_t Model::operation_of(const LineWrite& write) {
  for (const LinePoint& point : write.points) {
    if (write.series[point.series].name == "op n") return point.bits;
  }
  return 0;
}

// The first point of the line that is wrong, and the type that it should have, or 0 where its time is wrong.
std::optional<std::pair<std::uint32_t, std::uint8_t>> Model::fault_of(const LineWrite& write, std::uint32_t begin,
                                                                      std::uint32_t end) const {
  if (write.points[begin].time_ns < retention_.edge_ns) return std::pair(begin, std::uint8_t{0});
  for (std::uint32_t at = begin; at < end; ++at) {
    const LineSeries& series = write.series[write.points[at].series];
    const auto type = types_.find(field_of(write.database, series.name));
    const bool is_known = series.is_device || type != types_.end();
    const points::Type wanted = series.is_device ? points::Type::kFloat : is_known ? type->second : series.type;
    if (wanted != series.type) return std::pair(at, static_cast<std::uint8_t>(wanted));
  }
  return std::nullopt;
}

ApplyResult Model::store(raft::Index index, const LineWrite& write) {
  using Outcome = ApplyResult::Outcome;
  const auto types_before = types_;
  const std::size_t lines_before = lines_.size();
  ApplyResult result{.outcome = Outcome::kStored};
  std::uint32_t begin = 0;
  for (const std::uint32_t end : write.line_ends) {
    const std::uint32_t first = std::exchange(begin, end);
    if (const auto fault = fault_of(write, first, end)) {
      if (result.conflicts.empty()) result.stored_type = fault->second;
      result.conflicts.push_back(fault->first);
      continue;
    }
    for (std::uint32_t at = first; at < end; ++at) {
      const LinePoint& point = write.points[at];
      const LineSeries& series = write.series[point.series];
      if (!series.is_device) types_.emplace(field_of(write.database, series.name), series.type);
      lines_.push_back({.index = index,
                        .database = write.database,
                        .point = {.entry = {.device_id = series.name, .timestamp_ns = point.time_ns},
                                  .is_line = true,
                                  .is_of_field = !series.is_device,
                                  .type = series.type,
                                  .bits = point.bits,
                                  .text = point.text}});
    }
  }
  if (result.conflicts.empty()) return result;
  result.outcome = Outcome::kPartlyStored;
  if (write.keeps_good_lines) return result;
  types_ = types_before;
  lines_.resize(lines_before);
  result.outcome = result.stored_type == 0 ? Outcome::kExpired : Outcome::kTypeConflict;
  if (result.stored_type == 0) result.edge_ns = retention_.edge_ns;
  return result;
}

// What is there when so many entries of the log are applied, in the order of the log.
std::vector<PointSeen> Model::rows_at(raft::Index index, const std::string& database) const {
  const std::int64_t edge = edge_at(index);
  std::map<std::tuple<std::string, bool, std::int64_t>, const StoredLine*> last;
  for (const StoredLine& line : lines_) {
    const TimeEntry& entry = line.point.entry;
    if (line.index > index) break;
    if (line.database != database || entry.timestamp_ns < edge || was_deleted(line, index)) continue;
    last[{entry.device_id, line.point.is_of_field, entry.timestamp_ns}] = &line;
  }
  std::vector<std::pair<raft::Index, PointSeen>> placed;
  for (const Stored& stored : stored_) {
    if (stored.index > index) break;
    const TimeEntry& entry = stored.entry;
    if (entry.timestamp_ns < edge || !database.empty() || was_deleted(stored, index)) continue;
    placed.emplace_back(stored.index, PointSeen{.entry = entry, .bits = std::bit_cast<std::uint64_t>(entry.value)});
  }
  std::vector<const StoredLine*> lines;
  for (const auto& [place, line] : last) lines.push_back(line);
  std::sort(lines.begin(), lines.end());  // as they stand in their vector
  for (const StoredLine* line : lines) placed.emplace_back(line->index, line->point);
  std::stable_sort(placed.begin(), placed.end(),
                   [](const auto& left, const auto& right) { return left.first < right.first; });
  std::vector<PointSeen> rows;
  for (auto& [at, row] : placed) rows.push_back(std::move(row));
  return rows;
}

}  // namespace timestore::sim
