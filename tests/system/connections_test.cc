// Clients that do nothing, or nearly nothing, keep nobody else from being served, and do not stay for ever.
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <atomic>
#include <fstream>
#include <memory>
#include <thread>
#include <vector>

#include "tests/system/cluster.h"

namespace timestore::system::connections_test {
namespace {

constexpr std::size_t kCrowd = 500;

// For this process alone: the nodes are started before, with the limit that they get from anybody.
void allow_many_descriptors() {
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

class Crowd {
 public:
  explicit Crowd(int port) {
    for (std::size_t number = 0; number < kCrowd; ++number) members_.push_back(std::make_unique<RawConnection>(port));
  }

  std::size_t connected() const {
    std::size_t count = 0;
    for (const auto& member : members_) count += member->is_open() ? 1U : 0U;
    return count;
  }

  // Sends one byte of a request's head on every connection; those that were closed meanwhile are left alone.
  void trickle(std::size_t position) {
    static const std::string kHead =
        "GET /api/timeseries HTTP/1.1\r\nHost: trickle\r\nX-Slow: " + std::string(8000, 's');
    for (const auto& member : members_) member->send(kHead.substr(position % kHead.size(), 1));
  }

 private:
  std::vector<std::unique_ptr<RawConnection>> members_;
};

TEST(Connections, a_crowd_of_idle_and_trickling_ones_keeps_nobody_from_being_served) {
  Cluster cluster(3);
  cluster.set_further_flags(kPatientElections);
  cluster.start_all();
  const auto leader = cluster.await_leader();
  ASSERT_TRUE(leader);
  allow_many_descriptors();
  const Crowd idle(cluster.port(*leader));
  Crowd trickling(cluster.port(*leader));
  ASSERT_EQ(idle.connected() + trickling.connected(), 2 * kCrowd);

  std::atomic<bool> stopping = false;
  std::thread dripping([&] {
    for (std::size_t position = 0; !stopping; ++position) {
      trickling.trickle(position);
      std::this_thread::sleep_for(kPollInterval);
    }
  });
  // New clients, each with a connection of its own, on the crowded node and through another one.
  for (std::uint64_t number = 1; number <= 30; ++number) {
    const Entry entry{
        .id = guid(number), .device = "boiler", .timestamp = timestamp_at(1), .value = 1, .attributes = {}};
    const std::size_t node = number % 2 == 0 ? *leader : cluster.follower_of(*leader);
    EXPECT_EQ(cluster.client(node).post(kSeries, to_json(entry)).status, 200);
    EXPECT_EQ(entries_in(cluster.client(node).get(kSeries).body).size(), number);
  }
  EXPECT_EQ(cluster.await_leader(), leader) << "the crowd has cost it its leadership";
  stopping = true;
  dripping.join();
}

int threads_of(pid_t pid) {
  std::ifstream status("/proc/" + std::to_string(pid) + "/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with("Threads:")) return std::stoi(line.substr(8));
  }
  return -1;
}

TEST(Connections, ten_thousand_writes_wait_for_their_quorum_without_a_thread_each) {
  constexpr std::size_t kWrites = 10'000;
  Cluster cluster(3);
  cluster.set_further_flags(kPatientElections);
  cluster.start_all();
  const auto leader = cluster.await_leader();
  ASSERT_TRUE(leader);
  const pid_t pid = cluster.process(*leader).pid();
  for (std::size_t node = 0; node < 3; ++node) {
    if (node != *leader) cluster.pause(node);
  }
  allow_many_descriptors();
  const int before = threads_of(pid);
  std::vector<std::unique_ptr<RawConnection>> writes;
  for (std::size_t number = 0; number < kWrites; ++number) {
    const std::string entry =
        R"({"deviceId":"d)" + std::to_string(number) + R"(","timestamp":"2026-01-01T00:00:00Z","value":1})";
    writes.push_back(std::make_unique<RawConnection>(cluster.port(*leader)));
    ASSERT_TRUE(
        writes.back()->send("POST /api/timeseries HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
                            "Content-Type: application/json\r\nContent-Length: " +
                            std::to_string(entry.size()) + "\r\n\r\n" + entry))
        << number;
  }
  // While they wait, others are served, and nobody has a thread of his own.
  EXPECT_EQ(cluster.client(*leader).get(kSeries + std::string("?level=none")).status, 200);
  EXPECT_LE(threads_of(pid), before + 4);
  // Each is told at its deadline that it is not known, or certain not to be, stored.
  for (std::size_t number = 0; number < kWrites; ++number) {
    const auto answer = writes[number]->read_to_end();
    ASSERT_TRUE(answer) << number;
    ASSERT_TRUE(answer->starts_with("HTTP/1.1 503 ")) << *answer;
  }
  for (std::size_t node = 0; node < 3; ++node) {
    if (node != *leader) cluster.resume(node);
  }
  ASSERT_TRUE(cluster.await_leader());
  const Entry entry{.id = guid(1), .device = "boiler", .timestamp = timestamp_at(1), .value = 1, .attributes = {}};
  EXPECT_EQ(cluster.client(*leader).post(kSeries, to_json(entry)).status, 200);
}

TEST(Connections, half_a_request_is_closed) {
  Cluster cluster(1);
  cluster.start_all();
  ASSERT_TRUE(cluster.await_leader());
  const std::string post = "POST /api/timeseries HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n";
  const std::vector<std::string> halves = {"GET /api/timeser", post,
                                           post + "Content-Length: 100\r\n\r\n{\"deviceId\":"};
  std::vector<std::unique_ptr<RawConnection>> connections;
  for (const std::string& half : halves) {
    connections.push_back(std::make_unique<RawConnection>(cluster.port(0)));
    ASSERT_TRUE(connections.back()->send(half));
  }
  for (std::size_t number = 0; number < halves.size(); ++number) {
    const auto answer = connections[number]->read_to_end();
    ASSERT_TRUE(answer) << "still open: " << halves[number];
    EXPECT_TRUE(answer->empty() || answer->starts_with("HTTP/1.1 408 ")) << *answer;
  }
  EXPECT_EQ(cluster.content_of(0), "[]");
}

}  // namespace
}  // namespace timestore::system::connections_test
