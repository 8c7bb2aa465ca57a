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
    case VoteRefused::Reason::kOtherCluster:
      return "its log does not have this cluster's id";
    case VoteRefused::Reason::kContradicted:
      return "what this node has committed was contradicted";
  }
  return "";
}

const char* name_of(CandidateDiscouraged::Reason reason) {
  switch (reason) {
    case CandidateDiscouraged::Reason::kTermIsOver:
      return "that term has begun already";
    case CandidateDiscouraged::Reason::kLeaderIsKnown:
      return name_of(VoteRefused::Reason::kLeaderIsKnown);
    case CandidateDiscouraged::Reason::kOlderLog:
      return name_of(VoteRefused::Reason::kOlderLog);
    case CandidateDiscouraged::Reason::kNovice:
      return name_of(VoteRefused::Reason::kNovice);
    case CandidateDiscouraged::Reason::kOtherCluster:
      return name_of(VoteRefused::Reason::kOtherCluster);
    case CandidateDiscouraged::Reason::kContradicted:
      return name_of(VoteRefused::Reason::kContradicted);
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
    case LeadershipLost::Reason::kContradicted:
      return "another node leads the same term";
  }
  return "";
}

const char* name_of(ProposalRefused::Reason reason) {
  switch (reason) {
    case ProposalRefused::Reason::kNotLeader:
      return "it does not lead";
    case ProposalRefused::Reason::kHandsOver:
      return "it hands over";
    case ProposalRefused::Reason::kFounds:
      return "the cluster is being founded";
    case ProposalRefused::Reason::kLogIsFull:
      return "the log has no index left";
  }
  return "";
}

const char* name_of(Refusal refusal) {
  switch (refusal) {
    case Refusal::kNone:
      return "there is no reason";
    case Refusal::kNotLeader:
      return "it does not lead";
    case Refusal::kNotReady:
      return "it has committed nothing in its term yet";
    case Refusal::kBusy:
      return "another change is on its way, or leadership is";
    case Refusal::kUnknownMember:
      return "there is no such member";
    case Refusal::kAlreadyMember:
      return "it is one already";
    case Refusal::kLosesQuorum:
      return "those who answer would be no majority";
    case Refusal::kLastVoter:
      return "no voter would be left";
    case Refusal::kMalformed:
      return "nobody can be called so";
    case Refusal::kTooMany:
      return "there are too many";
    case Refusal::kTooOld:
      return "it does not know the cluster's feature level";
  }
  return "";
}

std::string name_of(const ClusterId& cluster) {
  return cluster.is_known() ? "cluster " + to_text(cluster) : "a cluster that has no id yet";
}

std::string words_of(const Change& change) {
  const NodeId& member = change.member.id;
  switch (change.kind) {
    case Change::Kind::kAdd:
      return "add " + member;
    case Change::Kind::kAddLearner:
      return "add " + member + " as a learner";
    case Change::Kind::kPromote:
      return "promote " + member;
    case Change::Kind::kRemove:
      return "remove " + member + (change.is_forced ? " by force" : "");
    case Change::Kind::kReplace:
      return "replace " + change.replaced + " by " + member;
    case Change::Kind::kMove:
      return "move " + member + " to " + change.member.url;
  }
  return "";
}

struct Words {
  std::string operator()(const AskedAround& event) const { return "asks who would vote for it" + of_term(event.term); }
  std::string operator()(const CandidateEncouraged& event) const {
    return "would vote for " + event.candidate + of_term(event.term);
  }
  std::string operator()(const CandidateDiscouraged& event) const {
    return "would not vote for " + event.candidate + of_term(event.term) + ", " + name_of(event.reason);
  }
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
  std::string operator()(const HandoverRefused& event) const {
    return "does not hand over to " + (event.to.empty() ? "anybody" : event.to) + of_term(event.term) +
           ", only a voter that answers could take over";
  }
  std::string operator()(const OrderTooLate& event) const {
    return "does not take over, " + event.leader + " leads on" + of_term(event.term);
  }
  std::string operator()(const ProposalRefused& event) const {
    return std::string("refuses a proposal: ") + name_of(event.reason);
  }
  std::string operator()(const ReadsGranted& event) const {
    return "grants " + std::to_string(event.count) + " reads at " + std::to_string(event.index);
  }
  std::string operator()(const ReadsRefused& event) const {
    return "refuses " + std::to_string(event.count) + " reads";
  }
  std::string operator()(const ChangeBegun& event) const { return "begins to " + words_of(event.change); }
  std::string operator()(const ChangeRefused& event) const {
    return "refuses to " + words_of(event.change) + ": " + name_of(event.reason);
  }
  std::string operator()(const PromotionWaits& event) const {
    return "does not promote " + event.learner + " yet: those who answer would be no majority";
  }
  std::string operator()(const MembersInForce& event) const {
    std::string text = "knows the members at " + std::to_string(event.at) + ": " + list(event.members.voters);
    if (event.members.is_joint()) text += ", before " + list(event.members.outgoing);
    if (!event.members.learners.empty()) text += ", learning " + list(event.members.learners);
    return text;
  }
  std::string operator()(const LevelAppended& event) const {
    return "may reach feature level " + std::to_string(event.level) + " at " + std::to_string(event.at);
  }
  std::string operator()(const LevelReached& event) const {
    return "is at feature level " + std::to_string(event.level);
  }
  std::string operator()(const ClusterNamed& event) const {
    return "may belong to cluster " + to_text(event.cluster) + " at " + std::to_string(event.at);
  }
  std::string operator()(const StrangerMet& event) const {
    return (event.is_by_us ? "refuses what " + event.node + " says" : "is refused by " + event.node) +
           ": that node belongs to " + name_of(event.theirs) + ", this one to " + name_of(event.ours) +
           ". Correct the addresses by which they reach each other, or, if one of the two is to change its cluster, "
           "empty its directory and start it with --join";
  }
  std::string operator()(const Contradicted& event) const {
    const std::string who = event.leader + ", which leads term " + std::to_string(event.term) + ", ";
    const std::string what = event.index == 0
                                 ? who + "is not the only leader of that term"
                                 : who + "has another entry at " + std::to_string(event.index) + " (of term " +
                                       std::to_string(event.theirs) + ") than is committed here (of term " +
                                       std::to_string(event.ours) + ")";
    return "stops serving: " + what +
           ". A disk was put back to an older copy or lost what it had promised. Find out which nodes have the right "
           "data; then empty the directories of the others and start them with --join, or use timestored recover";
  }
  std::string operator()(const ContradictionOver& event) const {
    if (event.leader.empty()) return "serves again, because nothing has contradicted it for a while";
    return "serves again: the log of " + event.leader + " has what is committed here at " + std::to_string(event.index);
  }
  std::string operator()(const FollowerContradicts& event) const {
    return "sends nothing more to " + event.follower + ", which has committed other entries than this leader's log has";
  }
  std::string operator()(const FoundingWaits& event) const {
    std::string text = "founds no cluster before all founders have said that they hold nothing, and waits for";
    for (const NodeId& node : event.awaited) text += " " + node;
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
  return std::holds_alternative<CommitMoved>(event) || std::holds_alternative<LogForgotten>(event) ||
         std::holds_alternative<ProposalRefused>(event) || std::holds_alternative<ReadsGranted>(event) ||
         std::holds_alternative<ReadsRefused>(event);
}

}  // namespace timestore::raft
