// Leadership goes where somebody wants it, and nowhere else: handed over on request and on SIGTERM while clients write,
// and never taken from a healthy leader by a node that hears nobody.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <filesystem>

#include "tests/system/cluster.h"
#include "tests/system/peer_double.h"
#include "tests/system/workload.h"

namespace timestore::system::transfer_test {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr const char* kTransfer = "/cluster/transfer";
constexpr std::size_t kWriters = 8;

std::string request_for(const std::string& id) { return R"({"to":")" + id + "\"}"; }
std::string leader_in(const Answer& answer) { return Json(answer.body).text("/leaderId").value_or(""); }
std::string reason_in(const Answer& answer) { return Json(answer.body).text("/detail").value_or("no detail"); }

class Transfer : public ::testing::Test {
 protected:
  Transfer() : cluster_(3) { cluster_.set_further_flags(kPatientElections); }

  void SetUp() override {
    cluster_.start_all();
    const auto leader = cluster_.await_leader();
    ASSERT_TRUE(leader);
    leader_ = *leader;
    term_ = cluster_.status(leader_)->term;
  }

  // The leader and the term are what they were.
  void expect_nothing_changed() {
    EXPECT_EQ(cluster_.await_leader(), leader_);
    const auto status = cluster_.status(leader_);
    ASSERT_TRUE(status);
    EXPECT_EQ(status->term, term_);
  }

  // Under load: the node reaches what another one has applied at this moment.
  void expect_to_catch_up(std::size_t node) {
    const auto leading = cluster_.status(leader_);
    ASSERT_TRUE(leading);
    EXPECT_TRUE(await([&] {
      const auto status = cluster_.status(node);
      return status && status->applied_index >= leading->applied_index;
    })) << cluster_.id(node)
        << " does not catch up";
  }

  Cluster cluster_;
  std::size_t leader_ = 0;
  std::int64_t term_ = 0;
};

TEST_F(Transfer, goes_around_the_named_nodes_while_clients_write_and_loses_nothing) {
  Workload workload(cluster_.ports(), kWriters);
  workload.start();
  for (std::size_t step = 1; step <= 6; ++step) {
    ASSERT_TRUE(workload.await_more(100)) << "the writers do not get on";
    const std::size_t next = (leader_ + 1) % cluster_.size();
    const std::size_t asked = step % cluster_.size();  // the old leader, the new one, or neither
    const Answer answer = cluster_.client(asked).post(kTransfer, request_for(cluster_.id(next)));
    ASSERT_EQ(answer.status, 200) << cluster_.id(asked) << " says " << answer;
    EXPECT_EQ(leader_in(answer), cluster_.id(next));
    ASSERT_EQ(cluster_.await_leader(), next);
    leader_ = next;
  }
  ASSERT_TRUE(workload.await_more(100)) << "the writers do not get on";
  EXPECT_EQ(cluster_.status(leader_)->term, term_ + 6) << "each time one election was enough";
  workload.stop();
  expect_every_promise_kept(cluster_, workload.ledger(), "after six transfers");
}

TEST_F(Transfer, to_anybody_says_who_it_is_and_loses_nothing) {
  Workload workload(cluster_.ports(), kWriters);
  workload.start();
  for (const std::string body : {"", "{}", R"({"to":null})"}) {
    ASSERT_TRUE(workload.await_more(100)) << "the writers do not get on";
    const Answer answer = cluster_.client(leader_).post(kTransfer, body);
    ASSERT_EQ(answer.status, 200) << answer;
    EXPECT_NE(leader_in(answer), cluster_.id(leader_));
    const auto next = cluster_.await_leader();
    ASSERT_TRUE(next);
    EXPECT_EQ(leader_in(answer), cluster_.id(*next));
    leader_ = *next;
  }
  workload.stop();
  expect_every_promise_kept(cluster_, workload.ledger(), "after three transfers");
}

TEST_F(Transfer, to_the_node_that_leads_changes_nothing_whoever_is_asked) {
  for (std::size_t node = 0; node < cluster_.size(); ++node) {
    const Answer answer = cluster_.client(node).post(kTransfer, request_for(cluster_.id(leader_)));
    EXPECT_EQ(answer.status, 200) << answer;
    EXPECT_EQ(leader_in(answer), cluster_.id(leader_));
  }
  expect_nothing_changed();
}

TEST_F(Transfer, to_an_unknown_node_is_not_found_whoever_is_asked) {
  for (std::size_t node = 0; node < cluster_.size(); ++node) {
    const Answer answer = cluster_.client(node).post(kTransfer, request_for("node9"));
    EXPECT_EQ(answer.status, 404) << answer;
    EXPECT_THAT(reason_in(answer), HasSubstr("No member"));
  }
  expect_nothing_changed();
}

TEST_F(Transfer, to_a_node_that_is_down_is_given_up_and_the_leader_goes_on) {
  Workload workload({cluster_.port(leader_)}, kWriters);
  workload.start();
  ASSERT_TRUE(workload.await_more(100));
  const std::size_t down = cluster_.follower_of(leader_);
  cluster_.kill9(down);
  // At first it may only be late, and the leader tries in vain; in the end it is known to be gone.
  EXPECT_TRUE(await([&] {
    const Answer answer = cluster_.client(leader_).post(kTransfer, request_for(cluster_.id(down)));
    EXPECT_EQ(answer.status, 503) << answer;
    EXPECT_NE(answer.header("Retry-After"), "");
    EXPECT_THAT(reason_in(answer), StartsWith("Node " + cluster_.id(down) + " "));
    EXPECT_THAT(reason_in(answer), HasSubstr("node " + cluster_.id(leader_) + " leads on"));
    return reason_in(answer).find("does not answer") != std::string::npos;
  })) << "the leader does not come to know that it is gone";
  ASSERT_TRUE(workload.await_more(100)) << "the writers do not get on";
  workload.stop();
  expect_nothing_changed();
  cluster_.start(down);
  expect_every_promise_kept(cluster_, workload.ledger(), "after transfers in vain");
}

TEST_F(Transfer, without_a_quorum_is_refused_with_a_reason) {
  for (std::size_t node = 0; node < cluster_.size(); ++node) {
    if (node != leader_) cluster_.kill9(node);
  }
  // Long before the leader has noticed, and when it has.
  for (const char* state : {"Leader", "Candidate"}) {
    ASSERT_TRUE(await([&] {
      const auto status = cluster_.status(leader_);
      return status && status->state == state;
    })) << state;
    const Answer answer = cluster_.client(leader_).post(kTransfer, "{}");
    EXPECT_EQ(answer.status, 503) << answer;
    EXPECT_NE(answer.header("Retry-After"), "");
    EXPECT_NE(reason_in(answer), "no detail");
  }
}

// Told to stop, it learns who follows it before it goes. Without a handover it could only fall silent, and the others
// would wait for an election time-out.
TEST_F(Transfer, is_what_a_leader_does_first_that_is_told_to_stop) {
  Workload workload(cluster_.ports(), kWriters);
  workload.start();
  ASSERT_TRUE(workload.await_more(100));
  cluster_.process(leader_).send_signal(SIGTERM);
  EXPECT_EQ(cluster_.process(leader_).await_exit(), 0);
  const auto next = cluster_.await_leader();
  ASSERT_TRUE(next);
  EXPECT_THAT(cluster_.log(leader_),
              HasSubstr("Node " + cluster_.id(*next) + " leads term " + std::to_string(term_ + 1) + "."));
  EXPECT_EQ(cluster_.status(*next)->term, term_ + 1);
  ASSERT_TRUE(workload.await_more(100));
  workload.stop();
  expect_every_promise_kept(cluster_, workload.ledger(), "without the node that was told to stop");
}

using HealthyLeader = Transfer;

TEST_F(HealthyLeader, keeps_its_term_when_nodes_that_slept_or_were_down_come_back) {
  Workload workload({cluster_.port(leader_)}, kWriters);
  workload.start();
  const std::size_t other = cluster_.follower_of(leader_);
  cluster_.pause(other);
  ASSERT_TRUE(workload.await_more(500)) << "two nodes do not get on";
  cluster_.resume(other);
  ASSERT_NO_FATAL_FAILURE(expect_to_catch_up(other));
  cluster_.kill9(other);
  ASSERT_TRUE(workload.await_more(500)) << "two nodes do not get on";
  cluster_.start(other);
  ASSERT_NO_FATAL_FAILURE(expect_to_catch_up(other));
  workload.stop();
  expect_nothing_changed();
}

// The leader has a wrong address of node3: it hears nothing, and asks the others, whom it reaches, again and again.
TEST(DeafNode, that_everybody_hears_does_not_disturb_the_leader) {
  const std::string nobody = "http://127.0.0.1:" + std::to_string(free_port());
  Cluster cluster(2, Cluster::Settings::kFlags, "node3=" + nobody);
  std::vector<std::string> flags = kPatientElections;
  flags.insert(flags.end(), {"--found-without", "node3"});
  cluster.set_further_flags(flags);
  cluster.start_all();
  const auto leader = cluster.await_leader();
  ASSERT_TRUE(leader);
  const std::int64_t term = cluster.status(*leader)->term;
  Workload workload(cluster.ports(), kWriters);
  workload.start();

  const int port = free_port();
  const std::string log = cluster.folder(0) + "/node3.log";
  std::filesystem::create_directory(cluster.folder(0) + "/node3");
  Process deaf({.arguments = {timestored_binary(), "--node-id", "node3", "--listen",
                              "127.0.0.1:" + std::to_string(port), "--database", cluster.folder(0) + "/node3/series.db",
                              "--peers", "node1=" + cluster.url(0) + ",node2=" + cluster.url(1)},
                .environment = {},
                .output_path = log,
                .error_path = log});
  ASSERT_TRUE(await([&] { return Json(Client(port).get("/raft/status").body).text("/state") == "Candidate"; }))
      << "it does not ask for votes";
  ASSERT_TRUE(workload.await_more(2000)) << "the writers do not get on";

  const std::int64_t deaf_term = Json(Client(port).get("/raft/status").body).integer("/term").value_or(-1);
  EXPECT_GE(deaf_term, 0);
  EXPECT_LE(deaf_term, term) << "it has begun a term of its own";
  EXPECT_EQ(cluster.await_leader(), leader);
  EXPECT_EQ(cluster.status(*leader)->term, term);
  workload.stop();
  expect_every_promise_kept(cluster, workload.ledger(), "beside a deaf node");
}

// One node of ours, a double, and a third that is never there.
class BesideADouble : public ::testing::Test {
 protected:
  BesideADouble()
      : cluster_(1, Cluster::Settings::kFlags,
                 "node2=" + double_.url() + ",node3=http://127.0.0.1:" + std::to_string(free_port())) {
    cluster_.set_further_flags({"--found-without", "node3"});
    cluster_.start_all();
  }

  PeerDouble double_{"node2", PeerDouble::Vote::kGrant};
  Cluster cluster_;
};

TEST_F(BesideADouble, that_does_not_know_pre_votes_we_are_elected_by_plain_ones) {
  EXPECT_EQ(cluster_.await_leader(), 0U);
  EXPECT_THAT(double_.unknown_paths(), Contains("/raft/prevote"));
  EXPECT_GE(double_.votes_asked(), 1);
}

TEST_F(BesideADouble, that_cannot_be_told_to_take_over_we_lead_on) {
  ASSERT_EQ(cluster_.await_leader(), 0U);
  const Answer answer = cluster_.client(0).post(kTransfer, request_for("node2"));
  EXPECT_EQ(answer.status, 503) << answer;
  EXPECT_THAT(reason_in(answer), HasSubstr("node node1 leads on"));
  EXPECT_THAT(double_.unknown_paths(), Contains("/raft/timeout-now"));
  const Entry entry{.id = guid(1), .device = "boiler", .timestamp = timestamp_at(1), .value = 1, .attributes = {}};
  EXPECT_EQ(cluster_.client(0).post("/api/timeseries", to_json(entry)).status, 200);
}

}  // namespace
}  // namespace timestore::system::transfer_test
