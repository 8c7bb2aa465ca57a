// Clients that are slow, silent or many: none of them may keep others from being served, and all of them are closed.
#include <gtest/gtest.h>

#include <deque>
#include <future>
#include <thread>

#include "net/http/server.h"
#include "tests/net/http/raw_client.h"

namespace timestore::http {
namespace {

TEST(Patience, a_thousand_idle_and_trickling_clients_do_not_keep_others_waiting) {
  allow_many_descriptors();
  const auto server = start_server({.max_workers = 2, .idle_timeout = 2 * kPatience, .head_timeout = 2 * kPatience});
  std::deque<RawClient> idle;
  std::deque<RawClient> trickling;
  for (int i = 0; i < 500; ++i) {
    ASSERT_TRUE(idle.emplace_back(server->port()).is_connected());
    ASSERT_TRUE(trickling.emplace_back(server->port()).send("GET /hello HT"));
  }
  ASSERT_TRUE(eventually([&] { return server->open_connections() == 1'000; }));
  RawClient client(server->port());
  for (int i = 0; i < 50; ++i) {
    for (std::size_t n = 0; n < trickling.size(); n += 50)
      trickling[n].send(std::string(1, "TP/1.1\r\nHost: slow client"[i % 25]));
    ASSERT_EQ(client.ask(get("/hello"))->body, "hello");
  }
  for (RawClient& other : idle) ASSERT_TRUE(other.is_open());
  for (std::size_t n = 1; n < trickling.size(); n += 2) ASSERT_TRUE(trickling[n].is_open());
}

TEST(Patience, a_head_that_trickles_in_is_served) {
  const auto server = start_server({.linger = Milliseconds(1)});
  RawClient client(server->port());
  for (int round = 0; round < 3; ++round) {
    for (const char c : get("/hello")) client.send({&c, 1});
    EXPECT_EQ(client.receive()->body, "hello");
  }
}

TEST(Patience, ends_with_a_head_that_does_not_arrive) {
  const auto server = start_server({.head_timeout = Milliseconds(50)});
  RawClient client(server->port());
  const auto answer = client.ask("GET /hello HTTP/1.1\r\nHos");
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, 408);
  EXPECT_TRUE(client.is_closed_by_server());
}

TEST(Patience, is_not_spent_on_lines_that_never_end) {
  const auto server = start_server({.head_timeout = 2 * kPatience, .body_timeout = 2 * kPatience});
  const std::string chunked = "POST /echo HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n";
  for (const std::string& bytes :
       {std::string("GET /hello HTTP/1.1\nHost: h\n\n"), std::string("GET /hello HTTP/1.1\rHost: h\r\r"),
        std::string("GET /hello HTTP/1.1\r\nHost: h\n\n"), chunked + "5\nhello\n0\n\n", chunked + "5\r\nhello\n",
        chunked + "0\r\n\n", chunked + "0\r\nTrailer: x\n\n"}) {
    RawClient client(server->port());
    const auto answer = client.ask(bytes);
    EXPECT_EQ(answer ? answer->status : 0, 400) << bytes;
    EXPECT_TRUE(client.is_closed_by_server()) << bytes;
  }
  RawClient trickling(server->port());
  for (const char c : std::string("GET /hello HTTP/1.1\r\nHost: h\n")) trickling.send({&c, 1});
  EXPECT_EQ(trickling.receive()->status, 400);
}

TEST(Patience, is_not_renewed_by_trickling_a_head) {
  const auto server = start_server({.head_timeout = Milliseconds(100), .farewell_timeout = Milliseconds(50)});
  RawClient client(server->port());
  client.send("GET /hello HTTP/1.1\r\nX-Endless: ");
  EXPECT_TRUE(eventually([&] { return !client.send("x"); }));
}

TEST(Patience, ends_with_a_body_that_does_not_arrive) {
  const auto server = start_server({.body_timeout = Milliseconds(50)});
  for (const char* framing : {"Content-Length: 5\r\n\r\nhell", "Transfer-Encoding: chunked\r\n\r\n5\r\nhell"}) {
    RawClient client(server->port());
    const auto answer = client.ask("POST /echo HTTP/1.1\r\nHost: h\r\n" + std::string(framing));
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->status, 408);
    EXPECT_TRUE(client.is_closed_by_server());
  }
}

TEST(Patience, is_not_renewed_by_trickling_a_body) {
  const auto server = start_server({.body_timeout = Milliseconds(100), .farewell_timeout = Milliseconds(50)});
  RawClient client(server->port());
  client.send("POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 10000000\r\n\r\n");
  EXPECT_TRUE(eventually([&] { return !client.send("x"); }));
}

TEST(Patience, ends_with_a_client_that_never_reads_its_answer) {
  const std::string large(64 << 20, 'x');
  const auto server = start_server({.write_timeout = Milliseconds(50), .minimum_bytes_per_second = 1 << 30},
                                   {{"GET", "/large", [&](const Request&, Response& response) {
                                       response.set_content(large, "application/octet-stream");
                                     }}});
  RawClient client(server->port());
  client.send(get("/large"));
  EXPECT_TRUE(eventually([&] { return server->open_connections() == 0; }));
  EXPECT_TRUE(client.is_closed_by_server());
  EXPECT_LT(client.rest().size(), large.size());
}

TEST(Patience, ends_with_a_connection_that_is_never_used) {
  const auto server = start_server({.idle_timeout = Milliseconds(50)});
  RawClient client(server->port());
  EXPECT_TRUE(client.is_closed_by_server());
  EXPECT_EQ(client.rest(), "");
}

TEST(Patience, ends_with_a_connection_that_is_not_used_again) {
  const auto server = start_server({.idle_timeout = Milliseconds(50)});
  // On a busy machine a connection may be closed before the client comes to ask.
  EXPECT_TRUE(eventually([&] {
    RawClient client(server->port());
    const auto answer = client.ask(get("/hello"));
    EXPECT_TRUE(client.is_closed_by_server());
    EXPECT_EQ(client.rest(), "");
    return answer && answer->body == "hello";
  }));
}

TEST(Patience, ends_with_a_client_that_does_not_hang_up) {
  const auto server = start_server({.farewell_timeout = Milliseconds(50)});
  RawClient client(server->port());
  EXPECT_EQ(client.ask("\x16\x03\x01 not HTTP")->status, 400);
  EXPECT_TRUE(client.is_closed_by_server());
  EXPECT_TRUE(eventually([&] { return server->open_connections() == 0; }));
}

TEST(Patience, a_newcomer_takes_the_place_of_the_longest_idle) {
  const auto server = start_server({.max_connections = 3, .idle_timeout = 2 * kPatience});
  std::deque<RawClient> idle;
  for (int i = 0; i < 3; ++i) idle.emplace_back(server->port());
  RawClient newcomer(server->port());
  EXPECT_EQ(newcomer.ask(get("/hello"))->body, "hello");
  EXPECT_TRUE(idle[0].is_closed_by_server());
  EXPECT_TRUE(idle[1].is_open());
  EXPECT_TRUE(idle[2].is_open());
}

// A handler that returns when it is told to.
class Gate {
 public:
  Route route() {
    return {"GET", "/wait", [this](const Request&, Response& response) {
              ++entered;
              opened_.get_future().wait_for(kPatience);
              response.set_content("done", "text/plain");
            }};
  }
  void open() { opened_.set_value(); }
  std::atomic<int> entered{0};

 private:
  std::promise<void> opened_;
};

TEST(Patience, a_newcomer_is_told_to_come_back_when_everybody_is_being_served) {
  Gate gate;
  const auto server = start_server({.max_connections = 1}, {gate.route()});
  RawClient client(server->port());
  client.send(get("/wait"));
  ASSERT_TRUE(eventually([&] { return gate.entered == 1; }));
  RawClient newcomer(server->port());
  const auto answer = newcomer.receive();
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, 503);
  EXPECT_EQ(answer->header("Retry-After"), "1");
  EXPECT_EQ(answer->header("Connection"), "close");
  gate.open();
  EXPECT_EQ(client.receive()->body, "done");
}

TEST(Patience, requests_beyond_the_workers_wait_for_their_turn) {
  Gate gate;
  const auto server = start_server({.max_workers = 1}, {gate.route()});
  RawClient client(server->port());
  client.send(get("/wait"));
  ASSERT_TRUE(eventually([&] { return gate.entered == 1; }));
  std::deque<RawClient> others;
  for (int i = 0; i < 20; ++i) others.emplace_back(server->port()).send(get("/hello"));
  gate.open();
  for (RawClient& other : others) EXPECT_EQ(other.receive()->body, "hello");
}

TEST(Patience, a_client_that_never_pauses_does_not_keep_the_only_worker) {
  const auto server = start_server({.max_workers = 1, .linger = Milliseconds(1'000)});
  std::atomic<bool> served{false};
  std::atomic<int> answers{0};
  std::thread busy([&] {
    RawClient client(server->port());
    while (!served && client.ask(get("/hello"))) ++answers;
  });
  EXPECT_TRUE(eventually([&] { return answers > 0; }));
  const auto answer = RawClient(server->port()).ask(get("/hello"));
  served = true;
  busy.join();
  EXPECT_TRUE(answer.has_value());
}

TEST(Patience, a_closed_connection_is_forgotten) {
  const auto server = start_server();
  for (int i = 0; i < 100; ++i) {
    RawClient client(server->port());
    client.send(i % 2 == 0 ? get("/hello") : "GET /hel");
  }
  EXPECT_TRUE(eventually([&] { return server->open_connections() == 0; }));
}

}  // namespace
}  // namespace timestore::http
