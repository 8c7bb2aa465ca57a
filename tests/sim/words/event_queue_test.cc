// Virtual time, and the actions that it orders.
#include "sim/words/event_queue.h"

#include <gtest/gtest.h>

#include <array>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace timestore::sim {
namespace {

TEST(EventQueue, events_happen_in_the_order_of_their_moments_and_then_as_they_were_planned) {
  EventQueue queue;
  std::vector<std::pair<Time, int>> happened;
  const auto plan = [&](Time delay, int name) {
    queue.after(delay, [&happened, &queue, name] { happened.emplace_back(queue.now(), name); });
  };
  plan(30, 1);
  plan(10, 2);
  plan(30, 3);
  plan(0, 4);
  queue.after(10, [&] {
    plan(0, 5);
    plan(20, 6);
    plan(5, 7);
  });
  while (!queue.empty()) queue.run_next();
  EXPECT_EQ(happened, (decltype(happened){{0, 4}, {10, 2}, {10, 5}, {15, 7}, {30, 1}, {30, 3}, {30, 6}}));
  EXPECT_EQ(queue.events(), 8U);
}

// What an action carries ends once, whether it happens or the queue ends before.
TEST(EventQueue, what_actions_carry_is_neither_lost_nor_kept) {
  const auto carried = std::make_shared<std::string>("carried");
  int happened = 0;
  {
    EventQueue queue;
    for (Time delay = 0; delay < 100; ++delay) {
      const std::array<int, 20> much = {1};  // more than an action has room for
      queue.after(delay % 7, [&happened, carried] { happened += carried->size() == 7 ? 1 : 0; });
      queue.after(delay % 7, [&happened, carried, much] { happened += much[0]; });
      queue.after(delay % 7, [&happened, only = std::make_unique<int>(1), carried] { happened += *only; });
      if (delay % 3 == 0) queue.run_next();
    }
    EXPECT_EQ(carried.use_count(), 1 + 300 - happened);
    EXPECT_EQ(happened, 34);
  }
  EXPECT_EQ(carried.use_count(), 1);
}

TEST(Action, is_moved_as_a_whole) {
  const auto carried = std::make_shared<int>(0);
  Action first = [carried] { ++*carried; };
  Action second = [carried] { *carried += 10; };
  second = std::move(first);
  EXPECT_EQ(carried.use_count(), 2) << "what it was before has ended";
  Action third = std::move(second);
  third();
  third();
  EXPECT_EQ(*carried, 2);
  third = Action();
  EXPECT_EQ(carried.use_count(), 1);
}

}  // namespace
}  // namespace timestore::sim
