// Bits that flip in what a disk durably holds.
#include "sim/disk/disk.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

#include "tests/sim/disk/disk_story.h"

namespace timestore::sim {
namespace {

TEST_F(DiskStory, one_bit_rots_in_what_is_durable_and_cold) {
  make_durable("a", pattern(3 * 4096, 1));
  write("a", pattern(10, 2), 5000);        // the second page is being written
  write("a", pattern(4096, 2), 3 * 4096);  // the fourth is not durable
  const std::string before = content("a");
  for (std::uint64_t round = 0; round < 50; ++round) {
    Disk copy = disk;
    copy.choose_from(choices.stream("trial", round));
    ASSERT_TRUE(copy.rot("a"));
    const std::string rotten = content_of(copy, "a");
    int changed_bits = 0;
    for (std::size_t at = 0; at < before.size(); ++at) {
      const int bits = __builtin_popcount(static_cast<unsigned char>(before[at] ^ rotten[at]));
      changed_bits += bits;
      EXPECT_TRUE(bits == 0 || at / 4096 == 0 || at / 4096 == 2) << at;
    }
    EXPECT_EQ(changed_bits, 1);
    copy.lose_power(CrashPolicy::kEverything);
    EXPECT_EQ(content_of(copy, "a"), rotten);
  }
}

TEST_F(DiskStory, nothing_rots_behind_the_end_that_is_given) {
  make_durable("a", pattern(3 * 4096, 1));
  const std::string before = content("a");
  constexpr std::size_t kEnd = 4096 + 100;
  std::set<bool> is_in_last_page;
  for (std::uint64_t round = 0; round < 50; ++round) {
    Disk copy = disk;
    copy.choose_from(choices.stream("trial", round));
    ASSERT_TRUE(copy.rot("a", kEnd));
    const std::string rotten = content_of(copy, "a");
    const auto [rotten_at, at] = std::mismatch(rotten.begin(), rotten.end(), before.begin());
    EXPECT_LT(at - before.begin(), static_cast<std::ptrdiff_t>(kEnd));
    is_in_last_page.insert(at - before.begin() >= 4096);
  }
  EXPECT_EQ(is_in_last_page.size(), 2U);
  EXPECT_FALSE(disk.rot("a", 0));
}

TEST_F(DiskStory, every_other_bit_rots_near_the_end) {
  constexpr std::size_t kPages = 100;
  make_durable("a", pattern(kPages * 4096, 1));
  const std::string before = content("a");
  std::size_t near_end = 0;
  std::set<std::size_t> pages;
  for (std::uint64_t round = 0; round < 400; ++round) {
    Disk copy = disk;
    copy.choose_from(choices.stream("trial", round));
    ASSERT_TRUE(copy.rot("a"));
    const std::string rotten = content_of(copy, "a");
    const auto at = std::mismatch(rotten.begin(), rotten.end(), before.begin()).first - rotten.begin();
    const std::size_t page = static_cast<std::size_t>(at) / 4096;
    near_end += page >= kPages - 8 ? 1U : 0U;
    pages.insert(page);
  }
  EXPECT_GT(near_end, 160U);
  EXPECT_LT(near_end, 270U);
  EXPECT_GT(pages.size(), 75U) << "but any other may rot too";
}

TEST_F(DiskStory, nothing_rots_where_nothing_is_durable_and_cold) {
  EXPECT_FALSE(disk.rot("a"));
  write("a", "data", 0);
  EXPECT_FALSE(disk.rot("a"));
  sync("a");
  write("a", "x", 0);
  EXPECT_FALSE(disk.rot("a"));
  fail_sync("a");
  EXPECT_FALSE(disk.rot("a"));
}

}  // namespace
}  // namespace timestore::sim
