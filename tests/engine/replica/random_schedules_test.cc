// Random schedules of whole replicas: crashes, cuts, lost and reordered messages, lanes that lag; every acknowledged
// entry must be on every node once after healing, with equal state hashes.
#include <gtest/gtest.h>

#include <map>
#include <string>

#include "engine/base/prng.h"
#include "tests/engine/replica/small_world.h"
#include "tests/engine/replica/writes.h"

namespace timestore::replica::random_schedules_test {
namespace {

using testing::entry;
using testing::guid;

void run_schedule(std::uint64_t seed) {
  SCOPED_TRACE("seed " + std::to_string(seed));
  Prng prng(seed);
  testing::SmallWorld world(1 + 2 * prng.below(3), seed);
  for (std::size_t number = 0; number < world.size(); ++number) ASSERT_TRUE(world.start(number));
  std::map<Guid, TimeEntry> acknowledged;
  std::uint64_t next_id = 0;
  for (int step = 0; step < 1500; ++step) {
    const std::size_t number = prng.below(world.size());
    const std::uint64_t what = prng.below(100);
    if (what < 35) {
      if (world.messages() > 0) (void)world.deliver(prng.chance(3, 4) ? 0 : prng.below(world.messages()));
    } else if (what < 50) {
      (void)world.run_lane(number, Lane::kLog);
    } else if (what < 62) {
      (void)world.run_lane(number, Lane::kSeries);
    } else if (what < 80) {
      if (world.is_up(number)) world[number].tick();
      world.settle(number);
    } else if (what < 94) {
      if (!world.is_up(number)) continue;
      const Guid id = prng.chance(1, 2) ? guid(prng.chance(1, 8) ? next_id : ++next_id) : Guid{};
      const double value = id.is_nil() ? -1.0 : static_cast<double>(id.bytes[15]);
      client::submit(world[number], {entry("d" + std::to_string(prng.below(3)), value, id)}, [&](client::WriteEnd end) {
        if (end.kind != client::WriteEnd::Kind::kApplied) return;
        if (end.result.outcome != ApplyResult::Outcome::kStored) return;
        acknowledged.emplace(end.entries[0].id, end.entries[0]);
      });
      world.settle(number);
    } else if (what < 96) {
      if (world.messages() > 0) world.drop(prng.below(world.messages()));
    } else if (what < 97) {
      world.crash(number);
    } else if (what < 99) {
      if (!world.is_up(number)) {
        ASSERT_TRUE(world.start(number));
      }
    } else {
      world.cut(number, prng.chance(1, 3));
    }
  }
  for (std::size_t number = 0; number < world.size(); ++number) {
    world.cut(number, false);
    if (!world.is_up(number)) {
      ASSERT_TRUE(world.start(number));
    }
  }
  ASSERT_TRUE(world.elect());
  for (int i = 0; i < 30; ++i) {
    for (std::size_t number = 0; number < world.size(); ++number) world[number].tick();
    world.settle_everything();
  }
  const auto expected = world.stored(0);
  std::map<Guid, TimeEntry> by_id;
  for (const TimeEntry& stored : expected) EXPECT_TRUE(by_id.emplace(stored.id, stored).second) << "stored twice";
  for (const auto& [id, entry] : acknowledged) {
    ASSERT_TRUE(by_id.contains(id)) << "an acknowledged entry is lost: " << id.text();
    EXPECT_TRUE(same_content(by_id[id], entry));
  }
  for (std::size_t number = 1; number < world.size(); ++number) {
    EXPECT_EQ(world.stored(number), expected);
    EXPECT_EQ(world[number].status().state_hash, world[0].status().state_hash);
  }
}

TEST(Replica, no_acknowledged_entry_is_lost_in_random_schedules) {
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    run_schedule(seed);
    if (::testing::Test::HasFailure()) return;
  }
}

}  // namespace
}  // namespace timestore::replica::random_schedules_test
