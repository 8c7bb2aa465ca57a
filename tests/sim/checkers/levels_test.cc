// Lies about feature levels: a leader of three raises, uses or loses one as it should not.
#include "sim/checkers/levels.h"

#include <gtest/gtest.h>

#include <string>

#include "engine/series/command.h"

namespace timestore::sim {
namespace {

constexpr std::size_t kLeader = 0;
constexpr std::size_t kFollower = 1;

raft::Entry level_entry(raft::Level level) {
  return {.term = 2, .kind = raft::EntryKind::kLevel, .payload = raft::Payload(raft::encode_level(level))};
}

raft::Entry envelope(CommandVersion version) {
  return {.term = 2, .kind = raft::EntryKind::kCommand, .payload = raft::Payload(encode_command({}, version))};
}

class ToldOfLevels {
 public:
  ToldOfLevels() {
    for (std::size_t node = 0; node < 3; ++node) start(node, 2);
    core_.role = raft::Leader{};
  }

  void start(std::size_t node, raft::Level level, bool holds = false) {
    raft::State core = raft::start({.id = "n" + std::to_string(node + 1),
                                    .configuration = {.voters = {{"n1", ""}, {"n2", ""}, {"n3", ""}}},
                                    .hard_state = {.term = 2, .vote = {}},
                                    .trail = {},
                                    .applied = 0,
                                    .seed = 1},
                                   {.level = level, .holds_level = holds});
    levels_.started(node, core);
    if (node == kLeader) core_ = std::move(core);
  }
  void hears(const raft::NodeId& from, raft::Level level, bool holds = false, raft::Term term = 2) {
    const raft::Input input =
        raft::Receive{from, raft::AppendResponse{.term = term, .success = true, .level = level, .holds_level = holds}};
    levels_.stepped(kLeader, core_, {&input, 1}, {});
  }
  void appends(raft::Entry entry) {
    raft::Effects effects;
    effects.write.emplace();
    effects.write->entries.push_back(std::move(entry));
    levels_.stepped(kLeader, core_, {}, effects);
  }
  void commits(raft::Index index, const raft::Entry& entry) { levels_.committed(index, entry); }
  void sends(std::size_t node, raft::Message message) {
    levels_.sends(node, {.to = "n3", .message = std::move(message), .correlation = 0});
  }

  Levels& levels() { return levels_; }
  raft::State& core() { return core_; }
  std::string rule() const { return findings_.any() ? findings_.first()->rule : ""; }

 private:
  Findings findings_;
  Levels levels_{findings_, 3};
  raft::State core_;
};

TEST(LevelsOfAnHonestLeader, are_not_blamed) {
  ToldOfLevels story;
  story.hears("n2", 1);
  story.hears("n3", 2);
  story.appends(level_entry(1));
  story.sends(kLeader, raft::AppendRequest{.term = 2, .leader = "n1", .entries = {level_entry(1)}});
  story.commits(1, level_entry(1));
  story.core().levels.append(1, 1);
  story.core().trail.append(2, raft::EntryKind::kLevel, 9);
  story.core().commit = 1;
  story.appends(envelope(1));
  story.commits(2, envelope(1));
  story.levels().applied(kFollower, 2);
  EXPECT_EQ(story.rule(), "");
}

TEST(Levels, a_member_that_has_not_told_is_missed) {
  ToldOfLevels story;
  story.hears("n2", 1);
  story.appends(level_entry(1));
  EXPECT_EQ(story.rule(), "the level rises when all members have told it in this term");
}

TEST(Levels, what_was_told_in_another_term_does_not_count) {
  ToldOfLevels story;
  story.hears("n2", 1);
  story.hears("n3", 1, false, 1);
  story.appends(level_entry(1));
  EXPECT_EQ(story.rule(), "the level rises when all members have told it in this term");
}

TEST(Levels, a_member_that_holds_is_heard) {
  ToldOfLevels story;
  story.hears("n2", 1, true);
  story.hears("n3", 1);
  story.appends(level_entry(1));
  EXPECT_EQ(story.rule(), "the level does not rise while a member holds it");
}

TEST(Levels, an_envelope_before_the_level_is_committed_is_found) {
  ToldOfLevels story;
  story.hears("n2", 1);
  story.hears("n3", 1);
  story.appends(level_entry(1));
  story.appends(envelope(1));
  EXPECT_EQ(story.rule(), "what a level brings is used when the level is committed");
}

TEST(Levels, a_batch_that_an_original_could_not_read_is_found) {
  ToldOfLevels story;
  story.appends(
      {.term = 2, .kind = raft::EntryKind::kCommand, .payload = raft::Payload(R"([{"Value":1},{"Value":2}])")});
  EXPECT_EQ(story.rule(), "a batch is proposed only when all members read it");
}

TEST(Levels, a_level_that_is_lost_is_missed) {
  ToldOfLevels story;
  story.commits(1, level_entry(1));
  story.core().trail.append(2, raft::EntryKind::kLevel, 9);
  story.core().commit = 1;
  story.appends(envelope(0));
  EXPECT_EQ(story.rule(), "all nodes know the same level at the same entry");
}

TEST(Levels, an_original_gets_nothing_that_it_would_misread) {
  ToldOfLevels story;
  story.hears("n3", 0);
  story.sends(kLeader, raft::AppendRequest{.term = 2, .leader = "n1", .entries = {level_entry(1)}});
  EXPECT_EQ(story.rule(), "who tells no level gets nothing that levels brought");
}

TEST(Levels, nobody_boasts) {
  ToldOfLevels story;
  story.sends(kFollower, raft::AppendResponse{.term = 2, .level = 3});
  EXPECT_EQ(story.rule(), "nobody tells a level that it does not know");
}

TEST(Levels, who_was_put_back_applies_nothing_new) {
  ToldOfLevels story;
  story.commits(1, level_entry(1));
  story.commits(2, envelope(1));
  EXPECT_FALSE(story.levels().was_put_back(kFollower, 2));
  EXPECT_TRUE(story.levels().was_put_back(kFollower, 0));
  story.start(kFollower, 0);
  story.levels().applied(kFollower, 0);
  EXPECT_EQ(story.rule(), "");
  story.levels().applied(kFollower, 1);
  EXPECT_EQ(story.rule(), "nobody applies what it does not know");
}

}  // namespace
}  // namespace timestore::sim
