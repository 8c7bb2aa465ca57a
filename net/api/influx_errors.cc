#include "net/api/influx_errors.h"

#include "engine/base/json_text.h"
#include "net/access/answer.h"
#include "net/api/influx_headers.h"

namespace timestore::net {

namespace {

using http::ProblemKind;

// kit/platform/errors of 2.x.
std::string_view code_of(int status) {
  switch (status) {
    case 400:
    case 415:
      return "invalid";
    case 404:
      return "not found";
    case 413:
      return "request too large";
    case 422:
      return "unprocessable entity";
    case 503:
      return "unavailable";
    default:
      return "internal error";
  }
}

}  // namespace

void answer_influx_error(InfluxApi api, const InfluxError& error, const http::Request& request,
                         http::Response& response) {
  add_influx_headers(request, response);
  response.status = error.status;
  if (error.status == 503) response.set_header("Retry-After", std::to_string(kRetryAfterSeconds));
  std::string body;
  if (api == InfluxApi::kOne) {
    add_influx_error("X-Influxdb-Error", error.message, response);
    body = "{\"error\":";
    append_json_string(body, error.message);
    body += "}\n";
  } else {
    add_influx_error("X-Platform-Error-Code", code_of(error.status), response);
    body = "{\"code\":";
    append_json_string(body, code_of(error.status));
    body += ",\"message\":";
    append_json_string(body, error.message);
    body += '}';
  }
  response.set_content(std::move(body), "application/json");
}

// A body that comes too slowly may come faster next time.
InfluxError influx_error_of(const http::Problem& problem) {
  switch (problem.kind) {
    case ProblemKind::kTooLarge:
      return {.status = 413, .message = "Request Entity Too Large"};
    case ProblemKind::kTimeout:
    case ProblemKind::kTooManyRequests:
      return {.status = 503, .message = problem.detail};
    default:
      return {.status = http::status_of(problem.kind), .message = problem.detail};
  }
}

InfluxError influx_error_of(client::WriteEnd::Kind kind) {
  using Kind = client::WriteEnd::Kind;
  switch (kind) {
    case Kind::kNotLeader:
      return {.status = 503, .message = "no leader: nothing was stored, try again"};
    case Kind::kBusy:
      return {.status = 503, .message = "too many writes are waiting: nothing was stored, try again"};
    case Kind::kDiskFull:
      return {.status = 503, .message = "the leader's disk is full: nothing was stored, make room and try again"};
    case Kind::kTooEarly:
      return {.status = 503,
              .message =
                  "not all members are known to run a release that reads line protocol: nothing was stored, "
                  "try again"};
    case Kind::kApplied:
    case Kind::kUnknown:
      break;
  }
  return {.status = 503, .message = "whether the lines were stored is not known: send them again"};
}

}  // namespace timestore::net
