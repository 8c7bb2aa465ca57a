#include "net/http/head.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace timestore::http {
namespace {

constexpr std::string_view kHost = "Host: h\r\n";

// 0 where the head is good.
int status_for(const std::string& text, const Options& options = {}) {
  const auto head = parse_head(text, options);
  return head ? 0 : status_of(head.error().kind);
}

std::string with(std::string_view fields) {
  return "GET /x HTTP/1.1\r\n" + std::string(kHost) + std::string(fields) + "\r\n";
}

TEST(Head, is_taken_apart) {
  const std::string text =
      "PUT /a/b?c=d HTTP/1.1\r\nHost: h\r\nX-Empty:\r\nX-Blank: \t a b \t\r\nContent-Length: 12\r\n\r\n";
  const auto head = parse_head(text, {});
  ASSERT_TRUE(head);
  EXPECT_EQ(head->method, "PUT");
  EXPECT_EQ(head->target, "/a/b?c=d");
  ASSERT_EQ(head->fields.size(), 4u);
  EXPECT_EQ(head->fields[1].value, "");
  EXPECT_EQ(head->fields[2].value, "a b");
  EXPECT_EQ(head->framing, BodyFraming::kLength);
  EXPECT_EQ(head->content_length, 12u);
  EXPECT_TRUE(head->keep_alive);
}

TEST(Head, keeps_header_values_as_they_are) {
  const std::string text = with("X-A: a%0d%0aSet-Cookie: b\r\n");
  EXPECT_EQ(parse_head(text, {})->fields[1].value, "a%0d%0aSet-Cookie: b");
}

TEST(Head, of_http_1_0_or_with_close_ends_the_connection) {
  EXPECT_FALSE(parse_head("GET / HTTP/1.0\r\n\r\n", {})->keep_alive);
  EXPECT_FALSE(parse_head("GET / HTTP/1.1\r\nHost: h\r\nConnection: x, Close\r\n\r\n", {})->keep_alive);
  EXPECT_TRUE(parse_head("GET / HTTP/1.1\r\nHost: h\r\nConnection: closer\r\n\r\n", {})->keep_alive);
}

TEST(Head, takes_the_path_of_an_absolute_target) {
  EXPECT_EQ(parse_head("GET HTTP://a:1/b?c HTTP/1.1\r\nHost: h\r\n\r\n", {})->target, "/b?c");
  EXPECT_EQ(parse_head("GET http://a HTTP/1.1\r\nHost: h\r\n\r\n", {})->target, "/");
}

TEST(Head, with_a_bad_request_line_is_refused) {
  for (const char* line :
       {"GET /", "GET", "", " / HTTP/1.1", "GET  / HTTP/1.1", "GET / HTTP/1.1 ", "GET / http/1.1", "GET x HTTP/1.1",
        "GET * HTTP/1.1", "G@T / HTTP/1.1", "GET /\x01 HTTP/1.1", "GET /\xff HTTP/1.1", "GET / HTTPS/1.1",
        "CONNECT a:1 HTTP/1.1", "GET /\nX HTTP/1.1", "GET / HTTP/11"}) {
    EXPECT_EQ(status_for(std::string(line) + "\r\n" + std::string(kHost) + "\r\n"), 400) << line;
  }
  EXPECT_EQ(status_for("GET / HTTP/2.0\r\n\r\n"), 505);
  EXPECT_EQ(status_for("PRI * HTTP/2.0\r\n\r\n"), 505);
}

TEST(Head, with_an_ambiguous_body_is_refused) {
  EXPECT_EQ(status_for(with("Content-Length: 5\r\nContent-Length: 5\r\n")), 400);
  EXPECT_EQ(status_for(with("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n")), 400);
  EXPECT_EQ(status_for(with("Transfer-Encoding: chunked\r\nContent-Length: 5\r\n")), 400);
  EXPECT_EQ(status_for(with("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n")), 400);
  for (const char* length : {"-1", "+1", "", "5, 5", "0x5", "5 5", "1e3", "five", "5;"}) {
    EXPECT_EQ(status_for(with("Content-Length: " + std::string(length) + "\r\n")), 400) << length;
  }
  EXPECT_EQ(status_for(with("Content-Length: 99999999999999999999999\r\n")), 413);
  EXPECT_EQ(status_for(with("Transfer-Encoding: gzip, chunked\r\n")), 501);
  EXPECT_EQ(status_for("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n"), 400);
}

TEST(Head, with_bad_fields_is_refused) {
  using namespace std::string_literals;
  for (const std::string& fields :
       {"X : a\r\n"s, "X\r\n"s, ": a\r\n"s, "X: a\0b\r\n"s, "X: a\nY: b\r\n"s, "X: a\rY: b\r\n"s,
        "X: a\r\n folded\r\n"s, "X\x80: a\r\n"s, "X: \x7f\r\n"s, "Host: two\r\n"s}) {
    EXPECT_EQ(status_for(with(fields)), 400) << fields;
  }
  EXPECT_EQ(status_for("GET / HTTP/1.1\r\n\r\n"), 400) << "no Host";
  EXPECT_EQ(status_for(with("Expect: a pony\r\n")), 417);
}

TEST(Head, is_limited_in_fields_and_target) {
  std::string fields;
  for (int i = 0; i < 9; ++i) fields += "X: y\r\n";
  EXPECT_EQ(status_for(with(fields), {.max_header_fields = 10}), 0);
  EXPECT_EQ(status_for(with(fields), {.max_header_fields = 9}), 431);
  const std::string text = "GET /" + std::string(99, 'a') + " HTTP/1.1\r\nHost: h\r\n\r\n";
  EXPECT_EQ(status_for(text, {.max_target_bytes = 100}), 0);
  EXPECT_EQ(status_for(text, {.max_target_bytes = 99}), 414);
}

RC_GTEST_PROP(Head, of_any_bytes_is_parsed_or_refused, (const std::string& noise)) {
  const Options options;
  for (const std::string& text :
       {noise, noise + "\r\n\r\n", "GET /" + noise + " HTTP/1.1\r\n\r\n", with(noise + "\r\n")}) {
    const auto head = parse_head(text, options);
    if (!head) continue;
    for (const HeaderField& field : head->fields) RC_ASSERT(field.value.find_first_of("\r\n\0") == std::string::npos);
  }
}

TEST(Head, that_announces_a_body_says_how_long_it_is) {
  const std::string rest = " /x HTTP/1.1\r\nHost: h\r\n";
  for (const char* method : {"POST", "PUT", "PATCH"}) {
    EXPECT_EQ(status_for(method + rest + "\r\n"), 411) << method;
    EXPECT_EQ(status_for(method + rest + "Content-Length: 0\r\n\r\n"), 0) << method;
    EXPECT_EQ(status_for(method + rest + "Transfer-Encoding: chunked\r\n\r\n"), 0) << method;
  }
  EXPECT_EQ(status_for("POST /x HTTP/1.0\r\n\r\n"), 411);
  for (const char* method : {"GET", "HEAD", "DELETE", "OPTIONS"}) EXPECT_EQ(status_for(method + rest + "\r\n"), 0);
}

TEST(Head, has_no_bare_line_breaks) {
  for (const char* text : {"\n", "a\nb", "\r\n\n", "\n\r\n", "a\rb", "\r\r\n", "\r\n\rx"})
    EXPECT_TRUE(has_bare_line_break(text)) << text;
  for (const char* text : {"", "a", "\r\n", "a\r\nb\r\n\r\n", "\r", "a\r\n\r"})
    EXPECT_FALSE(has_bare_line_break(text)) << text;
}

// The oracle: fields are joined with CRLF, so a head that was built from parts must be taken apart into them.
RC_GTEST_PROP(Head, gives_back_the_fields_it_was_built_from, ()) {
  const auto token =
      rc::gen::nonEmpty(rc::gen::container<std::string>(rc::gen::inRange('a', static_cast<char>('z' + 1))));
  const auto fields =
      *rc::gen::container<std::vector<std::pair<std::string, std::string>>>(rc::gen::pair(token, token));
  std::string text = "GET / HTTP/1.1\r\nHost: h\r\n";
  for (const auto& [name, value] : fields) text += "X-" + name + ":" + value + "\r\n";
  text += "\r\n";
  const auto head = parse_head(text, {.max_header_fields = fields.size() + 1});
  RC_ASSERT(head.has_value());
  RC_ASSERT(head->fields.size() == fields.size() + 1);
  for (std::size_t i = 0; i < fields.size(); ++i) {
    RC_ASSERT(head->fields[i + 1].name == "X-" + fields[i].first);
    RC_ASSERT(head->fields[i + 1].value == fields[i].second);
  }
}

}  // namespace
}  // namespace timestore::http
