// A disk that fills up under a running node: writes are refused with a reason, reads of what is there go on, and when
// there is space again so do the writes, without a restart. Nothing that was acknowledged is lost.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <sys/mount.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>

#include "tests/system/cluster.h"
#include "tests/system/workload.h"

namespace timestore::system::full_disk_test {
namespace {

using ::testing::HasSubstr;

constexpr std::size_t kWriters = 4;

// A small disk in memory over a folder, seen by this process and its children alone: however they end, it goes with
// them.
class SmallDisk {
 public:
  explicit SmallDisk(std::string folder) : folder_(std::move(folder)), complaint_(mount()) {}
  ~SmallDisk() {
    if (complaint_.empty()) ::umount2(folder_.c_str(), MNT_DETACH);  // a node may hold files of it open
  }
  SmallDisk(const SmallDisk&) = delete;
  SmallDisk& operator=(const SmallDisk&) = delete;

  const std::string& complaint() const { return complaint_; }  // why there is none; empty: there is

  void fill() const {
    std::ofstream file(ballast(), std::ios::binary);
    const std::string block(4096, 'x');
    while (file.write(block.data(), static_cast<std::streamsize>(block.size())).flush()) {
    }
  }
  void make_room() const { std::filesystem::remove(ballast()); }

 private:
  std::string mount() const {
    if (::unshare(CLONE_NEWNS) != 0) return complain("a mount namespace of its own");
    if (::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) return complain("private mounts");
    if (::mount("timestore", folder_.c_str(), "tmpfs", 0, "size=64m") != 0) return complain("a tmpfs");
    return "";
  }
  static std::string complain(const std::string& what) {
    return "This process may not have " + what + ": " + std::strerror(errno) + ".";
  }
  std::string ballast() const { return folder_ + "/ballast"; }

  const std::string folder_;
  const std::string complaint_;
};

TEST(FullDisk, refuses_writes_with_a_reason_and_takes_them_again_when_there_is_room) {
  Cluster cluster(1);
  const SmallDisk disk(cluster.folder(0));
  if (!disk.complaint().empty()) GTEST_SKIP() << disk.complaint();
  cluster.start_all();
  ASSERT_TRUE(cluster.await_leader());
  Workload workload(cluster.ports(), kWriters);
  workload.start();
  ASSERT_TRUE(workload.await_more(200));

  disk.fill();
  // What the files have room for is still taken, and what fills them up is in doubt; from then on it is certain.
  const Entry probe{.id = guid(1), .device = "probe", .timestamp = timestamp_at(1), .value = 1, .attributes = {}};
  Client client = cluster.client(0);
  Answer refused;
  ASSERT_TRUE(await([&] {
    refused = client.post(kSeries, to_json(probe));
    return refused.status == 503 && refused.body.find("disk is full") != std::string::npos;
  })) << refused;
  EXPECT_NE(refused.header("Retry-After"), "");
  EXPECT_THAT(Json(refused.body).text("/detail").value_or(""), HasSubstr("Nothing was stored"));
  const Answer own = client.get(std::string(kSeries) + "?level=none");
  EXPECT_EQ(own.status, 200) << own;
  EXPECT_GE(entries_in(own.body).size(), 200U);
  EXPECT_TRUE(cluster.is_running(0));

  disk.make_room();
  ASSERT_TRUE(await([&] { return client.post(kSeries, to_json(probe)).status == 200; }));
  ASSERT_TRUE(workload.await_more(200)) << "the writers do not get on";
  EXPECT_THAT(cluster.log(0),
              ::testing::AllOf(HasSubstr("The disk is full."), HasSubstr("There is room on the disk again")));
  workload.stop();
  Ledger ledger = workload.ledger();
  ledger.acknowledged.push_back(probe);
  expect_every_promise_kept(cluster, ledger, "with room again");
  cluster.kill9(0);
  cluster.start(0);
  expect_every_promise_kept(cluster, ledger, "after a restart");
  cluster.kill9(0);
}

}  // namespace
}  // namespace timestore::system::full_disk_test
