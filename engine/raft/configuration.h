// Who belongs to the cluster, and whose agreement counts.
//
// A change of the voters goes through a joint configuration (paper, section 6): until it is left, the majority of the
// old voters *and* that of the new ones must agree. Learners receive the log and are never counted (thesis, 4.2.1).
#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/base/result.h"
#include "engine/raft/history.h"
#include "engine/raft/types.h"

namespace timestore::raft {

struct Member {
  NodeId id;
  std::string url;         // where the other members reach it; opaque to the core
  std::string other = {};  // properties that a newer release has given it, as JSON text that follows: ,"zone":"a"
  bool operator==(const Member&) const = default;
};

// A learner that the leader of the day makes a voter as soon as it has caught up.
struct Joining {
  NodeId id;
  NodeId replaces;  // the voter that goes in the same step; empty: nobody goes
  bool operator==(const Joining&) const = default;
};

// Each list is ordered by id, without repetition. Nobody is a learner and a voter.
struct Configuration {
  std::vector<Member> voters;
  std::vector<Member> outgoing = {};  // while joint: the voters before. Empty: not joint
  std::vector<Member> learners = {};
  std::vector<Joining> joining = {};  // learners all; whom they replace are voters

  bool is_joint() const { return !outgoing.empty(); }
  bool is_sole_voter(const NodeId& id) const { return !is_joint() && voters.size() == 1 && voters.front().id == id; }
  bool is_voter(const NodeId& id) const { return holds(voters, id) || holds(outgoing, id); }
  bool is_learner(const NodeId& id) const { return holds(learners, id); }
  bool is_member(const NodeId& id) const { return is_voter(id) || is_learner(id); }
  bool is_joining(const NodeId& id) const;
  bool is_replaced(const NodeId& id) const;  // it goes when somebody who is joining becomes a voter
  std::vector<Member> electorate() const;    // whoever is_voter(), ordered by id, without repetition
  std::vector<Member> members() const;       // all of them, likewise

  static bool holds(const std::vector<Member>& members, const NodeId& id) {
    return std::any_of(members.begin(), members.end(), [&](const Member& member) { return member.id == id; });
  }
  bool operator==(const Configuration&) const = default;
};

// The newest is in force from the moment that it is in the log, committed or not (paper, section 6).
using ConfigurationTrail = History<Configuration>;

// The text of an entry of the kind kMembers, and of a snapshot's configuration:
//
//   {"members":{"voters":[{"id":"n1","url":"http://one:5001"}],"outgoing":[],"learners":[]}}
//   and where anybody is joining: ,"joining":[{"id":"n4","replaces":"n1"}] after the learners
//
// What a member has beside these is kept as it is, so that an older release does not lose what a newer one has said.
// It begins with kMembersTextStart, by which a peer tells it from a command of the state machine. Decoding is total:
// what is not well-formed, not in order, or without a voter is an error in one sentence.
inline constexpr std::string_view kMembersTextStart = R"({"members":)";
inline constexpr std::size_t kMaxUrlBytes = 2048;
[[nodiscard]] std::string encode(const Configuration& configuration);
[[nodiscard]] Result<Configuration> decode_configuration(std::string_view text);

}  // namespace timestore::raft
