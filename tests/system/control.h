// What this machine itself does to clients meanwhile: a cluster of one, to which nothing happens, and a client that
// writes to it. When the machine is busy or its disk stands still, this client has to wait, too; so whoever promises
// something within a time is given so much more.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>

#include "tests/system/cluster.h"
#include "tests/system/workload.h"

namespace timestore::system {

class Control {
 public:
  Control() {
    cluster_.start_all();
    workload_.start();
    static_cast<void>(allowance());  // it has begun
  }

  // What clients of other clusters may have had to wait since the last call, beyond what was promised to them: next to
  // nothing on a machine that is never late.
  Clock::duration allowance() {
    EXPECT_TRUE(workload_.await_more(1)) << "the control itself does not work";
    return std::min<Clock::duration>(kTimes * workload_.longest_gap(), kMost);
  }

 private:
  // Several nodes are late one after another, and who is late may be deposed.
  static constexpr int kTimes = 5;
  static constexpr Clock::duration kMost = std::chrono::seconds(8);

  Cluster cluster_{1};
  Workload workload_{{cluster_.port(0)}, 1};
};

}  // namespace timestore::system
