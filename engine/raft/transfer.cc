// A leader hands over: Ongaro's thesis, section 3.10.
//
// It takes no proposals, brings the chosen follower up to date, and asks it to call an election at once. That one is
// forced: voters do not wait for the old leader to be silent. If nothing comes of it within an election time-out, the
// leader goes on; a request that is still on its way then means nothing, because the next appends carry a newer round.
#include "engine/base/mark.h"
#include "engine/raft/turn.h"

namespace timestore::raft {

namespace {

// Who has most of the log, of those who answer.
NodeId best_successor(const State& state, const Leader& leader) {
  NodeId best;
  Index match = 0;
  for (const auto& [peer, progress] : leader.peers) {
    const bool answers = progress.silent_ticks < state.options.election_ticks_max;
    if (!answers || (!best.empty() && progress.match <= match)) continue;
    best = peer;
    match = progress.match;
  }
  return best;
}

// Asked again with each heartbeat: the request may be lost, or be overtaken by a newer round.
void ask_if_caught_up(Turn& turn, const Leader& leader) {
  const State& state = turn.state;
  const NodeId& to = leader.handover->to;
  if (leader.peers.at(to).match < state.trail.last_index()) {
    return TIMESTORE_MARK("raft: a successor had to catch up first");
  }
  turn.effects.sends.push_back({to, TimeoutNow{.term = state.term(), .leader = state.id, .round = leader.round}});
}

}  // namespace

void transfer(Turn& turn, const NodeId& to) {
  State& state = turn.state;
  Leader* leader = std::get_if<Leader>(&state.role);
  if (leader == nullptr) return;
  const NodeId successor = to.empty() ? best_successor(state, *leader) : to;
  if (!leader->peers.contains(successor)) return TIMESTORE_MARK("raft: nobody could take over");
  if (leader->handover) TIMESTORE_MARK("raft: a handover was replaced by another");
  leader->handover = Handover{.to = successor, .ticks_left = state.options.election_ticks_max};
  ask_if_caught_up(turn, *leader);
}

void go_on_with_transfer(Turn& turn, const NodeId& peer) {
  const Leader* leader = std::get_if<Leader>(&turn.state.role);
  if (leader == nullptr || !leader->handover || leader->handover->to != peer) return;
  ask_if_caught_up(turn, *leader);
}

void tick_transfer(Turn& turn) {
  Leader& leader = std::get<Leader>(turn.state.role);
  if (!leader.handover || --leader.handover->ticks_left > 0) return;
  TIMESTORE_MARK("raft: a handover was given up");
  leader.handover.reset();
  ++leader.round;
}

void receive_timeout_now(Turn& turn, const NodeId& from, const TimeoutNow& request) {
  State& state = turn.state;
  const Follower* follower = std::get_if<Follower>(&state.role);
  if (follower == nullptr || state.leader != from) return;
  if (follower->round > request.round) return TIMESTORE_MARK("raft: a request to take over came too late");
  TIMESTORE_MARK("raft: a follower took over");
  campaign(turn, true);
}

}  // namespace timestore::raft
