// A long script of store operations, and what both files must hold after each of them, kept in the dumbest way.
//
// The script is the same in every run: chapters of steps, each chapter beginning with the opening of both files and
// ending with their closing. The log goes through numbered versions, one per write; the series file through one per
// batch that is applied.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "engine/base/prng.h"
#include "engine/series/command.h"
#include "engine/series/entry_id.h"
#include "engine/store/log_file.h"
#include "engine/store/series_file.h"

namespace timestore::sim {

struct LogModel {
  std::optional<store::LogFile::Identity> identity;
  raft::HardState hard_state;
  std::vector<raft::Entry> entries;

  void write(const raft::Write& write) {
    if (write.truncate_from) entries.resize(*write.truncate_from - 1);
    entries.insert(entries.end(), write.entries.begin(), write.entries.end());
    hard_state = write.hard_state;
  }
  bool operator==(const LogModel&) const = default;
};

struct SeriesModel {
  raft::Position applied;
  std::vector<TimeEntry> entries;  // in the order in which they were stored

  void apply(const raft::Entry& entry) {
    applied = {.term = entry.term, .index = applied.index + 1};
    auto command = entry.payload.view().empty() ? std::vector<TimeEntry>() : decode_command(entry.payload.view());
    if (!command) return;
    std::vector<TimeEntry> next = entries;
    for (std::uint32_t ordinal = 0; ordinal < command->size(); ++ordinal) {
      TimeEntry& added = (*command)[ordinal];
      if (added.id.is_nil()) added.id = make_entry_id({applied.index, ordinal}, 0);
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

struct Step {
  enum class Kind : std::uint8_t {
    kInitialize,  // the log's identity
    kWrite,       // `writes`, in one transaction
    kReadLog,     // all of it
    kReopenLog,   // which moves everything into the main file
    kApply,       // `entries`, in one transaction
    kCheckpoint,  // of the series file
    kReopenSeries,
    kBeginReading,  // the series file, on a connection of its own
    kEndReading,
  };
  Kind kind = Kind::kReadLog;
  std::vector<raft::Write> writes = {};
  std::vector<raft::Entry> entries = {};
};

struct Script {
  std::vector<std::vector<Step>> chapters;
  std::vector<LogModel> logs = {{}};
  std::vector<SeriesModel> series = {{}};

  std::size_t steps() const {
    std::size_t count = 0;
    for (const auto& chapter : chapters) count += chapter.size();
    return count;
  }
};

// Writes scripts.
class Author {
 public:
  Script write(std::size_t chapters, std::size_t steps_per_chapter) {
    for (std::size_t chapter = 0; chapter < chapters; ++chapter) {
      script_.chapters.emplace_back();
      if (chapter == 0) initialize();
      while (script_.chapters.back().size() < steps_per_chapter) add_step();
      if (is_reading_) end_reading();
    }
    return std::move(script_);
  }

  // One chapter: votes, of one page each, and then `steps_after` writes of all kinds.
  Script write_after_many_votes(std::size_t votes, std::size_t steps_after) {
    script_.chapters.emplace_back();
    initialize();
    for (std::size_t vote = 0; vote < votes; ++vote) write_log(1, &Author::any_vote);
    while (steps_after-- > 0) add_write();
    return std::move(script_);
  }

 private:
  void add(Step step) { script_.chapters.back().push_back(std::move(step)); }

  void initialize() {
    log_.identity = {.node = "n1", .configuration = {{{"n1", "http://one:5001"}, {"n2", "http://two:5002"}}}};
    script_.logs.push_back(log_);
    add({.kind = Step::Kind::kInitialize});
  }

  void add_step() {
    const std::uint64_t dice = prng_.below(100);
    if (dice < 46) {
      add_write();
    } else if (dice < 50) {
      add({.kind = Step::Kind::kReadLog});
    } else if (dice < 52) {
      add({.kind = Step::Kind::kReopenLog});
    } else if (dice < 84) {
      add_apply();
    } else if (dice < 91) {
      add({.kind = Step::Kind::kCheckpoint});
    } else if (is_reading_) {
      end_reading();
    } else if (dice < 93) {
      add({.kind = Step::Kind::kReopenSeries});
    } else {
      add({.kind = Step::Kind::kBeginReading});
      is_reading_ = true;
    }
  }

  void end_reading() {
    add({.kind = Step::Kind::kEndReading});
    is_reading_ = false;
  }

  void add_write() {
    const std::uint64_t count = prng_.below(4) == 0 ? 2 + prng_.below(2) : 1;
    write_log(count, &Author::any_write);
  }

  void write_log(std::uint64_t count, raft::Write (Author::*any)()) {
    const LogModel before = log_;
    Step step{.kind = Step::Kind::kWrite};
    for (std::uint64_t number = 0; number < count; ++number) {
      raft::Write write = (this->*any)();
      write.first_index = write.truncate_from ? *write.truncate_from : log_.entries.size() + 1;
      log_.write(write);
      step.writes.push_back(std::move(write));
    }
    if (log_ == before) {  // versions must differ
      step.writes.push_back(any_vote());
      log_.write(step.writes.back());
    }
    script_.logs.push_back(log_);
    add(std::move(step));
  }

  raft::Write any_write() {
    constexpr std::size_t kLongLog = 40;
    if (log_.entries.size() > kLongLog) return truncation(kLongLog / 2);
    const std::uint64_t dice = prng_.below(10);
    if (dice < 3) return any_vote();
    if (dice < 5 && !log_.entries.empty()) {
      return truncation(1 + prng_.below(std::min<std::size_t>(4, log_.entries.size())));
    }
    return append();
  }

  raft::Write any_vote() {
    raft::Write write;
    write.hard_state = {.term = log_.hard_state.term + 1, .vote = std::nullopt};
    if (prng_.below(2) == 0) write.hard_state.vote = "n" + std::to_string(1 + prng_.below(2));
    return write;
  }

  raft::Write append() {
    raft::Write write;
    write.hard_state = log_.hard_state;
    if (write.hard_state.term == 0) write.hard_state.term = 1;
    const std::uint64_t count = 1 + prng_.below(3);
    for (std::uint64_t number = 0; number < count; ++number) {
      const std::size_t size = prng_.below(8) == 0 ? 3000 + prng_.below(6000) : 10 + prng_.below(200);
      const char letter = static_cast<char>('a' + prng_.below(26));
      write.entries.push_back(command(write.hard_state.term, std::string(size, letter)));
    }
    return write;
  }

  // Of the last entries; most of the time a new leader's entry comes in their place.
  raft::Write truncation(std::size_t entries) {
    raft::Write write;
    write.hard_state = log_.hard_state;
    write.truncate_from = log_.entries.size() - entries + 1;
    if (prng_.below(4) == 0) return write;
    write.hard_state = {.term = log_.hard_state.term + 1, .vote = std::nullopt};
    write.entries.push_back({write.hard_state.term, raft::EntryKind::kNoop, raft::Payload(std::string())});
    return write;
  }

  void add_apply() {
    std::vector<raft::Entry> entries;
    const std::uint64_t count = 1 + prng_.below(3);
    for (std::uint64_t number = 0; number < count; ++number) {
      entries.push_back(any_entry());
      series_.apply(entries.back());
    }
    script_.series.push_back(series_);
    add({.kind = Step::Kind::kApply, .entries = std::move(entries)});
  }

  // Mostly new points; some were sent twice, some have the id of another.
  raft::Entry any_entry() {
    const std::uint64_t dice = prng_.below(20);
    if (dice == 0) return {1, raft::EntryKind::kNoop, raft::Payload(std::string())};
    if (dice == 1) return command(1, "{malformed");
    std::vector<TimeEntry> entries;
    if (dice < 6 && !series_.entries.empty()) {
      entries.push_back(series_.entries[prng_.below(series_.entries.size())]);
      if (dice < 4) entries.back().value += 1;
    }
    const std::uint64_t count = 1 + prng_.below(2);
    for (std::uint64_t number = 0; number < count; ++number) {
      TimeEntry entry;
      entry.device_id = "device " + std::to_string(prng_.below(5));
      entry.timestamp_ns = static_cast<std::int64_t>(prng_.below(1'000'000));
      entry.value = static_cast<double>(prng_.below(1000)) / 8;
      if (prng_.below(4) == 0) entry.id = client_id();
      if (prng_.below(10) == 0) entry.attributes = "{\"note\":\"" + std::string(4500, 'x') + "\"}";
      entries.push_back(std::move(entry));
    }
    return command(1, encode_command(entries));
  }

  Guid client_id() {
    Guid id;
    for (std::uint8_t& byte : id.bytes) byte = static_cast<std::uint8_t>(1 + prng_.below(255));
    return id;
  }

  static raft::Entry command(raft::Term term, std::string text) {
    return {term, raft::EntryKind::kCommand, raft::Payload(std::move(text))};
  }

  Prng prng_{1};
  Script script_;
  LogModel log_;
  SeriesModel series_;
  bool is_reading_ = false;
};

}  // namespace timestore::sim
