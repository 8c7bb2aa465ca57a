#include "net/node/lane_thread.h"

#include <gtest/gtest.h>

#include <future>
#include <vector>

namespace timestore::net {
namespace {

TEST(LaneThreads, jobs_of_a_lane_run_in_order_and_their_ends_come_back) {
  SerialThread home;
  LaneThreads lanes([&](std::function<void()> done) { home.post(std::move(done)); });
  std::vector<int> worked;  // by the lane's one thread
  std::vector<int> ended;   // by home's one thread
  std::promise<void> all;
  for (int i = 0; i < 1000; ++i) {
    lanes.run(replica::Lane::kLog, {.work = [&, i] { worked.push_back(i); },
                                    .done =
                                        [&, i] {
                                          ended.push_back(i);
                                          if (i == 999) all.set_value();
                                        }});
  }
  all.get_future().wait();
  lanes.stop();
  home.stop();
  ASSERT_EQ(worked.size(), 1000U);
  EXPECT_EQ(worked, ended);
  EXPECT_TRUE(std::is_sorted(worked.begin(), worked.end()));
}

TEST(LaneThreads, one_lane_does_not_wait_for_the_other) {
  LaneThreads lanes([](std::function<void()> done) { done(); });
  std::promise<void> release;
  auto released = release.get_future().share();
  std::promise<void> series_done;
  lanes.run(replica::Lane::kLog, {.work = [released] { released.wait(); }, .done = [] {}});
  lanes.run(replica::Lane::kSeries, {.work = [] {}, .done = [&] { series_done.set_value(); }});
  series_done.get_future().wait();
  release.set_value();
  lanes.stop();
}

TEST(SerialThread, what_is_queued_when_it_stops_still_runs) {
  int ran = 0;
  {
    SerialThread thread;
    for (int i = 0; i < 100; ++i) thread.post([&] { ++ran; });
    thread.stop();
  }
  EXPECT_EQ(ran, 100);
}

}  // namespace
}  // namespace timestore::net
