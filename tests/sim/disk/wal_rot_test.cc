// What may rot in a write-ahead log, and that a log file names it.
#include "sim/disk/wal_rot.h"

#include <gmock/gmock.h>

#include <span>

#include "engine/store/log/log_file.h"
#include "tests/sim/disk/vfs_story.h"

namespace timestore::sim {
namespace {

constexpr std::size_t kHeader = 32;
constexpr std::size_t kFrame = 24 + 4096;
constexpr const char* kWalPath = "log.db-wal";

class WalRot : public VfsStory {
 protected:
  void SetUp() override {
    auto opened = store::LogFile::open("log.db", vfs.name());
    ASSERT_TRUE(opened) << opened.error().message;
    log = std::move(*opened);
    ASSERT_TRUE(log->initialize({.node = "n1", .configuration = {{{"n1", ""}}}}));
  }

  void vote(raft::Term term) { write(term, {}); }
  void append(raft::Term term, std::size_t count) {
    const raft::Entry entry{term, raft::EntryKind::kCommand, raft::Payload(std::string(1500, 'x'))};
    write(term, std::vector<raft::Entry>(count, entry));
  }
  void write(raft::Term term, std::vector<raft::Entry> entries) {
    raft::Write write;
    write.hard_state = {.term = term, .vote = "n1"};
    write.first_index = last_index + 1;
    last_index += entries.size();
    write.entries = std::move(entries);
    const auto done = log->write({&write, 1});
    ASSERT_TRUE(done) << done.error().message;
    ends.push_back(content(kWalPath).size());
  }

  std::uint64_t end() const { return bytes_that_may_rot(disk.durable_beginning(kWalPath)); }

  // How the log file answers, after a kill, a bit that flipped there; empty: it opens.
  std::string answer_to_rot_at(std::size_t offset) {
    Disk copy = disk;
    copy.kill();
    const std::uint8_t byte[] = {static_cast<std::uint8_t>(content(kWalPath)[offset] ^ 1 << offset % 8)};
    const auto file = copy.open(kWalPath, false).value();
    EXPECT_TRUE(copy.write(file, byte, offset));
    EXPECT_TRUE(copy.sync(file));
    const Vfs other(copy);
    const auto opened = store::LogFile::open("log.db", other.name());
    return opened ? "" : opened.error().message;
  }

  std::unique_ptr<store::LogFile> log;
  raft::Index last_index = 0;
  std::vector<std::size_t> ends;  // of the log, after each write
};

TEST_F(WalRot, the_log_file_names_whatever_may_rot) {
  for (raft::Term term = 1; term <= 3; ++term) vote(term);
  append(3, 2);
  append(3, 8);
  for (raft::Term term = 4; term <= 40; ++term) vote(term);
  const std::uint64_t end = this->end();
  ASSERT_GT(end, kHeader + 43 * kFrame);  // the header of frame 42 lies in two sectors
  std::vector<std::size_t> offsets;
  for (std::size_t offset = 0; offset < end; ++offset) {
    const std::size_t frame = offset < kHeader ? 0 : (offset - kHeader) / kFrame + 1;
    const std::size_t in_frame = offset < kHeader ? offset : (offset - kHeader) % kFrame;
    const bool is_special = frame <= 1 || (frame >= 41 && frame <= 43);
    if (is_special ? in_frame < 32 : in_frame % 1361 == 8) offsets.push_back(offset);
  }
  for (const std::size_t offset : offsets) {
    EXPECT_THAT(answer_to_rot_at(offset), testing::HasSubstr("damaged")) << "byte " << offset;
  }
}

TEST_F(WalRot, neither_the_last_commit_nor_the_mark_before_it_may_rot) {
  append(1, 1);
  append(1, 1);
  append(1, 1);
  const std::size_t last_begins = ends[ends.size() - 2];
  EXPECT_LT(end(), last_begins);
  EXPECT_GE(end() + 2 * kFrame, last_begins);  // the frame with the mark, and its copy, which fills a sector
  EXPECT_EQ((end() - kHeader) % kFrame, 0U);
  EXPECT_EQ(answer_to_rot_at(last_begins + 100), "") << "what was torn is no damage";
}

TEST_F(WalRot, a_commit_counts_once_it_is_durable) {
  for (int i = 0; i < 3; ++i) append(1, 1);
  const std::uint64_t before = end();
  std::vector<std::uint64_t> meanwhile;
  disk.observe_changes(
      [&](const Disk& now) { meanwhile.push_back(bytes_that_may_rot(now.durable_beginning(kWalPath))); });
  append(1, 1);
  disk.observe_changes({});
  EXPECT_THAT(meanwhile, testing::AllOf(testing::SizeIs(testing::Ge(5U)), testing::Each(before)));
  EXPECT_GT(end(), before);
}

TEST_F(WalRot, frames_from_before_the_log_began_anew_do_not_count) {
  for (int i = 0; i < 5; ++i) append(1, 1);
  log.reset();
  log = std::move(*store::LogFile::open("log.db", vfs.name()));
  EXPECT_EQ(end(), 0U);
}

TEST_F(WalRot, where_something_is_broken_no_commit_counts_any_more) {
  for (int i = 0; i < 5; ++i) append(1, 1);
  const std::uint64_t before = end();
  const auto durable = disk.durable_beginning(kWalPath);
  for (const std::size_t offset : {std::size_t{0}, std::size_t{17}, std::size_t{30}, kHeader + 9, kHeader + 100}) {
    std::vector<std::uint8_t> wal(durable.begin(), durable.end());
    wal[offset] ^= 4;
    EXPECT_EQ(bytes_that_may_rot(wal), 0U) << offset;
  }
  std::vector<std::uint8_t> cut(durable.begin(), durable.end());
  cut.resize(before + 10);
  EXPECT_LT(bytes_that_may_rot(cut), before);
  for (const std::size_t size : {0U, 1U, 31U, 32U}) EXPECT_EQ(bytes_that_may_rot(std::span(durable).first(size)), 0U);
}

}  // namespace
}  // namespace timestore::sim
