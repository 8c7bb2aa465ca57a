#include "engine/store/sqlite/page_census.h"

#include <gmock/gmock.h>

#include <array>
#include <string>
#include <vector>

#include "engine/store/sqlite/page_checksums.h"

namespace timestore::store::page_census_test {
namespace {

using testing::HasSubstr;
using Page = std::array<std::uint8_t, kPageBytes>;

void put(Page& page, std::size_t offset, std::uint32_t word) {
  for (std::size_t byte = 0; byte < 4; ++byte) page[offset + byte] = static_cast<std::uint8_t>(word >> (24 - 8 * byte));
}

Page with_checksum(Page page, std::uint64_t number) {
  constexpr std::size_t kContentBytes = kPageBytes - kPageChecksumBytes;
  const std::uint64_t checksum = page_checksum({page.data(), kContentBytes}, number);
  for (std::size_t byte = 0; byte < 8; ++byte) {
    page[kContentBytes + byte] = static_cast<std::uint8_t>(checksum >> (8 * byte));
  }
  return page;
}

// A file of pages with a list of free pages, some of which are empty.
struct PageFile {
  std::vector<Page> pages;

  // `trunks`: pages of the list of free pages, each with the pages that it lists.
  PageFile(std::uint32_t count, const std::vector<std::pair<std::uint32_t, std::vector<std::uint32_t>>>& trunks) {
    pages.resize(count);
    for (std::uint32_t number = 1; number <= count; ++number) pages[number - 1][20] = 1;
    put(pages[0], 32, trunks.empty() ? 0 : trunks[0].first);
    for (std::size_t at = 0; at < trunks.size(); ++at) {
      Page& page = pages[trunks[at].first - 1];
      put(page, 0, at + 1 < trunks.size() ? trunks[at + 1].first : 0);
      put(page, 4, static_cast<std::uint32_t>(trunks[at].second.size()));
      for (std::size_t leaf = 0; leaf < trunks[at].second.size(); ++leaf)
        put(page, 8 + 4 * leaf, trunks[at].second[leaf]);
    }
    for (std::uint32_t number = 1; number <= count; ++number) {
      pages[number - 1] = with_checksum(pages[number - 1], number);
    }
  }
  void empty(std::uint32_t number) { pages[number - 1] = {}; }

  // What is wrong; empty: nothing.
  std::string verdict() const {
    PageCensus census;
    for (const Page& page : pages) {
      if (auto added = census.add(page); !added) return added.error().message;
    }
    const auto checked =
        census.check_empty_pages([this](std::uint64_t number, std::span<std::uint8_t> into) -> Result<void> {
          std::copy(pages.at(number - 1).begin(), pages.at(number - 1).end(), into.begin());
          return {};
        });
    return checked ? "" : checked.error().message;
  }
};

TEST(PageCensus, a_whole_file_passes) { EXPECT_EQ(PageFile(5, {}).verdict(), ""); }

TEST(PageCensus, a_changed_page_and_one_in_anothers_place_are_named) {
  PageFile changed(5, {});
  changed.pages[3][100] = 9;
  EXPECT_EQ(changed.verdict(), "page 4 fails its checksum");
  PageFile misplaced(5, {});
  misplaced.pages[2] = misplaced.pages[3];
  EXPECT_EQ(misplaced.verdict(), "page 3 fails its checksum");
}

TEST(PageCensus, an_empty_page_passes_when_it_is_free) {
  PageFile file(9, {{3, {5, 6}}, {7, {8}}});
  EXPECT_EQ(file.verdict(), "");
  file.empty(6);
  file.empty(8);
  EXPECT_EQ(file.verdict(), "");
}

TEST(PageCensus, an_empty_page_that_is_in_use_is_lost) {
  PageFile file(9, {{3, {5, 6}}, {7, {8}}});
  file.empty(6);
  file.empty(9);
  EXPECT_EQ(file.verdict(), "page 9 is empty and not free");
  PageFile first(2, {});
  first.empty(1);
  EXPECT_EQ(first.verdict(), "page 1 is empty");
}

TEST(PageCensus, a_list_of_free_pages_that_is_no_list_is_damage) {
  PageFile beyond(5, {{3, {4}}});
  beyond.empty(4);
  put(beyond.pages[0], 32, 77);
  beyond.pages[0] = with_checksum(beyond.pages[0], 1);
  EXPECT_THAT(beyond.verdict(), HasSubstr("list of free pages is damaged"));

  PageFile circle(5, {{3, {}}});
  circle.empty(4);
  put(circle.pages[2], 0, 3);
  circle.pages[2] = with_checksum(circle.pages[2], 3);
  EXPECT_THAT(circle.verdict(), HasSubstr("list of free pages is damaged"));

  PageFile endless(5, {{3, {}}});
  endless.empty(4);
  put(endless.pages[2], 4, 0xffffffff);
  endless.pages[2] = with_checksum(endless.pages[2], 3);
  EXPECT_THAT(endless.verdict(), HasSubstr("list of free pages is damaged"));
}

// SQLite keeps its locks in the middle of a file of more than 1 GiB, and no data.
TEST(PageCensus, the_page_of_sqlites_locks_is_always_empty) {
  constexpr std::uint32_t kLockPage = 262'145;
  PageCensus census;
  const Page any = {};
  Page first = {};
  first[20] = 1;
  ASSERT_TRUE(census.add(with_checksum(first, 1)).has_value());
  for (std::uint64_t number = 2; number < kLockPage; ++number) {
    ASSERT_TRUE(census.add(with_checksum(any, number)).has_value());
  }
  ASSERT_TRUE(census.add(any).has_value());
  EXPECT_FALSE(census.has_empty_pages());
  ASSERT_TRUE(census.add(any).has_value());
  EXPECT_TRUE(census.has_empty_pages());
}

TEST(PageCensus, the_checksum_is_over_all_pages_in_their_order) {
  PageCensus one;
  PageCensus other;
  Page first = {};
  first[20] = 1;
  for (PageCensus* census : {&one, &other}) ASSERT_TRUE(census->add(with_checksum(first, 1)).has_value());
  EXPECT_EQ(one.checksum(), other.checksum());
  ASSERT_TRUE(one.add(with_checksum(first, 2)).has_value());
  first[30] = 1;
  ASSERT_TRUE(other.add(with_checksum(first, 2)).has_value());
  EXPECT_NE(one.checksum(), other.checksum());
}

}  // namespace
}  // namespace timestore::store::page_census_test
