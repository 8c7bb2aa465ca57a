// A small language for tests of the simulated disk.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "sim/disk/disk.h"
#include "sim/words/choices.h"

namespace timestore::sim {

inline constexpr std::size_t kSector = Disk::kSectorBytes;
inline const std::string kNoFile = "(no file)";

inline std::span<const std::uint8_t> bytes_of(const std::string& text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

// Bytes [from, from + size_bytes) of an endless text that differs in every sector and for every seed, without zeros.
inline std::string pattern(std::size_t size_bytes, int seed, std::size_t from = 0) {
  std::string text(size_bytes, ' ');
  for (std::size_t at = 0; at < size_bytes; ++at) {
    const std::size_t place = from + at;
    text[at] = static_cast<char>('!' + (place * 7 + place / kSector * 3 + static_cast<std::size_t>(seed) * 31) % 90);
  }
  return text;
}

// What a program reads; kNoFile where there is no such file.
inline std::string content_of(Disk& disk, const std::string& path) {
  const auto number = disk.open(path, false);
  if (!number) return kNoFile;
  std::vector<std::uint8_t> bytes(disk.size(*number).value());
  EXPECT_EQ(disk.read(*number, bytes, 0), bytes.size());
  return {bytes.begin(), bytes.end()};
}

class DiskStory : public testing::Test {
 protected:
  Disk::FileNumber open(const std::string& path) { return disk.open(path, true).value(); }
  void write(const std::string& path, const std::string& text, std::size_t offset) {
    ASSERT_TRUE(disk.write(open(path), bytes_of(text), offset));
  }
  void truncate(const std::string& path, std::size_t size_bytes) { ASSERT_TRUE(disk.truncate(open(path), size_bytes)); }
  void sync(const std::string& path) { ASSERT_TRUE(disk.sync(open(path))); }
  void fail_sync(const std::string& path) {
    disk.fail_change_at(1, DiskError::kIo);
    ASSERT_EQ(disk.sync(open(path)), tl::unexpected(DiskError::kIo));
  }
  void make_durable(const std::string& path, const std::string& text) {
    write(path, text, 0);
    sync(path);
    ASSERT_TRUE(disk.sync_directory());
  }
  std::string content(const std::string& path) { return content_of(disk, path); }

  // What a file holds when the power goes now. The disk itself goes on.
  std::string after(CrashPolicy policy, const std::string& path) {
    Disk copy = disk;
    copy.lose_power(policy);
    return content_of(copy, path);
  }

  // Everything that these files, one after another, may hold when the power goes now.
  std::set<std::string> all_of_them_after(CrashPolicy policy, const std::vector<std::string>& paths,
                                          std::uint64_t tries = 500) {
    std::set<std::string> all;
    for (std::uint64_t round = 0; round < tries; ++round) {
      Disk copy = disk;
      copy.choose_from(choices.stream("trial", round));
      copy.lose_power(policy);
      std::string together;
      for (const std::string& path : paths) together += content_of(copy, path);
      all.insert(together);
    }
    return all;
  }
  std::set<std::string> all_after(CrashPolicy policy, const std::string& path, std::uint64_t tries = 500) {
    return all_of_them_after(policy, {path}, tries);
  }

  Choices choices{1};
  Disk disk{choices.stream("disk")};
};

}  // namespace timestore::sim
