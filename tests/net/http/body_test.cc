#include "net/http/body.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>
#include <sys/socket.h>

#include <cstdio>

#include "tests/net/http/gzip.h"

namespace timestore::http {
namespace {

// Reads a body from a connection on which `sent` has arrived and then the client has hung up.
class Bodies {
 public:
  Body read(const std::string& sent, BodyPlan plan) {
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends) != 0) std::abort();
    Descriptor client(ends[0]);
    Connection connection(Descriptor(ends[1]), options_, open_);
    [[maybe_unused]] const auto written = ::send(client.number(), sent.data(), sent.size(), MSG_NOSIGNAL);
    client.close();
    BodyShare share(used_, limit);
    Body body = read_body(connection, plan, options_, share);
    while (connection.receive_now() == Input::kArrived) {
    }
    rest = connection.input();
    return body;
  }

  Body read_chunks(const std::string& sent, std::size_t max_bytes = 1000) {
    return read(sent, {.framing = BodyFraming::kChunked, .max_bytes = max_bytes});
  }

  // 0 where the body is good.
  int status_for_chunks(const std::string& sent, std::size_t max_bytes = 1000) {
    const Body body = read_chunks(sent, max_bytes);
    return body ? 0 : status_of(body.error().kind);
  }

  std::string rest;               // What followed the body.
  std::size_t limit = 100 << 20;  // Of all bodies together.

 private:
  Options options_;
  std::atomic<std::size_t> open_{0};
  std::atomic<std::size_t> used_{0};
};

int status_for_gzip(const std::string& compressed, std::size_t max_bytes) {
  std::atomic<std::size_t> used{0};
  BodyShare share(used, 100 << 20);
  const Body body = gunzip(compressed, max_bytes, share);
  return body ? 0 : status_of(body.error().kind);
}

TEST(Body, of_known_length_leaves_the_next_request_alone) {
  Bodies bodies;
  EXPECT_EQ(bodies.read("hello, GET /", {.framing = BodyFraming::kLength, .content_length = 5, .max_bytes = 5}),
            "hello");
  EXPECT_EQ(bodies.rest, ", GET /");
}

TEST(Body, of_known_length_is_refused_unread_when_too_large) {
  Bodies bodies;
  const Body body = bodies.read("hello", {.framing = BodyFraming::kLength, .content_length = 6, .max_bytes = 5});
  ASSERT_FALSE(body);
  EXPECT_EQ(body.error().kind, ProblemKind::kTooLarge);
  EXPECT_EQ(bodies.rest, "hello");
}

TEST(Body, that_ends_early_is_a_bad_request) {
  Bodies bodies;
  const Body body = bodies.read("hell", {.framing = BodyFraming::kLength, .content_length = 5, .max_bytes = 5});
  ASSERT_FALSE(body);
  EXPECT_EQ(body.error().kind, ProblemKind::kBadRequest);
}

TEST(Body, in_chunks_is_joined) {
  Bodies bodies;
  EXPECT_EQ(bodies.read_chunks("5\r\nhello\r\n00A;name=\"value\"\r\n, chunks!!\r\n0\r\nTrailer: x\r\n\r\nnext"),
            "hello, chunks!!");
  EXPECT_EQ(bodies.rest, "next");
}

TEST(Body, in_malformed_chunks_is_refused) {
  Bodies bodies;
  for (const char* text :
       {"-2\r\nab\r\n0\r\n\r\n", "-1\r\n", "+1\r\na\r\n0\r\n\r\n", "0x1\r\na\r\n0\r\n\r\n", "\r\na\r\n", "g\r\n",
        "1 1\r\na\r\n0\r\n\r\n", "1\na\n0\n\n", "2\r\nabc\r\n0\r\n\r\n", "3\r\nab\r\n0\r\n\r\n", "1\r\na0\r\n\r\n",
        "123456789\r\n", "ffffffffffffffff\r\n", "1", "1\r\n", "1\r\na\r\n", "0\r\n", "0\r\nX: y\r\n"}) {
    EXPECT_EQ(bodies.status_for_chunks(text), 400) << text;
  }
}

TEST(Body, in_chunks_is_limited_in_all_its_parts) {
  Bodies bodies;
  EXPECT_EQ(bodies.status_for_chunks("3\r\nabc\r\n3\r\nabc\r\n0\r\n\r\n", 6), 0);
  EXPECT_EQ(bodies.status_for_chunks("3\r\nabc\r\n3\r\nabc\r\n0\r\n\r\n", 5), 413);
  EXPECT_EQ(bodies.status_for_chunks("ffffffff\r\n"), 413);
  EXPECT_EQ(bodies.status_for_chunks("1;" + std::string(1000, 'x') + "\r\na\r\n0\r\n\r\n"), 400);
  std::string trailer;
  for (int i = 0; i < 10'000; ++i) trailer += "X: y\r\n";
  EXPECT_EQ(bodies.status_for_chunks("0\r\n" + trailer + "\r\n"), 400);
}

TEST(Body, waits_for_other_bodies_when_memory_is_short) {
  Bodies bodies;
  bodies.limit = 3;
  const Body body = bodies.read("hello", {.framing = BodyFraming::kLength, .content_length = 5, .max_bytes = 5});
  ASSERT_FALSE(body);
  EXPECT_EQ(body.error().kind, ProblemKind::kUnavailable);
  EXPECT_TRUE(body.error().retry_after_seconds.has_value());
}

TEST(Body, gives_its_share_of_memory_back) {
  std::atomic<std::size_t> used{0};
  {
    BodyShare share(used, 10);
    EXPECT_TRUE(share.take(6));
    EXPECT_FALSE(share.take(6));
    EXPECT_EQ(used, 6u);
  }
  EXPECT_EQ(used, 0u);
}

TEST(Gzip, of_several_members_is_joined) {
  std::atomic<std::size_t> used{0};
  BodyShare share(used, 100 << 20);
  EXPECT_EQ(gunzip(gzipped("hello, ") + gzipped("world"), 100, share), "hello, world");
}

TEST(Gzip, is_limited_by_what_comes_out) {
  const std::string bomb = gzipped(std::string(10 << 20, 'x'));
  ASSERT_LT(bomb.size(), 20u << 10);
  EXPECT_EQ(status_for_gzip(bomb, 10 << 20), 0);
  EXPECT_EQ(status_for_gzip(bomb, (10 << 20) - 1), 413);
}

TEST(Gzip, that_is_cut_or_broken_is_refused) {
  const std::string whole = gzipped("hello, world");
  for (std::size_t size = 0; size < whole.size(); ++size)
    EXPECT_EQ(status_for_gzip(whole.substr(0, size), 100), 400) << size;
  EXPECT_EQ(status_for_gzip(whole + "x", 100), 400);
  EXPECT_EQ(status_for_gzip("hello", 100), 400);
}

RC_GTEST_PROP(Gzip, is_undone, (const std::string& text)) {
  std::atomic<std::size_t> used{0};
  BodyShare share(used, 100 << 20);
  RC_ASSERT(gunzip(gzipped(text), text.size(), share) == text);
}

RC_GTEST_PROP(Body, cut_into_any_chunks_is_the_same, (const std::vector<std::string>& parts, const std::string& next)) {
  std::string sent;
  std::string whole;
  for (const std::string& part : parts) {
    if (part.empty()) continue;
    char size[20];
    std::snprintf(size, sizeof size, "%zx\r\n", part.size());
    sent += size + part + "\r\n";
    whole += part;
  }
  Bodies bodies;
  RC_ASSERT(bodies.read_chunks(sent + "0\r\n\r\n" + next, whole.size()) == whole);
  RC_ASSERT(bodies.rest == next);
}

RC_GTEST_PROP(Body, of_any_bytes_ends, (const std::string& noise)) {
  Bodies bodies;
  for (const std::string& text : {noise, "5\r\nhello\r\n" + noise, "0\r\n" + noise}) {
    const Body body = bodies.read_chunks(text);
    if (body) RC_ASSERT(body->size() <= text.size());
  }
}

}  // namespace
}  // namespace timestore::http
