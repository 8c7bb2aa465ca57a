// A wish for other members, and the configurations that fulfil it, one after the other. Pure; whether the time is right
// is for the leader to decide (membership.cc).
//
// Who is to vote is a learner first. Voters come and go by way of a joint configuration, which is left at once when it
// is committed (paper, section 6; thesis, 4.2 and 4.3).
#pragma once

#include <tl/expected.hpp>

#include <cstddef>
#include <cstdint>

#include "engine/raft/configuration.h"
#include "engine/raft/level.h"

namespace timestore::raft {

inline constexpr std::size_t kMaxMembers = 32;

struct Change {
  enum class Kind : std::uint8_t {
    kAdd,         // `member` becomes a learner now and a voter when it has caught up; so does who is a learner already
    kAddLearner,  // `member` becomes a learner
    kPromote,     // the learner of this id becomes a voter when it has caught up
    kRemove,      // the member of this id goes
    kReplace,     // like kAdd; in the same step in which it becomes a voter, `replaced` goes
    kMove,        // the member of this id is reached at another URL; who votes does not change
  };
  Kind kind = Kind::kAdd;
  Member member;           // to promote and to remove, the id is enough
  NodeId replaced;         // of kReplace alone
  Level level = 0;         // the highest that the member knows, as it said when it was asked; of who is no member yet
  bool is_forced = false;  // to remove: even if those who answer now are then no majority
  bool operator==(const Change&) const = default;
};

// Why a change was not begun. Nothing has changed then.
enum class Refusal : std::uint8_t {
  kNone,
  kNotLeader,
  kNotReady,       // the leader has not committed anything in its term yet (Ongaro, raft-dev, 2015); soon it will have
  kBusy,           // another change is on its way, or leadership is
  kUnknownMember,  // who should be promoted, removed or replaced is not a member, or not of that kind
  kAlreadyMember,  // who should be added is a member already
  kLosesQuorum,    // those who answer now would be no majority afterwards
  kLastVoter,      // nobody would be left
  kMalformed,      // an id or a url that nobody can have
  kTooMany,        // more than kMaxMembers
  kTooOld,         // who should be added does not know the cluster's feature level
};

// What begins the change.
[[nodiscard]] tl::expected<Configuration, Refusal> changed(const Configuration& now, const Change& change);

// The joint configuration by which a learner that is joining becomes a voter.
[[nodiscard]] Configuration promoted(const Configuration& now, const NodeId& joining);

// What follows a joint configuration.
[[nodiscard]] Configuration left(const Configuration& joint);

}  // namespace timestore::raft
