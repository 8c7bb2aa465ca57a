#include "net/http/server.h"

#include <gtest/gtest.h>

#include <cmath>
#include <ctime>
#include <future>
#include <string>
#include <thread>

#include "tests/net/http/gzip.h"
#include "tests/net/http/raw_client.h"

namespace timestore::http {
namespace {

void expect_problem(const std::optional<Answer>& answer, int status) {
  ASSERT_TRUE(answer.has_value());
  EXPECT_EQ(answer->status, status);
  EXPECT_EQ(answer->header("Content-Type"), "application/problem+json");
  EXPECT_NE(answer->body.find("\"status\":" + std::to_string(status)), std::string::npos) << answer->body;
}

Route answering(std::string pattern, Handler handler) { return {"GET", std::move(pattern), std::move(handler)}; }

TEST(Server, serves_ten_thousand_requests_on_one_connection) {
  const auto server = start_server();
  RawClient client(server->port());
  for (int i = 0; i < 10'000; ++i) {
    const std::string body = "body " + std::to_string(i);
    const auto answer = client.ask(post("/echo", body));
    ASSERT_TRUE(answer.has_value()) << i;
    ASSERT_EQ(answer->body, body);
  }
}

TEST(Server, answers_pipelined_requests_in_order) {
  const auto server = start_server();
  RawClient client(server->port());
  std::string requests;
  for (int i = 0; i < 1'000; ++i) requests += post("/echo", std::to_string(i));
  std::thread sender([&] { client.send(requests); });
  for (int i = 0; i < 1'000; ++i) {
    const auto answer = client.receive();
    EXPECT_EQ(answer ? answer->body : "", std::to_string(i));
  }
  sender.join();
}

TEST(Server, serves_many_clients_at_the_same_time) {
  const auto server = start_server({.max_workers = 4});
  std::vector<std::thread> threads;
  std::atomic<int> right{0};
  for (int t = 0; t < 16; ++t) {
    threads.emplace_back([&, t] {
      RawClient client(server->port());
      for (int i = 0; i < 200; ++i) {
        const std::string body = std::to_string(t * 1000 + i);
        const auto answer = client.ask(post("/echo", body));
        if (answer && answer->body == body) ++right;
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(right, 16 * 200);
}

TEST(Server, tells_handlers_the_decoded_request) {
  const auto server = start_server(
      {}, {answering("/device/{name}", [](const Request& request, Response& response) {
        response.set_content(request.path_parameter("name") + "|" + request.path + "|" + request.param("q") + "|" +
                                 std::string(request.header("x-h")) + "|" + request.remote_address,
                             "text/plain");
      })});
  RawClient client(server->port());
  const auto answer = client.ask(get("/device/a%2Fb?q=1%202+3", "X-H: %41\r\nREMOTE_ADDR: 6.6.6.6\r\n"));
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->body, "a/b|/device/a/b|1 2 3|%41|127.0.0.1");
}

TEST(Server, answers_errors_as_problems_and_keeps_the_connection) {
  const auto server = start_server({.max_target_bytes = 100},
                                   {{"POST", "/json", [](const Request&, Response&) {},
                                     BodyRules{.media_types = {"application/json"}, .content_type_required = true}}});
  RawClient client(server->port());
  expect_problem(client.ask(get("/nothing")), 404);
  expect_problem(client.ask(post("/nothing", "a body that nobody reads")), 404);
  const auto wrong_method = client.ask(get("/echo"));
  expect_problem(wrong_method, 405);
  EXPECT_EQ(wrong_method->header("Allow"), "POST, OPTIONS");
  expect_problem(client.ask(post("/json", "{}")), 415);
  expect_problem(client.ask(post("/json", "{}", "Content-Type: text/plain\r\n")), 415);
  expect_problem(client.ask(post("/echo", "x", "Content-Encoding: br\r\n")), 415);
  expect_problem(client.ask(get("/hello?%zz")), 400);
  EXPECT_EQ(client.ask(post("/json", "{}", "Content-Type: Application/JSON; charset=utf-8\r\n"))->status, 200);
  EXPECT_EQ(client.ask(get("/hello"))->body, "hello");
  expect_problem(client.ask(get("/" + std::string(100, 'a'))), 414);
  EXPECT_TRUE(client.is_closed_by_server());
}

TEST(Server, takes_json_under_all_its_names_with_or_without_a_byte_order_mark) {
  const Handler echo = [](const Request& request, Response& response) {
    response.set_content(request.body, "text/plain");
  };
  const auto server = start_server(
      {}, {{"POST", "/json", echo, BodyRules{.media_types = {"application/json"}, .content_type_required = true}},
           {"POST", "/perhaps", echo, BodyRules{.media_types = {"application/json"}}},
           {"POST", "/text", echo, BodyRules{.media_types = {"text/plain"}}}});
  RawClient client(server->port());
  const std::string marked = "\xef\xbb\xbf{}";
  for (const char* type : {"application/json", "text/json", "Text/JSON;charset=utf-8", "application/vnd.api+json"}) {
    const std::string header = "Content-Type: " + std::string(type) + "\r\n";
    for (const std::string& body : {std::string("{}"), marked}) {
      const auto answer = client.ask(post("/json", body, header));
      EXPECT_EQ(answer ? answer->body : "", "{}") << type;
    }
    expect_problem(client.ask(post("/text", "{}", header)), 415);
  }
  for (const char* type : {"text/plain", "application/jsonx", "application/+json", "text/x+json", "json", "+json"})
    expect_problem(client.ask(post("/json", "{}", "Content-Type: " + std::string(type) + "\r\n")), 415);
  EXPECT_EQ(client.ask(post("/perhaps", marked))->body, "{}");
  EXPECT_EQ(client.ask(post("/text", marked))->body, marked);
  EXPECT_EQ(client.ask(post("/echo", marked))->body, marked);
}

TEST(Server, dates_every_answer) {
  const auto server =
      start_server({.max_head_bytes = 1000}, {answering("/chunks",
                                                        [](const Request&, Response& response) {
                                                          response.set_header("Date", "yesterday");
                                                          response.set_writer("text/plain", [](Sink&) { return true; });
                                                        }),
                                              answering("/throw", [](const Request&, Response&) { throw 1; })});
  for (const std::string& request :
       {get("/hello"), get("/nothing"), get("/chunks"), get("/throw"), post("/hello", ""), post("/echo", "x"),
        std::string("OPTIONS * HTTP/1.1\r\nHost: h\r\n\r\n"), std::string("GET / HTTP/1.1\r\n\r\n"),
        std::string("GET / HTTP/1.1\n\n"), get("/" + std::string(2000, 'x'))}) {
    RawClient client(server->port());
    client.send(request);
    ASSERT_TRUE(client.awaits("\r\n\r\n")) << request;
    const std::string head = client.rest();
    std::tm parts{};
    const auto at = head.find("\r\nDate: ");
    ASSERT_NE(at, std::string::npos) << head;
    EXPECT_EQ(head.find("Date: ", at + 8), std::string::npos) << head;
    const char* end = strptime(head.c_str() + at + 8, "%a, %d %b %Y %H:%M:%S GMT\r\n", &parts);
    ASSERT_NE(end, nullptr) << head;
    EXPECT_LE(std::abs(std::difftime(timegm(&parts), std::time(nullptr))), 60) << head;
  }
}

TEST(Server, takes_nothing_for_a_request_that_may_be_the_body_of_the_one_before) {
  std::atomic<int> asked{0};
  const auto server = start_server({}, {answering("/ask", [&](const Request&, Response&) { ++asked; })});
  for (const char* path : {"/echo", "/nothing", "/hello"}) {
    RawClient client(server->port());
    client.send("POST " + std::string(path) + " HTTP/1.1\r\nHost: h\r\n\r\n" + get("/ask"));
    expect_problem(client.receive(), 411);
    EXPECT_TRUE(client.is_closed_by_server());
    EXPECT_EQ(client.rest(), "");
  }
  EXPECT_EQ(asked, 0);
}

TEST(Server, answers_head_and_options) {
  const auto server = start_server();
  RawClient client(server->port());
  client.send("HEAD /hello HTTP/1.1\r\nHost: h\r\n\r\n");
  const auto head = client.receive(true);
  ASSERT_TRUE(head);
  EXPECT_EQ(head->status, 200);
  EXPECT_EQ(head->header("Content-Length"), "5");
  const auto options = client.ask("OPTIONS /hello HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_EQ(options->status, 204);
  EXPECT_EQ(options->header("Allow"), "GET, HEAD, OPTIONS");
  EXPECT_EQ(options->header("Content-Length"), "");
  EXPECT_EQ(client.ask("OPTIONS * HTTP/1.1\r\nHost: h\r\n\r\n")->status, 204);
  client.send("HEAD /nothing HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_EQ(client.receive(true)->status, 404);
  EXPECT_EQ(client.ask(get("/hello"))->body, "hello");
}

TEST(Server, answers_500_when_a_handler_throws_and_logs_it) {
  std::string logged;
  const auto server = start_server({.log = [&](const std::string& line) { logged = line; }},
                                   {answering("/throw", [](const Request&, Response& response) {
                                     response.set_header("X-Half", "done");
                                     throw std::runtime_error("secret");
                                   })});
  RawClient client(server->port());
  const auto answer = client.ask(get("/throw"));
  expect_problem(answer, 500);
  EXPECT_EQ(answer->body.find("secret"), std::string::npos);
  EXPECT_EQ(answer->header("X-Half"), "");
  EXPECT_EQ(client.ask(get("/hello"))->body, "hello");
  EXPECT_NE(logged.find("secret"), std::string::npos);
}

TEST(Server, lets_the_client_read_a_413_while_it_is_still_sending) {
  const auto server = start_server({.max_body_bytes = 1000, .farewell_timeout = kPatience});
  for (const char* framing : {"Transfer-Encoding: chunked", "Content-Length: 20000000"}) {
    RawClient client(server->port());
    client.send("POST /echo HTTP/1.1\r\nHost: h\r\n" + std::string(framing) + "\r\n\r\n");
    const std::string chunk = "3e8\r\n" + std::string(1000, 'x') + "\r\n";
    for (int i = 0; i < 5'000; ++i) ASSERT_TRUE(client.send(chunk)) << "the connection was reset";
    expect_problem(client.receive(), 413);
    EXPECT_TRUE(client.is_closed_by_server());
  }
}

TEST(Server, reads_gzip_bodies_and_limits_what_they_expand_to) {
  const auto server = start_server({.max_body_bytes = 1000});
  RawClient client(server->port());
  EXPECT_EQ(client.ask(post("/echo", gzipped("hello"), "Content-Encoding: gzip\r\n"))->body, "hello");
  const std::string bomb = gzipped(std::string(2'000, 'x'));
  ASSERT_LT(bomb.size(), 1'000u);
  expect_problem(client.ask(post("/echo", bomb, "Content-Encoding: gzip\r\n")), 413);
}

TEST(Server, asks_for_the_body_that_a_client_holds_back) {
  const auto server = start_server();
  RawClient client(server->port());
  client.send("POST /echo HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n");
  EXPECT_EQ(client.receive()->status, 100);
  EXPECT_EQ(client.ask("hello")->body, "hello");
  EXPECT_EQ(client.ask(get("/hello"))->body, "hello");
}

TEST(Server, refuses_a_body_before_a_client_sends_it) {
  const auto server = start_server({.max_body_bytes = 1000});
  for (const char* path : {"/echo", "/nothing"}) {
    RawClient client(server->port());
    client.send("POST " + std::string(path) +
                " HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 5000\r\n\r\n");
    EXPECT_GE(client.receive()->status, 400);
    EXPECT_TRUE(client.is_closed_by_server());
  }
}

TEST(Server, closes_after_http_1_0_and_when_asked_to) {
  const auto server = start_server();
  for (const std::string& request :
       {std::string("GET /hello HTTP/1.0\r\n\r\n"), get("/hello", "Connection: close\r\n")}) {
    RawClient client(server->port());
    const auto answer = client.ask(request);
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->header("Connection"), "close");
    EXPECT_EQ(answer->body, "hello");
    EXPECT_TRUE(client.is_closed_by_server());
  }
}

TEST(Server, lets_a_route_unpack_more_than_it_takes_as_sent) {
  const auto server = start_server(
      {},
      {{.method = "POST",
        .pattern = "/size",
        .handler = [](const Request& request,
                      Response& response) { response.set_content(std::to_string(request.body.size()), "text/plain"); },
        .body = BodyRules{.max_bytes = 100, .max_unpacked_bytes = 2'000}}});
  RawClient client(server->port());
  EXPECT_EQ(client.ask(post("/size", gzipped(std::string(2'000, 'x')), "Content-Encoding: gzip\r\n"))->body, "2000");
  expect_problem(client.ask(post("/size", gzipped(std::string(2'001, 'x')), "Content-Encoding: gzip\r\n")), 413);
  RawClient again(server->port());
  expect_problem(again.ask(post("/size", std::string(101, 'x'))), 413);
}

TEST(Server, lets_a_route_say_in_its_own_words_what_kept_its_handler_from_being_asked) {
  const auto server = start_server({}, {{.method = "POST",
                                         .pattern = "/own",
                                         .handler = [](const auto&, auto&) {},
                                         .body = BodyRules{.max_bytes = 3},
                                         .refuse =
                                             [](const Problem& problem, const Request& request, Response& response) {
                                               response.status = status_of(problem.kind) + 100;
                                               response.set_content(request.path, "text/plain");
                                             }}});
  RawClient client(server->port());
  const auto answer = client.ask(post("/own", "long"));
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, 513);
  EXPECT_EQ(answer->body, "/own");
  RawClient other(server->port());
  expect_problem(other.ask(get("/own")), 405);
}

TEST(Server, compresses_large_answers_for_clients_that_want_gzip) {
  const auto server = start_server({}, {answering("/large", [](const Request&, Response& response) {
                                     response.set_content(std::string(100'000, 'x'), "application/json");
                                   })});
  RawClient client(server->port());
  const auto plain = client.ask(get("/large", "Accept-Encoding: br, gzip;q=0\r\n"));
  EXPECT_EQ(plain->body.size(), 100'000u);
  const auto compressed = client.ask(get("/large", "Accept-Encoding: br, gzip\r\n"));
  EXPECT_EQ(compressed->header("Content-Encoding"), "gzip");
  EXPECT_LT(compressed->body.size(), 1'000u);
}

TEST(Server, streams_an_answer_piece_by_piece) {
  std::promise<void> first_was_read;
  const Handler handler = [&](const Request&, Response& response) {
    response.set_writer("application/x-ndjson", [&](Sink& sink) {
      if (!sink.write("one\n")) return false;
      first_was_read.get_future().wait_for(kPatience);
      return sink.write("two\n");
    });
  };
  const auto server = start_server({}, {answering("/stream", handler)});
  RawClient client(server->port());
  client.send(get("/stream"));
  ASSERT_TRUE(client.awaits("4\r\none\n\r\n"));
  EXPECT_EQ(client.rest().find("two"), std::string::npos);
  first_was_read.set_value();
  EXPECT_TRUE(client.awaits("4\r\ntwo\n\r\n0\r\n\r\n"));
}

TEST(Server, ends_the_connection_after_an_answer_of_unknown_length_to_a_client_that_knows_no_chunks) {
  const Handler handler = [](const Request&, Response& response) {
    response.set_writer("text/plain", [](Sink& sink) { return sink.write("hel") && sink.write("lo"); });
  };
  const auto server = start_server({}, {answering("/stream", handler)});
  RawClient client(server->port());
  const auto answer = client.ask("GET /stream HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  EXPECT_EQ(answer->header("Connection"), "close");
  EXPECT_EQ(answer->header("Transfer-Encoding"), "");
  EXPECT_TRUE(client.is_closed_by_server());
  EXPECT_EQ(client.rest(), "hello");
}

TEST(Server, breaks_off_when_a_streaming_answer_fails) {
  const Handler handler = [](const Request&, Response& response) {
    response.set_writer("text/plain", [](Sink& sink) -> bool {
      EXPECT_TRUE(sink.write("hello"));
      throw std::runtime_error("the source has failed");
    });
  };
  const auto server = start_server({}, {answering("/broken", handler)});
  RawClient client(server->port());
  EXPECT_EQ(client.ask(get("/broken"))->status, 200);
  EXPECT_TRUE(client.is_closed_by_server());
  EXPECT_EQ(client.rest().find("0\r\n\r\n"), std::string::npos) << "the answer pretends to be whole";
}

TEST(Server, listens_where_it_is_told) {
  const auto server = start_server({.host = "::"});
  EXPECT_GT(server->port(), 0);
  EXPECT_EQ(RawClient(server->port()).ask(get("/hello"))->body, "hello");
  const auto again = Server::start({}, {.host = "::", .port = server->port()});
  ASSERT_FALSE(again);
  EXPECT_NE(again.error().message.find("another process is using it already"), std::string::npos);
  EXPECT_FALSE(Server::start({}, {.host = "192.0.2.1"}));
  EXPECT_FALSE(Server::start({}, {.host = "not an address"}));
  EXPECT_FALSE(Server::start({}, {.port = 65536}));
  EXPECT_EQ(RawClient(start_server({.host = "+"})->port()).is_connected(), true);
}

}  // namespace
}  // namespace timestore::http
