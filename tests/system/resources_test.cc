// What a node costs while nobody asks it for anything: the only place where durations are measured. Processor time is
// the process's own, so other load on the machine does not change it.
#include <gtest/gtest.h>
#include <unistd.h>

#include <sstream>
#include <string>

#include "tests/system/cluster.h"

namespace timestore::system {
namespace {

constexpr double kMaxCoreShare = 0.02;
constexpr std::int64_t kMaxResidentKib = 64 * 1024;
constexpr Clock::duration kInterval = 5s;

// User and system time, in seconds (proc(5): fields 14 and 15; the second, in parentheses, may hold blanks).
double processor_seconds(pid_t pid) {
  const std::string text = read_file("/proc/" + std::to_string(pid) + "/stat");
  std::istringstream fields(text.substr(text.rfind(')') + 1));
  std::string skipped;
  for (int field = 3; field < 14; ++field) fields >> skipped;
  long user = 0;
  long system = 0;
  fields >> user >> system;
  return static_cast<double>(user + system) / static_cast<double>(::sysconf(_SC_CLK_TCK));
}

TEST(Resources, an_idle_node_is_small_and_quiet) {
  Cluster cluster(3);
  cluster.start_all();
  const auto leader = cluster.await_leader();
  ASSERT_TRUE(leader);
  const Entry entry{.id = guid(1), .device = "boiler", .timestamp = timestamp_at(1), .value = 1, .attributes = {}};
  ASSERT_EQ(cluster.client(0).post("/api/timeseries", to_json(entry)).status, 200);
  ASSERT_TRUE(cluster.await_agreement());

  std::vector<double> before;
  for (std::size_t node = 0; node < 3; ++node) before.push_back(processor_seconds(cluster.process(node).pid()));
  const auto start = Clock::now();
  std::this_thread::sleep_for(kInterval);
  for (std::size_t node = 0; node < 3; ++node) {
    const pid_t pid = cluster.process(node).pid();
    const double used = processor_seconds(pid) - before[node];
    const double share = used / std::chrono::duration<double>(Clock::now() - start).count();
    const std::int64_t resident = resident_kib(pid);
    EXPECT_LT(share, kMaxCoreShare) << cluster.id(node);
    EXPECT_GT(resident, 0);
    EXPECT_LT(resident, kMaxResidentKib) << cluster.id(node);
    std::cout << cluster.id(node) << (node == *leader ? " (leader)" : "") << ": " << share * 100 << " % of a core, "
              << resident << " KiB\n";
  }
}

}  // namespace
}  // namespace timestore::system
