#include <gmock/gmock.h>

#include "engine/base/prng.h"
#include "tests/engine/store/log/log_story.h"

namespace timestore::store::log_file_test {
namespace {

using testing::HasSubstr;

TEST_F(LogStory, a_new_file_is_empty_and_knows_no_node) {
  open();
  EXPECT_FALSE(log->recovered().identity.has_value());
  EXPECT_EQ(contents(*log), LogModel{});
}

TEST_F(LogStory, what_was_written_is_read_back_after_closing) {
  start();
  append({noop(1), command(1, R"({"deviceId":"a"})")});
  vote(2, "n2");
  append({command(2, ""), command(2, std::string("\0 NUL, \xff not UTF-8, 'quotes'\n", 30))});
  EXPECT_EQ(contents(*log).entries, model.entries);
  reopen();
  EXPECT_EQ(contents(*log), model);
}

TEST_F(LogStory, what_was_written_survives_kill_and_power_cut_without_closing) {
  start();
  append({noop(1), command(1, "a")});
  vote(7, "n2");
  append({command(7, std::string(20'000, 'x'))});
  EXPECT_EQ(recovered_from(*disk.after_kill()), model);
  EXPECT_EQ(recovered_from(*disk.after_power_cut()), model);
}

TEST_F(LogStory, the_identity_survives_a_power_cut_at_once) {
  start();
  EXPECT_EQ(recovered_from(*disk.after_power_cut()), model);
}

TEST_F(LogStory, an_empty_file_left_by_a_power_cut_at_creation_is_new) {
  disk.write("log.db", "");
  open();
  EXPECT_EQ(contents(*log), LogModel{});
}

TEST_F(LogStory, truncated_entries_are_gone_and_replaced) {
  start();
  append({noop(1), command(1, "a"), command(1, "b"), command(1, "c")});
  truncate_from(3);
  EXPECT_EQ(contents(*log).entries, model.entries);
  append({noop(2), command(2, "d")});
  truncate_from(5);  // beyond the last entry: nothing to remove
  EXPECT_EQ(contents(*log).entries, model.entries);
  reopen();
  EXPECT_EQ(contents(*log), model);
  truncate_from(1);
  append({noop(3)});
  reopen();
  EXPECT_EQ(contents(*log), model);
  EXPECT_EQ(model.entries.size(), 1U);
}

TEST_F(LogStory, several_writes_are_one_change) {
  start();
  append({noop(1), command(1, "a"), command(1, "b")});
  raft::Write first = change();
  first.hard_state = {.term = 2, .vote = "n2"};
  raft::Write second = first;
  second.truncate_from = 2;
  second.first_index = 2;
  second.entries = {noop(2), command(2, "c")};
  raft::Write third = second;
  third.truncate_from = 3;
  third.first_index = 3;
  third.entries = {command(2, "d")};
  const std::vector<raft::Write> writes = {first, second, third};
  ASSERT_TRUE(log->write(writes).has_value());
  for (const raft::Write& each : writes) model.write(each);
  EXPECT_EQ(recovered_from(*disk.after_power_cut()), model);
}

TEST_F(LogStory, the_trail_tells_terms_kinds_and_sizes) {
  start();
  append({noop(1), command(1, "12345")});
  append({noop(3), command(3, std::string(1000, 'x'))});
  reopen();
  raft::Trail expected;
  for (const raft::Entry& entry : model.entries) expected.append(entry.term, entry.kind, entry.payload.size_bytes());
  EXPECT_EQ(log->recovered().trail, expected);
  EXPECT_EQ(log->recovered().trail.last(), (raft::Position{.term = 3, .index = 4}));
}

TEST_F(LogStory, reading_stops_at_either_limit_but_gives_at_least_one) {
  start();
  append({command(1, "1234567890"), command(1, "1234567890"), command(1, "1234567890"), command(1, "1234567890")});
  const auto count = [&](raft::Index first, std::size_t max_count, std::uint64_t max_bytes) {
    return log->read(first, max_count, max_bytes).value().size();
  };
  EXPECT_EQ(count(1, 100, 1000), 4U);
  EXPECT_EQ(count(1, 3, 1000), 3U);
  EXPECT_EQ(count(1, 100, 29), 2U);
  EXPECT_EQ(count(1, 100, 30), 3U);
  EXPECT_EQ(count(2, 100, 0), 1U);
  EXPECT_EQ(count(4, 100, 1000), 1U);
  EXPECT_EQ(count(5, 100, 1000), 0U);
  EXPECT_EQ(count(1000, 100, 1000), 0U);
}

TEST_F(LogStory, reading_begins_at_any_entry) {
  start();
  for (int i = 0; i < 20; ++i) append({command(static_cast<raft::Term>(1 + i / 5), std::to_string(i))});
  for (raft::Index first = 1; first <= 20; ++first) {
    const auto entries = log->read(first, 3, 1000).value();
    const auto begin = model.entries.begin() + static_cast<std::ptrdiff_t>(first) - 1;
    const auto expected = std::vector(begin, std::min(begin + 3, model.entries.end()));
    EXPECT_EQ(entries, expected) << "from " << first;
  }
}

TEST_F(LogStory, a_write_that_changes_nothing_writes_nothing) {
  start();
  append({noop(1)});
  const std::string before = disk.read("log.db-wal");
  write(change());
  EXPECT_EQ(disk.read("log.db-wal"), before);
}

TEST_F(LogStory, the_write_ahead_log_stays_bounded_and_nothing_is_lost_in_its_checkpoints) {
  start();
  const std::string text(100'000, 'x');
  std::size_t largest_bytes = 0;
  for (int i = 0; i < 300; ++i) {
    append({command(1, text + std::to_string(i))});
    largest_bytes = std::max(largest_bytes, disk.read("log.db-wal").size());
  }
  EXPECT_LT(largest_bytes, std::size_t{6} << 20);
  EXPECT_EQ(recovered_from(*disk.after_power_cut()), model);
}

// More than SQLite's cache holds, so that pages come back from the file: those that were freed and used again too.
TEST_F(LogStory, no_page_is_taken_for_damaged_however_pages_are_freed_and_used_again) {
  start();
  Prng prng(1);
  for (int round = 1; round <= 300; ++round) {
    const auto term = static_cast<raft::Term>(round);
    raft::Write change_of_tail = change();
    change_of_tail.hard_state = {.term = term, .vote = {}};
    if (!model.entries.empty() && prng.below(3) == 0) {
      change_of_tail.truncate_from =
          1 + model.entries.size() - prng.below(std::min<std::size_t>(model.entries.size(), 40));
      change_of_tail.first_index = *change_of_tail.truncate_from;
    }
    for (std::uint64_t left = prng.below(12); left > 0; --left) {
      change_of_tail.entries.push_back(command(term, std::string(prng.below(2) == 0 ? 50 : prng.below(30'000), 'x')));
    }
    write(change_of_tail);
    if (round % 50 == 0) reopen();
    ASSERT_EQ(contents(*log).entries, model.entries);
  }
}

TEST_F(LogStory, a_file_in_use_is_refused) {
  start();
  append({noop(1)});
  EXPECT_THAT(refusal_of(disk), AllOf(HasSubstr(disk.path("log.db")), HasSubstr("Another process has the file open")));
  append({command(1, "the first opener goes on undisturbed")});
  reopen();
  EXPECT_EQ(contents(*log), model);
}

TEST_F(LogStory, a_path_in_a_missing_directory_is_a_clear_error) {
  const auto log_file = LogFile::open(disk.path("no/such/directory/log.db"), disk.vfs());
  ASSERT_FALSE(log_file.has_value());
  EXPECT_THAT(log_file.error().message, AllOf(HasSubstr("no/such/directory/log.db"), HasSubstr("directory exists")));
}

TEST_F(LogStory, memory_is_not_accepted_as_a_file) {
  for (const char* path : {"", ":memory:"}) {
    const auto log_file = LogFile::open(path);
    ASSERT_FALSE(log_file.has_value()) << path;
    EXPECT_THAT(log_file.error().message, HasSubstr("needs a write-ahead log"));
  }
}

using LogStoryDeathTest = LogStory;

TEST_F(LogStoryDeathTest, an_append_that_leaves_a_gap_is_a_bug_of_ours) {
  start();
  raft::Write gap = change();
  gap.hard_state.term = 1;
  gap.first_index = 2;
  gap.entries = {noop(1)};
  EXPECT_DEATH(static_cast<void>(log->write({&gap, 1})), "entries follow the end of the log");
}

TEST_F(LogStoryDeathTest, a_second_vote_in_a_term_is_a_bug_of_ours) {
  start();
  vote(1, "n1");
  raft::Write again = change();
  again.hard_state.vote = "n2";
  EXPECT_DEATH(static_cast<void>(log->write({&again, 1})), "a node votes once in a term");
}

}  // namespace
}  // namespace timestore::store::log_file_test
