#include "sim/checkers/model.h"

#include <algorithm>
#include <cmath>

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

}  // namespace

bool is_identical(const TimeEntry& left, const TimeEntry& right) {
  return left == right && std::signbit(left.value) == std::signbit(right.value);
}

std::vector<TimeEntry> Model::apply(const raft::Entry& entry) {
  using Outcome = ApplyResult::Outcome;
  const raft::Index index = results_.size() + 1;
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
  std::uint32_t ordinal = 0;
  for (TimeEntry& each : decoded->entries) {
    if (each.id.is_nil())
      each.id = make_entry_id({.index = index, .ordinal = ordinal}, decoded->salt, each.device_id, each.timestamp_ns);
    ++ordinal;
  }
  results_.push_back(store(index, decoded->entries));
  return std::move(decoded->entries);
}

// A command may repeat an id within itself: the later ones are measured against the first.
ApplyResult Model::store(raft::Index index, const std::vector<TimeEntry>& entries) {
  using Outcome = ApplyResult::Outcome;
  const std::size_t stored_before = stored_.size();
  std::vector<std::uint32_t> conflicts;
  for (std::size_t ordinal = 0; ordinal < entries.size(); ++ordinal) {
    const TimeEntry& entry = entries[ordinal];
    const auto [holder, is_new] = by_id_.emplace(entry.id, stored_.size());
    if (is_new) {
      stored_.push_back({index, entry});
    } else if (!same_content(stored_[holder->second].entry, entry)) {
      conflicts.push_back(static_cast<std::uint32_t>(ordinal));
    }
  }
  if (!conflicts.empty()) {
    for (; stored_.size() > stored_before; stored_.pop_back()) by_id_.erase(stored_.back().entry.id);
    return {.outcome = Outcome::kConflict, .conflicts = std::move(conflicts)};
  }
  for (std::size_t number = stored_before; number < stored_.size(); ++number) {
    std::vector<std::size_t>& device = by_device_[stored_[number].entry.device_id];
    const auto later = std::upper_bound(
        device.begin(), device.end(), stored_[number].entry.timestamp_ns,
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
  const auto device = by_device_.find(device_id);
  if (device != by_device_.end()) {
    for (const std::size_t number : device->second) {
      const Stored& stored = stored_[number];
      if (stored.index > index) continue;
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
  for (std::size_t position = 0; position < stored_.size() && stored_[position].index <= index; ++position) {
    if (position >= stored.size()) return expected_at(position, &stored_[position].entry, nullptr);
    if (!is_identical(stored_[position].entry, stored[position])) {
      return expected_at(position, &stored_[position].entry, &stored[position]);
    }
  }
  const auto expected = static_cast<std::size_t>(
      std::partition_point(stored_.begin(), stored_.end(), [&](const Stored& one) { return one.index <= index; }) -
      stored_.begin());
  if (expected < stored.size()) return expected_at(expected, nullptr, &stored[expected]);
  return std::nullopt;
}

std::optional<std::string> Model::difference(raft::Index index, const AnswerSeen& answer) const {
  std::vector<const TimeEntry*> rows;
  for (const Stored& stored : stored_) {
    if (stored.index <= index) rows.push_back(&stored.entry);
  }
  const std::vector<std::string> expected = answer_of(answer.inquiry, rows);
  const auto [wanted, seen] = std::mismatch(expected.begin(), expected.end(), answer.lines.begin(), answer.lines.end());
  if (wanted == expected.end() && seen == answer.lines.end()) return std::nullopt;
  return "line " + std::to_string(wanted - expected.begin()) + " should be " +
         (wanted == expected.end() ? "missing" : *wanted) + " and is " +
         (seen == answer.lines.end() ? "missing" : *seen);
}

}  // namespace timestore::sim
