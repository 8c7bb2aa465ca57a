#include "bench/ingest/response_parser.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "tests/bench/dumb_server.h"

namespace timestore::bench {
namespace {

using Progress = ResponseParser::Progress;

RC_GTEST_PROP(ResponseParser, pieces_of_any_size_make_the_same_answer, (const std::string& body)) {
  const std::string bytes = http_answer("503 Service Unavailable", body, "Retry-After: 2\r\nConnection: Close\r\n");
  ResponseParser parser;
  std::size_t at = 0;
  Progress progress = Progress::kIncomplete;
  while (at < bytes.size()) {
    RC_ASSERT(progress == Progress::kIncomplete);
    const auto piece = *rc::gen::inRange<std::size_t>(1, bytes.size() - at + 1);
    progress = parser.feed(std::string_view(bytes).substr(at, piece));
    at += piece;
  }
  RC_ASSERT(progress == Progress::kComplete);
  const Response response = parser.take();
  RC_ASSERT(response.status == 503);
  RC_ASSERT(response.body == body);
  RC_ASSERT(response.retry_after_seconds == 2);
  RC_ASSERT(response.closes);
}

TEST(ResponseParser, one_answer_leaves_nothing_to_the_next) {
  ResponseParser parser;
  ASSERT_EQ(parser.feed(http_answer("307 Temporary Redirect", "{}", "location: http://a:1/x\r\nConnection: close\r\n")),
            Progress::kComplete);
  EXPECT_EQ(parser.take().location, "http://a:1/x");
  ASSERT_EQ(parser.feed("HTTP/1.1 204 No Content\r\n\r\n"), Progress::kComplete);
  const Response second = parser.take();
  EXPECT_EQ(second.status, 204);
  EXPECT_EQ(second.location, "");
  EXPECT_EQ(second.body, "");
  EXPECT_FALSE(second.closes);
}

TEST(ResponseParser, what_it_does_not_understand_is_malformed) {
  for (const std::string& bytes : {
           std::string("SSH-2.0-OpenSSH\r\n\r\n"),
           std::string("HTTP/1.1 abc\r\n\r\n"),
           std::string("HTTP/1.1 200 OK\r\nno colon\r\n\r\n"),
           std::string("HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n"),
           std::string("HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\n"),
           std::string("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"),
           std::string("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\ntwo"),
           std::string(ResponseParser::kMaxHeadBytes + 1, 'x'),
       }) {
    EXPECT_EQ(ResponseParser().feed(bytes), Progress::kMalformed) << bytes.substr(0, 80);
  }
}

TEST(IdIn, it_finds_a_guid_and_nothing_else) {
  const std::string id = "0f0e0d0c-0b0a-4908-8706-050403020100";
  EXPECT_EQ(id_in(R"({"status":503,"id":")" + id + "\"}"), id);
  EXPECT_EQ(id_in(R"({ "id" : ")" + id + "\" }"), id);
  EXPECT_EQ(id_in(R"({"id":"short","x":{"id":")" + id + "\"}}"), id);
  EXPECT_EQ(id_in(R"({"id":"zzzzzzzz-0b0a-4908-8706-050403020100"})"), "");
  EXPECT_EQ(id_in(R"({"status":503})"), "");
  EXPECT_EQ(id_in(R"({"id")"), "");
  EXPECT_EQ(id_in(""), "");
}

}  // namespace
}  // namespace timestore::bench
