#include "net/access/answer.h"

#include <utility>

#include "net/http/problem.h"

namespace timestore::net {

void answer_unavailable(httplib::Response& response, std::string detail) {
  http::Problem{
      .kind = http::ProblemKind::kUnavailable, .detail = std::move(detail), .retry_after_seconds = kRetryAfterSeconds}
      .write_to(response);
}

void relay(const httplib::Response& answer, httplib::Response& response) {
  response.status = answer.status;
  for (const char* header : {"Retry-After", "Location", kAppliedIndexHeader}) {
    if (answer.has_header(header)) response.set_header(header, answer.get_header_value(header));
  }
  response.set_content(answer.body, answer.get_header_value("Content-Type"));
}

}  // namespace timestore::net
