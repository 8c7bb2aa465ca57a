// The disk against the dumbest one that keeps its promises: whole copies of every file after each change.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <array>
#include <limits>
#include <set>
#include <string>
#include <vector>

#include "tests/sim/disk/disk_story.h"

namespace timestore::sim {
namespace {

constexpr std::uint64_t kAll = std::numeric_limits<std::uint64_t>::max();

// A sector's bytes, with zeros after the end of the file.
std::string sector(std::string content, std::size_t number) {
  content.resize(std::max(content.size(), (number + 1) * kSector));
  return content.substr(number * kSector, kSector);
}

struct DumbFile {
  struct Change {
    std::uint64_t order;  // over all files
    std::string seen;     // afterwards
    std::set<std::size_t> sectors;
  };
  std::string seen;
  std::string durable;
  std::string attempted;            // as it was seen at the last attempt to sync
  std::vector<Change> changes;      // since that attempt
  std::set<std::size_t> lost;       // sectors whose sync failed
  std::set<std::size_t> old_sizes;  // since the last sync that succeeded, without those of `changes`

  void change(std::string next, std::size_t begin, std::size_t end, std::uint64_t order) {
    seen = std::move(next);
    Change change{order, seen, {}};
    for (std::size_t at = begin; at < end; at = (at / kSector + 1) * kSector) change.sectors.insert(at / kSector);
    changes.push_back(std::move(change));
  }
  void write(const std::string& text, std::size_t offset, std::uint64_t order) {
    std::string next = seen;
    if (next.size() < offset + text.size()) next.resize(offset + text.size());
    change(next.replace(offset, text.size(), text), offset, offset + text.size(), order);
  }
  void truncate(std::size_t size_bytes, std::uint64_t order) {
    if (size_bytes == seen.size()) return;
    std::string next = seen;
    next.resize(size_bytes);
    change(std::move(next), size_bytes, seen.size(), order);
  }

  // What is on the disk when all changes before this one have reached it.
  std::string after(std::uint64_t order) const {
    std::string content = durable;
    std::size_t smallest = old_sizes.empty() ? content.size() : *old_sizes.begin();
    std::set<std::size_t> written;
    const Change* last = nullptr;
    for (const Change& change : changes) {
      if (change.order >= order) break;
      smallest = std::min(smallest, change.seen.size());
      written.insert(change.sectors.begin(), change.sectors.end());
      last = &change;
    }
    if (last == nullptr) return content;
    content.resize(std::min(content.size(), smallest));
    for (const std::size_t number : written) {
      content.resize(std::max(content.size(), (number + 1) * kSector));
      content.replace(number * kSector, kSector, sector(last->seen, number));
    }
    content.resize(last->seen.size());
    return content;
  }

  void sync() {
    if (!old_sizes.empty()) durable.resize(std::min(durable.size(), *old_sizes.begin()));
    durable = after(kAll);
    for (const Change& change : changes) {
      for (const std::size_t number : change.sectors) lost.erase(number);
    }
    durable.resize(seen.size());
    old_sizes.clear();
    changes.clear();
    attempted = seen;
  }
  void fail_to_sync() {
    for (const Change& change : changes) {
      lost.insert(change.sectors.begin(), change.sectors.end());
      old_sizes.insert(change.seen.size());
    }
    changes.clear();
    attempted = seen;
  }

  // Whether some crash may leave this: a size that the file had, and in each sector something that it held, or a part
  // of that which a truncation left.
  bool may_become(const std::string& content) const {
    std::set<std::size_t> sizes = {durable.size()};
    for (const Change& change : changes) sizes.insert(change.seen.size());
    if (!sizes.contains(content.size())) return false;
    sizes.insert(old_sizes.begin(), old_sizes.end());
    for (std::size_t number = 0; number * kSector < content.size(); ++number) {
      std::set<std::string> versions = {sector(durable, number)};
      if (lost.contains(number)) versions.insert(sector(attempted, number));
      for (const Change& change : changes) versions.insert(sector(change.seen, number));
      bool is_possible = false;
      for (const std::string& version : versions) {
        is_possible = is_possible || is_left_of(version, number, sector(content, number), content.size());
        for (const std::size_t cut : sizes) {
          std::string left = std::string(number * kSector, '\0') + version;
          left.resize(std::min(left.size(), cut));
          is_possible =
              is_possible || is_left_of(sector(left, number), number, sector(content, number), content.size());
        }
      }
      if (!is_possible) return false;
    }
    return true;
  }
  static bool is_left_of(const std::string& version, std::size_t number, const std::string& found,
                         std::size_t file_size) {
    const std::size_t compared = std::min(kSector, file_size - number * kSector);
    return version.compare(0, compared, found, 0, compared) == 0;
  }
};

struct BothDisks {
  static constexpr std::array<const char*, 2> kPaths = {"a", "b"};

  BothDisks() {
    for (const char* path : kPaths) static_cast<void>(disk.open(path, true));
    static_cast<void>(disk.sync_directory());
  }

  void change_at_random() {
    const auto which = *rc::gen::inRange<std::size_t>(0, kPaths.size());
    const Disk::FileNumber file = disk.open(kPaths[which], false).value();
    DumbFile& dumb = files[which];
    const auto place = *rc::gen::inRange<std::size_t>(0, 4 * kSector);
    ++order;
    switch (*rc::gen::weightedElement<int>({{6, 0}, {2, 1}, {2, 2}, {2, 3}})) {
      case 0: {
        const std::string text = pattern(*rc::gen::inRange<std::size_t>(1, 2 * kSector), static_cast<int>(order));
        RC_ASSERT(disk.write(file, bytes_of(text), place).has_value());
        dumb.write(text, place, order);
        break;
      }
      case 1:
        RC_ASSERT(disk.truncate(file, place).has_value());
        dumb.truncate(place, order);
        break;
      case 2:
        RC_ASSERT(disk.sync(file).has_value());
        dumb.sync();
        break;
      case 3:
        disk.fail_change_at(1, DiskError::kIo);
        RC_ASSERT(!disk.sync(file).has_value());
        dumb.fail_to_sync();
        break;
    }
    for (std::size_t number = 0; number < kPaths.size(); ++number) {
      RC_ASSERT(content_of(disk, kPaths[number]) == files[number].seen);
    }
  }

  std::array<std::string, 2> after(CrashPolicy policy, std::uint64_t trial) {
    Disk copy = disk;
    copy.choose_from(choices.stream("trial", trial));
    copy.lose_power(policy);
    return {content_of(copy, kPaths[0]), content_of(copy, kPaths[1])};
  }

  Choices choices{1};
  Disk disk{choices.stream("disk")};
  std::array<DumbFile, 2> files;
  std::uint64_t order = 0;
};

RC_GTEST_PROP(DiskProperty, a_crash_leaves_what_the_dumbest_disk_allows, ()) {
  BothDisks both;
  const auto changes = *rc::gen::inRange(0, 25);
  for (int change = 0; change < changes; ++change) both.change_at_random();

  std::set<std::array<std::string, 2>> prefixes;
  for (std::uint64_t cut = 0; cut <= both.order + 1; ++cut) {
    prefixes.insert({both.files[0].after(cut), both.files[1].after(cut)});
  }
  const std::array<std::string, 2> nothing = {both.files[0].after(0), both.files[1].after(0)};
  const std::array<std::string, 2> everything = {both.files[0].after(kAll), both.files[1].after(kAll)};
  for (std::uint64_t trial = 0; trial < 8; ++trial) {
    RC_ASSERT(both.after(CrashPolicy::kNothing, trial) == nothing);
    RC_ASSERT(both.after(CrashPolicy::kEverything, trial) == everything);
    RC_ASSERT(prefixes.contains(both.after(CrashPolicy::kPrefix, trial)));
    for (const CrashPolicy policy : kCrashPolicies) {
      const auto left = both.after(policy, trial);
      for (std::size_t number = 0; number < left.size(); ++number) {
        RC_ASSERT(both.files[number].may_become(left[number]));
      }
    }
  }
}

}  // namespace
}  // namespace timestore::sim
