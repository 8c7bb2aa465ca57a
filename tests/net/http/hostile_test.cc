// Bytes that no proper client sends. Whatever they are, the server answers or closes, and goes on serving others.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <vector>

#include "net/http/server.h"
#include "tests/net/http/raw_client.h"

namespace timestore::http {
namespace {

using namespace std::string_literals;

// With so much patience that nobody is told of a time-out (408), or cut off before it has read its answer, because the
// machine was busy.
Options patient() {
  return {.max_body_bytes = 10'000,
          .head_timeout = 2 * kPatience,
          .body_timeout = 2 * kPatience,
          .farewell_timeout = 2 * kPatience};
}

Options impatient() {
  return {.max_body_bytes = 10'000,
          .head_timeout = Milliseconds(200),
          .body_timeout = Milliseconds(200),
          .farewell_timeout = Milliseconds(200)};
}

std::string repeated(const std::string& text, int times) {
  std::string out;
  for (int i = 0; i < times; ++i) out += text;
  return out;
}

struct Hostile {
  std::string name;
  std::string bytes;
  int status;  // 0: the connection ends without an answer.
};

const std::vector<Hostile>& corpus() {
  static const std::string kPost = "POST /echo HTTP/1.1\r\nHost: h\r\n";
  static const std::vector<Hostile> kCorpus{
      {"TLS hello", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"s + std::string(500, '\x07'), 400},
      {"HTTP/0.9", "GET /hello\r\n\r\n", 400},
      {"HTTP/2 preface", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505},
      {"nul bytes", std::string(1000, '\0'), 400},
      {"nul in the target", "GET /he\0llo HTTP/1.1\r\nHost: h\r\n\r\n"s, 400},
      {"encoded nul", get("/hello%00"), 400},
      {"nul in a header", get("/hello", "X: a\0b\r\n"s), 400},
      {"endless head", "GET / HTTP/1.1\r\n" + repeated("X: y\r\n", 10'000), 431},
      {"endless header line", "GET / HTTP/1.1\r\nX: " + std::string(100'000, 'x'), 431},
      {"endless request line", "GET /" + std::string(100'000, 'x'), 431},
      {"long target", get("/" + std::string(20'000, 'x')), 414},
      {"many headers", get("/hello", repeated("X: y\r\n", 200)), 431},
      {"negative length", kPost + "Content-Length: -1\r\n\r\n", 400},
      {"huge length", kPost + "Content-Length: 18446744073709551615\r\n\r\n", 413},
      {"large length", kPost + "Content-Length: 999999999999999999\r\n\r\n", 413},
      {"two lengths", kPost + "Content-Length: 1\r\nContent-Length: 2\r\n\r\nab", 400},
      {"length and chunks", kPost + "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400},
      {"negative chunk (CVE-2026-45352)", kPost + "Transfer-Encoding: chunked\r\n\r\n-2\r\nabc", 400},
      {"huge chunk (CVE-2025-53629)", kPost + "Transfer-Encoding: chunked\r\n\r\nffffffff\r\nabc", 413},
      {"overflowing chunk", kPost + "Transfer-Encoding: chunked\r\n\r\nfffffffffffffffffff\r\nabc", 400},
      {"endless chunks (CVE-2025-46728)",
       kPost + "Transfer-Encoding: chunked\r\n\r\n" + repeated("5\r\nhello\r\n", 10'000), 413},
      {"endless chunk size", kPost + "Transfer-Encoding: chunked\r\n\r\n" + std::string(50'000, '0'), 400},
      {"encoded line break in a header (CVE-2023-26130)", get("/nothing", "X: a%0d%0aInjected: yes\r\n"), 404},
      {"bare carriage return in a header", get("/hello", "X: a\rInjected: yes\r\n"), 400},
      {"folded header", get("/hello", "X: a\r\n b\r\n"), 400},
      {"many ranges", get("/hello", "Range: bytes=" + repeated("0-0,", 5'000) + "0-0\r\n"), 200},
      {"nonsense range", get("/hello", "Range: bytes=99999999999999999999-\r\n"), 200},
      {"broken gzip", post("/echo", "not gzip", "Content-Encoding: gzip\r\n"), 400},
      {"multipart without end", post("/echo", "--x\r\n\r\n", "Content-Type: multipart/form-data; boundary=x\r\n"), 200},
      {"multipart without boundary", post("/echo", "--x\r\n", "Content-Type: multipart/form-data; boundary=\r\n"), 200},
      {"large form", post("/echo", repeated("a=b&", 2'400), "Content-Type: application/x-www-form-urlencoded\r\n"),
       200},
      {"upward path", get("/../../etc/passwd"), 404},
      {"connect", "CONNECT example.org:443 HTTP/1.1\r\nHost: h\r\n\r\n", 400},
      {"trace", "TRACE /hello HTTP/1.1\r\nHost: h\r\n\r\n", 405},
      {"empty lines", repeated("\r\n", 10'000) + get("/hello"), 200},
      {"only empty lines", repeated("\r\n", 10'000), 0},
      {"line feeds", repeated("\n", 10'000), 400},
  };
  return kCorpus;
}

TEST(Hostile, bytes_are_answered_or_refused_and_others_are_still_served) {
  const auto server = start_server(patient());
  for (const Hostile& hostile : corpus()) {
    RawClient client(server->port());
    client.send(hostile.bytes);
    client.finish_sending();
    const auto answer = client.receive();
    EXPECT_EQ(answer ? answer->status : 0, hostile.status) << hostile.name;
    EXPECT_EQ((answer ? answer->head : "").find("\r\nInjected"), std::string::npos) << hostile.name;
    EXPECT_TRUE(client.is_closed_by_server()) << hostile.name;
    EXPECT_EQ(RawClient(server->port()).ask(get("/hello"))->body, "hello") << hostile.name;
  }
  EXPECT_TRUE(eventually([&] { return server->open_connections() == 0; }));
}

TEST(Hostile, random_bytes_do_no_harm) {
  const auto server = start_server(impatient());
  EXPECT_TRUE(rc::check("any bytes are answered or refused", [&](const std::string& noise) {
    for (const std::string& bytes : {noise, "GET /" + noise + " HTTP/1.1\r\n\r\n", get("/hello", noise + "\r\n"),
                                     "POST /echo HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n" + noise}) {
      RawClient client(server->port());
      client.send(bytes);
      client.finish_sending();
      RC_ASSERT(client.is_closed_by_server());
    }
  }));
  EXPECT_EQ(RawClient(server->port()).ask(get("/hello"))->body, "hello");
  EXPECT_TRUE(eventually([&] { return server->open_connections() == 0; }));
}

// Proper requests with a few bytes changed reach deeper than noise does.
TEST(Hostile, damaged_requests_do_no_harm) {
  const auto server = start_server(impatient());
  EXPECT_TRUE(rc::check("damaged requests are answered or refused", [&] {
    std::string bytes = (*rc::gen::elementOf(corpus())).bytes;
    bytes.resize(std::min<std::size_t>(bytes.size(), 2'000));
    const int changes = *rc::gen::inRange(1, 5);
    for (int i = 0; i < changes; ++i) {
      bytes[*rc::gen::inRange<std::size_t>(0, bytes.size())] =
          *rc::gen::element('\0', '\r', '\n', ' ', ':', '0', 'f', '\xff');
    }
    RawClient client(server->port());
    client.send(bytes);
    client.finish_sending();
    RC_ASSERT(client.is_closed_by_server());
  }));
  EXPECT_EQ(RawClient(server->port()).ask(get("/hello"))->body, "hello");
}

}  // namespace
}  // namespace timestore::http
