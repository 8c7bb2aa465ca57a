#include <gtest/gtest.h>

#include <condition_variable>
#include <mutex>
#include <thread>

#include "net/http/server.h"
#include "tests/net/http/raw_client.h"

namespace timestore::http {
namespace {

// GET /wait is answered once the test says so.
struct Waiting {
  std::mutex mutex;
  std::condition_variable changed;
  int entered = 0;
  bool released = false;

  Route route() {
    return {"GET", "/wait", [this](const Request&, Response& response) {
              std::unique_lock lock(mutex);
              ++entered;
              changed.notify_all();
              changed.wait_for(lock, kPatience, [&] { return released; });
              response.set_content("done", "text/plain");
            }};
  }
  void await_entered(int count) {
    std::unique_lock lock(mutex);
    changed.wait_for(lock, kPatience, [&] { return entered == count; });
  }
  void release() {
    const std::scoped_lock lock(mutex);
    released = true;
    changed.notify_all();
  }
};

TEST(Stop, lets_running_requests_finish_and_closes_the_rest) {
  Waiting waiting;
  const auto server = start_server({.farewell_timeout = Milliseconds(50)}, {waiting.route()});
  RawClient idle(server->port());
  RawClient half(server->port());
  half.send("GET /he");
  RawClient running(server->port());
  running.send(get("/wait"));
  waiting.await_entered(1);
  std::thread stopper([&] { server->stop(kPatience); });
  EXPECT_TRUE(idle.is_closed_by_server());
  EXPECT_TRUE(half.is_closed_by_server());
  EXPECT_TRUE(eventually([&] { return !RawClient(server->port()).is_connected(); }));
  waiting.release();
  const auto answer = running.receive();
  stopper.join();
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->body, "done");
  EXPECT_EQ(answer->header("Connection"), "close");
  EXPECT_EQ(server->open_connections(), 0u);
}

TEST(Stop, cuts_what_takes_longer_than_the_grace_period) {
  Waiting waiting;
  const auto server = start_server({.body_timeout = kPatience}, {waiting.route()});
  RawClient running(server->port());
  running.send(get("/wait"));
  waiting.await_entered(1);
  RawClient sending(server->port());
  sending.send("POST /echo HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n");
  EXPECT_EQ(sending.receive()->status, 100);
  std::thread stopper([&] { server->stop(Milliseconds(20)); });
  EXPECT_TRUE(running.is_closed_by_server());
  EXPECT_TRUE(sending.is_closed_by_server());
  waiting.release();
  stopper.join();
  EXPECT_EQ(server->open_connections(), 0u);
}

TEST(Stop, ends_answers_that_would_stream_for_ever) {
  const auto server = start_server({}, {{"GET", "/stream", [](const Request&, Response& response) {
                                           response.set_writer("text/plain", [](Sink& sink) {
                                             while (sink.write("x")) {
                                             }
                                             return false;
                                           });
                                         }}});
  RawClient client(server->port());
  client.send(get("/stream"));
  EXPECT_EQ(client.receive()->status, 200);
  server->stop(Milliseconds(20));
  EXPECT_TRUE(client.is_closed_by_server());
}

TEST(Stop, may_be_called_by_many_threads_and_again) {
  const auto server = start_server();
  std::atomic<bool> stopped{false};
  std::vector<std::thread> clients;
  for (int i = 0; i < 8; ++i) {
    clients.emplace_back([&] {
      while (!stopped) {
        RawClient client(server->port());
        while (client.ask(post("/echo", "x")).has_value() && !stopped) {
        }
      }
    });
  }
  RawClient probe(server->port());
  EXPECT_EQ(probe.ask(get("/hello"))->body, "hello");
  std::vector<std::thread> stoppers;
  for (int i = 0; i < 4; ++i) stoppers.emplace_back([&] { server->stop(Milliseconds(1'000)); });
  for (auto& thread : stoppers) thread.join();
  EXPECT_EQ(server->open_connections(), 0u);
  stopped = true;
  for (auto& thread : clients) thread.join();
  server->stop(Milliseconds(0));
}

TEST(Stop, frees_the_port) {
  auto server = start_server();
  const int port = server->port();
  EXPECT_EQ(RawClient(port).ask(get("/hello"))->body, "hello");
  server->stop(Milliseconds(100));
  EXPECT_EQ(start_server({.port = port})->port(), port);
}

}  // namespace
}  // namespace timestore::http
