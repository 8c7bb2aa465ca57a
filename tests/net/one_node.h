// One real node with its HTTP face, and pretended ones beside it that are asked by it.
#pragma once

#include <gtest/gtest.h>
#include <httplib.h>
#include <simdjson.h>

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "net/access/cluster_access.h"
#include "net/base/log.h"
#include "net/http/server.h"
#include "tests/scratch_directory.h"

namespace timestore::net {

// A node that is asked something, and gives the answer that the test wants.
class AskedNode {
 public:
  AskedNode(const std::string& method, const std::string& pattern, http::Handler answer) {
    http::Router router;
    router.add({.method = method,
                .pattern = pattern,
                .handler =
                    [this, answer = std::move(answer)](const http::Request& request, http::Response& response) {
                      requests_.push_back(std::string(request.header(kForwardedHeader)) + ": " +
                                          std::string(request.target()) + " " + request.body);
                      answer(request, response);
                    },
                .body = http::BodyRules{}});
    server_ = std::move(*http::Server::start(std::move(router), {}));
  }

  HostPort address() const { return {"127.0.0.1", server_->port()}; }
  // Who passed on what. Requires that nobody asks now.
  const std::vector<std::string>& requests() const { return requests_; }

 private:
  std::vector<std::string> requests_;
  std::unique_ptr<http::Server> server_;
};

class OneNodeTest : public ::testing::Test {
 protected:
  void SetUp() override { start_log("error", "text", "test"); }
  void TearDown() override {
    if (server_) server_->stop(std::chrono::seconds(1));
    if (node_) node_->stop();
  }

  void start(std::vector<raft::Member> voters, std::uint32_t election_ticks, std::map<raft::NodeId, HostPort> others) {
    Node::Options options = options_;
    options.replica.node = "n1";
    options.replica.configuration.voters = std::move(voters);
    options.series_path = directory_.file("n1.db");
    options.replica.log_path = directory_.file("n1.raft.db");
    options.replica.raft.election_ticks_min = election_ticks;
    options.replica.raft.election_ticks_max = election_ticks;
    auto log = store::LogFile::open(options.replica.log_path);
    ASSERT_TRUE(log) << log.error().message;
    auto node = Node::start(std::move(options), std::move(*log));
    ASSERT_TRUE(node) << node.error().message;
    node_ = std::move(*node);
    forwarder_.emplace("n1", std::move(others));
    access_.emplace(*node_, *forwarder_);
    http::Router router;
    add_routes(router);
    server_ = std::move(*http::Server::start(std::move(router), {}));
  }

  void start_alone(std::uint32_t election_ticks = 300) {
    start({{"n1", ""}}, election_ticks, {});  // a sole voter does not wait for that
    for (Leadership seen; !seen.is_leader;) seen = node_->await_change(seen, Clock::now() + std::chrono::minutes(2));
  }

  // And everything is known that this release brings.
  void start_alone_at_the_highest_level() {
    options_.replica.raft.level = raft::kHighestLevel;
    start_alone();
    const auto has_risen = [](const replica::Status& status) { return status.level == raft::kHighestLevel; };
    const auto status = node_->await_status(has_risen, Clock::now() + std::chrono::minutes(2));
    ASSERT_TRUE(status && has_risen(*status));
  }

  // It calls no election itself.
  void start_as_follower(std::map<raft::NodeId, HostPort> others) {
    start({{"n1", ""}, {"n2", ""}, {"n3", ""}}, 100'000, std::move(others));
  }

  void follow(const raft::NodeId& leader, raft::Term term) {
    const auto answer = node_->answer(leader, raft::AppendRequest{.term = term, .leader = leader, .entries = {}},
                                      Clock::now() + std::chrono::minutes(2));
    ASSERT_TRUE(answer);
    ASSERT_EQ(node_->leadership().leader, leader);
  }

  virtual void add_routes(http::Router&) {}  // the node runs

  httplib::Client client() const {
    httplib::Client client("127.0.0.1", server_->port());
    client.set_read_timeout(std::chrono::minutes(2));
    return client;
  }

  ScratchDirectory directory_;
  Node::Options options_;  // beside what start() says
  std::unique_ptr<Node> node_;
  std::optional<Forwarder> forwarder_;
  std::optional<ClusterAccess> access_;
  std::unique_ptr<http::Server> server_;
};

// A node and one of the faces that take errands of its cluster.
template <typename Api>
class ApiTest : public OneNodeTest {
 protected:
  void add_routes(http::Router& router) override {
    api_.emplace(*node_, *access_, *forwarder_);
    api_->add_routes(router);
  }

  httplib::Response post_to(const std::string& target, const httplib::Headers& headers, const std::string& body) const {
    const auto answer = client().Post(target, headers, body, "application/json");
    EXPECT_TRUE(answer) << httplib::to_string(answer.error());
    return answer ? *answer : httplib::Response();
  }

  // What was passed on once is not passed on again, though n2 leads and could be asked.
  void expect_not_passed_on_again(const std::string& target, const std::string& body) {
    AskedNode n2("POST", target, [](const auto&, auto&) {});
    start_as_follower({{"n2", n2.address()}});
    follow("n2", 1);
    const auto answer = post_to(target, {{kForwardedHeader, "n3"}}, body);
    EXPECT_EQ(answer.status, 503);
    EXPECT_EQ(answer.get_header_value(kNotLeaderHeader), "1");
    EXPECT_EQ(answer.get_header_value("Retry-After"), "1");
    EXPECT_TRUE(n2.requests().empty());
  }

  std::optional<Api> api_;
};

inline std::string detail_of(const httplib::Response& response) {
  simdjson::dom::parser parser;
  std::string_view detail;
  if (parser.parse(response.body)["detail"].get(detail) != simdjson::SUCCESS) return "no detail: " + response.body;
  return std::string(detail);
}

}  // namespace timestore::net
