// Who lives at an address: whether a member that is said to be elsewhere is there, and is gone from where it was.
//
// A leader believes nobody who says so. It asks at the new address, and at the old one, where a second process with the
// same files may still run.
#pragma once

#include <string>

#include "engine/base/result.h"
#include "engine/raft/cluster_id.h"
#include "engine/raft/types.h"

namespace timestore::net {

struct Residence {
  enum class Kind : unsigned char {
    kMoved,   // it lives at the new address
    kStays,   // it is still reached at the old one, and wishes to move only if it is not
    kRefuted  // `reason`
  };
  Kind kind = Kind::kRefuted;
  std::string reason;
};

struct Move {
  raft::NodeId node;
  std::string from;
  std::string to;
  bool only_if_lost = false;
  raft::ClusterId cluster = {};  // of which it is a member; zero: that is not known for sure
};

// Asks both, for up to two seconds.
[[nodiscard]] Residence find_residence(const Move& move);

}  // namespace timestore::net
