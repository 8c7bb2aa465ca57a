// Who belongs to the cluster.
#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include "engine/raft/types.h"

namespace timestore::raft {

struct Member {
  NodeId id;
  std::string url;  // where the other members reach it; opaque to the core
  bool operator==(const Member&) const = default;
};

struct Configuration {
  std::vector<Member> voters;  // ordered by id, without repetition

  bool is_voter(const NodeId& id) const {
    return std::any_of(voters.begin(), voters.end(), [&](const Member& member) { return member.id == id; });
  }
  bool operator==(const Configuration&) const = default;
};

}  // namespace timestore::raft
