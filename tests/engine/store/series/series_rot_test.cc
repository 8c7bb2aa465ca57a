// Bits that flip in cold pages of the series file: found where they are read, named, never served.
#include <gmock/gmock.h>

#include <set>

#include "tests/engine/store/rot.h"
#include "tests/engine/store/series/series_story.h"

namespace timestore::store::series_rot_test {
namespace {

using testing::AllOf;
using testing::HasSubstr;

class SeriesRot : public testing::Test {
 protected:
  static constexpr raft::Index kCommands = 12;
  static constexpr int kEntries = 25;  // of each

  // A closed file in which every table and index has pages.
  void SetUp() override {
    auto series = open_series(disk, {.seal_points = kCommands * kEntries + 1});  // one seal, so that no page is free
    for (raft::Index index = 1; index <= kCommands; ++index) {
      ASSERT_EQ(series->apply(index, std::vector{command_at(index)}).value().at(0), kStored);
    }
    ASSERT_EQ(series->apply(kCommands + 1, std::vector{line_of("m,t=a f")}).value().at(0), kStored);
    ASSERT_EQ(series->durable_index(), kCommands + 1);
    ASSERT_TRUE(series->checkpoint().has_value());
    stored = stored_on(disk);
    series.reset();
    intact = disk.read("series.db");
    ASSERT_GT(intact.size(), 15 * kPage);
  }

  static raft::Entry command_at(raft::Index index) {
    std::vector<TimeEntry> entries;
    for (int i = 0; i < kEntries; ++i) {
      const std::string text = std::to_string(index * kEntries + static_cast<raft::Index>(i));
      TimeEntry entry =
          measurement("device " + std::to_string(i % 5), i, static_cast<double>(index),
                      R"({"text":")" + std::string(i == 7 && index == 3 ? 9000 : 300, 'x') + text + "\"}");
      // Ids spread over the whole range.
      for (std::size_t at = 0; at < 16; ++at) {
        entry.id.bytes[at] = static_cast<std::uint8_t>((index * 131 + static_cast<raft::Index>(i) * 71) * (2 * at + 1));
      }
      entry.id.bytes[15] = static_cast<std::uint8_t>(index);
      entry.id.bytes[14] = static_cast<std::uint8_t>(i);
      entries.push_back(entry);
    }
    return command_of(entries);
  }

  static raft::Entry line_of(const std::string& series_name) {
    return command_text(encode_lines({.database = "other",
                                      .series = {{.name = series_name}},
                                      .points = {{.series = 0, .time_ns = 1}},
                                      .line_ends = {1}},
                                     kLinesVersion));
  }

  // Reads everything in every way; empty when nothing fails.
  std::string first_failure_of_reading(const Disk& rotten) const {
    auto reader = SeriesReader::open(rotten.path("series.db"), rotten.vfs());
    if (!reader) return reader.error().message;
    if (auto begun = (*reader)->begin(); !begun) return begun.error().message;
    std::vector<TimeEntry> all;
    const auto collect = [&](const TimeEntry& entry) {
      all.push_back(entry);
      return true;
    };
    if (auto scanned = (*reader)->scan({}, collect); !scanned) {
      EXPECT_LE(all.size(), stored.size());
      EXPECT_TRUE(std::equal(all.begin(), all.end(), stored.begin())) << "wrong data was served before the failure";
      return scanned.error().message;
    }
    EXPECT_EQ(all, stored) << "wrong data was served";
    for (int device = 0; device < 5; ++device) {
      auto scanned = (*reader)->scan({.device_id = "device " + std::to_string(device)}, collect);
      if (!scanned) return scanned.error().message;
    }
    EXPECT_EQ(all.size(), 2 * stored.size()) << "wrong data was served";
    const auto databases = (*reader)->databases();
    if (!databases) return databases.error().message;
    EXPECT_EQ(*databases, std::vector<std::string>{"other"});
    return "";
  }

  // Opens the file for writing and applies every command again, which finds every id.
  static std::string first_failure_of_applying(const Disk& rotten) {
    auto series = try_to_open_series(rotten);
    if (!series) return series.error().message;
    for (raft::Index index = 1; index <= kCommands; ++index) {
      auto applied = (*series)->apply(kCommands + 1 + index, std::vector{command_at(index)});
      if (!applied) return applied.error().message;
      EXPECT_EQ(applied->at(0), kStored);
    }
    // A series of a field whose type is known, and enough that is new, for a seal.
    auto line = (*series)->apply(2 * kCommands + 2, std::vector{line_of("m,t=b f")});
    if (!line) return line.error().message;
    const std::vector<TimeEntry> more(kCommands * kEntries + 1, measurement("new", 1, 1));
    auto applied = (*series)->apply(2 * kCommands + 3, std::vector{command_of(more)});
    return applied ? "" : applied.error().message;
  }

  Disk disk;
  std::vector<TimeEntry> stored;
  std::string intact;
};

TEST_F(SeriesRot, a_flipped_bit_anywhere_is_named_and_never_served) {
  ASSERT_EQ(first_failure_of_reading(disk), "");
  std::set<std::size_t> pages_named_to_readers;
  for (const std::size_t offset : sample_of(intact)) {
    SCOPED_TRACE("a bit flipped at byte " + std::to_string(offset));
    Disk rotten;
    rotten.write("series.db", flipped(intact, offset, offset));
    const std::string to_reader = first_failure_of_reading(rotten);
    if (!to_reader.empty()) pages_named_to_readers.insert(offset / kPage + 1);
    const std::string to_replica = first_failure_of_applying(rotten);
    EXPECT_TRUE(!to_reader.empty() || !to_replica.empty());
    for (const std::string& failure : {to_reader, to_replica}) {
      if (failure.empty()) continue;
      EXPECT_THAT(failure, names_damage_at(rotten.path("series.db"), offset));
    }
  }
  // What readers do not need are the ids of clients and the types of fields.
  EXPECT_GE(pages_named_to_readers.size(), intact.size() / kPage - 6);
}

TEST_F(SeriesRot, a_page_in_the_place_of_another_is_named) {
  const std::size_t pages = intact.size() / kPage;
  for (std::size_t page = 2; page <= pages; ++page) {
    Disk rotten;
    std::string misplaced = intact;
    misplaced.replace((page - 1) * kPage, kPage, intact, (page == pages ? 1 : page) * kPage, kPage);
    rotten.write("series.db", misplaced);
    EXPECT_THAT(first_failure_of_reading(rotten) + first_failure_of_applying(rotten),
                HasSubstr("page " + std::to_string(page) + " of the file fails its checksum"));
  }
}

TEST_F(SeriesRot, a_page_of_zeros_is_named) {
  for (std::size_t page = 2; page <= intact.size() / kPage; ++page) {
    Disk rotten;
    std::string zeroed = intact;
    zeroed.replace((page - 1) * kPage, kPage, kPage, '\0');
    rotten.write("series.db", zeroed);
    EXPECT_THAT(first_failure_of_reading(rotten) + first_failure_of_applying(rotten),
                HasSubstr("page " + std::to_string(page) + " of the file fails its checksum"));
  }
}

TEST_F(SeriesRot, a_replica_that_meets_it_stops_a_reader_only_fails) {
  // The page of an overflowing value: of no index, and not needed to apply what comes.
  const std::size_t offset = intact.find(std::string(4000, 'x'));
  ASSERT_NE(offset, std::string::npos);
  disk.write("series.db", flipped(intact, offset, 0));
  auto series = open_series(disk);
  EXPECT_THAT(first_failure_of_reading(disk), HasSubstr("of the file fails its checksum"));
  ASSERT_TRUE(series->apply(kCommands + 2, std::vector{command_at(kCommands + 1)}).has_value());
  EXPECT_THAT(first_failure_of_reading(disk), HasSubstr("of the file fails its checksum"));

  // Command 3 comes again: the ids that it names lead there.
  const auto failed = series->apply(kCommands + 3, std::vector{command_at(3)});
  ASSERT_FALSE(failed.has_value());
  EXPECT_THAT(failed.error().message, AllOf(HasSubstr("of the file fails its checksum"),
                                            HasSubstr("The file is damaged: restore this node from its peers.")));
  const auto refused = series->apply(kCommands + 3, std::vector{command_at(kCommands + 2)});
  ASSERT_FALSE(refused.has_value());
  EXPECT_THAT(refused.error().message, HasSubstr("An earlier write failed"));
}

// A file that was cut, while the write-ahead log says how long it should be.
TEST_F(SeriesRot, a_missing_end_is_named) {
  auto series = open_series(disk);
  const std::vector<TimeEntry> more(kCommands * kEntries + 1, measurement("new", 1, 1));
  ASSERT_TRUE(series->apply(kCommands + 2, std::vector{command_of(more)}).has_value());
  auto killed = disk.after_kill();
  killed->write("series.db", intact.substr(0, intact.size() - 4 * kPage));
  EXPECT_THAT(first_failure_of_reading(*killed), HasSubstr("is missing at the end of the file"));
}

// -------------------------------------------------------------------------------------- the write-ahead log

// Reads a file that holds one entry; empty when nothing fails.
std::string failure_of_reading_only(const Disk& disk, const TimeEntry& stored) {
  auto reader = SeriesReader::open(disk.path("series.db"), disk.vfs());
  if (!reader) return reader.error().message;
  if (auto begun = (*reader)->begin(); !begun) return begun.error().message;
  const auto scanned = (*reader)->scan({}, [&](const TimeEntry& entry) {
    EXPECT_EQ(entry, stored) << "wrong data was served";
    return true;
  });
  return scanned ? "" : scanned.error().message;
}

// SQLite itself verifies frames only when it recovers a log.
TEST_F(SeriesStory, rot_in_the_write_ahead_log_is_named_to_readers_and_not_moved_into_the_main_file) {
  // More than the tables of a new file need, so that nothing of that is left at the end of the log.
  apply({measurement("a", 1, 1, R"({"text":")" + std::string(300'000, 'x') + "\"}")});
  const std::vector<TimeEntry> stored = stored_on(disk);
  const std::string wal = disk.read("series.db-wal");
  const std::size_t frame_bytes = 24 + kPage;
  const std::size_t frames = wal.size() / frame_bytes;
  ASSERT_GE(frames, 4U);

  int named = 0;
  for (std::size_t offset = 32; offset < wal.size(); offset += 997) {
    SCOPED_TRACE("a bit flipped at byte " + std::to_string(offset) + " of the write-ahead log");
    disk.flip_bit("series.db-wal", offset, static_cast<int>(offset % 8));
    const std::string failure = failure_of_reading_only(disk, stored.at(0));
    if (!failure.empty()) {
      ++named;
      EXPECT_THAT(failure,
                  AllOf(HasSubstr(disk.path("series.db")), HasSubstr("of its write-ahead log fails its checksum")));
    }
    disk.flip_bit("series.db-wal", offset, static_cast<int>(offset % 8));
  }
  EXPECT_GT(named, 50);

  disk.flip_bit("series.db-wal", wal.size() - 1000, 3);
  const auto moved = series->checkpoint();
  ASSERT_FALSE(moved.has_value());
  EXPECT_THAT(moved.error().message, HasSubstr("frame " + std::to_string(frames) + " of its write-ahead log"));
  EXPECT_FALSE(series->checkpoint().has_value()) << "the file is not used any more";
}

}  // namespace
}  // namespace timestore::store::series_rot_test
