// What the faces of a node say in the same words, and how the answer of another node is passed on.
#pragma once

#include <httplib.h>

#include <string>

namespace timestore::net {

inline constexpr const char* kAppliedIndexHeader = "X-Timestore-Applied-Index";
inline constexpr unsigned kRetryAfterSeconds = 1;

// 503 with Retry-After.
void answer_unavailable(httplib::Response& response, std::string detail);

// Status, body and the headers that mean something to a client.
void relay(const httplib::Response& answer, httplib::Response& response);

}  // namespace timestore::net
