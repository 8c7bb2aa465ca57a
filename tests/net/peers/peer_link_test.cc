#include "net/peers/peer_link.h"

#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <thread>

#include "engine/wire/codec.h"
#include "engine/wire/frame.h"
#include "engine/wire/paths.h"
#include "net/http/server.h"

namespace timestore::net {
namespace {

raft::AppendRequest append(raft::Index prev, std::vector<std::string> commands) {
  raft::AppendRequest request{.term = 1,
                              .leader = "n1",
                              .prev_index = prev,
                              .prev_term = prev == 0 ? 0U : 1U,
                              .leader_commit = 0,
                              .round = 0,
                              .entries = {}};
  for (std::string& command : commands) {
    request.entries.push_back({1, raft::EntryKind::kCommand, raft::Payload(std::move(command))});
  }
  return request;
}

// A peer that knows the original's fields only, and answers when it is allowed to.
struct HeldPeer {
  std::mutex mutex;
  std::condition_variable changed;
  std::vector<raft::AppendRequest> received;
  bool may_answer = false;
  std::unique_ptr<http::Server> server;

  HeldPeer() {
    http::Router router;
    router.add({.method = "POST",
                .pattern = "/raft/append",
                .handler =
                    [this](const http::Request& request, http::Response& response) {
                      std::unique_lock lock(mutex);
                      EXPECT_EQ(request.header("Content-Type"), raft::kJsonType);
                      received.push_back(*raft::decode_append_request(request.body));
                      changed.notify_all();
                      changed.wait(lock, [&] { return may_answer; });
                      response.set_content(R"({"term":1,"success":true})", "application/json");
                    },
                .body = http::BodyRules{}});
    server = std::move(*http::Server::start(std::move(router), {}));
  }
  ~HeldPeer() {
    allow();
    server->stop(std::chrono::seconds(1));
  }
  void allow() {
    const std::lock_guard lock(mutex);
    may_answer = true;
    changed.notify_all();
  }
  void await_requests(std::size_t count) {
    std::unique_lock lock(mutex);
    EXPECT_TRUE(changed.wait_for(lock, std::chrono::minutes(2), [&] { return received.size() >= count; }))
        << "waited for " << count;
  }
};

struct Answers {
  std::mutex mutex;
  std::condition_variable changed;
  std::vector<raft::Message> answers;
  std::vector<std::string> failures;

  PeerLink::Events events() {
    return {.answered =
                [this](const raft::NodeId&, raft::Message answer) {
                  const std::lock_guard lock(mutex);
                  answers.push_back(std::move(answer));
                  changed.notify_all();
                },
            .failed =
                [this](const raft::NodeId&, std::string reason) {
                  const std::lock_guard lock(mutex);
                  failures.push_back(std::move(reason));
                  changed.notify_all();
                }};
  }
  void await(std::size_t count) {
    std::unique_lock lock(mutex);
    EXPECT_TRUE(
        changed.wait_for(lock, std::chrono::minutes(2), [&] { return answers.size() + failures.size() >= count; }))
        << "waited for " << count;
  }
};

TEST(PeerLink, appends_that_continue_one_another_travel_together_while_the_peer_is_busy) {
  HeldPeer peer;
  Answers answers;
  PeerLink link({.peer = "n2", .address = {"127.0.0.1", peer.server->port()}}, answers.events());
  link.send(append(0, {"a"}));
  peer.await_requests(1);
  link.send(append(1, {"b"}));
  link.send(append(2, {"c", "d"}));
  link.send(append(4, {}));
  peer.allow();
  answers.await(2);
  ASSERT_EQ(peer.received.size(), 2U);
  EXPECT_EQ(peer.received[1], append(1, {"b", "c", "d"}));
  EXPECT_EQ(std::get<raft::AppendResponse>(answers.answers[1]).match, 4U) << "of the request as it was sent";
}

// What the peer sends arrives byte by byte, so no read takes too long.
TEST(PeerLink, gives_up_an_answer_that_never_ends) {
  std::atomic<bool> is_over = false;
  http::Router router;
  router.add({.method = "POST",
              .pattern = "/raft/append",
              .handler =
                  [&](const http::Request&, http::Response& response) {
                    response.set_writer("application/json", [&](http::Sink& sink) {
                      while (!is_over && sink.write(" ")) std::this_thread::sleep_for(std::chrono::milliseconds(1));
                      return false;
                    });
                  },
              .body = http::BodyRules{}});
  auto server = std::move(*http::Server::start(std::move(router), {}));
  Answers answers;
  PeerLink::Options options{.peer = "n2", .address = {"127.0.0.1", server->port()}};
  options.link.answer_time = 200 * client::kMillisecond;
  PeerLink link(options, answers.events());
  link.send(append(0, {"a"}));
  for (bool has_failed = false; !has_failed;) {
    link.tick();
    const std::lock_guard lock(answers.mutex);
    has_failed = !answers.failures.empty();
  }
  EXPECT_EQ(answers.failures.size(), 1U);
  link.stop();
  is_over = true;
}

// Or a node that is removed would not hear of it.
TEST(PeerLink, that_is_finished_sends_what_waits_and_nothing_else) {
  HeldPeer peer;
  Answers answers;
  PeerLink link({.peer = "n2", .address = {"127.0.0.1", peer.server->port()}}, answers.events());
  link.send(append(0, {"a"}));
  peer.await_requests(1);
  link.send(append(9, {"b"}));
  link.finish();
  link.send(append(20, {"c"}));
  EXPECT_FALSE(link.has_finished());
  peer.allow();
  answers.await(2);
  while (!link.has_finished()) std::this_thread::yield();
  ASSERT_EQ(peer.received.size(), 2U);
  EXPECT_EQ(peer.received[1], append(9, {"b"}));
}

// A peer of our own kind, until it is replaced by one that reads JSON only.
struct FramePeer {
  std::mutex mutex;
  std::vector<std::string> types;  // of what it was sent
  std::vector<raft::Message> received;
  bool reads_frames = true;
  std::unique_ptr<http::Server> server;

  FramePeer() {
    http::Router router;
    router.add({.method = "POST",
                .pattern = "/raft/append",
                .handler =
                    [this](const http::Request& request, http::Response& response) {
                      const std::lock_guard lock(mutex);
                      answer(request, response);
                    },
                .body = http::BodyRules{}});
    server = std::move(*http::Server::start(std::move(router), {}));
  }
  ~FramePeer() { server->stop(std::chrono::seconds(1)); }

  void answer(const http::Request& request, http::Response& response) {
    constexpr std::size_t kAppend = raft::index_of<raft::AppendRequest>;
    types.emplace_back(request.header("Content-Type"));
    const bool is_frame = types.back() == raft::kFrameType;
    if (is_frame && !reads_frames) {
      response.status = 415;
      return;
    }
    received.push_back(is_frame ? *raft::decode_frame(kAppend, request.body, nullptr)
                                : *raft::decode(kAppend, request.body, nullptr));
    const auto& append = std::get<raft::AppendRequest>(received.back());
    const raft::Message answer = raft::AppendResponse{.term = 1,
                                                      .success = true,
                                                      .match = append.prev_index + append.entries.size(),
                                                      .prev_index = append.prev_index};
    const bool accepts = request.header("Accept").find(raft::kFrameType) != std::string::npos;
    if (accepts && reads_frames) return response.set_content(raft::encode_frame(answer), raft::kFrameType);
    response.set_content(raft::encode(answer), raft::kJsonType);
  }
  void replace_by_an_original() {
    const std::lock_guard lock(mutex);
    reads_frames = false;
  }
};

const std::string kFrame = raft::kFrameType;
const std::string kJson = raft::kJsonType;

TEST(PeerLink, a_peer_that_answers_with_frames_is_sent_frames_from_then_on) {
  FramePeer peer;
  Answers answers;
  PeerLink link({.peer = "n2", .address = {"127.0.0.1", peer.server->port()}}, answers.events());
  for (raft::Index prev = 0; prev < 3; ++prev) {
    link.send(append(prev, {"x"}));
    answers.await(prev + 1);
  }
  EXPECT_EQ(peer.types, (std::vector<std::string>{kJson, kFrame, kFrame}));
  EXPECT_EQ(peer.received, (std::vector<raft::Message>{append(0, {"x"}), append(1, {"x"}), append(2, {"x"})}));
  EXPECT_EQ(std::get<raft::AppendResponse>(answers.answers[2]).match, 3U);
}

TEST(PeerLink, a_peer_that_is_replaced_by_one_that_reads_no_frames_misses_nothing) {
  FramePeer peer;
  Answers answers;
  PeerLink link({.peer = "n2", .address = {"127.0.0.1", peer.server->port()}}, answers.events());
  for (raft::Index prev = 0; prev < 2; ++prev) {
    link.send(append(prev, {"x"}));
    answers.await(prev + 1);
  }
  peer.replace_by_an_original();
  for (raft::Index prev = 2; prev < 4; ++prev) {
    link.send(append(prev, {"x"}));
    answers.await(prev + 1);
  }
  EXPECT_EQ(peer.types, (std::vector<std::string>{kJson, kFrame, kFrame, kJson, kJson}));
  EXPECT_EQ(peer.received.size(), 4U);
  EXPECT_EQ(answers.failures, std::vector<std::string>{});
}

TEST(PeerLink, what_json_cannot_carry_is_a_frame_or_fails) {
  FramePeer peer;
  Answers answers;
  PeerLink link({.peer = "n2", .address = {"127.0.0.1", peer.server->port()}}, answers.events());
  link.send(append(0, {"\xff"}));
  answers.await(1);
  EXPECT_EQ(peer.received, std::vector<raft::Message>{append(0, {"\xff"})});
  peer.replace_by_an_original();
  link.send(append(1, {"\xff"}));
  answers.await(2);
  EXPECT_EQ(answers.failures, std::vector<std::string>{"status 415 for /raft/append"});
  EXPECT_EQ(peer.types, (std::vector<std::string>{kFrame, kFrame}));
}

TEST(PeerLink, says_why_a_peer_cannot_be_reached) {
  int closed_port = 0;
  {
    HeldPeer peer;
    closed_port = peer.server->port();
  }
  Answers answers;
  PeerLink link({.peer = "n2", .address = {"127.0.0.1", closed_port}}, answers.events());
  link.send(append(0, {"a"}));
  answers.await(1);
  EXPECT_EQ(answers.failures.size(), 1U);
  EXPECT_TRUE(answers.answers.empty());
}

TEST(PeerLink, an_answer_that_is_none_is_a_failure) {
  http::Router router;
  router.add(
      {.method = "POST",
       .pattern = "/raft/append",
       .handler = [](const http::Request&, http::Response& response) { response.set_content("<html>", "text/html"); },
       .body = http::BodyRules{}});
  auto server = std::move(*http::Server::start(std::move(router), {}));
  Answers answers;
  PeerLink link({.peer = "n2", .address = {"127.0.0.1", server->port()}}, answers.events());
  link.send(append(0, {"a"}));
  link.send(raft::VoteRequest{.term = 1, .candidate = "n1", .last_index = 0, .last_term = 0});
  answers.await(2);
  EXPECT_EQ(answers.failures.size(), 2U) << "no JSON, and no such path";
}

TEST(PeerLink, stops_at_once_while_the_peer_keeps_it_waiting) {
  HeldPeer peer;
  Answers answers;
  PeerLink::Options options{.peer = "n2", .address = {"127.0.0.1", peer.server->port()}};
  options.link.answer_time = 3600 * client::kSecond;
  PeerLink link(options, answers.events());
  link.send(append(0, {"a"}));
  peer.await_requests(1);
  link.stop();
  peer.allow();
}

}  // namespace
}  // namespace timestore::net
