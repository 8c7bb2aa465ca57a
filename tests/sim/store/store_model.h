// What the log file and the series file must hold, kept in the dumbest way.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "engine/series/command.h"
#include "engine/series/entry_id.h"
#include "engine/store/log/log_file.h"
#include "engine/store/series/series_file.h"

namespace timestore::sim {

struct LogModel {
  std::optional<store::LogFile::Identity> identity;
  raft::HardState hard_state = {.term = 0, .vote = {}, .novice = true};  // of a new file
  raft::Position base;
  std::vector<raft::Entry> entries;  // after the base
  std::optional<raft::Position> installing;

  raft::Index last_index() const { return base.index + entries.size(); }
  raft::Position at(raft::Index index) const {
    return index == base.index ? base : raft::Position{entries[index - base.index - 1].term, index};
  }
  void write(const raft::Write& write) {
    if (write.truncate_from) entries.resize(*write.truncate_from - base.index - 1);
    if (write.begin_after) {
      const auto removed = std::min<std::size_t>(write.begin_after->last.index - base.index, entries.size());
      entries.erase(entries.begin(), entries.begin() + static_cast<std::ptrdiff_t>(removed));
      base = write.begin_after->last;
      identity->configuration = write.begin_after->configuration;
      installing.reset();
    }
    entries.insert(entries.end(), write.entries.begin(), write.entries.end());
    hard_state = write.hard_state;
  }
  bool operator==(const LogModel&) const = default;
};

// Every entry is a seal, with a step of a merge in every other one.
inline const store::SeriesFileOptions kSealing = {
    .shape = {.seal_bytes = 1, .fan_out = 2, .least_step_points = 3, .least_points_of_its_own = 2, .piece_bytes = 500}};

struct SeriesModel {
  raft::Position applied;
  std::vector<TimeEntry> entries;  // in the order in which they were stored
  std::optional<raft::Configuration> configuration;

  void apply(const raft::Entry& entry) {
    applied = {.term = entry.term, .index = applied.index + 1};
    if (entry.kind == raft::EntryKind::kMembers) {
      configuration = raft::decode_configuration(entry.payload.view()).value();
      return;
    }
    if (entry.payload.view().empty()) return;
    auto command = decode_command(entry.payload.view());
    if (!command) return;
    std::vector<TimeEntry> next = entries;
    for (std::uint32_t ordinal = 0; ordinal < command->entries.size(); ++ordinal) {
      TimeEntry& added = command->entries[ordinal];
      if (added.id.is_nil()) {
        added.id = make_entry_id({applied.index, ordinal}, command->salt, added.device_id, added.timestamp_ns);
      }
      bool is_new = true;
      for (const TimeEntry& stored : next) {
        if (stored.id != added.id) continue;
        if (!same_content(stored, added)) return;  // a conflict: nothing of the command is stored
        is_new = false;
      }
      if (is_new) next.push_back(added);
    }
    entries = std::move(next);
  }
  bool operator==(const SeriesModel&) const = default;
};

}  // namespace timestore::sim
