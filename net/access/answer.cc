#include "net/access/answer.h"

#include <utility>

namespace timestore::net {

void answer_unavailable(http::Response& response, std::string detail) {
  http::Problem{
      .kind = http::ProblemKind::kUnavailable, .detail = std::move(detail), .retry_after_seconds = kRetryAfterSeconds}
      .write_to(response);
}

void answer_problem(const http::Reply& reply, http::Problem problem) {
  reply.finish([problem = std::move(problem)](const auto&, http::Response& response) { problem.write_to(response); });
}

void relay(const http::Response& answer, http::Response& response) {
  response.status = answer.status;
  for (const char* header : {"Retry-After", "Location", kAppliedIndexHeader}) {
    if (answer.has_header(header)) response.set_header(header, std::string(answer.header(header)));
  }
  response.set_content(answer.body, answer.content_type);
}

}  // namespace timestore::net
