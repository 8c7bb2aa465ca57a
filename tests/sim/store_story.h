// Tells a script to real stores on a simulated disk, and judges what is recovered after it was interrupted.
#pragma once

#include <gtest/gtest.h>
#include <sqlite3.h>

#include <limits>
#include <memory>
#include <string>
#include <vector>

#include "engine/store/log_file.h"
#include "engine/store/series_file.h"
#include "engine/store/series_reader.h"
#include "sim/disk.h"
#include "sim/vfs.h"
#include "tests/sim/store_script.h"

namespace timestore::sim {

// Which versions a recovery may find.
struct Bounds {
  std::size_t log_acknowledged = 0;
  std::size_t log_issued = 0;
  std::size_t series_durable = 0;       // no loss of power may take this one back
  std::size_t series_acknowledged = 0;  // and no end of the process this one
  std::size_t series_issued = 0;
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

  // A file whose write failed refuses everything. Requires that tell() has failed.
  void expect_refusals() {
    if (refusing_ == Refusing::kLog) {
      const raft::Write write;
      EXPECT_FALSE(log_->write({&write, 1})) << failure_;
      EXPECT_FALSE(log_->read(1, 1, 1)) << failure_;
    } else if (refusing_ == Refusing::kSeries) {
      const raft::Entry entry;
      EXPECT_FALSE(series_->apply(series_->applied().index + 1, {&entry, 1})) << failure_;
      EXPECT_FALSE(series_->checkpoint()) << failure_;
    }
  }

 private:
  enum class Refusing : std::uint8_t { kNobody, kLog, kSeries };

  bool open_log() {
    log_.reset();
    auto opened = store::LogFile::open("log.db", vfs_.name());
    if (opened) log_ = std::move(*opened);
    return judge(opened);
  }
  bool open_series() {
    close_series();
    auto opened = store::SeriesFile::open("series.db", vfs_.name());
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
        return judge(log_->read(1, 1000, std::numeric_limits<std::uint64_t>::max()));
      case Step::Kind::kReopenLog:
        return open_log();
      case Step::Kind::kApply:
        ++bounds_.series_issued;
        if (!judge(series_->apply(series_->applied().index + 1, step.entries), Refusing::kSeries)) return false;
        bounds_.series_acknowledged = bounds_.series_issued;
        series_hashes_.push_back(series_->state_hash());
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
    }
    return false;
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
  std::vector<std::uint64_t> series_hashes_;
  std::string failure_;
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
    auto entries = (*log)->read(1, 1000, std::numeric_limits<std::uint64_t>::max());
    if (!entries) {
      recovery.problem = entries.error().message;
      return;
    }
    const LogModel found{recovered.identity, recovered.hard_state, std::move(*entries)};
    if (recovered.trail.last_index() != found.entries.size()) recovery.problem = "the log's trail is not its entries";
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
    auto series = store::SeriesFile::open("series.db", vfs.name());
    if (!series) {
      recovery.problem = series.error().message;
      return;
    }
    SeriesModel found{.applied = (*series)->applied(), .entries = {}};
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
