// What a client wants of a member-to-be, read from the body of POST /cluster/members, and what the members of the day
// say to it.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "engine/base/result.h"
#include "engine/raft/change.h"
#include "engine/replica/replica.h"

namespace timestore::net {

struct Wish {
  raft::Member member;  // its URL as http://host:port
  bool votes = true;    // when it has caught up
  raft::NodeId replaces;
  bool only_if_lost = false;  // where a member is elsewhere: it moves only if its old URL does not lead to it
  bool has_moved = false;     // the leader has found it there
  raft::Level level = raft::kHighestLevel;  // that the node says it knows; the leader asks it

  bool is_fulfilled(const replica::Status& status) const;
};

// The error is one sentence.
[[nodiscard]] Result<Wish> parse_wish(std::string_view body);

// What there is to do about it.
struct Step {
  enum class Kind : unsigned char {
    kChange,    // begin `change`
    kNothing,   // it is as wished, or soon will be
    kConflict,  // it cannot be: `reason`
    kLater,     // not yet: `reason`
  };
  Kind kind = Kind::kNothing;
  raft::Change change;
  std::string reason;
};
[[nodiscard]] Step next_step(const Wish& wish, const replica::Status& status);

[[nodiscard]] const replica::Status::Peer* find_member(const replica::Status& status, const raft::NodeId& id);

}  // namespace timestore::net
