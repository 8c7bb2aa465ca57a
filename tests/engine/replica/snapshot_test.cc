// Snapshots that are lent and fetched in parts (lender.h, fetcher.h), when what arrives is not what was asked for,
// when nodes stop in between, and when the disk is full. Whatever happens, the follower has caught up in the end.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <set>
#include <utility>

#include "engine/store/series/snapshot.h"
#include "tests/engine/replica/file_size_limit.h"
#include "tests/engine/replica/small_world.h"

namespace timestore::replica::snapshot_test {
namespace {

using raft::SnapshotRequest;
using raft::SnapshotResponse;

constexpr std::uint64_t kPage = store::kMinChunkBytes;

// Three nodes, of which one was away for so long that the leader's log begins after what it has.
class SnapshotTest : public ::testing::Test {
 protected:
  void SetUp() override {
    world_.options.kept_entries = 4;
    world_.options.snapshot_chunk_bytes = kPage;
    world_.options.snapshot_bytes_per_tick = kPage;
    for (std::size_t number = 0; number < 3; ++number) ASSERT_TRUE(world_.start(number));
    ASSERT_TRUE(world_.elect());
    away_ = (*world_.leader() + 1) % 3;
    world_.crash(away_);
    write(40);
    world_.on_arrival = [this](const raft::NodeId&, raft::Message& message) {
      if (auto* question = std::get_if<SnapshotRequest>(&message)) return is_asked(*question);
      auto* part = std::get_if<SnapshotResponse>(&message);
      if (part == nullptr) return true;
      announce(part->meta);
      if (part->bytes.size_bytes() == 0) return true;
      const bool arrives = spoil(*part);
      if (arrives) ++parts_;
      return arrives;
    };
  }

  // Through the leader, whose log then begins anew, when nobody needs it for a snapshot any more.
  void write(int entries) {
    for (int i = 0; i < entries; ++i) {
      TimeEntry entry{.device_id = "d", .timestamp_ns = ++written_, .value = 1, .attributes = ""};
      entry.attributes = "{\"a\":\"" + std::string(1000, 'x') + "\"}";
      client::submit(world_[*world_.leader()], {entry},
                     [](const client::WriteEnd& end) { EXPECT_EQ(end.kind, client::WriteEnd::Kind::kApplied); });
      world_.settle_everything();
    }
    const auto is_short = [&] { return leader().core().trail.last_index() - leader().core().trail.base().index <= 4; };
    for (int i = 0; i < 400 && !is_short(); ++i) world_.tick();
    ASSERT_TRUE(is_short());
  }

  Replica& leader() { return world_[*world_.leader()]; }

  void start_who_was_away() {
    const auto started = world_.start(away_);
    ASSERT_TRUE(started) << started.error().message;
  }

  // Ticks until so many parts have arrived: one in a tick.
  void take_parts(std::size_t parts) {
    for (int i = 0; i < 400 && parts_ < parts; ++i) world_.tick();
    ASSERT_GE(parts_, parts);
  }

  bool catches_up() {
    for (int i = 0; i < 400; ++i) {
      world_.tick();
      if (!world_.leader()) continue;
      const bool is_level = world_[away_].applied() == leader().applied() && !world_[away_].is_fetching();
      if (is_level && world_[away_].state_hash() == leader().state_hash()) return true;
    }
    return false;
  }

  void expect_recovery() {
    ASSERT_TRUE(catches_up());
    EXPECT_FALSE(world_[away_].failure());
    EXPECT_EQ(world_.stored(away_), world_.stored(*world_.leader()));
    write(1);
    EXPECT_TRUE(catches_up()) << "and entries flow again";
  }

  std::string incoming_path() const { return world_.series_path(away_) + "-incoming"; }

  testing::SmallWorld world_{3};
  std::size_t away_ = 0;
  std::int64_t written_ = 0;
  std::size_t parts_ = 0;  // that have arrived
  std::function<bool(SnapshotRequest&)> is_asked = [](auto&) { return true; };
  std::function<void(raft::SnapshotMeta&)> announce = [](auto&) {};
  std::function<bool(SnapshotResponse&)> spoil = [](auto&) { return true; };
};

TEST_F(SnapshotTest, comes_part_by_part_each_once) {
  std::set<std::uint64_t> offsets;
  spoil = [&](const SnapshotResponse& part) {
    EXPECT_TRUE(offsets.insert(part.offset).second) << part.offset;
    return true;
  };
  start_who_was_away();
  expect_recovery();
  EXPECT_GT(parts_, 10U);
  EXPECT_EQ(offsets.size(), parts_);
}

// What may be wrong with a part. Three of them come, then honest ones.
struct Spoiling {
  const char* name;
  void (*spoil)(SnapshotResponse& part);
};

void set_bytes(SnapshotResponse& part, std::string bytes) {
  part.checksum = store::chunk_checksum({reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()});
  part.bytes = raft::Payload(std::move(bytes));
}

const Spoiling kSpoilings[] = {
    {"its_checksum_fails", [](SnapshotResponse& part) { part.checksum ^= 1; }},
    {"a_bit_is_flipped",
     [](SnapshotResponse& part) {
       std::string bytes(part.bytes.view());
       bytes[bytes.size() / 2] ^= 1;
       part.bytes = raft::Payload(std::move(bytes));
     }},
    {"it_is_of_a_later_place", [](SnapshotResponse& part) { part.offset += kPage; }},
    {"it_is_of_a_place_beyond_all_bounds", [](SnapshotResponse& part) { part.offset = (std::uint64_t{1} << 53) - 1; }},
    {"it_is_no_whole_page",
     [](SnapshotResponse& part) { set_bytes(part, std::string(part.bytes.view().substr(0, kPage - 1))); }},
    {"it_goes_beyond_the_end",
     [](SnapshotResponse& part) { set_bytes(part, std::string(part.meta.size_bytes + kPage, 'x')); }},
    {"it_holds_what_is_no_page", [](SnapshotResponse& part) { set_bytes(part, std::string(kPage, 'x')); }},
    {"another_snapshot_is_named", [](SnapshotResponse& part) { part.meta.checksum ^= 1; }},
    {"a_snapshot_of_nothing_is_named", [](SnapshotResponse& part) { part.meta.size_bytes = 0; }},
    {"a_snapshot_without_end_is_named", [](SnapshotResponse& part) { part.meta.size_bytes = std::uint64_t{1} << 53; }},
    {"a_snapshot_of_the_past_is_named",
     [](SnapshotResponse& part) {
       part.meta.applied = {1, 1};
     }},
    {"a_snapshot_of_a_future_term_is_named", [](SnapshotResponse& part) { part.meta.applied.term += 9; }},
};

class SpoiledPartTest : public SnapshotTest, public ::testing::WithParamInterface<Spoiling> {};

TEST_P(SpoiledPartTest, is_not_taken_and_the_snapshot_arrives_all_the_same) {
  int spoiled = 0;
  spoil = [&](SnapshotResponse& part) {
    if (parts_ >= 2 && spoiled < 3) {
      ++spoiled;
      GetParam().spoil(part);
    }
    return true;
  };
  start_who_was_away();
  expect_recovery();
  EXPECT_EQ(spoiled, 3);
}
INSTANTIATE_TEST_SUITE_P(Each, SpoiledPartTest, ::testing::ValuesIn(kSpoilings),
                         [](const auto& parameter) { return std::string(parameter.param.name); });

TEST_F(SnapshotTest, that_is_not_what_was_announced_is_thrown_away_and_fetched_anew) {
  int ends = 0;
  announce = [&](raft::SnapshotMeta& meta) {
    if (ends < 2 && meta != raft::SnapshotMeta{}) meta.state_hash ^= 1;
  };
  spoil = [&](const SnapshotResponse& part) {
    if (part.offset + part.bytes.size_bytes() == part.meta.size_bytes) ++ends;
    return true;
  };
  is_asked = [](SnapshotRequest& question) {
    if (question.wanted != raft::SnapshotMeta{}) question.wanted.state_hash ^= 1;
    return true;
  };
  start_who_was_away();
  for (int i = 0; i < 400 && ends < 2; ++i) world_.tick();
  ASSERT_EQ(ends, 2) << "the whole came twice, under a wrong name";
  EXPECT_LT(world_[away_].applied(), leader().applied());
  is_asked = [](SnapshotRequest&) { return true; };
  expect_recovery();
}

// Each doubled answer would otherwise double all that follow it.
TEST_F(SnapshotTest, whose_parts_are_doubled_is_asked_for_no_more_often) {
  std::size_t questions = 0;
  is_asked = [&](SnapshotRequest&) {
    ++questions;
    return true;
  };
  std::vector<SnapshotResponse> doubled;
  spoil = [&](const SnapshotResponse& part) {
    doubled.push_back(part);
    return true;
  };
  start_who_was_away();
  for (int i = 0; i < 400 && parts_ < 10; ++i) {
    world_.tick();
    const std::size_t before = questions;
    for (const SnapshotResponse& part : std::exchange(doubled, {})) {
      world_[away_].receive(world_[away_].leader(), part, 0);
      world_.settle_everything();
    }
    EXPECT_EQ(questions, before) << "a doubled part is no reason to ask";
  }
  expect_recovery();
}

TEST_F(SnapshotTest, parts_that_nobody_waits_for_change_nothing) {
  std::vector<SnapshotResponse> late;
  spoil = [&](const SnapshotResponse& part) {
    late.push_back(part);
    return true;
  };
  start_who_was_away();
  expect_recovery();
  const raft::NodeId from = world_[away_].leader();
  for (const SnapshotResponse& part : late) world_[away_].receive(from, part, 0);
  for (const SnapshotResponse& part : late) world_[away_].receive("stranger", part, 0);
  world_.settle_everything();
  EXPECT_FALSE(world_[away_].is_fetching());
  EXPECT_FALSE(std::filesystem::exists(incoming_path()));
  expect_recovery();
}

TEST_F(SnapshotTest, is_gone_on_with_after_the_follower_was_killed) {
  start_who_was_away();
  take_parts(5);
  world_.crash(away_);
  std::optional<std::uint64_t> first;
  spoil = [&](const SnapshotResponse& part) {
    if (!first) first = part.offset;
    return true;
  };
  start_who_was_away();
  expect_recovery();
  EXPECT_GE(first, 4 * kPage) << "what lay on the disk was not fetched again";
}

TEST_F(SnapshotTest, of_which_a_crash_left_rubbish_is_fetched_all_the_same) {
  start_who_was_away();
  take_parts(5);
  world_.crash(away_);
  {
    std::fstream file(incoming_path(), std::ios::in | std::ios::out | std::ios::binary);
    ASSERT_TRUE(file.seekp(static_cast<std::streamoff>(2 * kPage + 100)));
    file << "rubbish";
    file.seekp(0, std::ios::end);
    file << "and a torn page";
  }
  start_who_was_away();
  expect_recovery();
}

TEST_F(SnapshotTest, is_begun_anew_when_the_lender_has_another_one_by_now) {
  start_who_was_away();
  take_parts(5);
  const std::size_t lender = *world_.leader();
  world_.cut(away_, true);
  world_.crash(lender);
  ASSERT_TRUE(world_.start(lender));
  ASSERT_TRUE(world_.elect());
  write(20);
  world_.cut(away_, false);
  expect_recovery();
}

TEST_F(SnapshotTest, is_fetched_from_the_next_leader_when_the_lender_has_died) {
  start_who_was_away();
  take_parts(5);
  world_.crash(*world_.leader());
  expect_recovery();
}

TEST_F(SnapshotTest, is_not_asked_for_any_more_when_nobody_says_that_it_is_needed) {
  start_who_was_away();
  take_parts(2);
  for (std::size_t number = 0; number < 3; ++number) {
    if (number != away_) world_.crash(number);
  }
  for (int i = 0; i < 20; ++i) world_.tick();
  EXPECT_FALSE(world_[away_].is_fetching());
  for (std::size_t number = 0; number < 3; ++number) {
    if (number == away_) continue;
    ASSERT_TRUE(world_.start(number));
  }
  expect_recovery();
}

TEST_F(SnapshotTest, waits_for_room_on_a_full_disk) {
  start_who_was_away();
  const auto fetch_without_room = [&] {
    for (bool busy = true; busy;) {
      busy = world_.deliver(0);
      for (std::size_t number = 0; number < 3; ++number) {
        busy = world_.run_lane(number, Lane::kLog) || busy;
        std::optional<FileSizeLimit> limit;
        if (number == away_) limit.emplace(4 * kPage);
        busy = world_.run_lane(number, Lane::kSeries) || busy;
      }
    }
  };
  for (int i = 0; i < 40; ++i) {
    for (std::size_t number = 0; number < 3; ++number) world_[number].tick();
    for (std::size_t number = 0; number < 3; ++number) world_.settle(number);
    fetch_without_room();
  }
  EXPECT_GT(parts_, 4U);
  EXPECT_FALSE(world_[away_].failure()) << "a snapshot is no reason to end";
  EXPECT_LT(world_[away_].applied(), leader().applied());
  expect_recovery();
}

// ------------------------------------------------------------------------------------------------------- the lender

TEST_F(SnapshotTest, is_not_lent_to_questions_that_make_no_sense) {
  const std::function<void(SnapshotRequest&)> questions[] = {
      [](SnapshotRequest& question) { question.offset += 1; },
      [](SnapshotRequest& question) { question.offset = question.wanted.size_bytes; },
      [](SnapshotRequest& question) { question.offset = (std::uint64_t{1} << 53); },
      [](SnapshotRequest& question) { question.wanted.checksum ^= 1; },  // of one that is gone
      [](SnapshotRequest& question) { question.wanted = {}; },
  };
  std::size_t asked = 0;
  is_asked = [&](SnapshotRequest& question) {
    if (question.wanted == raft::SnapshotMeta{} || asked == std::size(questions)) return true;
    questions[asked++](question);
    return true;
  };
  start_who_was_away();
  for (int i = 0; i < 400 && asked < std::size(questions); ++i) {
    EXPECT_EQ(parts_, 0U);
    world_.tick();
  }
  EXPECT_EQ(asked, std::size(questions));
  expect_recovery();
}

TEST_F(SnapshotTest, is_given_up_when_nobody_asks_for_it_any_more) {
  start_who_was_away();
  take_parts(2);
  EXPECT_TRUE(leader().is_lending());
  world_.crash(away_);
  for (int i = 0; i < 300 && leader().is_lending(); ++i) world_.tick();
  EXPECT_FALSE(leader().is_lending());
  start_who_was_away();
  expect_recovery();
}

TEST_F(SnapshotTest, is_lent_while_the_lender_takes_writes) {
  start_who_was_away();
  take_parts(2);
  const raft::Index before = leader().applied();
  for (int i = 0; i < 10; ++i) {
    client::submit(leader(), {{.device_id = "meanwhile", .timestamp_ns = i, .value = 1, .attributes = ""}},
                   [](const client::WriteEnd& end) { EXPECT_EQ(end.kind, client::WriteEnd::Kind::kApplied); });
    world_.settle_everything();
  }
  EXPECT_EQ(leader().applied(), before + 10);
  EXPECT_TRUE(world_[away_].is_fetching());
  expect_recovery();
}

}  // namespace
}  // namespace timestore::replica::snapshot_test
