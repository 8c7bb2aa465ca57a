// What clients do when they are slowly answered.
#include "sim/clients/workload.h"

#include <gtest/gtest.h>

#include "sim/run/swarm.h"
#include "sim/world/world.h"

namespace timestore::sim {
namespace {

TEST(Workload, a_probe_is_not_repeated_while_it_waits_for_its_answer) {
  Choices choices(std::vector<Choice>{});  // a calm world
  const Swarm swarm = draw_swarm({.nodes = 1}, choices);
  World world(swarm.world, choices, nullptr);
  Workload workload(world, nullptr, swarm.load, choices);
  world.start_all();
  while (!world.cluster().leader()) ASSERT_TRUE(world.run_next());

  const Time stalled = 10 * swarm.load.patience;
  world.stall_disk(0, stalled);
  workload.probe();
  const Time end = world.now() + 2 * stalled;
  while (workload.probes_left() > 0 && world.now() < end) ASSERT_TRUE(world.run_next());
  EXPECT_EQ(workload.probes_left(), 0U);
  EXPECT_GT(world.now(), stalled);
  EXPECT_EQ(workload.writes(), swarm.load.clients);
}

}  // namespace
}  // namespace timestore::sim
