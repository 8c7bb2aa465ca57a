// The requests of one pool get through whatever those of the others do, and none can use what is another's.
#include <gtest/gtest.h>

#include <deque>
#include <future>
#include <thread>

#include "net/http/server.h"
#include "tests/net/http/raw_client.h"

namespace timestore::http {
namespace {

// POST /vital/echo is the peers'; POST /echo and GET /hello are the clients'. One worker each, so that one request
// takes all.
struct Setting {
  Options options = {.max_workers = 1, .peer_workers = 1, .body_timeout = 2 * kPatience, .linger = Milliseconds(1'000)};

  std::unique_ptr<Server> start(std::vector<Route> more = {}) const {
    more.push_back({"POST", "/vital/echo",
                    [](const Request& request, Response& response) {
                      response.set_content(request.body, "application/octet-stream");
                    },
                    BodyRules{}, Audience::kPeers});
    return start_server(options, std::move(more));
  }
};

// Takes a worker and keeps it until release(): the server waits for the rest of the body.
class Holder {
 public:
  explicit Holder(int port) : client_(port) {}

  bool hold(std::string_view target) {
    client_.send("POST " + std::string(target) +
                 " HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n");
    const auto answer = client_.receive();
    return answer && answer->status == 100 && client_.send("h");
  }
  std::string release() {
    const auto answer = client_.ask("ello");
    return answer ? answer->body : "";
  }
  RawClient& client() { return client_; }

 private:
  RawClient client_;
};

int status_of(const std::optional<Answer>& answer) { return answer ? answer->status : 0; }

TEST(Pools, of_peers_answer_while_all_workers_of_clients_are_held) {
  const auto server = Setting().start();
  Holder holder(server->port());
  ASSERT_TRUE(holder.hold("/echo"));
  std::deque<RawClient> queued;
  for (int i = 0; i < 20; ++i) queued.emplace_back(server->port()).send(get("/hello"));
  for (int i = 0; i < 20; ++i) {
    RawClient peer(server->port());
    for (int again = 0; again < 3; ++again) {
      ASSERT_EQ(status_of(peer.ask(post("/vital/echo", "beat"))), 200);
      ASSERT_EQ(status_of(peer.ask(post("http://test/vital/echo", "beat"))), 200);
    }
  }
  EXPECT_EQ(holder.release(), "hello");
  for (RawClient& client : queued) EXPECT_EQ(status_of(client.receive()), 200);
}

TEST(Pools, are_told_by_the_route_however_the_path_is_spelled) {
  const auto server = Setting().start();
  Holder holder(server->port());
  ASSERT_TRUE(holder.hold("/echo"));
  RawClient(server->port()).send(get("/hello"));  // waits in the queue of the others
  for (const char* target :
       {"/Vital/Echo", "/VITAL/ECHO/", "/%76ital/ech%4F", "/vital/echo?x#/y", "HTTP://h/Vital/echo"}) {
    EXPECT_EQ(status_of(RawClient(server->port()).ask(post(target, "beat"))), 200) << target;
  }
  EXPECT_EQ(status_of(RawClient(server->port()).ask(get("/Vital/echo"))), 405);
  EXPECT_EQ(holder.release(), "hello");
}

TEST(Pools, of_peers_do_not_serve_paths_that_only_look_like_theirs) {
  const auto server = Setting().start();
  Holder holder(server->port());
  ASSERT_TRUE(holder.hold("/vital/echo"));
  for (const char* target : {"/vital/", "/vital", "//vital/echo", "/vital%2Fecho", "/vital/echo/x", "/a?/vital/echo"}) {
    EXPECT_EQ(status_of(RawClient(server->port()).ask(get(target))), 404) << target;
  }
  EXPECT_EQ(holder.release(), "hello");
}

TEST(Pools, of_clients_answer_while_all_workers_of_peers_are_held) {
  const auto server = Setting().start();
  Holder holder(server->port());
  ASSERT_TRUE(holder.hold("/vital/echo"));
  EXPECT_EQ(status_of(RawClient(server->port()).ask(get("/hello"))), 200);
  std::deque<RawClient> queued;
  for (int i = 0; i < 5; ++i) queued.emplace_back(server->port()).send(post("/vital/echo", "beat"));
  EXPECT_EQ(holder.release(), "hello");
  for (RawClient& client : queued) EXPECT_EQ(status_of(client.receive()), 200);
}

TEST(Pools, of_peers_are_not_kept_by_a_clients_request_on_their_connection) {
  const auto server = Setting().start();
  Holder holder(server->port());
  ASSERT_EQ(status_of(holder.client().ask(post("/vital/echo", "beat"))), 200);
  ASSERT_TRUE(holder.hold("/echo"));
  EXPECT_EQ(status_of(RawClient(server->port()).ask(post("/vital/echo", "beat"))), 200);
  EXPECT_EQ(holder.release(), "hello");
}

TEST(Pools, of_clients_are_not_kept_by_a_peers_request_on_their_connection) {
  const auto server = Setting().start();
  Holder holder(server->port());
  ASSERT_EQ(status_of(holder.client().ask(get("/hello"))), 200);
  ASSERT_TRUE(holder.hold("/vital/echo"));
  EXPECT_EQ(status_of(RawClient(server->port()).ask(get("/hello"))), 200);
  EXPECT_EQ(holder.release(), "hello");
}

TEST(Pools, may_alternate_in_one_stream) {
  const auto server = Setting().start();
  std::string requests;
  for (int i = 0; i < 200; ++i) requests += post(i % 3 == 0 ? "/vital/echo" : "/echo", std::to_string(i));
  RawClient client(server->port());
  client.send(requests);
  for (int i = 0; i < 200; ++i) {
    const auto answer = client.receive();
    ASSERT_EQ(answer ? answer->body : "", std::to_string(i));
  }
}

TEST(Pools, of_peers_take_bodies_while_clients_have_no_memory_left) {
  Setting setting;
  setting.options.max_workers = 2;
  setting.options.max_bodies_bytes = 1;
  std::promise<void> entered;
  std::promise<void> released;
  const auto server = setting.start({{"POST", "/wait",
                                      [&](const Request&, Response& response) {
                                        entered.set_value();
                                        released.get_future().wait_for(kPatience);
                                        response.set_content("done", "text/plain");
                                      },
                                      BodyRules{}}});
  RawClient waiting(server->port());
  waiting.send(post("/wait", "x"));
  entered.get_future().wait_for(kPatience);
  EXPECT_EQ(status_of(RawClient(server->port()).ask(post("/echo", "x"))), 503);
  EXPECT_EQ(status_of(RawClient(server->port()).ask(post("/vital/echo", "beat"))), 200);
  released.set_value();
  EXPECT_EQ(status_of(waiting.receive()), 200);
}

TEST(Pools, have_limits_of_memory_of_their_own) {
  Setting setting;
  setting.options.max_peer_bodies_bytes = 3;
  const auto server = setting.start();
  EXPECT_EQ(status_of(RawClient(server->port()).ask(post("/vital/echo", "beat"))), 503);
  EXPECT_EQ(status_of(RawClient(server->port()).ask(post("/echo", "x"))), 200);
}

TEST(Pools, are_cut_together_when_the_server_stops) {
  const auto server = Setting().start();
  Holder ordinary(server->port());
  Holder reserved(server->port());
  ASSERT_TRUE(ordinary.hold("/echo"));
  ASSERT_TRUE(reserved.hold("/vital/echo"));
  std::thread stopper([&] { server->stop(Milliseconds(20)); });
  EXPECT_TRUE(ordinary.client().is_closed_by_server());
  EXPECT_TRUE(reserved.client().is_closed_by_server());
  stopper.join();
  EXPECT_EQ(server->open_connections(), 0u);
}

}  // namespace
}  // namespace timestore::http
