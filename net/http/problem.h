// An error as a client sees it: RFC 9457 application/problem+json.
//
// Every answer of 400 or more carries one. Its `type` is "urn:timestore:problem:<name>", with the names listed at
// ProblemKind: clients may compare it, so a name never changes its meaning. `title` and `status` follow from the kind;
// `detail` says what was wrong this time. All texts must be valid UTF-8; none may quote a request unchecked.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <utility>
#include <vector>

namespace timestore::http {

struct Response;

enum class ProblemKind {
  kBadRequest,            // 400 bad-request: the request's syntax or content
  kNotFound,              // 404 not-found
  kMethodNotAllowed,      // 405 method-not-allowed, with Allow
  kNotAcceptable,         // 406 not-acceptable: no format that the client takes
  kTimeout,               // 408 timeout: the client was too slow to send its request
  kConflict,              // 409 conflict
  kLengthRequired,        // 411 length-required: a POST, PUT or PATCH that does not say how long its body is
  kTooLarge,              // 413 too-large: the body
  kTargetTooLong,         // 414 target-too-long: path and query
  kUnsupportedMediaType,  // 415 unsupported-media-type: Content-Type or Content-Encoding
  kExpectationFailed,     // 417 expectation-failed
  kMisdirected,           // 421 misdirected: the request is for another node
  kTooMuch,               // 422 too-much: a question whose answer, or the work for it, is beyond a limit
  kTooManyRequests,       // 429 too-many-requests
  kHeadersTooLarge,       // 431 headers-too-large: the request's head, or the number of its fields
  kInternal,              // 500 internal: a fault of ours
  kNotImplemented,        // 501 not-implemented
  kUnavailable,           // 503 unavailable: try again later, here or elsewhere
  kVersionNotSupported,   // 505 version-not-supported
};

[[nodiscard]] int status_of(ProblemKind kind);

// What RFC 9110 calls this status; empty for one that this server does not use.
[[nodiscard]] std::string_view reason_of(int status);

// One part of a request that was wrong. `pointer` is an RFC 6901 JSON pointer into the request's body, such as
// "/3/value".
struct Fault {
  std::string pointer;
  std::string detail;
};

struct Problem {
  ProblemKind kind = ProblemKind::kInternal;
  std::string detail = {};
  std::vector<Fault> errors = {};
  // Further members of type string, such as {"leaderId", "n2"}; names must differ from those RFC 9457 defines.
  std::vector<std::pair<std::string, std::string>> members = {};
  std::vector<std::pair<std::string, std::vector<std::string>>> lists = {};  // and of type array of strings
  std::optional<unsigned> retry_after_seconds = {};

  [[nodiscard]] std::string to_json() const;

  // Makes `response` this problem: status, body and Retry-After. Other headers stay.
  void write_to(Response& response) const;

  // The whole HTTP/1.1 answer with "Connection: close", for what never becomes a Request.
  [[nodiscard]] std::string to_message() const;
};

inline tl::unexpected<Problem> refuse(ProblemKind kind, std::string detail) {
  return tl::unexpected<Problem>(Problem{.kind = kind, .detail = std::move(detail)});
}

}  // namespace timestore::http
