// What a node costs while nobody asks it for anything. It is counted, not timed: how often its threads wake up and how
// often they read or write a file, for each tick that passes. On a busy machine a tick passes all the same, and nobody
// wakes up more often.
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <iostream>
#include <map>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "tests/system/cluster.h"

namespace timestore::system::resources_test {
namespace {

constexpr Clock::duration kTick = 10ms;
constexpr int kTicks = 500;
constexpr double kMostWakeUps = 4;       // for each tick: the engine's thread, and what heartbeats set going
constexpr double kMostFileCalls = 0.1;   // for each tick: none, unless members must be elected anew
constexpr double kMostCoreShare = 0.25;  // only a thread that spins takes as much, and it would take all that it gets
constexpr std::int64_t kMaxResidentKib = 64 * 1024;

// The sum of the numbers behind these names in a file of proc(5).
std::int64_t sum_of(const std::string& path, const std::vector<std::string>& names) {
  std::istringstream words(read_file(path));
  std::int64_t sum = 0;
  for (std::string word; words >> word;) {
    std::int64_t number = 0;
    if (std::find(names.begin(), names.end(), word) != names.end() && words >> number) sum += number;
  }
  return sum;
}

struct Cost {
  std::map<std::string, std::int64_t> sleeps;  // how often each of its threads went to sleep by itself
  std::int64_t file_calls = 0;                 // of all that read or write, but for sockets
  double core_seconds = 0;
};

// The clock ticks are fields 14 and 15, the second, in parentheses, may hold blanks.
Cost cost_of(pid_t pid) {
  const std::string process = "/proc/" + std::to_string(pid);
  Cost cost;
  for (const auto& thread : std::filesystem::directory_iterator(process + "/task")) {
    cost.sleeps[thread.path().filename()] = sum_of(thread.path().string() + "/status", {"voluntary_ctxt_switches:"});
  }
  cost.file_calls = sum_of(process + "/io", {"syscr:", "syscw:"});
  const std::string text = read_file(process + "/stat");
  std::istringstream fields(text.substr(text.rfind(')') + 1));
  std::string skipped;
  for (int field = 3; field < 14; ++field) fields >> skipped;
  long user = 0;
  long system = 0;
  fields >> user >> system;
  cost.core_seconds = static_cast<double>(user + system) / static_cast<double>(::sysconf(_SC_CLK_TCK));
  return cost;
}

// Of the threads that live now; one that has ended took its number along.
std::int64_t wake_ups_between(const Cost& before, const Cost& after) {
  std::int64_t sum = 0;
  for (const auto& [thread, sleeps] : after.sleeps) {
    const auto then = before.sleeps.find(thread);
    sum += sleeps - (then == before.sleeps.end() ? 0 : then->second);
  }
  return sum;
}

TEST(Resources, an_idle_node_is_small_and_quiet) {
  Cluster cluster(3);
  cluster.set_further_flags(kPatientElections);
  cluster.start_all();
  const auto leader = cluster.await_leader();
  ASSERT_TRUE(leader);
  const Entry entry{.id = guid(1), .device = "boiler", .timestamp = timestamp_at(1), .value = 1, .attributes = {}};
  ASSERT_EQ(cluster.client(0).post("/api/timeseries", to_json(entry)).status, 200);
  ASSERT_TRUE(cluster.await_agreement());

  std::vector<Cost> before;
  const auto start = Clock::now();
  for (std::size_t node = 0; node < 3; ++node) before.push_back(cost_of(cluster.process(node).pid()));
  std::this_thread::sleep_for(kTicks * kTick);
  for (std::size_t node = 0; node < 3; ++node) {
    const pid_t pid = cluster.process(node).pid();
    const Cost after = cost_of(pid);
    const auto passed = std::chrono::duration<double>(Clock::now() - start);
    const double ticks = passed / kTick;
    const double wake_ups = static_cast<double>(wake_ups_between(before[node], after)) / ticks;
    const double file_calls = static_cast<double>(after.file_calls - before[node].file_calls) / ticks;
    const double core_share = (after.core_seconds - before[node].core_seconds) / passed.count();
    const std::int64_t resident = resident_kib(pid);
    EXPECT_GT(wake_ups, 0) << "they are not counted";
    EXPECT_LT(wake_ups, kMostWakeUps) << cluster.id(node);
    EXPECT_GT(after.file_calls, 0) << "they are not counted";
    EXPECT_LT(file_calls, kMostFileCalls) << cluster.id(node);
    EXPECT_LT(core_share, kMostCoreShare) << cluster.id(node);
    EXPECT_GT(resident, 0);
    EXPECT_LT(resident, kMaxResidentKib) << cluster.id(node);
    std::cout << cluster.id(node) << (node == *leader ? " (leader)" : "") << ": for each tick " << wake_ups
              << " wake-ups and " << file_calls << " reads and writes of files; " << core_share * 100
              << " % of a core, " << resident << " KiB\n";
  }
}

// Sixteen mebibytes of entries, of which the last is none: all is parsed, and nothing stored.
std::string large_batch() {
  constexpr std::size_t kBytes = (std::size_t{16} << 20) - 1024;
  const std::string attributes = R"({"note":")" + std::string(100, 'x') + R"("})";  // fewer than 100,000 entries
  std::string body = "[";
  for (std::uint64_t number = 1; body.size() < kBytes; ++number) {
    body += to_json(Entry{
        .id = guid(number), .device = "boiler", .timestamp = timestamp_at(1), .value = 1, .attributes = attributes});
    body += ',';
  }
  return body + "{}]";
}

TEST(Resources, memory_comes_back_after_many_large_bodies_at_once) {
  constexpr int kBodies = 16;
  Cluster cluster(1);
  cluster.start_all();
  ASSERT_TRUE(cluster.await_leader());
  const pid_t pid = cluster.process(0).pid();
  const std::int64_t before = resident_kib(pid);
  const std::string body = large_batch();
  std::vector<std::thread> clients;
  for (int i = 0; i < kBodies; ++i) {
    clients.emplace_back([&] {
      const int status = cluster.client(0).post("/api/timeseries", body).status;
      EXPECT_TRUE(status == 400 || status == 503) << status;
    });
  }
  for (std::thread& client : clients) client.join();
  const std::int64_t at_once = resident_kib(pid);
  const auto is_back = [&] { return resident_kib(pid) <= before + kMaxResidentKib; };
  EXPECT_TRUE(await(is_back)) << resident_kib(pid) - before << " KiB more than before";
  std::cout << before << " KiB before, " << at_once << " just after, " << resident_kib(pid) << " in the end\n";
}

}  // namespace
}  // namespace timestore::system::resources_test
