// A cluster grows, shrinks, and loses and replaces nodes while clients write; and what becomes of nodes that have been
// removed, that have lost their disk, or that alone are left.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <utility>

#include "tests/system/cluster.h"
#include "tests/system/workload.h"

namespace timestore::system::membership_test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr const char* kMembers = "/cluster/members";
constexpr std::size_t kWriters = 8;

std::string reason_in(const Answer& answer) { return Json(answer.body).text("/detail").value_or(answer.text()); }

class Membership : public ::testing::Test {
 protected:
  void start(std::size_t size, std::vector<std::string> further_flags = {}) {
    cluster_ = std::make_unique<Cluster>(size);
    cluster_->set_further_flags(std::move(further_flags));
    cluster_->start_all();
    ASSERT_TRUE(cluster_->await_leader());
  }

  // The ids of the voters, as the node knows them; nothing while a change is on its way.
  std::vector<std::string> voters(std::size_t asked) const {
    const Json json(cluster_->client(asked).get(kMembers).body);
    std::vector<std::string> ids;
    if (json.boolean("/isJoint") != false) return ids;
    for (std::size_t member = 0; member < json.size("/members"); ++member) {
      const std::string place = "/members/" + std::to_string(member);
      if (json.text(place + "/role") == "voter") ids.push_back(json.text(place + "/id").value_or(""));
    }
    return ids;
  }

  bool await_voters(std::size_t asked, const std::vector<std::string>& ids) const {
    return await([&] { return voters(asked) == ids; });
  }

  std::string leader_of(std::size_t asked) const {
    return Json(cluster_->client(asked).get(kMembers).body).text("/leaderId").value_or("");
  }

  std::size_t number_of(const std::string& id) const {
    std::size_t node = 0;
    while (node < cluster_->size() && cluster_->id(node) != id) ++node;
    return node;
  }

  // Some member other than the asked one that does not lead.
  std::size_t follower_other_than(std::size_t asked) const {
    const std::string leader = leader_of(asked);
    for (const std::string& id : voters(asked)) {
      if (id != leader && id != cluster_->id(asked)) return number_of(id);
    }
    return asked;
  }

  std::optional<bool> says_member(std::size_t node) const {
    return Json(cluster_->client(node).get("/raft/status").body).boolean("/isMember");
  }

  std::string request_for(std::size_t node, const std::string& further = "") const {
    return R"({"id":")" + cluster_->id(node) + R"(","url":")" + cluster_->url(node) + "\"" + further + "}";
  }

  Answer remove(std::size_t asked, const std::string& id, const std::string& query = "") const {
    return cluster_->client(asked).send("DELETE", std::string(kMembers) + "/" + id + query);
  }

  void stop(std::size_t node) const {
    cluster_->process(node).send_signal(SIGTERM);
    EXPECT_EQ(cluster_->process(node).await_exit(), 0) << cluster_->id(node);
  }

  // Prints how long it was at most without a success since the last call.
  static void expect_to_write_on(Workload& workload, const std::string& step) {
    ASSERT_TRUE(workload.await_more(50)) << step << ": the writers do not get on";
    const auto gap = std::chrono::duration_cast<std::chrono::milliseconds>(workload.longest_gap());
    std::cout << "longest time without a successful write: " << gap.count() << " ms, " << step << "\n";
  }

  std::unique_ptr<Cluster> cluster_;
};

TEST_F(Membership, grows_is_repaired_and_shrinks_under_writes_and_loses_nothing) {
  ASSERT_NO_FATAL_FAILURE(start(1));
  Workload workload({cluster_->port(0)}, kWriters);
  workload.start();
  ASSERT_NO_FATAL_FAILURE(expect_to_write_on(workload, "alone"));

  for (const std::vector<std::string>& ids :
       {std::vector<std::string>{"node1", "node2"}, std::vector<std::string>{"node1", "node2", "node3"}}) {
    cluster_->start(cluster_->add_joining(cluster_->size() - 1));  // whoever is asked
    ASSERT_TRUE(await_voters(0, ids)) << cluster_->client(0).get(kMembers);
    ASSERT_NO_FATAL_FAILURE(expect_to_write_on(workload, "grown to " + std::to_string(ids.size())));
  }
  const std::size_t fourth = cluster_->add_joining(0);
  const std::size_t fifth = cluster_->add_joining(1);
  cluster_->start(fourth);
  cluster_->start(fifth);  // two at once
  ASSERT_TRUE(await_voters(0, {"node1", "node2", "node3", "node4", "node5"})) << cluster_->client(0).get(kMembers);
  ASSERT_NO_FATAL_FAILURE(expect_to_write_on(workload, "grown to 5"));

  // One is dead, and another one takes its place.
  const std::size_t dead = follower_other_than(0);
  cluster_->kill9(dead);
  const std::size_t sixth = cluster_->add_joining(0);
  const Answer replaced = cluster_->client(fourth == dead ? fifth : fourth)
                              .post(kMembers, request_for(sixth, R"(,"replaces":")" + cluster_->id(dead) + "\""));
  ASSERT_EQ(replaced.status, 202) << replaced;
  EXPECT_EQ(replaced.header("Location"), "/cluster/members/node6");
  cluster_->start(sixth);
  ASSERT_TRUE(await([&] {
    return Json(cluster_->client(0).get(replaced.header("Location")).body).text("/role") == "voter";
  })) << cluster_->client(0).get(kMembers);
  ASSERT_TRUE(await([&] { return voters(0).size() == 5; }));
  EXPECT_EQ(cluster_->client(0).get(std::string(kMembers) + "/" + cluster_->id(dead)).status, 404);
  ASSERT_NO_FATAL_FAILURE(expect_to_write_on(workload, "a dead node replaced"));

  const std::size_t gone = follower_other_than(0);
  const Answer removed = remove(sixth, cluster_->id(gone));
  ASSERT_EQ(removed.status, 200) << removed;
  EXPECT_EQ(voters(0).size(), 4U);
  stop(gone);
  ASSERT_NO_FATAL_FAILURE(expect_to_write_on(workload, "shrunk to 4"));

  // node1 shall stay, because the clients know it.
  if (leader_of(0) == "node1") {
    const std::string to = cluster_->id(follower_other_than(0));
    const Answer answer = cluster_->client(0).post("/cluster/transfer", R"({"to":")" + to + "\"}");
    ASSERT_EQ(answer.status, 200) << answer;
    ASSERT_NO_FATAL_FAILURE(expect_to_write_on(workload, "leadership handed over"));
  }
  const std::string leader = leader_of(0);
  const Answer without_leader = remove(0, leader);
  ASSERT_EQ(without_leader.status, 200) << without_leader;
  ASSERT_TRUE(await([&] { return voters(0).size() == 3 && leader_of(0) != leader && !leader_of(0).empty(); }));
  EXPECT_TRUE(await([&] { return says_member(number_of(leader)) == false; }));
  ASSERT_NO_FATAL_FAILURE(expect_to_write_on(workload, "shrunk to 3, without its leader"));
  stop(number_of(leader));

  workload.stop();
  expect_every_promise_kept(*cluster_, workload.ledger(), "after all changes");
}

TEST_F(Membership, of_a_removed_node_ends_quietly_and_it_still_answers_from_its_file) {
  ASSERT_NO_FATAL_FAILURE(start(3, kPatientElections));
  const std::size_t leader = *cluster_->await_leader();
  const std::size_t gone = cluster_->follower_of(leader);
  const std::size_t stays = 3 - leader - gone;
  Workload workload({cluster_->port(leader), cluster_->port(stays)}, kWriters);
  workload.start();
  ASSERT_TRUE(workload.await_more(100));
  const Answer removed = remove(gone, cluster_->id(gone));  // it asks for that itself
  ASSERT_EQ(removed.status, 200) << removed;
  EXPECT_TRUE(await([&] { return says_member(gone) == false; })) << cluster_->client(gone).get("/raft/status");
  EXPECT_THAT(cluster_->log(gone), HasSubstr("This node is not a member of the cluster any more."));
  EXPECT_EQ(remove(leader, cluster_->id(gone)).status, 404);

  const std::int64_t term = cluster_->status(leader)->term;
  cluster_->kill9(gone);
  cluster_->start(gone);
  ASSERT_TRUE(workload.await_more(1000)) << "it disturbs";
  EXPECT_EQ(cluster_->client(gone).get("/api/timeseries?level=none").status, 200);
  EXPECT_EQ(says_member(gone), false);
  EXPECT_EQ(cluster_->status(leader)->term, term);
  EXPECT_LE(cluster_->status(gone)->term, term);
  stop(gone);
  workload.stop();
  expect_every_promise_kept(*cluster_, workload.ledger(), "without the removed node");
}

TEST_F(Membership, is_not_taken_from_a_node_without_which_there_would_be_no_majority) {
  ASSERT_NO_FATAL_FAILURE(start(3));
  const std::size_t leader = *cluster_->await_leader();
  const std::size_t dead = cluster_->follower_of(leader);
  const std::size_t alive = 3 - leader - dead;
  cluster_->kill9(dead);
  ASSERT_TRUE(await([&] {
    const Json member(cluster_->client(leader).get(std::string(kMembers) + "/" + cluster_->id(dead)).body);
    return member.boolean("/reachable") == false;
  }));
  const Answer refused = remove(alive, cluster_->id(alive));
  EXPECT_EQ(refused.status, 409) << refused;
  EXPECT_THAT(reason_in(refused), HasSubstr("no majority"));
  EXPECT_EQ(voters(leader).size(), 3U);

  EXPECT_EQ(remove(alive, cluster_->id(dead)).status, 200) << "who is dead may go";
  EXPECT_EQ(remove(alive, cluster_->id(alive)).status, 200) << "and then a living one";
  const Answer last = remove(leader, cluster_->id(leader));
  EXPECT_EQ(last.status, 409) << last;
  EXPECT_THAT(reason_in(last), HasSubstr("last voter"));
  EXPECT_THAT(voters(leader), ElementsAre(cluster_->id(leader)));
}

// Its log, its vote and its term are gone, so what it once promised may have been broken if its vote counted.
// The members have never changed here, and the log is too short to tell who they are.
TEST_F(Membership, of_a_node_that_lost_its_disk_counts_only_when_a_leader_has_admitted_it) {
  ASSERT_NO_FATAL_FAILURE(start(3, {"--log-entries", "10"}));
  const std::size_t leader = *cluster_->await_leader();
  const std::size_t wiped = cluster_->follower_of(leader);
  const std::size_t other = 3 - leader - wiped;
  Workload workload({cluster_->port(leader), cluster_->port(other), cluster_->port(wiped)}, kWriters);
  workload.start();
  ASSERT_TRUE(workload.await_more(100));
  workload.stop();
  cluster_->kill9(leader);
  cluster_->kill9(wiped);
  cluster_->wipe(wiped, other);
  cluster_->start(wiped);
  // Two of three run, and one of them remembers nothing: nobody may be elected. That nothing happens takes a while.
  EXPECT_FALSE(await_within(3s, [&] {
    return cluster_->status(other)->state == "Leader" || cluster_->status(wiped)->state == "Leader";
  })) << "the vote of a node without a memory was counted";
  EXPECT_EQ(Json(cluster_->client(wiped).get("/raft/status").body).boolean("/isNovice"), true);

  cluster_->start(leader);
  ASSERT_TRUE(await([&] {
    return Json(cluster_->client(wiped).get("/raft/status").body).boolean("/isNovice") == false;
  })) << cluster_->log(wiped);
  workload.start();
  ASSERT_TRUE(workload.await_more(100));
  workload.stop();
  expect_every_promise_kept(*cluster_, workload.ledger(), "when it is back");

  const std::size_t leads = *cluster_->await_leader();
  cluster_->kill9(leads == wiped ? other : leads);
  EXPECT_TRUE(cluster_->await_leader()) << "now its vote counts";
  expect_every_promise_kept(*cluster_, workload.ledger(), "with one that came back and one other");
}

Outcome recover(const std::vector<std::string>& arguments) {
  std::vector<std::string> all = {timestored_binary(), "recover"};
  all.insert(all.end(), arguments.begin(), arguments.end());
  return run_to_end(all);
}

TEST_F(Membership, of_a_lone_survivor_is_made_anew_by_force) {
  ASSERT_NO_FATAL_FAILURE(start(3));
  Workload workload({cluster_->port(0)}, kWriters);
  workload.start();
  ASSERT_TRUE(workload.await_more(100));
  workload.stop();
  ASSERT_TRUE(cluster_->await_agreement());
  const std::string database = cluster_->database(0);

  const Outcome running = recover({"--force-single", "--database", database});
  EXPECT_EQ(running.status, 1) << running.error;
  EXPECT_THAT(running.error, HasSubstr(".raft.db")) << "which is in use";
  cluster_->kill9_all();
  const Outcome unforced = recover({"--database", database});
  EXPECT_EQ(unforced.status, 2);
  EXPECT_THAT(unforced.error, HasSubstr("--force-single"));
  EXPECT_EQ(recover({"--force-single"}).status, 2) << "without a database";
  EXPECT_EQ(recover({"--force-single", "--database", database, "--node-id", "node2"}).status, 1);
  EXPECT_EQ(recover({"--force-single", "--database", database + ".none"}).status, 1);
  cluster_->start(0);
  EXPECT_EQ(voters(0).size(), 3U) << "none of them has done anything";
  cluster_->kill9(0);

  const Outcome done = recover({"--force-single", "--database", database, "--node-id", "node1"});
  ASSERT_EQ(done.status, 0) << done.error;
  EXPECT_THAT(done.error, HasSubstr("WARNING"));
  EXPECT_THAT(done.output, HasSubstr("node2, node3"));
  const Outcome again = recover({"--force-single", "--database", database});
  EXPECT_EQ(again.status, 0) << again.error;
  EXPECT_THAT(again.output, HasSubstr("only member already"));

  cluster_->start(0);
  EXPECT_EQ(cluster_->await_leader(), 0U);
  EXPECT_THAT(voters(0), ElementsAre("node1"));
  workload.start();
  ASSERT_TRUE(workload.await_more(100));
  cluster_->wipe(1, 0);
  cluster_->start(1);
  ASSERT_TRUE(await_voters(0, {"node1", "node2"}));
  workload.stop();
  expect_every_promise_kept(*cluster_, workload.ledger(), "with the survivor and one that joined it");
}

TEST_F(Membership, waits_for_a_node_that_asks_under_an_id_which_another_has) {
  ASSERT_NO_FATAL_FAILURE(start(1));
  const int port = free_port();
  const std::string log = cluster_->folder(0) + "/twin.log";
  std::filesystem::create_directory(cluster_->folder(0) + "/twin");
  Process twin(
      {.arguments = {timestored_binary(), "--node-id", "node1", "--listen", "127.0.0.1:" + std::to_string(port),
                     "--database", cluster_->folder(0) + "/twin/series.db", "--join", cluster_->url(0)},
       .environment = {},
       .output_path = log,
       .error_path = log});
  const auto text = [&] {
    std::ifstream file(log);
    return std::string{std::istreambuf_iterator<char>(file), {}};
  };
  EXPECT_TRUE(await([&] { return text().find("a member already, at " + cluster_->url(0)) != std::string::npos; }))
      << text();
  EXPECT_THAT(voters(0), ElementsAre("node1"));
  const Json status(Client(port).get("/raft/status").body);
  EXPECT_EQ(status.text("/state"), "Follower");
  EXPECT_EQ(status.boolean("/isMember"), false);
}

}  // namespace
}  // namespace timestore::system::membership_test
