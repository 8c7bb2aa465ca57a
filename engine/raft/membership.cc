// Who belongs to the cluster changes: paper, section 6, and Ongaro's thesis, chapter 4.
//
// One change at a time: the newest configuration is committed and not joint, and so is an entry of the leader's own
// term (without that, two leaders could each begin a change from the same configuration, and quorums that do not meet
// would decide; Ongaro, raft-dev, 2015). What a leader has begun any later one completes: that a joint configuration is
// committed, or that a learner is joining, stands in the log.
#include <algorithm>
#include <utility>

#include "engine/base/check.h"
#include "engine/base/mark.h"
#include "engine/raft/agreement.h"
#include "engine/raft/turn.h"

namespace timestore::raft {

namespace {

void enact(Turn& turn, const Configuration& configuration) {
  append_entry(turn, {turn.state.term(), EntryKind::kMembers, Payload(encode(configuration))});
  track_members(turn);
}

// Would those who answer now be able to decide? Only who has acknowledged an entry of this leader is known not to be a
// novice, whose agreement could be waited for in vain.
bool keeps_quorum(const State& state, const Leader& leader, const Configuration& next) {
  return is_quorum(next, [&](const NodeId& id) {
    const auto peer = leader.peers.find(id);
    return id == state.id ||
           (peer != leader.peers.end() && answers(state, peer->second) && peer->second.match >= leader.term_start);
  });
}

Refusal begin_change(Turn& turn, const Change& change) {
  State& state = turn.state;
  const Leader* leader = std::get_if<Leader>(&state.role);
  if (leader == nullptr) return Refusal::kNotLeader;
  if (state.commit < leader->term_start || waits_for_its_id(state)) {
    TIMESTORE_MARK("raft: a change of members came before the first commit of a term");
    return Refusal::kNotReady;
  }
  const bool is_changing = state.configurations.latest_index() > state.commit || state.configuration().is_joint();
  if (is_changing) TIMESTORE_MARK("raft: a change of members met another one");
  if (is_changing || leader->handover || state.trail.last_index() >= kMaxIndex) return Refusal::kBusy;

  using Kind = Change::Kind;
  const bool adds = change.kind == Kind::kAdd || change.kind == Kind::kAddLearner || change.kind == Kind::kReplace;
  if (adds && !state.configuration().is_member(change.member.id) && change.level < least_level(state)) {
    TIMESTORE_MARK("raft: who does not know the level was not let in");
    return Refusal::kTooOld;
  }
  const auto next = changed(state.configuration(), change);
  if (!next) return next.error();
  const bool is_safe =
      change.kind == Kind::kMove || next->voters == state.configuration().voters || keeps_quorum(state, *leader, *next);
  if (change.kind == Kind::kMove) TIMESTORE_MARK("raft: a member was said to be elsewhere");
  if (!is_safe) TIMESTORE_MARK("raft: a removal would have lost the quorum");
  if (!is_safe && !change.is_forced) return Refusal::kLosesQuorum;
  turn.tell(ChangeBegun{change});
  enact(turn, *next);
  return Refusal::kNone;
}

// Within one append of the leader's log, and answering.
bool has_caught_up(const State& state, const Progress& progress) {
  return progress.mode == Progress::Mode::kReplicate && answers(state, progress) &&
         progress.match + state.options.max_append_entries >= state.trail.last_index();
}

void promote_whoever_is_ready(Turn& turn, Leader& leader) {
  const State& state = turn.state;
  for (const Joining& joining : state.configuration().joining) {
    Progress& progress = leader.peers.at(joining.id);
    if (!has_caught_up(state, progress)) continue;
    const Configuration next = promoted(state.configuration(), joining.id);
    if (!keeps_quorum(state, leader, next)) {
      TIMESTORE_MARK("raft: a promotion waited for voters to answer");
      if (!std::exchange(progress.waits_for_voters, true)) turn.tell(PromotionWaits{.learner = joining.id});
      continue;
    }
    TIMESTORE_MARK("raft: a learner that had caught up was promoted");
    return enact(turn, next);
  }
}

// Its last duty was to commit the configuration without itself (thesis 4.2.2).
void hand_over_and_leave(Turn& turn) {
  TIMESTORE_MARK("raft: a leader was removed");
  transfer(turn, "");
  if (std::get<Leader>(turn.state.role).handover) return;
  become_follower(turn, turn.state.term(), "", LeadershipLost::Reason::kRemoved);
}

// The entry that admits a novice is durable on a majority of the others, or in a cluster of two on the leader alone:
// whatever quorum the novice has forgotten had one of them in it.
bool is_remembered(const State& state, const Leader& leader, const NodeId& id) {
  const Index admission = leader.peers.at(id).admission;
  return is_quorum(without(state.configuration(), id), [&](const NodeId& other) {
    if (other == state.id) return state.durable >= admission;
    const Progress& progress = leader.peers.at(other);
    return !progress.is_novice() && progress.match >= admission;
  });
}

}  // namespace

Configuration without(Configuration configuration, const NodeId& id) {
  const auto is_it = [&](const Member& member) { return member.id == id; };
  std::erase_if(configuration.voters, is_it);
  std::erase_if(configuration.outgoing, is_it);
  return configuration;
}

void change_members(Turn& turn, const ChangeMembers& request) {
  State& state = turn.state;
  if (const Refusal refusal = begin_change(turn, request.change); refusal != Refusal::kNone) {
    turn.tell(ChangeRefused{.change = request.change, .reason = refusal});
    turn.effects.fates.push_back({request.id, Fate::Kind::kRefused, {}, refusal});
    return;
  }
  state.proposals.emplace(std::pair(state.trail.last_index(), state.term()), request.id);
}

// While leadership is handed over, nothing is appended: the successor goes on.
void go_on_with_membership(Turn& turn) {
  State& state = turn.state;
  Leader* leader = std::get_if<Leader>(&state.role);
  if (leader == nullptr || leader->handover || state.trail.last_index() >= kMaxIndex) return;
  if (state.commit < leader->term_start || state.commit < state.configurations.latest_index()) return;
  if (waits_for_its_id(state)) return;
  const Configuration& now = state.configuration();
  if (now.is_joint()) {
    if (state.configurations.latest_index() < leader->term_start) {
      TIMESTORE_MARK("raft: a leader completed the change of an older one");
    }
    return enact(turn, left(now));
  }
  if (!now.is_voter(state.id)) return hand_over_and_leave(turn);
  promote_whoever_is_ready(turn, *leader);
}

// What a novice says overrules what was believed of it: the disk that had acknowledged more is lost. What that disk had
// acknowledged may still arrive; but it cannot reach an entry that was appended after the novice was heard.
void hear_novice(Turn& turn, const NodeId& follower, Progress& progress, const AppendResponse& response) {
  const State& state = turn.state;
  if (response.novice && !progress.is_novice()) {
    // A founder is admitted by what is on its way. But who waits to be let in is no founder: it says so by
    // acknowledging that and being a novice still.
    const Index acknowledged = std::max(progress.match, response.match);
    if (progress.founds && acknowledged < std::get<Leader>(state.role).term_start) return;
    if (progress.match > 0) TIMESTORE_MARK("raft: a leader heard that a follower has lost its disk");
    progress.admission = state.trail.last_index() + 1;
    progress.match = 0;
    turn.tell(NoviceHeard{.follower = follower, .admission = progress.admission});
  } else if (!response.novice && progress.is_novice() && response.success) {
    if (response.match < progress.admission) {
      return TIMESTORE_MARK("raft: an acknowledgement of a lost disk was not believed");
    }
    TIMESTORE_MARK("raft: a novice was admitted");
    progress.admission = 0;
    turn.tell(NoviceAdmitted{.node = follower});
  }
}

// So that novices need not wait for a client. Whoever waits to be let in knows of the members only what an entry or a
// snapshot says, and both may hold nothing of them where they never changed: so the entry that a novice waits for says
// who they are. But not while the cluster is being founded, for that would end it (holds_only_noops) before enough have
// been admitted.
void append_for_novices(Turn& turn) {
  State& state = turn.state;
  Leader* leader = std::get_if<Leader>(&state.role);
  if (leader == nullptr || leader->handover || state.trail.last_index() >= kMaxIndex) return;
  const Index told = state.configurations.latest_index();
  const auto waits_beyond = [&](Index index) {
    return std::any_of(leader->peers.begin(), leader->peers.end(),
                       [&](const auto& peer) { return peer.second.admission > index; });
  };
  const bool is_founded = state.commit >= leader->term_start || !holds_only_noops(state.trail);
  if (is_founded && !waits_for_its_id(state) && waits_beyond(told)) {
    TIMESTORE_MARK("raft: a novice was told who the members are");
    enact(turn, state.configuration());
    for (auto& [id, peer] : leader->peers) {
      if (peer.admission > told) peer.admission = state.trail.last_index();
    }
  } else if (waits_beyond(state.trail.last_index())) {
    append_entry(turn, {state.term(), EntryKind::kNoop, Payload(std::string())});
  }
}

Index admission_of(const State& state, const Leader& leader, const NodeId& id) {
  const Progress& novice = leader.peers.at(id);
  if (!novice.is_novice()) return novice.founds && novice.match < leader.term_start ? leader.term_start : 0;
  return is_remembered(state, leader, id) ? novice.admission : 0;
}

}  // namespace timestore::raft
