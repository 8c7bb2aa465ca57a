// A long script of store operations, and what both files must hold after each of them.
//
// The script is the same in every run: chapters of steps, each chapter beginning with the opening of both files and
// ending with their closing. The log goes through numbered versions, one per write; the series file through one per
// batch that is applied and one per snapshot that is installed. The two know nothing of each other here.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "engine/base/check.h"
#include "engine/base/prng.h"
#include "engine/store/series/snapshot.h"
#include "sim/disk/vfs.h"
#include "tests/sim/store/store_model.h"

namespace timestore::sim {

// A snapshot that another node made, which has applied what this one has and some entries more.
struct Donation {
  store::SnapshotMeta meta;
  std::vector<std::uint8_t> bytes;
};

struct Step {
  enum class Kind : std::uint8_t {
    kInitialize,  // the log's identity
    kWrite,       // `writes`, in one transaction
    kReadLog,     // all of it
    kReopenLog,   // which moves everything into the main file
    kApply,       // `entries`: one, which is sealed
    kCheckpoint,  // of the series file
    kReopenSeries,
    kBeginReading,  // the series file, on a connection of its own
    kEndReading,
    kBeginSnapshot,  // of the series file, if no reader is in the way
    kCopySnapshot,   // some pages of it
    kEndSnapshot,    // all the rest
    kReceive,        // the next pages of the donation
    kInstall,        // receives the rest and installs it, noting it in the log before
  };
  Kind kind = Kind::kReadLog;
  std::vector<raft::Write> writes = {};
  std::vector<raft::Entry> entries = {};
  std::size_t donation = 0;  // its number
};

struct Script {
  std::vector<std::vector<Step>> chapters;
  std::vector<LogModel> logs = {{}};
  std::vector<SeriesModel> series = {{}};
  std::vector<Donation> donations;

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
      if (is_copying_) end_snapshot();
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
    if (is_copying_ && prng_.below(3) == 0) {
      prng_.below(3) == 0 ? end_snapshot() : add({.kind = Step::Kind::kCopySnapshot});
    } else if (dice < 42) {
      add_write();
    } else if (dice < 45) {
      add({.kind = Step::Kind::kReadLog});
    } else if (dice < 47) {
      add({.kind = Step::Kind::kReopenLog});
    } else if (dice < 75) {
      add_apply();
    } else if (dice < 78 && !is_copying_) {
      add({.kind = Step::Kind::kBeginSnapshot});
      is_copying_ = true;
    } else if (dice < 85) {
      add_arrival();
    } else if (dice < 90) {
      add({.kind = Step::Kind::kCheckpoint});
    } else if (is_reading_) {
      end_reading();
    } else if (dice < 92 && !is_copying_) {
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
  void end_snapshot() {
    add({.kind = Step::Kind::kEndSnapshot});
    is_copying_ = false;
  }

  // Begins to receive a snapshot, goes on with it, or installs it.
  void add_arrival() {
    const bool is_new = !is_receiving_;
    if (is_new) add_donation();
    const std::size_t number = script_.donations.size() - 1;
    is_receiving_ = donated_.applied.index > series_.applied.index;
    if (!is_receiving_) return;  // it came too slowly: it has nothing new any more
    const bool may_install = !is_new && !is_reading_ && !is_copying_ && log_.hard_state.term > 0;
    if (!may_install) return add({.kind = Step::Kind::kReceive, .donation = number});
    is_receiving_ = false;
    log_.installing = script_.donations[number].meta.applied;
    script_.logs.push_back(log_);
    series_ = donated_;
    history_ = donated_history_;
    script_.series.push_back(series_);
    add({.kind = Step::Kind::kInstall, .donation = number});
  }

  // From a node of its own, on a disk of its own.
  void add_donation() {
    donated_ = series_;
    donated_history_ = history_;
    for (std::uint64_t more = 15 + prng_.below(6); more > 0; --more) donated_history_.push_back(any_entry());
    for (std::size_t at = history_.size(); at < donated_history_.size(); ++at) donated_.apply(donated_history_[at]);
    Choices choices(1);
    Disk disk(choices.stream("donor"));
    const Vfs vfs(disk);
    auto donor = store::SeriesFile::open("series.db", vfs.name(), kSealing).value();
    TIMESTORE_CHECK(donor->apply(1, donated_history_).has_value(), "a donor's disk is well");
    const auto snapshot = donor->begin_snapshot().value()->step(~std::uint64_t{0}).value();
    auto bytes = snapshot->read_chunk(0, snapshot->meta().size_bytes).value().bytes;
    script_.donations.push_back({snapshot->meta(), std::move(bytes)});
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
      LogModel without_entries = log_;
      without_entries.write({.hard_state = write.hard_state,
                             .truncate_from = write.truncate_from,
                             .begin_after = write.begin_after,
                             .entries = {}});
      write.first_index = without_entries.last_index() + 1;
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
    return dice < 6 && log_.hard_state.term > 0 ? beginning() : append();
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
    if (prng_.below(6) == 0) {
      write.entries.push_back({write.hard_state.term, raft::EntryKind::kMembers, raft::Payload(encode(members()))});
    }
    return write;
  }

  // Of the last entries; most of the time a new leader's entry comes in their place.
  raft::Write truncation(std::size_t entries) {
    raft::Write write;
    write.hard_state = log_.hard_state;
    write.truncate_from = log_.last_index() - entries + 1;
    if (prng_.below(4) == 0) return write;
    write.hard_state = {.term = log_.hard_state.term + 1, .vote = std::nullopt};
    write.entries.push_back({write.hard_state.term, raft::EntryKind::kNoop, raft::Payload(std::string())});
    return write;
  }

  // The log is compacted, or goes on after a snapshot; sometimes with an entry in the same write.
  raft::Write beginning() {
    raft::Write write = prng_.below(3) == 0 ? append() : raft::Write();
    write.hard_state = log_.hard_state;
    raft::Position last = log_.at(log_.base.index + prng_.below(log_.entries.size() + 1));
    if (prng_.below(3) == 0) last = {log_.hard_state.term, log_.last_index() + 1 + prng_.below(5)};
    write.begin_after = {.last = last, .configuration = members()};
    return write;
  }

  raft::Configuration members() {
    return {.voters = {{"n1", "http://one:5001"}, {"n" + std::to_string(2 + prng_.below(5)), "http://two:5002"}}};
  }

  void add_apply() {
    const raft::Entry entry = any_entry();
    series_.apply(entry);
    history_.push_back(entry);
    script_.series.push_back(series_);
    add({.kind = Step::Kind::kApply, .entries = {entry}});
  }

  // Mostly new points; some were sent twice, some have the id of another.
  raft::Entry any_entry() {
    const std::uint64_t dice = prng_.below(20);
    if (dice == 0) return {1, raft::EntryKind::kNoop, raft::Payload(std::string())};
    if (dice == 19) return {1, raft::EntryKind::kMembers, raft::Payload(encode(members()))};
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
  std::vector<raft::Entry> history_;  // everything that the series file has applied
  SeriesModel donated_;               // what the last donation holds, and the entries that it has applied
  std::vector<raft::Entry> donated_history_;
  bool is_reading_ = false;
  bool is_copying_ = false;
  bool is_receiving_ = false;
};

}  // namespace timestore::sim
