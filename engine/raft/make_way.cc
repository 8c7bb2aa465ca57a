// A leader makes way for a voter that can do what it cannot, though enough answer for it to stay.
#include <algorithm>

#include "engine/base/mark.h"
#include "engine/raft/agreement.h"
#include "engine/raft/turn.h"

namespace timestore::raft {

namespace {

// An entry waits, and it would take voters without space to commit it: enough answer for this leader to stay, and too
// few store anything. Whom it does not hear, another voter may; where all are heard, nobody could do better.
bool is_stuck(const State& state, const Leader& leader) {
  if (state.trail.last_index() == state.commit) return false;
  const auto is_silent = [&](const Progress& progress) {
    return progress.silent_ticks >= state.options.election_ticks_max;
  };
  const auto stores = [&](const NodeId& voter) {
    if (voter == state.id) return true;
    const Progress& progress = leader.peers.at(voter);
    return progress.match > state.commit || (!is_silent(progress) && !progress.is_full && !progress.contradicts);
  };
  return !is_quorum(state.configuration(), stores) &&
         std::any_of(leader.peers.begin(), leader.peers.end(), [&](const auto& peer) {
           return state.configuration().is_voter(peer.first) && is_silent(peer.second);
         });
}

// Whose turn it is: who comes behind this node by name, so that each gets one where several reach too few.
NodeId next_who_has_what_waits(const State& state, const Leader& leader) {
  NodeId first;
  for (const auto& [id, progress] : leader.peers) {
    const bool may_lead = Configuration::holds(state.configuration().voters, id) && answers(state, progress);
    if (!may_lead || progress.is_full || progress.match <= state.commit) continue;
    if (id > state.id) return id;
    if (first.empty()) first = id;
  }
  return first;
}

}  // namespace

// Every write, and every read on every node, waits for what the leader has stored and applied. When its disk is full,
// or its state machine stands still while a voter has long applied what is due here, that voter should lead.
void make_way_for_who_can_go_on(Turn& turn) {
  State& state = turn.state;
  Leader& leader = std::get<Leader>(state.role);
  if (leader.ticks_until_way > 0) --leader.ticks_until_way;
  const bool stands_still = state.unapplied_ticks >= state.options.election_ticks_max;
  if (!(stands_still || state.is_full) || leader.ticks_until_way > 0 || leader.handover) return;
  NodeId best;
  Index most = 0;
  for (const auto& [id, progress] : leader.peers) {
    const bool may_lead = Configuration::holds(state.configuration().voters, id) && answers(state, progress);
    if (!may_lead || progress.is_full || progress.applied < most) continue;
    if (stands_still && progress.applied < state.owed) continue;
    best = id;
    most = progress.applied;
  }
  if (best.empty()) return;
  if (state.is_full) TIMESTORE_MARK("raft: a leader whose disk was full handed over");
  if (!state.is_full) TIMESTORE_MARK("raft: a leader whose state machine stood still handed over");
  leader.ticks_until_way = state.options.election_ticks_max;  // whoever does not take over is not asked again at once
  transfer(turn, best);
}

void make_way_for_who_reaches_others(Turn& turn) {
  State& state = turn.state;
  Leader& leader = std::get<Leader>(state.role);
  leader.stuck_ticks = is_stuck(state, leader) ? leader.stuck_ticks + 1 : 0;
  // Twice the time-out, so that reads go on in between where the silent are dead and nobody can do better.
  if (leader.stuck_ticks < 2 * state.options.election_ticks_max || leader.handover) return;
  const NodeId next = next_who_has_what_waits(state, leader);
  if (next.empty()) return;
  TIMESTORE_MARK("raft: a leader that leaned on full disks handed over");
  leader.stuck_ticks = 0;
  transfer(turn, next);
}

}  // namespace timestore::raft
