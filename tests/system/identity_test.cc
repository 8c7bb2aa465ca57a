// The same entry written again is stored once; another entry under its id is refused. For ever, and on any node.
#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "tests/system/cluster.h"

namespace timestore::system::identity_test {
namespace {

Entry entry_with_id(std::uint64_t number) {
  return {.id = guid(number), .device = "boiler", .timestamp = timestamp_at(7), .value = 21.5, .attributes = {}};
}

class SameId : public ::testing::Test {
 protected:
  SameId() : cluster_(3) { cluster_.start_all(); }

  // Retries what is unknown, as a client would, for as long as an election may take.
  Answer write(std::size_t node, const Entry& entry) {
    Answer answer;
    Client client = cluster_.client(node);
    EXPECT_TRUE(await([&] {
      answer = client.post(kSeries, to_json(entry));
      return answer.status != 503 && answer.status != 0;
    })) << cluster_.id(node);
    return answer;
  }

  void expect_stored_once(const Entry& entry) {
    ASSERT_TRUE(cluster_.await_agreement());
    for (std::size_t node = 0; node < cluster_.size(); ++node) {
      if (!cluster_.is_running(node)) continue;
      EXPECT_EQ(entries_in(cluster_.content_of(node)), std::vector{entry}) << cluster_.id(node);
    }
  }

  void expect_conflict(std::size_t node, const Entry& entry) {
    const Answer answer = write(node, entry);
    EXPECT_EQ(answer.status, 409) << cluster_.id(node) << ": " << answer;
    EXPECT_EQ(answer.header("Content-Type"), "application/problem+json");
    EXPECT_EQ(Json(answer.body).integer("/status"), 409) << answer;
    EXPECT_TRUE(Json(answer.body).text("/title")) << answer;
    EXPECT_TRUE(Json(answer.body).text("/detail")) << answer;
  }

  Cluster cluster_;
};

TEST_F(SameId, the_same_id_is_stored_once) {
  ASSERT_TRUE(cluster_.await_leader());
  const Entry entry = entry_with_id(1);
  for (const std::size_t node : {0U, 1U, 2U, 0U, 1U, 2U}) {
    const Answer answer = write(node, entry);
    EXPECT_EQ(answer.status, 200) << answer;
    EXPECT_EQ(entry_in(answer.body), entry);
  }
  expect_stored_once(entry);
}

TEST_F(SameId, other_content_under_a_stored_id_is_a_conflict) {
  ASSERT_TRUE(cluster_.await_leader());
  const Entry entry = entry_with_id(1);
  ASSERT_EQ(write(0, entry).status, 200);
  for (std::size_t node = 0; node < cluster_.size(); ++node) {
    Entry other = entry;
    other.value = 22;
    expect_conflict(node, other);
    other = entry;
    other.device = "kettle";
    expect_conflict(node, other);
    other = entry;
    other.timestamp = timestamp_at(8);
    expect_conflict(node, other);
    other = entry;
    other.attributes = R"({"room":"attic"})";
    expect_conflict(node, other);
  }
  expect_stored_once(entry);
}

TEST_F(SameId, many_clients_that_write_it_at_once_are_all_told_yes) {
  ASSERT_TRUE(cluster_.await_leader());
  const Entry entry = entry_with_id(1);
  std::atomic<int> accepted = 0;
  std::vector<std::thread> writers;
  for (std::size_t number = 0; number < 16; ++number) {
    writers.emplace_back([&, number] {
      const Answer answer = write(number % cluster_.size(), entry);
      if (answer.status == 200 && entry_in(answer.body) == entry) ++accepted;
    });
  }
  for (std::thread& writer : writers) writer.join();
  EXPECT_EQ(accepted, 16);
  expect_stored_once(entry);
}

TEST_F(SameId, of_many_clients_with_different_content_one_wins) {
  ASSERT_TRUE(cluster_.await_leader());
  std::atomic<int> accepted = 0;
  std::atomic<int> refused = 0;
  std::vector<std::thread> writers;
  for (std::size_t number = 0; number < 16; ++number) {
    writers.emplace_back([&, number] {
      Entry entry = entry_with_id(1);
      entry.value = static_cast<double>(number);
      const Answer answer = write(number % cluster_.size(), entry);
      if (answer.status == 200) ++accepted;
      if (answer.status == 409) ++refused;
    });
  }
  for (std::thread& writer : writers) writer.join();
  EXPECT_EQ(accepted, 1);
  EXPECT_EQ(refused, 15);
  ASSERT_TRUE(cluster_.await_agreement());
  EXPECT_EQ(entries_in(cluster_.content_of(0)).size(), 1U);
}

TEST_F(SameId, a_new_leader_and_a_restarted_cluster_remember) {
  const auto leader = cluster_.await_leader();
  ASSERT_TRUE(leader);
  const Entry entry = entry_with_id(1);
  Entry other = entry;
  other.value = -1;
  ASSERT_EQ(write(*leader, entry).status, 200);

  cluster_.kill9(*leader);
  const std::size_t survivor = cluster_.follower_of(*leader);
  EXPECT_EQ(write(survivor, entry).status, 200);
  expect_conflict(survivor, other);
  expect_stored_once(entry);

  cluster_.kill9_all();
  cluster_.start_all();
  EXPECT_EQ(write(*leader, entry).status, 200);
  expect_conflict(*leader, other);
  expect_stored_once(entry);
}

// What a client does after a 503: it sends the entry again with the id that it was told, or had.
TEST_F(SameId, an_id_that_the_server_gave_is_remembered_like_any_other) {
  ASSERT_TRUE(cluster_.await_leader());
  Entry entry = entry_with_id(1);
  entry.id.clear();
  const Answer first = write(0, entry);
  ASSERT_EQ(first.status, 200) << first;
  entry.id = entry_in(first.body).id;
  ASSERT_EQ(entry.id.size(), 36U);

  EXPECT_EQ(write(1, entry).body, first.body);
  Entry other = entry;
  other.value = -1;
  expect_conflict(2, other);
  expect_stored_once(entry);
}

}  // namespace
}  // namespace timestore::system::identity_test
