// Tells a script to real stores on a simulated disk, and judges what is recovered after it was interrupted.
#pragma once

#include <gtest/gtest.h>
#include <sqlite3.h>

#include <algorithm>
#include <limits>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "engine/store/log/log_file.h"
#include "engine/store/series/incoming_snapshot.h"
#include "engine/store/series/series_file.h"
#include "engine/store/series/series_reader.h"
#include "sim/disk/disk.h"
#include "sim/disk/vfs.h"
#include "tests/sim/store/store_script.h"

namespace timestore::sim {

// Which versions a recovery may find.
struct Bounds {
  std::size_t log_acknowledged = 0;
  std::size_t log_issued = 0;
  std::size_t series_durable = 0;       // no loss of power may take this one back
  std::size_t series_acknowledged = 0;  // and no end of the process this one
  std::size_t series_issued = 0;
  std::size_t receiving = 0;  // a donation, counted from 1; 0: none
  bool operator==(const Bounds&) const = default;
};

class Story {
 public:
  Story(Disk& disk, const Script& script, const Bounds& bounds = {}) : script_(script), vfs_(disk), bounds_(bounds) {}

  // Ends early when something fails: then failure() tells why.
  bool tell(const std::vector<Step>& chapter) {
    if (!open_log() || !open_series()) return false;
    for (const Step& step : chapter) {
      if (!tell(step)) return false;
    }
    log_.reset();
    incoming_.reset();
    close_series();
    return true;
  }

  Bounds bounds() const {
    Bounds bounds = bounds_;
    if (series_) bounds.series_durable = version_of(series_->durable_index());
    return bounds;
  }
  const std::string& failure() const { return failure_; }

  // What the series file said of itself after each batch.
  const std::vector<std::uint64_t>& series_hashes() const { return series_hashes_; }

  // A file whose write failed refuses everything, unless it only found no space. Requires that tell() has failed.
  void expect_refusals() {
    if (was_full_ && refusing_ == Refusing::kLog) {
      EXPECT_TRUE(log_->read(log_->base().index + 1, 1, 1)) << failure_;
    } else if (was_full_ && refusing_ == Refusing::kSeries) {
      EXPECT_TRUE(series_->checkpoint()) << failure_;
    } else if (refusing_ == Refusing::kLog) {
      const raft::Write write;
      EXPECT_FALSE(log_->write({&write, 1})) << failure_;
      EXPECT_FALSE(log_->read(log_->base().index + 1, 1, 1)) << failure_;
    } else if (refusing_ == Refusing::kSeries) {
      const raft::Entry entry;
      EXPECT_FALSE(series_->apply(series_->applied().index + 1, {&entry, 1})) << failure_;
      EXPECT_FALSE(series_->checkpoint()) << failure_;
    }
  }

 private:
  static constexpr std::size_t kReceivedBytes = 20 * store::kPageBytes;  // in one step
  enum class Refusing : std::uint8_t { kNobody, kLog, kSeries };

  bool open_log() {
    log_.reset();
    auto opened = store::LogFile::open("log.db", vfs_.name());
    if (opened) log_ = std::move(*opened);
    return judge(opened);
  }
  bool open_series() {
    close_series();
    auto opened = store::SeriesFile::open("series.db", vfs_.name(), kSealing);
    if (opened) series_ = std::move(*opened);
    return judge(opened);
  }

  void close_series() {
    bounds_ = bounds();
    series_.reset();
  }

  template <typename T>
  bool judge(const Result<T>& result, Refusing refusing = Refusing::kNobody) {
    if (result) return true;
    failure_ = result.error().message;
    was_full_ = result.error().is_full;
    refusing_ = refusing;
    return false;
  }

  bool tell(const Step& step) {
    switch (step.kind) {
      case Step::Kind::kInitialize:
        ++bounds_.log_issued;
        if (!judge(log_->initialize(*script_.logs[1].identity), Refusing::kLog)) return false;
        bounds_.log_acknowledged = bounds_.log_issued;
        return true;
      case Step::Kind::kWrite:
        ++bounds_.log_issued;
        if (!judge(log_->write(step.writes), Refusing::kLog)) return false;
        bounds_.log_acknowledged = bounds_.log_issued;
        return true;
      case Step::Kind::kReadLog:
        return judge(log_->read(log_->base().index + 1, 1000, std::numeric_limits<std::uint64_t>::max()));
      case Step::Kind::kReopenLog:
        return open_log();
      case Step::Kind::kApply:
        ++bounds_.series_issued;
        if (!judge(series_->apply(series_->applied().index + 1, step.entries), Refusing::kSeries)) return false;
        if (series_->durable_index() < series_->applied().index) return judge(no_space(), Refusing::kSeries);
        acknowledge_series();
        return true;
      case Step::Kind::kCheckpoint:
        return judge(series_->checkpoint(), Refusing::kSeries);
      case Step::Kind::kReopenSeries:
        return open_series();
      case Step::Kind::kBeginReading: {
        auto opened = store::SeriesReader::open("series.db", vfs_.name());
        if (!judge(opened)) return false;
        reader_ = std::move(*opened);
        return judge(reader_->begin());
      }
      case Step::Kind::kEndReading: {
        const auto read = reader_->scan({}, [](const TimeEntry&) { return true; });
        reader_.reset();
        return judge(read);
      }
      case Step::Kind::kBeginSnapshot: {
        auto begun = series_->begin_snapshot();
        if (begun) writer_ = std::move(*begun);
        return judge(begun);
      }
      case Step::Kind::kCopySnapshot:
        return copy(2 * store::kPageBytes);
      case Step::Kind::kEndSnapshot:
        return copy(std::numeric_limits<std::uint64_t>::max());
      case Step::Kind::kReceive:
        return receive(step.donation, kReceivedBytes);
      case Step::Kind::kInstall:
        return receive(step.donation, script_.donations[step.donation].bytes.size()) && install();
    }
    return false;
  }

  static Result<void> no_space() { return tl::unexpected(Error{.message = "no space for a seal", .is_full = true}); }

  void acknowledge_series() {
    bounds_.series_acknowledged = bounds_.series_issued;
    series_hashes_.push_back(series_->state_hash());
  }

  bool copy(std::uint64_t bytes) {
    if (writer_ == nullptr) return true;
    auto snapshot = writer_->step(bytes);
    if (!judge(snapshot)) return false;
    if (*snapshot == nullptr) return true;
    EXPECT_EQ((*snapshot)->meta().applied, writer_->applied());
    writer_.reset();
    return judge((*snapshot)->read_chunk(0, store::kPageBytes));
  }

  // Sends so much of a donation, in chunks.
  bool receive(std::size_t number, std::size_t bytes) {
    constexpr std::size_t kChunkBytes = 10 * store::kPageBytes;
    const Donation& donation = script_.donations[number];
    bounds_.receiving = number + 1;
    if (incoming_ == nullptr || incoming_->meta() != donation.meta) {
      auto opened = store::IncomingSnapshot::open("series.db", vfs_.name(), donation.meta);
      if (!judge(opened)) return false;
      incoming_ = std::move(*opened);
    }
    while (bytes > 0 && !incoming_->is_complete()) {
      const auto rest = std::span(donation.bytes).subspan(incoming_->next_offset());
      const auto chunk = rest.first(std::min({rest.size(), kChunkBytes, bytes}));
      const auto taken = incoming_->add_chunk(incoming_->next_offset(), chunk, store::chunk_checksum(chunk));
      if (!judge(taken)) return false;
      EXPECT_EQ(*taken, store::IncomingSnapshot::Arrival::kTaken);
      bytes -= chunk.size();
    }
    return true;
  }

  bool install() {
    if (!judge(incoming_->finish())) return false;
    ++bounds_.log_issued;
    if (!judge(log_->note_installation(incoming_->meta().applied), Refusing::kLog)) return false;
    bounds_.log_acknowledged = bounds_.log_issued;
    ++bounds_.series_issued;
    auto installed = series_->install(*incoming_);
    if (!judge(installed, Refusing::kSeries)) return false;
    if (!*installed) failure_ = "no space to make way for the snapshot";  // no reader is in the way
    if (!*installed) return false;
    acknowledge_series();
    incoming_.reset();
    bounds_.receiving = 0;
    return true;
  }

  std::size_t version_of(raft::Index applied) const {
    std::size_t version = 0;
    while (script_.series[version].applied.index < applied) ++version;
    return version;
  }

  const Script& script_;
  Vfs vfs_;
  Bounds bounds_;
  std::unique_ptr<store::LogFile> log_;
  std::unique_ptr<store::SeriesFile> series_;
  std::unique_ptr<store::SeriesReader> reader_;
  std::unique_ptr<store::SnapshotWriter> writer_;
  std::unique_ptr<store::IncomingSnapshot> incoming_;
  std::vector<std::uint64_t> series_hashes_;
  std::string failure_;
  bool was_full_ = false;
  Refusing refusing_ = Refusing::kNobody;
};

// What was recovered, or what is wrong with it.
struct Recovery {
  std::size_t log = 0;     // the version
  std::size_t series = 0;  // the version
  std::string problem;     // empty: none
};

// The one judge of all recoveries: the stores open the disk as it is, and hold one of the versions that the bounds
// allow.
class Judge {
 public:
  Judge(const Script& script, std::vector<std::uint64_t> series_hashes)
      : script_(script), series_hashes_(std::move(series_hashes)) {
    series_hashes_.insert(series_hashes_.begin(), 0);  // of a new file
  }

  // `series_from`: the oldest version that the series file may have.
  Recovery recover(Disk& disk, const Bounds& bounds, std::size_t series_from) const {
    const Vfs vfs(disk);
    Recovery recovery;
    recover_log(vfs, bounds, recovery);
    if (recovery.problem.empty()) recover_series(vfs, bounds, series_from, recovery);
    if (recovery.problem.empty() && bounds.receiving > 0) receive_again(disk, vfs, bounds.receiving - 1, recovery);
    for (const char* path : {"log.db", "series.db"}) {
      if (recovery.problem.empty()) recovery.problem = integrity_problem(vfs, path);
    }
    return recovery;
  }

 private:
  void recover_log(const Vfs& vfs, const Bounds& bounds, Recovery& recovery) const {
    auto log = store::LogFile::open("log.db", vfs.name());
    if (!log) {
      recovery.problem = log.error().message;
      return;
    }
    const auto& recovered = (*log)->recovered();
    auto entries = (*log)->read((*log)->base().index + 1, 1000, std::numeric_limits<std::uint64_t>::max());
    if (!entries) {
      recovery.problem = entries.error().message;
      return;
    }
    const LogModel found{recovered.identity, recovered.hard_state, (*log)->base(), std::move(*entries),
                         recovered.installing};
    if (recovered.trail.base() != found.base || recovered.trail.last_index() != found.last_index()) {
      recovery.problem = "the log's trail is not its entries";
    }
    const auto are_members = [](const raft::Entry& entry) { return entry.kind == raft::EntryKind::kMembers; };
    const auto members = std::count_if(found.entries.begin(), found.entries.end(), are_members);
    if (recovered.configurations.size() != static_cast<std::size_t>(members)) {
      recovery.problem = "the log's members are not those of its entries";
    }
    std::size_t matches = 0;
    for (std::size_t version = bounds.log_acknowledged; version <= bounds.log_issued; ++version) {
      if (!(script_.logs[version] == found)) continue;
      recovery.log = version;
      ++matches;
    }
    if (matches != 1) {
      recovery.problem = "the log is not at one version between " + std::to_string(bounds.log_acknowledged) + " and " +
                         std::to_string(bounds.log_issued) + ": term " + std::to_string(found.hard_state.term) + ", " +
                         std::to_string(found.entries.size()) + " entries";
    }
  }

  void recover_series(const Vfs& vfs, const Bounds& bounds, std::size_t from, Recovery& recovery) const {
    auto series = store::SeriesFile::open("series.db", vfs.name(), kSealing);
    if (!series) {
      recovery.problem = series.error().message;
      return;
    }
    SeriesModel found{.applied = (*series)->applied(), .entries = {}, .configuration = (*series)->configuration()};
    auto reader = store::SeriesReader::open("series.db", vfs.name());
    if (!reader || !(*reader)->begin() || !(*reader)->scan({}, [&](const TimeEntry& entry) {
          found.entries.push_back(entry);
          return true;
        })) {
      recovery.problem = "the series file cannot be read";
      return;
    }
    std::size_t matches = 0;
    for (std::size_t version = from; version <= bounds.series_issued; ++version) {
      if (!(script_.series[version] == found) || series_hashes_[version] != (*series)->state_hash()) continue;
      recovery.series = version;
      ++matches;
    }
    if (matches != 1) {
      recovery.problem = "the series file is not at one version between " + std::to_string(from) + " and " +
                         std::to_string(bounds.series_issued) + ": applied " + std::to_string(found.applied.index);
    }
  }

  // What had arrived of a donation is no obstacle to its arriving again, and when it is finished, it is durable. Where
  // it has nothing new any more, it is gone.
  void receive_again(Disk& disk, const Vfs& vfs, std::size_t number, Recovery& recovery) const {
    const Donation& donation = script_.donations[number];
    if (script_.series[recovery.series].applied.index >= donation.meta.applied.index) {
      if (disk.exists("series.db-incoming")) recovery.problem = "what was installed is still there";
      return;
    }
    auto incoming = store::IncomingSnapshot::open("series.db", vfs.name(), donation.meta);
    if (!incoming) {
      recovery.problem = incoming.error().message;
      return;
    }
    const auto rest = std::span(donation.bytes).subspan((*incoming)->next_offset());
    const auto taken = (*incoming)->add_chunk((*incoming)->next_offset(), rest, store::chunk_checksum(rest));
    const auto finished = taken ? (*incoming)->finish() : tl::unexpected(taken.error());
    if (!finished) recovery.problem = finished.error().message;
    Disk dark = disk;
    dark.lose_power(CrashPolicy::kNothing);
    const Vfs later(dark);
    incoming = store::IncomingSnapshot::open("series.db", later.name(), donation.meta);
    if (finished && (!incoming || !(*incoming)->is_complete())) recovery.problem = "a finished snapshot was lost";
  }

  static std::string integrity_problem(const Vfs& vfs, const char* path) {
    sqlite3* handle = nullptr;
    std::string answer;
    sqlite3_open_v2(path, &handle, SQLITE_OPEN_READWRITE, vfs.name().c_str());
    sqlite3_exec(
        handle, "PRAGMA integrity_check",
        [](void* out, int, char** columns, char**) {
          *static_cast<std::string*>(out) += columns[0];
          return 0;
        },
        &answer, nullptr);
    sqlite3_close(handle);
    return answer == "ok" ? "" : std::string(path) + ": integrity_check says: " + answer;
  }

  const Script& script_;
  std::vector<std::uint64_t> series_hashes_;
};

}  // namespace timestore::sim
