// What a node may well hold, and the first byte that is too much.
#include "sim/world/bounds.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <string_view>

namespace timestore::sim {
namespace {

constexpr std::uint64_t kWalPage = 4120;
constexpr std::uint64_t kLogWal = 2 * 1024 * kWalPage;  // it begins anew when it has half of that
constexpr std::uint64_t kSeriesWal = 2 * 4096 * kWalPage;
constexpr std::uint64_t kBesideContent = 8 * 4120;  // pages that a transaction writes beside its rows

// A cluster of one node, which leads.
class Bounds : public testing::Test {
 protected:
  void start() {
    ASSERT_TRUE(cluster().start(0).has_value());
    while (!cluster().leader()) {
      cluster()[0].tick();
      settle();
    }
  }
  Cluster& cluster() {
    if (!cluster_) cluster_ = std::make_unique<Cluster>(options, choices_, pacer_);
    return *cluster_;
  }
  void settle() {
    cluster().settle(0);
    while (cluster().run_lane(0, Lane::kLog) || cluster().run_lane(0, Lane::kSeries)) continue;
  }
  // What the rule says when a file has this size.
  std::string with(std::string_view path, std::uint64_t size_bytes) {
    Disk& disk = cluster().disk(0);
    EXPECT_TRUE(disk.truncate(disk.open(path, false).value(), size_bytes));
    const auto broken = broken_bound_of_files(cluster(), 0, options);
    return broken ? broken->rule : "";
  }

  ClusterOptions options{.size = 1, .raft = {}};

 private:
  Choices choices_{1};
  Pacer pacer_;
  std::unique_ptr<Cluster> cluster_;
};

TEST_F(Bounds, the_log_may_write_at_once_whatever_a_leader_may_let_wait) {
  start();
  const std::uint64_t most = kLogWal + 2 * options.max_waiting_bytes + kBesideContent;
  EXPECT_EQ(with("log.db-wal", most), "");
  EXPECT_EQ(with("log.db-wal", most + 1), "the log's write-ahead log is bounded");
}

TEST_F(Bounds, the_series_file_may_apply_at_once_whatever_a_leader_may_let_wait) {
  start();
  const std::uint64_t most = kSeriesWal + 2 * options.max_waiting_bytes + kBesideContent;
  EXPECT_EQ(with("series.db-wal", most), "");
  EXPECT_EQ(with("series.db-wal", most + 1), "the series' write-ahead log is bounded");
}

TEST_F(Bounds, the_series_file_may_apply_groups_of_a_size_of_their_own) {
  options.max_waiting_bytes = 20'000;
  start();
  const std::uint64_t most = kSeriesWal + (1 << 22);
  EXPECT_EQ(with("series.db-wal", most), "");
  EXPECT_EQ(with("series.db-wal", most + 1), "the series' write-ahead log is bounded");
}

TEST_F(Bounds, while_somebody_reads_the_series_file_may_keep_everything) {
  start();
  cluster().begin_slow_read(0);
  EXPECT_EQ(with("series.db-wal", 3 * kSeriesWal), "");
  cluster().end_slow_read(0);
  EXPECT_EQ(with("series.db-wal", 3 * kSeriesWal), "") << "it keeps its size";
}

TEST_F(Bounds, the_cache_holds_what_is_not_on_disk_and_what_each_entry_costs) {
  options.cache_bytes = 2'000;
  start();
  for (int number = 0; number < 100; ++number) {
    TimeEntry entry;
    entry.device_id = "a";
    client::submit(cluster()[0], {entry}, [](const client::WriteEnd&) {});
  }
  cluster().settle(0);  // and its disk does nothing
  const raft::Trail& trail = cluster().core(0).trail;
  std::uint64_t payloads = 0;
  for (raft::Index index = trail.last_index() - 99; index <= trail.last_index(); ++index) {
    payloads += trail.size_bound_bytes(index);
  }
  EXPECT_GT(cluster()[0].cached_bytes(), options.cache_bytes + payloads);
  const auto broken = broken_bound_of_memory(cluster(), 0, options);
  EXPECT_FALSE(broken) << broken->rule << ": " << broken->detail;
}

}  // namespace
}  // namespace timestore::sim
