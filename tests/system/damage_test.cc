// A disk that gives back something else than was written. A node whose files are damaged says so, by name, and does not
// start; it neither guesses nor repairs, for what it would lose may have been promised.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <algorithm>
#include <filesystem>

#include "tests/system/cluster.h"

namespace timestore::system::damage_test {
namespace {

using ::testing::HasSubstr;

constexpr std::size_t kVictim = 1;

class Damage : public ::testing::Test {
 protected:
  Damage() : cluster_(3) {
    cluster_.start_all();
    EXPECT_TRUE(cluster_.await_leader());
    Client client = cluster_.client(0);
    for (std::uint64_t number = 1; number <= 300; ++number) {
      entries_.push_back({.id = guid(number),
                          .device = "a-device-with-a-name",
                          .timestamp = timestamp_at(static_cast<int>(number)),
                          .value = 1,
                          .attributes = {}});
      EXPECT_EQ(client.post(kSeries, to_json(entries_.back())).status, 200);
    }
    EXPECT_TRUE(cluster_.await_agreement());
  }

  void stop_victim() {
    cluster_.process(kVictim).send_signal(SIGTERM);
    ASSERT_EQ(cluster_.process(kVictim).await_exit(), 0);
  }

  std::string log_file() const {
    const std::filesystem::path database = cluster_.database(kVictim);
    return (database.parent_path() / database.stem()).string() + ".raft.db";
  }

  // Requires that the node does not run. The files must be as they were, whatever the node thinks of them.
  void expect_refusal_that_names(const std::string& path) {
    const std::string before = read_file(path);
    const Outcome outcome = run_to_end(cluster_.command(kVictim).arguments);
    ASSERT_TRUE(outcome.status) << "it runs on a damaged file";
    EXPECT_EQ(*outcome.status, 78) << "no restart cures that: " << outcome.error;
    EXPECT_THAT(outcome.error, HasSubstr(path));
    EXPECT_THAT(outcome.error, ::testing::ContainsRegex("damaged|corrupt|malformed|checksum")) << outcome.error;
    EXPECT_TRUE(read_file(path) == before) << path << " was changed";
  }

  void expect_the_others_to_go_on() {
    ASSERT_TRUE(cluster_.await_leader());
    EXPECT_EQ(entries_in(cluster_.client(0).get(kSeries).body), entries_);
  }

  Cluster cluster_;
  std::vector<Entry> entries_;
};

TEST_F(Damage, a_flipped_byte_in_an_entry_of_the_log_is_found) {
  stop_victim();
  std::string content = read_file(log_file());
  const std::string command = "a-device-with-a-name";
  const std::size_t place = content.find(command, content.size() / 2);
  ASSERT_NE(place, std::string::npos) << "the log holds no commands after it was closed";
  for (std::size_t n = 0; n < 4; ++n) content[place + n] = static_cast<char>(content[place + n] ^ 0x55);
  write_file(log_file(), content);
  expect_refusal_that_names(log_file());
  expect_the_others_to_go_on();
}

TEST_F(Damage, a_page_of_zeros_in_the_log_is_found) {
  stop_victim();
  std::string content = read_file(log_file());
  const std::size_t page = content.size() / 2 / 4096 * 4096;
  std::fill_n(content.begin() + static_cast<std::ptrdiff_t>(page), 4096, '\0');
  write_file(log_file(), content);
  expect_refusal_that_names(log_file());
}

TEST_F(Damage, a_log_cut_in_half_is_found) {
  stop_victim();
  const std::string content = read_file(log_file());
  write_file(log_file(), content.substr(0, content.size() / 2));
  expect_refusal_that_names(log_file());
}

TEST_F(Damage, a_series_file_without_its_head_is_found) {
  stop_victim();
  std::string content = read_file(cluster_.database(kVictim));
  std::fill_n(content.begin(), 100, 'x');
  write_file(cluster_.database(kVictim), content);
  expect_refusal_that_names(cluster_.database(kVictim));
}

// The log is the promise. A node that has lost it, but kept its series, must not vote and acknowledge as if it were
// new.
TEST_F(Damage, a_log_that_is_gone_beside_a_series_that_is_not_is_found) {
  stop_victim();
  std::filesystem::remove(log_file());
  const std::string series = cluster_.database(kVictim);
  const std::string before = read_file(series);
  const Outcome outcome = run_to_end(cluster_.command(kVictim).arguments);
  ASSERT_TRUE(outcome.status) << "it runs as if it had never promised anything";
  EXPECT_GT(*outcome.status, 0);
  EXPECT_TRUE(read_file(series) == before) << series << " was changed";
}

// What a power cut leaves behind of a write that nobody was told of.
TEST_F(Damage, a_torn_tail_of_the_last_write_is_no_damage) {
  cluster_.kill9(kVictim);
  const std::string tail = log_file() + "-wal";
  ASSERT_TRUE(std::filesystem::exists(tail));
  write_file(tail, read_file(tail) + std::string(2000, '\x5a'));
  cluster_.start(kVictim);
  ASSERT_TRUE(cluster_.await_leader());
  ASSERT_TRUE(cluster_.await_agreement());
  EXPECT_EQ(entries_in(cluster_.content_of(kVictim)), entries_);
}

}  // namespace
}  // namespace timestore::system::damage_test
