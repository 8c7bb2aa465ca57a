// What the core has decided, for people: the simulator's timeline and a node's debug log tell the same story, in the
// same words. Nothing depends on events.
#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "engine/raft/change.h"
#include "engine/raft/cluster_id.h"
#include "engine/raft/configuration.h"
#include "engine/raft/types.h"

namespace timestore::raft {

struct AskedAround {  // whether an election in this term could be won
  Term term = 0;
};

struct CandidateEncouraged {  // it would have this node's vote
  Term term = 0;
  NodeId candidate;
};

struct ElectionCalled {
  Term term = 0;
  bool is_forced = false;
};

struct VoteGiven {
  Term term = 0;
  NodeId candidate;
};

struct VoteRefused {
  enum class Reason : std::uint8_t {
    kOlderLog,
    kVotedForAnother,
    kLeaderIsKnown,
    kNovice,
    kOtherCluster,
    kContradicted
  };
  Term term = 0;
  NodeId candidate;
  Reason reason = Reason::kOlderLog;
};

struct CandidateDiscouraged {
  enum class Reason : std::uint8_t { kTermIsOver, kLeaderIsKnown, kOlderLog, kNovice, kOtherCluster, kContradicted };
  Term term = 0;
  NodeId candidate;
  Reason reason = Reason::kTermIsOver;
};

struct LeadershipWon {
  Term term = 0;
};

struct LeadershipLost {
  enum class Reason : std::uint8_t { kNewerTerm, kNoQuorum, kDiskStandsStill, kTold, kRemoved, kContradicted };
  Term term = 0;
  Reason reason = Reason::kNewerTerm;
};

struct LeaderFollowed {
  Term term = 0;
  NodeId leader;
};

struct TermEntered {  // with nobody to follow yet
  Term term = 0;
};

struct CommitMoved {
  Index to = 0;
};

struct TailRemoved {  // it was in conflict with the leader's log
  Index from = 0;
  Index through = 0;
};

struct FollowerProbed {  // where the logs agree is looked for, from here on
  NodeId follower;
  Index next = 0;
};

struct FollowerKeepsUp {  // entries flow to it again
  NodeId follower;
  Index match = 0;
};

struct FollowerNeedsSnapshot {
  NodeId follower;
  Index log_begins = 0;
};

struct LogForgotten {
  Index through = 0;
};

struct SnapshotTakenOver {
  Position last;
};

struct HandoverBegun {
  Term term = 0;
  NodeId to;
};

struct HandoverOver {  // nothing came of it
  Term term = 0;
  NodeId to;
};

struct HandoverRefused {  // by who should hand over
  Term term = 0;
  NodeId to;  // empty: whoever could take over
};

struct OrderTooLate {  // to take over: its leader leads on
  Term term = 0;
  NodeId leader;
};

struct ProposalRefused {
  enum class Reason : std::uint8_t { kNotLeader, kHandsOver, kFounds, kLogIsFull };
  Reason reason = Reason::kNotLeader;
};

struct ReadsGranted {
  std::size_t count = 0;
  Index index = 0;
};

struct ReadsRefused {
  std::size_t count = 0;
};

struct ChangeBegun {
  Change change;
};

struct ChangeRefused {
  Change change;
  Refusal reason = Refusal::kNone;
};

struct PromotionWaits {  // until those who answer are a majority with the new voter too
  NodeId learner;
};

struct MembersInForce {
  Index at = 0;
  Configuration members;
};

struct LevelAppended {  // nothing of it may be used before it is committed
  Index at = 0;
  Level level = 0;
};

struct LevelReached {
  Level level = 0;
};

struct ClusterNamed {  // it is settled when that is committed
  Index at = 0;
  ClusterId cluster;
};

struct StrangerMet {  // told once
  NodeId node;
  ClusterId theirs;
  ClusterId ours;
  bool is_by_us = false;  // this node refused it; otherwise it refused this node
};

struct Contradicted {  // told once for each leader and entry
  NodeId leader;
  Term term = 0;
  Index index = 0;  // 0: another node leads the same term
  Term ours = 0;
  Term theirs = 0;
};

struct ContradictionOver {
  NodeId leader;  // whose log has the entry; empty: nobody repeats it
  Index index = 0;
};

struct FollowerContradicts {  // what it has committed and this leader's log exclude each other
  NodeId follower;
};

struct FoundingWaits {  // for who has not said yet that its log holds nothing
  std::vector<NodeId> awaited;
};

struct NoviceHeard {
  NodeId follower;
  Index admission = 0;  // it will count when it holds this entry
};

struct NoviceAdmitted {
  NodeId node;
};

using Event =
    std::variant<AskedAround, CandidateEncouraged, CandidateDiscouraged, ElectionCalled, VoteGiven, VoteRefused,
                 LeadershipWon, LeadershipLost, LeaderFollowed, TermEntered, CommitMoved, TailRemoved, FollowerProbed,
                 FollowerKeepsUp, FollowerNeedsSnapshot, LogForgotten, SnapshotTakenOver, HandoverBegun, HandoverOver,
                 HandoverRefused, OrderTooLate, ProposalRefused, ReadsGranted, ReadsRefused, ChangeBegun, ChangeRefused,
                 PromotionWaits, MembersInForce, LevelAppended, LevelReached, ClusterNamed, StrangerMet, FoundingWaits,
                 NoviceHeard, NoviceAdmitted, Contradicted, ContradictionOver, FollowerContradicts>;

// Without a subject: "calls an election: term 3".
[[nodiscard]] std::string describe(const Event& event);

// Whether it happens with every write or read, so that a story is better told without it.
[[nodiscard]] bool is_routine(const Event& event);

}  // namespace timestore::raft
