// Appends of one leader, for the tests of links.
#pragma once

#include <string>
#include <vector>

#include "engine/raft/message.h"

namespace timestore::client {

inline raft::AppendRequest append(raft::Index prev, const std::vector<std::string>& commands, raft::Term term = 1) {
  raft::AppendRequest request{
      .term = term, .leader = "n1", .prev_index = prev, .prev_term = prev == 0 ? 0 : term, .entries = {}};
  for (const std::string& command : commands) {
    request.entries.push_back({term, raft::EntryKind::kCommand, raft::Payload(command)});
  }
  return request;
}

}  // namespace timestore::client
