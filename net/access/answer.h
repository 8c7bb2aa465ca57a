// What the faces of a node say in the same words, and how the answer of another node is passed on.
#pragma once

#include <string>

#include "net/http/message.h"
#include "net/http/problem.h"
#include "net/http/reply.h"

namespace timestore::net {

inline constexpr const char* kAppliedIndexHeader = "X-Timestore-Applied-Index";
inline constexpr unsigned kRetryAfterSeconds = 1;

// 503 with Retry-After.
void answer_unavailable(http::Response& response, std::string detail);

// Finishes what need not wait for anybody.
void answer_problem(const http::Reply& reply, http::Problem problem);

// Status, body and the headers that mean something to a client.
void relay(const http::Response& answer, http::Response& response);

}  // namespace timestore::net
