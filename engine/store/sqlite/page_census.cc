#include "engine/store/sqlite/page_census.h"

#include <algorithm>
#include <array>
#include <string>

#include "engine/base/check.h"
#include "engine/base/mark.h"
#include "engine/store/sqlite/page_checksums.h"

namespace timestore::store {

namespace {

constexpr std::size_t kFirstTrunkOffset = 32;                                  // in the header of the file
constexpr std::size_t kMaxLeaves = (kPageBytes - kPageChecksumBytes) / 4 - 2;  // of one trunk page
constexpr std::uint32_t kLockPage = 0x40000000 / kPageBytes + 1;               // holds SQLite's locks, never data
constexpr std::size_t kMaxEmptyPages = std::size_t{1} << 16;                   // a file of ours has a few

std::uint32_t big_endian(std::span<const std::uint8_t> bytes, std::size_t offset) {
  std::uint32_t word = 0;
  for (const std::uint8_t byte : bytes.subspan(offset, 4)) word = word << 8 | byte;
  return word;
}

}  // namespace

bool is_empty_page(std::span<const std::uint8_t> page) {
  return std::all_of(page.begin(), page.end(), [](std::uint8_t byte) { return byte == 0; });
}

Result<void> PageCensus::add(std::span<const std::uint8_t> page) {
  TIMESTORE_CHECK(page.size() == kPageBytes, "a census counts pages");
  const std::uint64_t number = pages_ + 1;
  const std::string name = "page " + std::to_string(number);
  if (number >= std::uint64_t{1} << 32) return fail(name + " is beyond what a file can have");
  if (is_empty_page(page)) {
    if (number == 1) return fail(name + " is empty");
    if (number != kLockPage) empty_.insert(static_cast<std::uint32_t>(number));
    if (empty_.size() > kMaxEmptyPages) return fail(name + " is empty, and so are too many before");
  } else if (!is_whole_page(page, number)) {
    TIMESTORE_MARK("store: a page failed its checksum");
    return fail(name + " fails its checksum");
  }
  if (number == 1) first_trunk_ = big_endian(page, kFirstTrunkOffset);
  checksums_.add(checksum_in_page(page));
  pages_ = number;
  return {};
}

// A trunk page holds the number of the next one, how many pages follow, and their numbers.
Result<void> PageCensus::check_empty_pages(const ReadPage& read) const {
  std::set<std::uint32_t> unexplained = empty_;
  std::array<std::uint8_t, kPageBytes> trunk;
  std::uint32_t next = first_trunk_;
  for (std::uint64_t visited = 0; next != 0 && !unexplained.empty(); ++visited) {
    if (next > pages_ || visited > pages_) return fail("its list of free pages is damaged");
    if (auto done = read(next, trunk); !done) return done;
    const std::uint32_t leaves = big_endian(trunk, 4);
    if (leaves > kMaxLeaves) return fail("its list of free pages is damaged");
    for (std::uint32_t leaf = 0; leaf < leaves; ++leaf) unexplained.erase(big_endian(trunk, 8 + 4 * std::size_t{leaf}));
    next = big_endian(trunk, 0);
  }
  if (!unexplained.empty()) return fail("page " + std::to_string(*unexplained.begin()) + " is empty and not free");
  return {};
}

}  // namespace timestore::store
