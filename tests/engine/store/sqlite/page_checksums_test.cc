// The checksum of a page, and what the shim does for one connection.
#include "engine/store/sqlite/page_checksums.h"

#include <gmock/gmock.h>
#include <rapidcheck/gtest.h>
#include <sqlite3.h>

#include <vector>

#include "engine/base/hash.h"
#include "tests/engine/store/log/log_story.h"

namespace timestore::store::page_checksums_test {
namespace {

using testing::HasSubstr;

using Content = std::vector<std::uint8_t>;

rc::Gen<Content> contents_of_pages() {
  return rc::gen::mapcat(rc::gen::inRange<std::size_t>(1, 20), [](std::size_t words) {
    return rc::gen::container<Content>(8 * words, rc::gen::arbitrary<std::uint8_t>());
  });
}

// Words that follow each other go to the four chains in turn; what does not fill the last turn goes to the first.
std::uint64_t dumb_checksum(const Content& content, std::uint64_t page) {
  const std::size_t words = content.size() / 8;
  std::vector<std::vector<std::uint64_t>> chains(4);
  for (std::size_t number = 0; number < words; ++number) {
    std::uint64_t word = 0;
    for (std::size_t at = 8; at > 0; --at) word = word << 8 | content[8 * number + at - 1];
    chains[number < words / 4 * 4 ? number % 4 : 0].push_back(word);
  }
  Hasher all;
  all.add(page);
  for (const auto& chain : chains) {
    Hasher one;
    for (const std::uint64_t word : chain) one.add(word);
    all.add(one.value());
  }
  return all.value();
}

RC_GTEST_PROP(PageChecksum, is_that_of_four_chains_of_words, (std::uint64_t page)) {
  const Content content = *contents_of_pages();
  RC_ASSERT(page_checksum(content, page) == dumb_checksum(content, page));
}

RC_GTEST_PROP(PageChecksum, a_flipped_bit_is_always_noticed, (std::uint64_t page)) {
  Content content = *contents_of_pages();
  const std::uint64_t before = page_checksum(content, page);
  for (std::size_t bit = 0; bit < 8 * content.size(); ++bit) {
    content[bit / 8] = static_cast<std::uint8_t>(content[bit / 8] ^ 1 << bit % 8);
    RC_ASSERT(page_checksum(content, page) != before);
    content[bit / 8] = static_cast<std::uint8_t>(content[bit / 8] ^ 1 << bit % 8);
  }
}

RC_GTEST_PROP(PageChecksum, words_that_changed_places_are_noticed, (std::uint64_t page)) {
  Content content = *rc::gen::suchThat(contents_of_pages(), [](const Content& any) { return any.size() >= 16; });
  const auto first = *rc::gen::inRange<std::size_t>(0, content.size() / 8);
  const auto second = *rc::gen::inRange<std::size_t>(0, content.size() / 8);
  Content swapped = content;
  std::swap_ranges(swapped.begin() + static_cast<std::ptrdiff_t>(8 * first),
                   swapped.begin() + static_cast<std::ptrdiff_t>(8 * first + 8),
                   swapped.begin() + static_cast<std::ptrdiff_t>(8 * second));
  RC_ASSERT((page_checksum(content, page) == page_checksum(swapped, page)) == (content == swapped));
}

RC_GTEST_PROP(PageChecksum, another_place_is_always_noticed, (std::uint64_t page, std::uint64_t other)) {
  RC_PRE(page != other);
  const Content content = *contents_of_pages();
  RC_ASSERT(page_checksum(content, page) != page_checksum(content, other));
}

// Stored in every file: it may never change without a new version of the formats.
TEST(PageChecksum, is_the_same_for_ever) {
  Content content(kPageBytes - kPageChecksumBytes);
  for (std::size_t at = 0; at < content.size(); ++at) content[at] = static_cast<std::uint8_t>(at * 31 + at / 256);
  EXPECT_EQ(page_checksum(content, 7), 16911552647802725176U);
  EXPECT_NE(page_checksum(Content(kPageBytes - kPageChecksumBytes), 1), 0U) << "a page of zeros is none of ours";
}

// Every page of a closed log file against the checksum that the format promises.
TEST_F(LogStory, every_page_ends_with_the_checksum_of_its_content_and_number) {
  start();
  for (int i = 1; i <= 30; ++i) append({command(1, std::string(1000, 'x'))});
  close();
  const std::string file = disk.read("log.db");
  ASSERT_GT(file.size(), 8U * kPageBytes);
  ASSERT_EQ(file.size() % kPageBytes, 0U);
  EXPECT_EQ(file[20], kPageChecksumBytes);
  for (std::size_t page = 1; page * kPageBytes <= file.size(); ++page) {
    const Content content(file.begin() + static_cast<std::ptrdiff_t>((page - 1) * kPageBytes),
                          file.begin() + static_cast<std::ptrdiff_t>(page * kPageBytes - kPageChecksumBytes));
    std::uint64_t stored = 0;
    for (std::size_t at = 0; at < kPageChecksumBytes; ++at) {
      stored = stored << 8 | static_cast<std::uint8_t>(file[page * kPageBytes - 1 - at]);
    }
    EXPECT_EQ(stored, dumb_checksum(content, page)) << "page " << page;
  }
}

class PlainSqlite {
 public:
  explicit PlainSqlite(const std::string& path) {
    EXPECT_EQ(sqlite3_open_v2(path.c_str(), &database_, SQLITE_OPEN_READWRITE, nullptr), SQLITE_OK);
  }
  ~PlainSqlite() { sqlite3_close(database_); }
  PlainSqlite(const PlainSqlite&) = delete;
  PlainSqlite& operator=(const PlainSqlite&) = delete;

  // The first column of the only row.
  std::string text(const std::string& sql) {
    sqlite3_stmt* statement = nullptr;
    EXPECT_EQ(sqlite3_prepare_v2(database_, sql.c_str(), -1, &statement, nullptr), SQLITE_OK);
    EXPECT_EQ(sqlite3_step(statement), SQLITE_ROW) << sqlite3_errmsg(database_);
    const std::string text(reinterpret_cast<const char*>(sqlite3_column_text(statement, 0)));
    sqlite3_finalize(statement);
    return text;
  }

 private:
  sqlite3* database_ = nullptr;
};

TEST_F(LogStory, any_sqlite_program_reads_the_file) {
  start();
  append({noop(1), command(1, "hello")});
  close();
  PlainSqlite plain(disk.path("log.db"));
  EXPECT_EQ(plain.text("PRAGMA integrity_check"), "ok");
  EXPECT_EQ(plain.text("SELECT command FROM entries WHERE idx = 2"), "hello");
}

TEST_F(LogStory, what_another_program_wrote_is_damage) {
  start();
  append({noop(1), command(1, "hello")});
  close();
  {
    PlainSqlite plain(disk.path("log.db"));
    ASSERT_EQ(plain.text("UPDATE entries SET command = 'bye' WHERE idx = 2 RETURNING command"), "bye");
  }
  EXPECT_THAT(refusal_of(disk), AllOf(HasSubstr(disk.path("log.db")), HasSubstr("of the file fails its checksum")));
}

}  // namespace
}  // namespace timestore::store::page_checksums_test
