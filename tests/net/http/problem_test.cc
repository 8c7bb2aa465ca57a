#include "net/http/problem.h"

#include <gtest/gtest.h>

#include "net/http/message.h"

namespace timestore::http {
namespace {

TEST(Problem, says_all_that_rfc_9457_asks_for) {
  const Problem problem{.kind = ProblemKind::kBadRequest,
                        .detail = "Two entries were \"wrong\".",
                        .errors = {{"/0/value", "not a number"}, {"/3", "no deviceId"}},
                        .members = {{"id", "abc"}}};
  EXPECT_EQ(problem.to_json(),
            R"({"type":"urn:timestore:problem:bad-request","title":"Bad Request","status":400,)"
            R"("detail":"Two entries were \"wrong\".",)"
            R"("errors":[{"pointer":"/0/value","detail":"not a number"},{"pointer":"/3","detail":"no deviceId"}],)"
            R"("id":"abc"})");
}

TEST(Problem, leaves_out_what_is_empty) {
  EXPECT_EQ(Problem{.kind = ProblemKind::kNotFound}.to_json(),
            R"({"type":"urn:timestore:problem:not-found","title":"Not Found","status":404})");
}

TEST(Problem, fills_a_response) {
  Response response;
  Problem{.kind = ProblemKind::kUnavailable, .retry_after_seconds = 3}.write_to(response);
  EXPECT_EQ(response.status, 503);
  EXPECT_EQ(response.content_type, "application/problem+json");
  EXPECT_EQ(response.header("Retry-After"), "3");
}

TEST(Problem, can_stand_as_a_whole_message) {
  const std::string message = Problem{.kind = ProblemKind::kTimeout, .detail = "Slow."}.to_message();
  EXPECT_EQ(message.substr(0, message.find("\r\n")), "HTTP/1.1 408 Request Timeout");
  const std::string body = message.substr(message.find("\r\n\r\n") + 4);
  EXPECT_NE(message.find("\r\nContent-Length: " + std::to_string(body.size()) + "\r\n"), std::string::npos);
}

}  // namespace
}  // namespace timestore::http
