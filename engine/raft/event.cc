#include "engine/raft/event.h"

namespace timestore::raft {

namespace {

std::string of_term(Term term) { return ": term " + std::to_string(term); }

std::string list(const std::vector<Member>& members) {
  std::string text;
  for (const Member& member : members) text += (text.empty() ? "" : " ") + member.id;
  return text;
}

const char* name_of(VoteRefused::Reason reason) {
  switch (reason) {
    case VoteRefused::Reason::kOlderLog:
      return "its log is older";
    case VoteRefused::Reason::kVotedForAnother:
      return "another has the vote";
    case VoteRefused::Reason::kLeaderIsKnown:
      return "there is a leader";
    case VoteRefused::Reason::kNovice:
      return "this node's disk was empty, and no leader has admitted it yet";
  }
  return "";
}

const char* name_of(LeadershipLost::Reason reason) {
  switch (reason) {
    case LeadershipLost::Reason::kNewerTerm:
      return "there is a newer term";
    case LeadershipLost::Reason::kNoQuorum:
      return "no majority answers";
    case LeadershipLost::Reason::kDiskStandsStill:
      return "its disk stands still";
    case LeadershipLost::Reason::kTold:
      return "it was told to";
    case LeadershipLost::Reason::kRemoved:
      return "it is no member any more";
  }
  return "";
}

struct Words {
  std::string operator()(const AskedAround& event) const { return "asks who would vote for it" + of_term(event.term); }
  std::string operator()(const ElectionCalled& event) const {
    return std::string(event.is_forced ? "calls an election at once" : "calls an election") + of_term(event.term);
  }
  std::string operator()(const VoteGiven& event) const { return "votes for " + event.candidate + of_term(event.term); }
  std::string operator()(const VoteRefused& event) const {
    return "does not vote for " + event.candidate + of_term(event.term) + ", " + name_of(event.reason);
  }
  std::string operator()(const LeadershipWon& event) const { return "leads" + of_term(event.term); }
  std::string operator()(const LeadershipLost& event) const {
    return "leads no more" + of_term(event.term) + ", " + name_of(event.reason);
  }
  std::string operator()(const LeaderFollowed& event) const { return "follows " + event.leader + of_term(event.term); }
  std::string operator()(const TermEntered& event) const { return "enters" + of_term(event.term).substr(1); }
  std::string operator()(const CommitMoved& event) const { return "commits through " + std::to_string(event.to); }
  std::string operator()(const TailRemoved& event) const {
    return "removes " + std::to_string(event.from) + " to " + std::to_string(event.through) + " from its log";
  }
  std::string operator()(const FollowerProbed& event) const {
    return "looks for where " + event.follower + " agrees: from " + std::to_string(event.next);
  }
  std::string operator()(const FollowerKeepsUp& event) const {
    return "sends entries to " + event.follower + ": it has " + std::to_string(event.match);
  }
  std::string operator()(const FollowerNeedsSnapshot& event) const {
    return "has no entries left for " + event.follower + ": it needs a snapshot, the log begins with " +
           std::to_string(event.log_begins);
  }
  std::string operator()(const LogForgotten& event) const {
    return "forgets its log through " + std::to_string(event.through);
  }
  std::string operator()(const SnapshotTakenOver& event) const {
    return "goes on from a snapshot at " + std::to_string(event.last.index) + of_term(event.last.term);
  }
  std::string operator()(const HandoverBegun& event) const { return "hands over to " + event.to + of_term(event.term); }
  std::string operator()(const HandoverOver& event) const {
    return "leads on, " + event.to + " did not take over" + of_term(event.term);
  }
  std::string operator()(const MembersInForce& event) const {
    std::string text = "knows the members at " + std::to_string(event.at) + ": " + list(event.members.voters);
    if (event.members.is_joint()) text += ", before " + list(event.members.outgoing);
    if (!event.members.learners.empty()) text += ", learning " + list(event.members.learners);
    return text;
  }
  std::string operator()(const NoviceHeard& event) const {
    return "does not count " + event.follower + ", whose disk was empty: not before it has " +
           std::to_string(event.admission);
  }
  std::string operator()(const NoviceAdmitted& event) const { return "counts " + event.node + " again"; }
};

}  // namespace

std::string describe(const Event& event) { return std::visit(Words{}, event); }

bool is_routine(const Event& event) {
  return std::holds_alternative<CommitMoved>(event) || std::holds_alternative<LogForgotten>(event);
}

}  // namespace timestore::raft
