// A log that begins later: compacted, or going on after a snapshot.
#include <gmock/gmock.h>

#include "engine/base/prng.h"
#include "engine/store/log/log_rows.h"
#include "tests/engine/store/log/log_story.h"
#include "tests/engine/store/sqlite/shell.h"

namespace timestore::store::log_base_test {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pair;

// Entries 1 to 6, of the terms 1, 1, 1, 2, 2, 2.
class LogBase : public LogStory {
 protected:
  void write_six() {
    start();
    append({noop(1), command(1, "b"), command(1, "c")});
    append({noop(2), command(2, std::string(9000, 'e')), command(2, "f")});
  }
  static constexpr raft::Position kThird = {.term = 1, .index = 3};
  static constexpr raft::Position kLast = {.term = 2, .index = 6};
};

TEST_F(LogBase, a_compacted_log_holds_what_comes_after_its_base) {
  write_six();
  begin_after(kThird, "n3");
  EXPECT_EQ(model.entries.size(), 3U);
  EXPECT_EQ(log->base(), kThird);
  EXPECT_EQ(contents(*log).entries, model.entries);
  EXPECT_EQ(recovered_from(*disk.after_power_cut()), model);
  reopen();
  EXPECT_EQ(contents(*log), model);
  EXPECT_EQ(log->recovered().trail.base(), kThird);
  EXPECT_EQ(log->recovered().trail.last(), kLast);
}

TEST_F(LogBase, a_compacted_log_grows_shrinks_and_is_compacted_again) {
  write_six();
  begin_after(kThird, "n3");
  append({command(3, "g")});
  truncate_from(5);
  append({noop(4)});
  reopen();
  EXPECT_EQ(contents(*log), model);
  begin_after({.term = 2, .index = 4}, "n4");
  EXPECT_EQ(contents(*log).entries, model.entries);
  truncate_from(5);
  EXPECT_EQ(contents(*log).entries.size(), 0U);
  append({noop(5)});
  reopen();
  EXPECT_EQ(contents(*log), model);
}

TEST_F(LogBase, a_log_may_be_compacted_to_its_end_and_goes_on_from_there) {
  write_six();
  begin_after(kLast, "n2");
  EXPECT_EQ(model.entries.size(), 0U);
  reopen();
  EXPECT_EQ(contents(*log), model);
  append({command(2, "g")});
  reopen();
  EXPECT_EQ(contents(*log), model);
  EXPECT_EQ(log->recovered().trail.last(), (raft::Position{.term = 2, .index = 7}));
}

TEST_F(LogBase, beginning_where_it_begins_changes_no_more_than_the_members) {
  write_six();
  begin_after(kThird, "n3");
  begin_after(kThird, "n4");
  reopen();
  EXPECT_EQ(contents(*log), model);
  EXPECT_EQ(log->recovered().identity->configuration, members_with("n4"));
}

TEST_F(LogBase, a_log_goes_on_after_a_snapshot_that_is_beyond_its_end) {
  write_six();
  begin_after({.term = 5, .index = 1000}, "n3");
  EXPECT_EQ(model.entries.size(), 0U);
  EXPECT_EQ(recovered_from(*disk.after_power_cut()), model);
  append({command(5, "the first after the snapshot")});
  reopen();
  EXPECT_EQ(contents(*log), model);
  EXPECT_EQ(log->recovered().trail.base(), (raft::Position{.term = 5, .index = 1000}));
}

TEST_F(LogBase, an_empty_log_begins_after_a_snapshot) {
  start();
  begin_after({.term = 5, .index = 1000}, "n3");
  reopen();
  EXPECT_EQ(contents(*log), model);
}

TEST_F(LogBase, one_write_truncates_then_moves_the_beginning_then_appends) {
  write_six();
  raft::Write all = change();
  all.hard_state = {.term = 7, .vote = "n2"};
  all.truncate_from = 5;
  all.begin_after = {{.term = 4, .index = 8}, members_with("n3")};
  all.first_index = 9;
  all.entries = {noop(7)};
  write(all);
  EXPECT_EQ(recovered_from(*disk.after_power_cut()), model);
}

TEST_F(LogBase, members_are_known_at_the_base_and_wherever_they_change) {
  start();
  append({noop(1), members_entry(1, "n3"), command(1, "c"), members_entry(1, "n4"), members_entry(1, "n5")});
  truncate_from(5);
  reopen();
  EXPECT_THAT(log->recovered().configurations, ElementsAre(Pair(2U, members_with("n3")), Pair(4U, members_with("n4"))));
  begin_after({.term = 1, .index = 3}, "n3");
  reopen();
  EXPECT_EQ(log->recovered().identity->configuration, members_with("n3"));
  EXPECT_THAT(log->recovered().configurations, ElementsAre(Pair(4U, members_with("n4"))));
}

TEST_F(LogBase, a_node_may_know_no_member_yet) {
  open();
  ASSERT_TRUE(log->initialize({.node = "n9", .configuration = {}}).has_value());
  reopen();
  EXPECT_EQ(log->recovered().identity, (LogFile::Identity{.node = "n9", .configuration = {}}));
}

TEST_F(LogBase, an_installation_is_noted_until_the_log_begins_anew) {
  write_six();
  const raft::Position snapshot{.term = 2, .index = 1000};
  ASSERT_TRUE(log->note_installation(snapshot).has_value());
  EXPECT_EQ(open_log(*disk.after_power_cut()).value()->recovered().installing, snapshot);
  append({command(3, "g")});
  reopen();
  EXPECT_EQ(log->recovered().installing, snapshot);
  EXPECT_EQ(contents(*log), model);
  begin_after(kThird, "n3");
  reopen();
  EXPECT_EQ(log->recovered().installing, std::nullopt);
}

// Compacting, truncating, installing and appending in any order, against the plain model.
TEST_F(LogBase, whatever_is_done_to_a_log_it_holds_what_the_model_holds) {
  start();
  Prng prng(1);
  for (int round = 1; round <= 400; ++round) {
    raft::Write any = change();
    any.hard_state = {.term = static_cast<raft::Term>(round), .vote = {}};
    raft::Index last = model.next_index() - 1;
    if (prng.below(3) == 0) {
      any.truncate_from = model.base.index + 1 + prng.below(model.entries.size() + 1);
      last = *any.truncate_from - 1;
    }
    const std::uint64_t dice = prng.below(8);
    if (dice == 0) {
      any.begin_after = {{.term = any.hard_state.term, .index = last + 1 + prng.below(50)}, members_with("n3")};
      last = any.begin_after->last.index;
    } else if (dice < 4 && last > model.base.index) {
      const raft::Index index = model.base.index + 1 + prng.below(last - model.base.index);
      any.begin_after = {{.term = model.entries[index - model.base.index - 1].term, .index = index},
                         members_with("n4")};
    }
    any.first_index = last + 1;
    for (std::uint64_t left = prng.below(12); left > 0; --left) {
      any.entries.push_back(command(any.hard_state.term, std::string(prng.below(4) == 0 ? 20'000 : 50, 'x')));
    }
    write(any);
    if (round % 20 == 0) reopen();
    ASSERT_EQ(contents(*log).entries, model.entries) << "round " << round;
    if (round % 50 == 0) {
      ASSERT_EQ(recovered_from(*disk.after_power_cut()), model);
    }
  }
}

TEST_F(LogBase, the_file_of_a_log_that_is_compacted_does_not_grow) {
  start();
  std::size_t early_bytes = 0;
  for (int round = 1; round <= 60; ++round) {
    for (int i = 0; i < 20; ++i) append({command(1, std::string(10'000, 'x'))});
    if (model.entries.size() > 40) begin_after({.term = 1, .index = model.base.index + 20}, "n2");
    if (round % 10 == 0) reopen();
    if (round == 10) early_bytes = disk.read("log.db").size();
  }
  EXPECT_LT(disk.read("log.db").size(), early_bytes + early_bytes / 4);
}

// --------------------------------------------------------------------------------------------------- damage

TEST_F(LogBase, a_log_that_lost_its_first_entries_is_not_a_compacted_one) {
  write_six();
  begin_after(kThird, "n3");
  close();
  execute(disk, "log.db", "DELETE FROM entries WHERE idx = 4");
  EXPECT_THAT(refusal_of(disk), HasSubstr("entry 4 is missing"));
}

TEST_F(LogBase, a_changed_or_missing_beginning_is_named) {
  write_six();
  begin_after(kThird, "n3");
  close();
  const std::string intact = disk.read("log.db");
  for (const char* change : {"idx = 2", "term = 2", "entry_checksum = 1", "configuration = ''", "installing_idx = 9"}) {
    disk.write("log.db", intact);
    execute(disk, "log.db", std::string("UPDATE base SET ") + change);
    EXPECT_THAT(refusal_of(disk),
                AllOf(HasSubstr(disk.path("log.db")), HasSubstr("the beginning of the log fails its checksum")));
  }
  disk.write("log.db", intact);
  execute(disk, "log.db", "DELETE FROM base");
  EXPECT_THAT(refusal_of(disk), HasSubstr("the beginning of the log is missing"));
}

TEST_F(LogBase, a_beginning_of_an_older_log_is_found_though_its_own_checksum_is_right) {
  write_six();
  close();
  execute(disk, "log.db", "CREATE TABLE kept AS SELECT * FROM base");
  open();
  begin_after(kLast, "n3");
  close();
  execute(disk, "log.db", "REPLACE INTO base SELECT * FROM kept");
  EXPECT_THAT(refusal_of(disk), HasSubstr("the log should end with entry 6"));
}

TEST_F(LogBase, members_that_cannot_be_read_are_damage) {
  write_six();
  const EntryRow row{.index = 7, .term = 2, .kind = raft::EntryKind::kMembers, .command = R"({"members":{}})"};
  close();
  const auto seed = Database::open(disk.path("log.db"), disk.vfs(), Database::Access::kReadOnly)
                        ->integer("ask", "SELECT last_checksum FROM state")
                        .value();
  const std::uint32_t checksum = row.checksum(static_cast<std::uint32_t>(seed));
  const LogEnd end{.index = 7, .term = 2, .checksum = checksum};
  execute(disk, "log.db",
          "INSERT INTO entries VALUES (7, 2, 2, " + std::to_string(checksum) + ", '{\"members\":{}}');" +
              "UPDATE state SET last_index = 7, last_checksum = " + std::to_string(checksum) +
              ", checksum = " + std::to_string(state_checksum(model.hard_state, end)));
  EXPECT_THAT(refusal_of(disk), HasSubstr("entry 7 holds members that cannot be read"));
}

// ---------------------------------------------------------------------------------------------- bugs of ours

using LogBaseDeathTest = LogBase;

TEST_F(LogBaseDeathTest, a_base_is_an_entry_of_the_log_or_beyond_its_end) {
  write_six();
  EXPECT_DEATH(begin_after({.term = 2, .index = 3}, "n2"), "an entry that it holds, or beyond its end");
  begin_after(kThird, "n2");
  EXPECT_DEATH(begin_after({.term = 1, .index = 2}, "n2"), "does not get back what was removed");
  EXPECT_DEATH(begin_after({.term = 2, .index = 3}, "n2"), "an entry that it holds, or beyond its end");
}

TEST_F(LogBaseDeathTest, what_was_compacted_is_neither_read_nor_truncated) {
  write_six();
  begin_after(kThird, "n2");
  EXPECT_DEATH(static_cast<void>(log->read(3, 1, 1)), "is not read any more");
  raft::Write truncating = change();
  truncating.truncate_from = 3;
  EXPECT_DEATH(static_cast<void>(log->write({&truncating, 1})), "only entries in the log can be removed");
}

TEST_F(LogBaseDeathTest, members_that_cannot_be_read_do_not_come_into_the_log) {
  start();
  raft::Write bad = change();
  bad.hard_state.term = 1;
  bad.entries = {{.term = 1, .kind = raft::EntryKind::kMembers, .payload = raft::Payload(std::string("{}"))}};
  EXPECT_DEATH(static_cast<void>(log->write({&bad, 1})), "can be read");
}

}  // namespace
}  // namespace timestore::store::log_base_test
