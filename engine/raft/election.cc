// Elections: paper, sections 5.2 and 5.4.1.
#include <algorithm>
#include <iterator>

#include "engine/base/check.h"
#include "engine/base/mark.h"
#include "engine/raft/agreement.h"
#include "engine/raft/turn.h"

namespace timestore::raft {

namespace {

// Paper 5.4.1: later last term first, then the longer log. Compared as one pair, never by component.
bool is_up_to_date(const Trail& trail, Index last_index, Term last_term) {
  return std::pair(last_term, last_index) >= std::pair(trail.last_term(), trail.last_index());
}

void count_votes(Turn& turn) {
  State& state = turn.state;
  const Candidate& candidate = std::get<Candidate>(state.role);
  switch (tally(state.configuration(), candidate.votes)) {
    case Tally::kPending:
      return;
    case Tally::kWon:
      if (candidate.votes.contains(state.id)) become_leader(turn);
      return;
    case Tally::kLost:
      TIMESTORE_MARK("raft: an election was lost");
      return become_follower(turn, state.term(), "");
  }
}

void count_pre_votes(Turn& turn) {
  State& state = turn.state;
  switch (tally(state.configuration(), std::get<PreCandidate>(state.role).votes)) {
    case Tally::kPending:
      return;
    case Tally::kWon:
      if (!awaited_founders(state).empty()) return TIMESTORE_MARK("raft: a founder waited for an answer");
      return campaign(turn, false);
    case Tally::kLost:
      TIMESTORE_MARK("raft: an election was not begun, because it would have been lost");
      return become_follower(turn, state.term(), "");
  }
}

void enter_term(State& state, Term term, std::optional<NodeId> vote) {
  state.hard_state.term = term;
  state.hard_state.vote = std::move(vote);
  state.recalled = 0;
}

// A novice cannot know what it once promised. That nothing depends on that it takes for granted only as a founder, and
// where nobody has anything but no-ops: there a cluster is being founded. Who waits to be let in founds nothing.
template <typename Request>
bool may_trust(const State& state, const Request& request) {
  return !state.hard_state.novice || (is_founder(state) && (request.founds || request.last_index == 0));
}

// Whoever its newest configuration leaves out may still be needed until that one is committed: when nobody else has it,
// nobody else can be elected (thesis 4.2.2). It does not count its own vote.
bool may_be_voter(const State& state) {
  const auto& known = state.configurations.known();
  return std::any_of(std::prev(known.upper_bound(state.commit)), known.end(),
                     [&](const auto& at) { return at.second.is_voter(state.id); });
}

void note_whom_founding_awaits(Turn& turn) {
  State& state = turn.state;
  std::vector<NodeId> awaited = awaited_founders(state);
  if (state.waits_for == awaited) return;
  state.waits_for = std::move(awaited);
  if (!state.waits_for.empty()) turn.tell(FoundingWaits{.awaited = state.waits_for});
}

bool may_campaign(const State& state) {
  return !state.is_leader() && may_be_voter(state) && state.term() < kMaxTerm && !state.contradiction &&
         (!state.hard_state.novice || holds_only_noops(state.trail));
}

// The votes of a candidate must get onto other disks that may be slow. And who has no space would lead and refuse every
// write: whoever has some gets an election time-out longer to be elected.
std::uint32_t patience_of(const State& state) {
  const bool is_candidate = std::holds_alternative<Candidate>(state.role);
  return (is_candidate ? disk_patience(state) : 0) + (state.is_full ? state.options.election_ticks_max : 0);
}

}  // namespace

// What a node that waits to be let in knows of the members, it knows from entries or from a snapshot.
bool is_founder(const State& state) {
  return state.trail.base().index == 0 && !state.configurations.known().begin()->second.voters.empty();
}

// The paper randomizes the time-out anew for each election (5.2), so that split votes are rare and resolved quickly.
void reset_election_timer(State& state) {
  const std::uint64_t spread = state.options.election_ticks_max - state.options.election_ticks_min + 1;
  state.election_elapsed = 0;
  state.election_timeout = state.options.election_ticks_min + static_cast<std::uint32_t>(state.prng.below(spread));
}

// Where syncs take longer than an election time-out, as on an SD card, elections would follow each other for ever.
std::uint32_t disk_patience(const State& state) {
  constexpr std::uint32_t kMaxTimeouts = 8;
  return std::min(2 * state.sync_ticks, kMaxTimeouts * state.options.election_ticks_max);
}

// A leader that no majority answers makes way by itself, so while it leads it hears itself.
bool hears_leader(const State& state) {
  return state.is_leader() || (!state.leader.empty() && state.election_elapsed < state.options.election_ticks_min);
}

// A node whose own disk is busy does not count the silence: it may have kept the leader waiting itself, and its vote
// could not become durable anyway.
void tick_election(Turn& turn) {
  State& state = turn.state;
  if (!state.pending_writes.empty()) return TIMESTORE_MARK("raft: a busy disk did not count the silence");
  ++state.election_elapsed;
  const bool alone = state.configuration().is_sole_voter(state.id);
  const bool candidate = std::holds_alternative<Candidate>(state.role);
  if (state.election_elapsed >= state.election_timeout + patience_of(state) || (alone && !candidate)) {
    if (state.is_full) TIMESTORE_MARK("raft: a node asked around though its disk was full");
    pre_campaign(turn);
  }
}

// A node that was cut off comes back with the term that it left with, so it deposes nobody (thesis 9.6).
void pre_campaign(Turn& turn) {
  State& state = turn.state;
  if (!may_campaign(state)) return;
  if (std::holds_alternative<PreCandidate>(state.role)) TIMESTORE_MARK("raft: a node asked around again");
  note_whom_founding_awaits(turn);
  reset_election_timer(state);
  state.leader.clear();
  state.role = PreCandidate{.votes = {{state.id, true}}};
  turn.tell(AskedAround{.term = state.term() + 1});
  const PreVoteRequest request{.term = state.term() + 1,
                               .candidate = state.id,
                               .last_index = state.trail.last_index(),
                               .last_term = state.trail.last_term(),
                               .founds = holds_only_noops(state.trail)};
  for (const Member& voter : state.configuration().electorate()) {
    if (voter.id != state.id) send_when_durable(turn, voter.id, request);
  }
  count_pre_votes(turn);
}

void campaign(Turn& turn, bool forced) {
  State& state = turn.state;
  if (!may_campaign(state)) return;
  if (!awaited_founders(state).empty()) return pre_campaign(turn);  // forced, too
  if (!state.configuration().is_voter(state.id)) TIMESTORE_MARK("raft: a node on the way out had to campaign");
  if (std::holds_alternative<Candidate>(state.role)) TIMESTORE_MARK("raft: a candidate tried again");
  if (state.trail.last_index() > state.commit) TIMESTORE_MARK("raft: a candidate had entries that may be lost");
  enter_term(state, state.term() + 1, state.id);
  state.leader.clear();
  state.role = Candidate{.vote_write = state.last_write + 1, .votes = {}};
  turn.tell(ElectionCalled{.term = state.term(), .is_forced = forced});
  reset_election_timer(state);

  const VoteRequest request{.term = state.term(),
                            .candidate = state.id,
                            .last_index = state.trail.last_index(),
                            .last_term = state.trail.last_term(),
                            .founds = holds_only_noops(state.trail),
                            .forced = forced};
  for (const Member& voter : state.configuration().electorate()) {
    if (voter.id != state.id) send_when_durable(turn, voter.id, request);
  }
}

void become_follower(Turn& turn, Term term, const NodeId& leader, LeadershipLost::Reason why) {
  State& state = turn.state;
  TIMESTORE_CHECK(term >= state.term(), "terms never fall");
  if (Leader* deposed = std::get_if<Leader>(&state.role)) {
    if (term > state.term()) TIMESTORE_MARK("raft: a newer term deposed a leader");
    if (state.durable < state.trail.last_index()) TIMESTORE_MARK("raft: a deposed leader had an unsynced entry");
    turn.tell(LeadershipLost{.term = state.term(), .reason = why});
    orphan_proposals(turn);
    refuse_reads(turn, *deposed);
    reset_election_timer(state);  // a leader had none
  }
  if (!leader.empty()) turn.tell(LeaderFollowed{.term = term, .leader = leader});
  if (leader.empty() && term > state.term()) turn.tell(TermEntered{.term = term});
  if (term > state.term()) enter_term(state, term, std::nullopt);
  state.role = Follower{};
  state.leader = leader;
}

void receive_vote_request(Turn& turn, const NodeId& from, const VoteRequest& request, Correlation correlation) {
  State& state = turn.state;
  const bool free = !state.hard_state.vote || *state.hard_state.vote == from;
  const bool up_to_date = is_up_to_date(state.trail, request.last_index, request.last_term);
  const bool trusts = may_trust(state, request);
  const bool is_ours = may_be_elected(state, request.belonging);
  const bool granted = free && state.leader.empty() && up_to_date && trusts && is_ours && !state.contradiction;
  if (!trusts) TIMESTORE_MARK("raft: a novice did not vote");
  if (granted && !state.configuration().is_member(from)) TIMESTORE_MARK("raft: a stranger was elected");
  if (granted && !state.configuration().is_voter(state.id))
    TIMESTORE_MARK("raft: a node voted that knows itself no voter");
  if (!up_to_date) TIMESTORE_MARK("raft: a vote was refused because the candidate's log is older");
  if (!free) TIMESTORE_MARK("raft: a vote was refused because another has it");
  if (granted && state.hard_state.vote) TIMESTORE_MARK("raft: a vote was promised again to the same candidate");
  if (granted) {
    state.hard_state.vote = from;
    reset_election_timer(state);
    turn.tell(VoteGiven{.term = state.term(), .candidate = from});
  } else {
    using Reason = VoteRefused::Reason;
    const Reason reason = !up_to_date             ? Reason::kOlderLog
                          : !free                 ? Reason::kVotedForAnother
                          : !state.leader.empty() ? Reason::kLeaderIsKnown
                          : !trusts               ? Reason::kNovice
                          : !is_ours              ? Reason::kOtherCluster
                                                  : Reason::kContradicted;
    turn.tell(VoteRefused{.term = state.term(), .candidate = from, .reason = reason});
  }
  send_when_durable(turn, from, VoteResponse{state.term(), granted, request.log_end()}, correlation);
}

// Binds nobody: neither term, vote nor timer change.
void receive_pre_vote_request(Turn& turn, const NodeId& from, const PreVoteRequest& request, Correlation correlation) {
  State& state = turn.state;
  const bool up_to_date = is_up_to_date(state.trail, request.last_index, request.last_term);
  const bool trusts = may_trust(state, request);
  const bool is_ours = may_be_elected(state, request.belonging);
  const bool granted =
      request.term > state.term() && !hears_leader(state) && up_to_date && trusts && is_ours && !state.contradiction;
  if (hears_leader(state)) TIMESTORE_MARK("raft: a node was told that there is a leader");
  if (!up_to_date) TIMESTORE_MARK("raft: a node was told that its log is too old to be elected");
  if (granted) {
    turn.tell(CandidateEncouraged{.term = request.term, .candidate = from});
  } else {
    using Reason = CandidateDiscouraged::Reason;
    const Reason reason = request.term <= state.term() ? Reason::kTermIsOver
                          : hears_leader(state)        ? Reason::kLeaderIsKnown
                          : !up_to_date                ? Reason::kOlderLog
                          : !trusts                    ? Reason::kNovice
                          : !is_ours                   ? Reason::kOtherCluster
                                                       : Reason::kContradicted;
    turn.tell(CandidateDiscouraged{.term = request.term, .candidate = from, .reason = reason});
  }
  const PreVoteResponse response{.term = state.term(),
                                 .proposed = request.term,
                                 .granted = granted,
                                 .level = state.options.level,
                                 .holds_level = state.options.holds_level};
  send_when_durable(turn, from, response, correlation);
}

void receive_pre_vote_response(Turn& turn, const NodeId& from, const PreVoteResponse& response) {
  State& state = turn.state;
  PreCandidate* asking = std::get_if<PreCandidate>(&state.role);
  if (asking == nullptr || response.proposed != state.term() + 1) {
    return TIMESTORE_MARK("raft: an answer came when nobody asked any more");
  }
  asking->votes.emplace(from, response.granted);
  count_pre_votes(turn);
}

// A node that lost its disk may ask again in a term in which it has asked before. A vote that was given to the log that
// is lost says nothing about the one that it has now.
void receive_vote_response(Turn& turn, const NodeId& from, const VoteResponse& response) {
  State& state = turn.state;
  Candidate* candidate = std::get_if<Candidate>(&state.role);
  if (candidate == nullptr) return TIMESTORE_MARK("raft: a vote came when the election was over");
  if (response.judged != state.trail.last()) return;
  candidate->votes.emplace(from, response.granted);
  count_votes(turn);
}

void count_own_vote(Turn& turn) {
  State& state = turn.state;
  Candidate* candidate = std::get_if<Candidate>(&state.role);
  if (candidate == nullptr || state.durable_write < candidate->vote_write) return;
  if (candidate->votes.emplace(state.id, true).second) count_votes(turn);
}

}  // namespace timestore::raft
