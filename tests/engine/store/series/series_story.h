// A small language for tests of the series file: entries, commands, and what a reader sees.
#pragma once

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/base/check.h"
#include "engine/base/prng.h"
#include "engine/series/command.h"
#include "engine/series/entry_id.h"
#include "engine/store/series/series_file.h"
#include "engine/store/series/series_reader.h"
#include "tests/engine/store/disk.h"
#include "tests/engine/store/entries.h"

namespace timestore::store {

using Outcome = ApplyResult::Outcome;

inline Guid guid(const std::string& text) { return Guid::parse(text).value(); }

inline TimeEntry measurement(const std::string& device, std::int64_t timestamp_ns, double value,
                             const std::string& attributes = "") {
  return {.id = {}, .device_id = device, .timestamp_ns = timestamp_ns, .value = value, .attributes = attributes};
}

inline TimeEntry with_id(const Guid& id, TimeEntry entry) {
  entry.id = id;
  return entry;
}

inline raft::Entry command_text(const std::string& text) {
  return {.term = 1, .kind = raft::EntryKind::kCommand, .payload = raft::Payload(text)};
}

inline raft::Entry command_of(const std::vector<TimeEntry>& entries) { return command_text(encode_command(entries)); }

// Every entry is sealed at once, so that the file holds all that was applied.
inline constexpr SeriesShape kSealsEach = {.seal_bytes = 1};
// Nothing is.
inline constexpr SeriesShape kSealsLate = {};

// Where readers of a disk's series file find what is fresh, for as long as the file is open.
inline std::weak_ptr<FreshBoard>& board_of(const Disk& disk) {
  static std::map<std::string, std::weak_ptr<FreshBoard>> boards;
  return boards[disk.path("series.db")];
}

inline Result<std::unique_ptr<SeriesFile>> try_to_open_series(const Disk& disk, const SeriesShape& shape = kSealsEach,
                                                              CommandVersion newest = kNewestCommandVersion) {
  auto board = std::make_shared<PlainFreshBoard>();
  auto series =
      SeriesFile::open(disk.path("series.db"), disk.vfs(), {.newest = newest, .shape = shape, .board = board});
  board_of(disk) = board;
  return series;
}

// Opens the series file, which must be possible.
inline std::unique_ptr<SeriesFile> open_series(const Disk& disk, const SeriesShape& shape = kSealsEach) {
  auto series = try_to_open_series(disk, shape);
  TIMESTORE_CHECK(series.has_value(), series.error().message.c_str());
  return std::move(*series);
}

inline std::unique_ptr<SeriesReader> open_reader(const Disk& disk) {
  auto reader = SeriesReader::open(disk.path("series.db"), disk.vfs(), board_of(disk).lock());
  EXPECT_TRUE(reader.has_value()) << reader.error().message;
  return reader ? std::move(*reader) : nullptr;
}

// Everything that a query gives. Requires that the reader has begun.
inline std::vector<TimeEntry> scan(SeriesReader& reader, const SeriesQuery& query = {}) {
  std::vector<TimeEntry> entries;
  const auto done = reader.scan(query, [&](const TimeEntry& entry) {
    entries.push_back(entry);
    return true;
  });
  EXPECT_TRUE(done.has_value()) << done.error().message;
  return entries;
}

inline std::vector<TimeEntry> stored_on(const Disk& disk, const SeriesQuery& query = {}) {
  auto reader = open_reader(disk);
  EXPECT_TRUE(reader->begin().has_value());
  return scan(*reader, query);
}

// Sizes at which few points matter.
inline SeriesShape any_shape(Prng& prng) {
  return {.seal_points = 1 + prng.below(200),
          .partition_width_ns = 2 + static_cast<std::int64_t>(prng.below(1000)),
          .fan_out = 2 + prng.below(3),
          .least_step_points = 1 + prng.below(100),
          .least_points_of_its_own = 1 + prng.below(20),
          .piece_bytes = 1 + prng.below(300),
          .block_points = 1 + prng.below(50),
          .least_wide_points = 1 + prng.below(6)};
}

class SeriesStory : public testing::Test {
 protected:
  void SetUp() override { open(); }
  void open() {
    auto opened = try_to_open_series(disk, shape);
    ASSERT_TRUE(opened.has_value()) << opened.error().message;
    series = std::move(*opened);
  }
  void reopen() {
    series.reset();
    open();
  }
  raft::Index next_index() const { return series->applied().index + 1; }

  std::vector<ApplyResult> apply(const std::vector<raft::Entry>& entries) {
    auto results = series->apply(next_index(), entries);
    EXPECT_TRUE(results.has_value()) << results.error().message;
    return results ? std::move(*results) : std::vector<ApplyResult>();
  }
  // Applies one command and returns what became of it.
  ApplyResult apply(const std::vector<TimeEntry>& entries) { return apply(std::vector{command_of(entries)}).at(0); }
  std::vector<double> values(const SeriesQuery& query = {}) {
    std::vector<double> values;
    for (const TimeEntry& entry : stored_on(disk, query)) values.push_back(entry.value);
    return values;
  }
  std::int64_t rows_in(const std::string& table) {
    auto database = Database::open(disk.path("series.db"), disk.vfs(), Database::Access::kReadOnly);
    return database->integer("count", "SELECT count(*) FROM " + table).value();
  }
  std::optional<TimeEntry> find(const Guid& id) {
    auto reader = open_reader(disk);
    EXPECT_TRUE(reader->begin().has_value());
    return reader->find(id).value();
  }

  Disk disk;
  SeriesShape shape = kSealsEach;  // of a new file
  std::unique_ptr<SeriesFile> series;
};

inline const ApplyResult kStored{.outcome = Outcome::kStored, .conflicts = {}};

}  // namespace timestore::store
