#include "engine/replica/replica.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <memory>
#include <vector>

#include "engine/series/entry_id.h"
#include "tests/engine/replica/file_size_limit.h"
#include "tests/engine/replica/small_world.h"
#include "tests/engine/replica/writes.h"

namespace timestore::replica::replica_test {
namespace {

using testing::entry;
using testing::guid;
using World = testing::SmallWorld;

struct Ends {
  std::vector<client::WriteEnd> ends;
  client::WriteCallback keep() {
    return [this](client::WriteEnd end) { ends.push_back(std::move(end)); };
  }
};

void start_all(World& world) {
  for (std::size_t number = 0; number < world.size(); ++number) {
    const auto started = world.start(number);
    ASSERT_TRUE(started) << started.error().message;
  }
  ASSERT_TRUE(world.elect());
}

TEST(Replica, a_write_is_answered_when_it_is_on_a_quorum_and_applied_here) {
  World world(3);
  start_all(world);
  Replica& leader = world[*world.leader()];
  Ends ends;
  client::submit(leader, {entry("d", 1)}, ends.keep());
  leader.settle();
  while (world.run_lane(*world.leader(), Lane::kLog)) {
  }
  EXPECT_TRUE(ends.ends.empty()) << "the leader's own disk is no quorum";
  world.settle_everything();
  ASSERT_EQ(ends.ends.size(), 1U);
  EXPECT_EQ(ends.ends[0].kind, client::WriteEnd::Kind::kApplied);
  EXPECT_EQ(ends.ends[0].result.outcome, ApplyResult::Outcome::kStored);
  ASSERT_EQ(world.stored(*world.leader()).size(), 1U);
  EXPECT_EQ(world.stored(*world.leader())[0], ends.ends[0].entries[0]);
}

TEST(Replica, an_id_made_here_tells_the_place_in_the_log_and_is_known_when_the_outcome_is_not) {
  World world(3);
  start_all(world);
  const std::size_t number = *world.leader();
  Replica& leader = world[number];
  Ends ends;
  world.cut(number, true);
  const WriteTicket ticket = client::submit(leader, {entry("d", 1)}, ends.keep());
  leader.settle();
  leader.give_up(ticket);
  ASSERT_EQ(ends.ends.size(), 1U);
  EXPECT_EQ(ends.ends[0].kind, client::WriteEnd::Kind::kUnknown);
  const auto told = parts_of(ends.ends[0].entries[0].id);
  ASSERT_TRUE(told);
  EXPECT_EQ(told->position.index, leader.core().trail.last_index());
}

TEST(Replica, whoever_gives_up_is_told_alone_wherever_its_write_waits) {
  World world(1);
  start_all(world);
  using Kinds = std::vector<client::WriteEnd::Kind>;
  std::map<WriteTicket, Kinds> ends;
  int next = 0;
  const auto submit = [&] {
    const auto slot = std::make_shared<WriteTicket>();
    return *slot = client::submit(world[0], {entry("d", next++)},
                                  [&ends, slot](client::WriteEnd end) { ends[*slot].push_back(end.kind); });
  };
  const auto give_up = [&](const std::vector<WriteTicket>& tickets, std::size_t which) {
    world[0].give_up(tickets[which]);
    world[0].give_up(tickets[which]);  // which changes nothing
  };
  std::vector<WriteTicket> tickets(9);
  std::generate(tickets.begin(), tickets.end(), submit);
  give_up(tickets, 4);
  EXPECT_EQ(ends, (decltype(ends){{tickets[4], Kinds{client::WriteEnd::Kind::kNotLeader}}})) << "it was in no log";

  world[0].settle();
  bool is_refused = false;
  world[0].change_members({.kind = raft::Change::Kind::kRemove, .member = {.id = "n9", .url = {}}, .replaced = {}},
                          [&](const ChangeEnd& end) { is_refused = end.kind == ChangeEnd::Kind::kRefused; });
  tickets.push_back(submit());
  world[0].settle();
  give_up(tickets, 0);
  EXPECT_EQ(ends[tickets[0]], Kinds{client::WriteEnd::Kind::kUnknown}) << "it was proposed";

  while (world.run_lane(0, Lane::kLog)) {
  }
  give_up(tickets, 3);
  EXPECT_EQ(ends[tickets[3]], Kinds{client::WriteEnd::Kind::kUnknown}) << "it was committed, and not applied";
  EXPECT_EQ(ends.size(), 3U);
  EXPECT_TRUE(is_refused) << "changes and writes are told apart";

  world.settle_everything();
  give_up(tickets, 8);  // too late
  ASSERT_EQ(ends.size(), tickets.size());
  for (const std::size_t which : {1U, 2U, 5U, 6U, 7U, 8U, 9U}) {
    EXPECT_EQ(ends[tickets[which]], Kinds{client::WriteEnd::Kind::kApplied}) << which;
  }
  EXPECT_EQ(world.stored(0).size(), 9U);
  EXPECT_EQ(world[0].waiting_bytes(), 0U);
}

TEST(Replica, entries_of_one_turn_share_a_transaction_and_keep_their_order) {
  World world(1);
  start_all(world);
  Ends ends;
  for (int i = 0; i < 100; ++i) client::submit(world[0], {entry("d", i)}, ends.keep());
  world[0].settle();
  EXPECT_TRUE(world.run_lane(0, Lane::kLog));
  EXPECT_FALSE(world.run_lane(0, Lane::kLog)) << "one transaction for all of them";
  world.settle_everything();
  ASSERT_EQ(ends.ends.size(), 100U);
  const auto stored = world.stored(0);
  ASSERT_EQ(stored.size(), 100U);
  for (std::size_t i = 0; i < stored.size(); ++i) EXPECT_EQ(stored[i].value, static_cast<double>(i));
}

TEST(Replica, the_same_id_is_stored_once_and_other_content_is_a_conflict) {
  World world(3);
  start_all(world);
  Replica& leader = world[*world.leader()];
  Ends ends;
  client::submit(leader, {entry("d", 1, guid(7))}, ends.keep());
  client::submit(leader, {entry("d", 1, guid(7))}, ends.keep());
  client::submit(leader, {entry("d", 2, guid(7))}, ends.keep());
  leader.settle();
  world.settle_everything();
  ASSERT_EQ(ends.ends.size(), 3U);
  EXPECT_EQ(ends.ends[0].result.outcome, ApplyResult::Outcome::kStored);
  EXPECT_EQ(ends.ends[1].result.outcome, ApplyResult::Outcome::kStored);
  EXPECT_EQ(ends.ends[2].result.outcome, ApplyResult::Outcome::kConflict);
  EXPECT_EQ(world.stored(*world.leader()).size(), 1U);
}

TEST(Replica, a_follower_refuses_writes_and_reads_and_is_certain_about_it) {
  World world(3);
  start_all(world);
  Replica& follower = world[(*world.leader() + 1) % 3];
  Ends ends;
  std::optional<bool> granted;
  client::submit(follower, {entry("d", 1)}, ends.keep());
  follower.read([&](bool ok, raft::Index) { granted = ok; });
  follower.settle();
  ASSERT_EQ(ends.ends.size(), 1U);
  EXPECT_EQ(ends.ends[0].kind, client::WriteEnd::Kind::kNotLeader);
  EXPECT_EQ(granted, std::optional(false));
}

TEST(Replica, a_granted_read_finds_every_acknowledged_write_in_the_file) {
  World world(3);
  start_all(world);
  const std::size_t number = *world.leader();
  Ends ends;
  client::submit(world[number], {entry("d", 1)}, ends.keep());
  std::optional<std::size_t> seen;
  world[number].read([&](bool ok, raft::Index) {
    if (ok) seen = world.stored(number).size();
  });
  world[number].settle();
  EXPECT_FALSE(seen);
  world.settle_everything();
  ASSERT_TRUE(seen);
  world[number].read([&](bool ok, raft::Index) {
    if (ok) seen = world.stored(number).size();
  });
  world.settle_everything();
  EXPECT_EQ(*seen, 1U);
}

// Or what waits would grow for as long as clients ask a node that cannot confirm, or cannot apply.
TEST(Replica, a_read_that_is_given_up_is_refused_and_waits_no_more) {
  World world(3);
  start_all(world);
  const std::size_t number = *world.leader();
  Replica& leader = world[number];
  ASSERT_FALSE(leader.is_awaited());
  std::vector<bool> ends;
  const ReadCallback keep = [&](bool granted, raft::Index) { ends.push_back(granted); };

  const ReadTicket unconfirmed = leader.read(keep);
  leader.settle();
  leader.give_up_read(unconfirmed);
  EXPECT_EQ(ends, std::vector{false});
  EXPECT_FALSE(leader.is_awaited());
  world.settle_everything();  // now it is confirmed, for nobody

  const ReadTicket unapplied = leader.await_applied(leader.applied() + 1000, keep);
  const ReadTicket other = leader.await_applied(leader.applied() + 1, keep);
  leader.give_up_read(unapplied);
  leader.give_up_read(unapplied);  // which changes nothing
  EXPECT_EQ(ends, (std::vector{false, false}));
  EXPECT_TRUE(leader.is_awaited()) << "by the other one";
  Ends writes;
  client::submit(leader, {entry("d", 1)}, writes.keep());
  world.settle_everything();
  EXPECT_EQ(ends, (std::vector{false, false, true}));
  leader.give_up_read(other);  // too late
  EXPECT_EQ(ends.size(), 3U);
  EXPECT_FALSE(leader.is_awaited());
}

TEST(Replica, a_follower_that_was_away_catches_up_from_the_leaders_log_file) {
  World world(3);
  start_all(world);
  const std::size_t away = (*world.leader() + 1) % 3;
  world.crash(away);
  Ends ends;
  for (int i = 0; i < 200; ++i) {
    client::submit(world[*world.leader()], {entry("device-with-a-name", i)}, ends.keep());
    world.settle_everything();
  }
  ASSERT_EQ(ends.ends.size(), 200U);
  const auto restarted = world.start(away);
  ASSERT_TRUE(restarted) << restarted.error().message;
  ASSERT_TRUE(world.elect());
  EXPECT_EQ(world.stored(away), world.stored(*world.leader()));
  EXPECT_EQ(world[away].status().state_hash, world[*world.leader()].status().state_hash);
}

TEST(Replica, for_a_follower_that_lags_the_log_file_is_read_once_at_a_time) {
  World world(3);
  start_all(world);
  const std::size_t leader = *world.leader();
  const std::size_t away = (leader + 1) % 3;
  world.cut(away, true);
  Ends ends;
  for (int i = 0; i < 100; ++i) {
    client::submit(world[leader], {entry("device-with-a-name", i)}, ends.keep());
    world.settle_everything();
  }
  world.cut(away, false);
  std::size_t most = 0;
  for (int round = 0; round < 500 && world[away].applied() < world[leader].applied(); ++round) {
    world[leader].tick();
    world.settle(leader);
    while (world.deliver(0)) {
      for (std::size_t follower : {away, 3 - leader - away}) {
        while (world.run_lane(follower, Lane::kLog) || world.run_lane(follower, Lane::kSeries)) {
        }
      }
    }
    most = std::max(most, world.jobs(leader, Lane::kLog));
    world.run_lane(leader, Lane::kLog);
  }
  EXPECT_EQ(world[away].applied(), world[leader].applied());
  EXPECT_EQ(most, 1U);
}

TEST(Replica, refuses_files_that_do_not_belong_together_or_to_this_node) {
  World world(3);
  start_all(world);
  Ends ends;
  client::submit(world[*world.leader()], {entry("d", 1)}, ends.keep());
  world.settle_everything();
  for (std::size_t number = 0; number < 3; ++number) world.crash(number);

  std::filesystem::rename(world.log_path(0), world.log_path(0) + ".away");
  EXPECT_THAT(world.start(0).error().message, ::testing::HasSubstr("log file"));
  std::filesystem::remove(world.log_path(0));
  std::filesystem::copy_file(world.log_path(1), world.log_path(0));
  EXPECT_THAT(world.start(0).error().message, ::testing::HasSubstr("belong to node \"n2\""));
}

TEST(Replica, more_than_may_wait_is_refused_at_once) {
  World world(1);
  start_all(world);
  Ends ends;
  TimeEntry large = entry("d", 1);
  large.attributes = "{\"a\":\"" + std::string(16000, 'x') + "\"}";
  for (int i = 0; i < 5000; ++i) client::submit(world[0], {large}, ends.keep());
  EXPECT_FALSE(ends.ends.empty());
  for (const client::WriteEnd& end : ends.ends) EXPECT_EQ(end.kind, client::WriteEnd::Kind::kBusy);
  const std::size_t refused = ends.ends.size();
  world[0].settle();
  world.settle_everything();
  EXPECT_EQ(ends.ends.size(), 5000U);
  EXPECT_EQ(world.stored(0).size(), 5000U - refused);
}

TEST(Replica, applies_so_many_entries_and_bytes_in_a_transaction_and_no_more) {
  for (const std::size_t cache_bytes : {std::size_t{1} << 20, std::size_t{0}}) {  // nothing cached: from the log file
    World world(1);
    world.options.max_apply_entries = 8;
    world.options.max_apply_bytes = 3000;
    world.options.cache_bytes = cache_bytes;
    start_all(world);
    Ends ends;
    for (int i = 0; i < 40; ++i) {
      TimeEntry large = entry("d", i);
      if (i >= 20) large.attributes = "{\"a\":\"" + std::string(1000, 'x') + "\"}";
      client::submit(world[0], {large}, ends.keep());
    }
    world.settle(0);
    std::vector<raft::Index> steps;
    for (bool busy = true; busy;) {
      while (world.run_lane(0, Lane::kLog)) {
      }
      const raft::Index before = world[0].applied();
      busy = world.run_lane(0, Lane::kSeries);
      if (world[0].applied() > before) steps.push_back(world[0].applied() - before);
    }
    EXPECT_EQ(ends.ends.size(), 40U);
    EXPECT_EQ(*std::max_element(steps.begin(), steps.end()), 8U) << "entries of a few bytes";
    EXPECT_LE(steps.back(), 3U) << "entries of a thousand bytes";
    EXPECT_GE(steps.size(), 20U / 8 + 20U / 3);
  }
}

TEST(Replica, a_write_that_fails_on_disk_ends_the_replica_and_answers_everybody) {
  World world(1);
  start_all(world);
  Ends ends;
  const FileSizeLimit limit(std::filesystem::file_size(world.log_path(0) + "-wal") + 1000);
  for (int i = 0; i < 10; ++i) client::submit(world[0], {entry(std::string(200, 'd'), i)}, ends.keep());
  world[0].settle();
  world.settle_everything();
  ASSERT_TRUE(world[0].failure());
  EXPECT_THAT(world[0].failure()->message, ::testing::HasSubstr(world.log_path(0)));
  ASSERT_EQ(ends.ends.size(), 10U);
  for (const client::WriteEnd& end : ends.ends) EXPECT_EQ(end.kind, client::WriteEnd::Kind::kUnknown);
  std::optional<bool> granted;
  client::submit(world[0], {entry("d", 1)}, ends.keep());
  world[0].read([&](bool ok, raft::Index) { granted = ok; });
  world[0].settle();
  EXPECT_EQ(granted, std::optional(false));
  ASSERT_EQ(ends.ends.size(), 11U);
  EXPECT_EQ(ends.ends[10].kind, client::WriteEnd::Kind::kNotLeader) << "this one never reached the log";
}

}  // namespace
}  // namespace timestore::replica::replica_test
