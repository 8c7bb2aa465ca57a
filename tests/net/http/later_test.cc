// Handlers that finish later: waiting takes no thread, the answer comes from any, and who waits hears of a client that
// has gone.
#include <gtest/gtest.h>

#include <atomic>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>

#include "net/http/server.h"
#include "tests/net/http/raw_client.h"

namespace timestore::http {
namespace {

// POST /later is answered with its body when the test says so.
class Owed {
 public:
  Route route() {
    return {.method = "POST",
            .pattern = "/later",
            .handler = {},
            .body = BodyRules{},
            .later = [this](const Request& request, const Reply& reply) {
              reply.when_gone([this] {
                const std::scoped_lock lock(mutex_);
                ++gone_;
                changed_.notify_all();
              });
              const std::scoped_lock lock(mutex_);
              owed_.emplace_back(request.body, reply);
              changed_.notify_all();
            }};
  }

  // False: not so many have come.
  bool await(std::size_t count) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, kPatience, [&] { return owed_.size() == count; });
  }
  bool await_gone(std::size_t count) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, kPatience, [&] { return gone_ == count; });
  }
  std::size_t gone() {
    const std::scoped_lock lock(mutex_);
    return gone_;
  }
  void pay(bool on_worker = false) {
    for (const auto& [text, reply] : take()) {
      const auto make = [text = text](const Request& request, Response& response) {
        EXPECT_TRUE(request.body.empty()) << "it was the handler's";
        response.set_content(text + " " + request.path, "text/plain");
      };
      on_worker ? reply.finish_on_worker(make) : reply.finish(make);
    }
  }
  void forget() { take(); }

 private:
  std::deque<std::pair<std::string, Reply>> take() {
    const std::scoped_lock lock(mutex_);
    return std::exchange(owed_, {});
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::pair<std::string, Reply>> owed_;
  std::size_t gone_ = 0;
};

TEST(Later, an_answer_comes_when_the_handler_has_long_returned) {
  Owed owed;
  const auto server = start_server({}, {owed.route()});
  for (const bool on_worker : {false, true}) {
    RawClient client(server->port());
    client.send(post("/later", "one"));
    ASSERT_TRUE(owed.await(1));
    EXPECT_TRUE(client.is_open());
    owed.pay(on_worker);
    EXPECT_EQ(client.receive()->body, "one /later");
    EXPECT_EQ(client.ask(get("/hello"))->body, "hello");
  }
}

TEST(Later, requests_behind_it_wait_for_their_turn) {
  Owed owed;
  const auto server = start_server({}, {owed.route()});
  RawClient client(server->port());
  client.send(post("/later", "one") + get("/hello") + post("/later", "two") + get("/hello"));
  for (const char* text : {"one", "two"}) {
    ASSERT_TRUE(owed.await(1));
    owed.pay();
    EXPECT_EQ(client.receive()->body, text + std::string(" /later"));
    EXPECT_EQ(client.receive()->body, "hello");
  }
}

TEST(Later, a_body_that_comes_in_pieces_or_is_large_or_in_chunks_reaches_the_handler_whole) {
  Owed owed;
  const auto server = start_server({}, {owed.route()});
  const std::string large(1 << 20, 'x');
  RawClient client(server->port());
  for (const std::string& body : {std::string("hello"), std::string(20'000, 'y'), large}) {
    const std::string request = post("/later", body);
    client.send(request.substr(0, request.size() - 3));
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
    client.send(request.substr(request.size() - 3));
    ASSERT_TRUE(owed.await(1));
    owed.pay();
    EXPECT_EQ(client.receive()->body, body + " /later");
  }
  client.send("POST /later HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n");
  ASSERT_TRUE(owed.await(1));
  owed.pay();
  EXPECT_EQ(client.receive()->body, "abc /later");
}

TEST(Later, a_small_body_that_does_not_arrive_ends_like_any_other) {
  Owed owed;
  const auto server = start_server({.body_timeout = Milliseconds(50)}, {owed.route()});
  RawClient client(server->port());
  const auto answer = client.ask("POST /later HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhell");
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, 408);
  EXPECT_TRUE(client.is_closed_by_server());
}

TEST(Later, who_waits_hears_of_a_client_that_has_gone) {
  Owed owed;
  const auto server = start_server({.half_closed_timeout = Milliseconds(1)}, {owed.route()});
  {
    RawClient client(server->port());
    client.send(post("/later", "one"));
    ASSERT_TRUE(owed.await(1));
    EXPECT_EQ(owed.gone(), 0U);
  }
  EXPECT_TRUE(owed.await_gone(1));
  EXPECT_TRUE(eventually([&] { return server->open_connections() == 0; }));
  owed.pay();  // is dropped
  EXPECT_EQ(RawClient(server->port()).ask(get("/hello"))->body, "hello");
}

TEST(Later, a_client_that_has_only_ended_its_half_is_answered) {
  Owed owed;
  const auto server = start_server({.half_closed_timeout = kPatience}, {owed.route()});
  RawClient client(server->port());
  client.send(post("/later", "one"));
  client.finish_sending();
  ASSERT_TRUE(owed.await(1));
  std::this_thread::sleep_for(std::chrono::milliseconds(20));
  owed.pay();
  EXPECT_EQ(client.receive()->body, "one /later");
  EXPECT_TRUE(client.is_closed_by_server());
  EXPECT_EQ(owed.gone(), 0U);
}

TEST(Later, a_reply_that_nobody_finishes_is_a_500) {
  Owed owed;
  const auto server = start_server({}, {owed.route()});
  RawClient client(server->port());
  client.send(post("/later", "one"));
  ASSERT_TRUE(owed.await(1));
  owed.forget();
  EXPECT_EQ(client.receive()->status, 500);
  EXPECT_EQ(client.ask(get("/hello"))->body, "hello");
}

TEST(Later, a_handler_that_throws_or_whose_answer_does_is_a_500) {
  const auto server = start_server(
      {},
      {{.method = "GET",
        .pattern = "/throws",
        .handler = {},
        .later = [](const Request&, const Reply&) { throw std::runtime_error("first"); }},
       {.method = "GET", .pattern = "/throws-later", .handler = {}, .later = [](const Request&, const Reply& reply) {
          reply.finish([](const Request&, Response&) { throw std::runtime_error("then"); });
        }}});
  RawClient client(server->port());
  EXPECT_EQ(client.ask(get("/throws"))->status, 500);
  EXPECT_EQ(client.ask(get("/throws-later"))->status, 500);
  EXPECT_EQ(client.ask(get("/hello"))->body, "hello");
}

TEST(Later, a_stopping_server_lets_answers_come_and_cuts_those_that_do_not) {
  Owed owed;
  for (const bool comes : {true, false}) {
    const auto server = start_server({.farewell_timeout = Milliseconds(50)}, {owed.route()});
    RawClient client(server->port());
    client.send(post("/later", "one"));
    ASSERT_TRUE(owed.await(1));
    std::thread stopper([&] { server->stop(comes ? kPatience : Milliseconds(20)); });
    if (comes) owed.pay(true);
    const auto answer = client.receive();
    stopper.join();
    EXPECT_EQ(answer ? answer->body : "", comes ? "one /later" : "");
    EXPECT_EQ(owed.gone(), comes ? 0U : 1U);
    EXPECT_EQ(server->open_connections(), 0U);
  }
  owed.pay();  // long after its server has gone
}

TEST(Later, a_slow_reader_of_a_whole_answer_keeps_no_thread) {
  const std::string large(16 << 20, 'x');
  const auto server = start_server({.max_workers = 1, .write_timeout = kPatience},
                                   {{"GET", "/large", [&](const Request&, Response& response) {
                                       response.set_content(large, "application/octet-stream");
                                     }}});
  std::deque<RawClient> slow;
  for (int i = 0; i < 8; ++i) slow.emplace_back(server->port()).send(get("/large"));
  EXPECT_EQ(RawClient(server->port()).ask(get("/hello"))->body, "hello");  // of the one worker
  for (RawClient& client : slow) EXPECT_TRUE(client.receive()->body == large);
}

// Waiting takes memory only: 8,000 at once, and no worker has begun. Both ends live in this process.
TEST(Later, thousands_wait_and_are_answered_together) {
  constexpr std::size_t kClients = 8'000;
  allow_many_descriptors();
  Owed owed;
  const auto server = start_server({.max_workers = 1, .half_closed_timeout = Milliseconds(1)}, {owed.route()});
  std::deque<RawClient> clients;
  for (std::size_t i = 0; i < kClients; ++i) {
    ASSERT_TRUE(clients.emplace_back(server->port()).send(post("/later", std::to_string(i)))) << i;
  }
  ASSERT_TRUE(owed.await(kClients));
  EXPECT_EQ(RawClient(server->port()).ask(get("/hello"))->body, "hello");
  for (std::size_t i = 0; i < kClients / 2; ++i) clients.pop_back();
  EXPECT_TRUE(owed.await_gone(kClients / 2));
  owed.pay();
  for (std::size_t i = 0; i < clients.size(); ++i) {
    const auto answer = clients[i].receive();
    ASSERT_EQ(answer ? answer->body : "", std::to_string(i) + " /later");
  }
  EXPECT_EQ(owed.gone(), kClients / 2);
}

}  // namespace
}  // namespace timestore::http
