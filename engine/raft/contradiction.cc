// What Raft excludes as long as disks keep what they promised: a leader whose log lacks what is committed here, or a
// second leader of one term. A disk was put back to an older copy, or a machine was copied with it. Nobody can tell
// from here whose data is right, so the node freezes: it serves no reads, acknowledges, votes for and leads nothing,
// and says why. What a leader of a later term has in its log may end that.
//
// Only an append of the current term counts, by a member, where the cluster's id is settled: no stranger can stop a
// node.
#include "engine/raft/turn.h"

namespace timestore::raft {

namespace {

// The first entry, at most at the commit index, of which the append says another term than this log.
std::optional<Contradiction> found_in(const State& state, const AppendRequest& request) {
  const auto judge = [&](Index index, Term theirs) -> std::optional<Contradiction> {
    if (index < state.trail.base().index || index > state.commit) return std::nullopt;
    const Term ours = *state.trail.term_at(index);
    if (ours == theirs) return std::nullopt;
    return Contradiction{
        .leader = request.leader, .term = request.term, .index = index, .ours = ours, .theirs = theirs};
  };
  if (auto found = judge(request.prev_index, request.prev_term)) return found;
  for (std::size_t i = 0; i < request.entries.size(); ++i) {
    if (auto found = judge(request.prev_index + 1 + i, request.entries[i].term)) return found;
  }
  return std::nullopt;
}

// Whether it shows that the logs agree up to there (the paper's Log Matching): it begins or ends with an entry that
// this log has.
bool agrees_at(const State& state, const AppendRequest& request, Index index) {
  const auto has = [&](Index at, Term term) {
    return at >= index && at <= state.trail.last_index() && state.trail.term_at(at) == term;
  };
  if (has(request.prev_index, request.prev_term)) return true;
  return !request.entries.empty() && has(request.prev_index + request.entries.size(), request.entries.back().term);
}

// Whoever speaks in a member's name must not stop a node for good with one message. A leader repeats what it says.
std::uint32_t patience(const State& state) {
  constexpr std::uint32_t kTimeouts = 8;
  return kTimeouts * state.options.election_ticks_max;
}

void freeze(Turn& turn, const Contradiction& found) {
  State& state = turn.state;
  if (state.contradiction != found) {
    turn.tell(Contradicted{found.leader, found.term, found.index, found.ours, found.theirs});
  }
  state.contradiction = found;
  state.contradiction_ticks = patience(state);
  if (!std::holds_alternative<Follower>(state.role)) {
    become_follower(turn, state.term(), state.leader, LeadershipLost::Reason::kContradicted);
  }
}

}  // namespace

bool is_contradicted_by(Turn& turn, const NodeId& from, const AppendRequest& request) {
  State& state = turn.state;
  const bool is_judged = is_settled(state) && state.configuration().is_member(from) && !state.hard_state.novice &&
                         request.belonging.cluster == state.cluster();
  if (!is_judged) return false;
  const bool is_rival = state.is_leader() || (!state.leader.empty() && state.leader != from);
  if (is_rival) {
    freeze(turn, {.leader = from, .term = request.term});
    return true;
  }
  if (state.contradiction && state.contradiction->index == 0) return true;  // no leader can disprove that
  if (const auto found = found_in(state, request)) {
    freeze(turn, *found);
    return true;
  }
  if (!state.contradiction) return false;
  const Contradiction& known = *state.contradiction;
  if (agrees_at(state, request, known.index)) {
    turn.tell(ContradictionOver{.leader = from, .index = known.index});
    state.contradiction.reset();
    return false;
  }
  if (request.term != known.term) return false;
  state.contradiction_ticks = patience(state);  // its leader is there still
  return true;
}

void tick_contradiction(Turn& turn) {
  State& state = turn.state;
  if (!state.contradiction || --state.contradiction_ticks > 0) return;
  turn.tell(ContradictionOver{.leader = "", .index = state.contradiction->index});
  state.contradiction.reset();
}

}  // namespace timestore::raft
