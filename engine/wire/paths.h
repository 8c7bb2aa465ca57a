// Where requests between nodes go over HTTP: one table for who sends and who receives.
//
// A request's body is JSON (codec.h) or a frame (frame.h), and its Content-Type says which. Who reads frames says so by
// Accept, and is answered with one; who never says so gets JSON. A node that is sent what it cannot read answers 415.
#pragma once

#include <algorithm>
#include <cstddef>
#include <iterator>

#include "engine/base/check.h"
#include "engine/raft/message.h"

namespace timestore::raft {

inline constexpr const char* kJsonType = "application/json";

struct Endpoint {
  std::size_t request;           // its place in the variant Message
  const char* path;              // of a POST
  bool is_of_the_original;       // whoever answers 404 at another one does not know it
  const char* json_answer_type;  // of an answer that is no frame
};

inline constexpr Endpoint kEndpoints[] = {
    {index_of<VoteRequest>, "/raft/vote", true, kJsonType},
    {index_of<AppendRequest>, "/raft/append", true, kJsonType},
    {index_of<PreVoteRequest>, "/raft/prevote", false, kJsonType},
    {index_of<TimeoutNow>, "/raft/timeout-now", false, kJsonType},
    {index_of<SnapshotRequest>, "/raft/snapshot", false, "application/octet-stream"},
};

inline const Endpoint& endpoint_of(const Message& request) {
  const auto* found = std::find_if(std::begin(kEndpoints), std::end(kEndpoints),
                                   [&](const Endpoint& endpoint) { return endpoint.request == request.index(); });
  TIMESTORE_CHECK(found != std::end(kEndpoints), "only requests are sent to a path");
  return *found;
}

}  // namespace timestore::raft
