// A leader hands over: Ongaro's thesis, section 3.10.
//
// It takes no proposals, brings the chosen follower up to date, and asks it to call an election at once. That one is
// forced: voters do not wait for the old leader to be silent. If nothing comes of it within an election time-out, the
// leader goes on; a request that is still on its way then means nothing, because the next appends recall it.
#include <utility>

#include "engine/base/mark.h"
#include "engine/raft/turn.h"

namespace timestore::raft {

namespace {

// Learners do not lead, nor does who is on the way out.
bool may_succeed(const State& state, const NodeId& peer, const Progress& progress) {
  return Configuration::holds(state.configuration().voters, peer) && answers(state, progress);
}

// Who has space and then who has most of the log, of those who may.
NodeId best_successor(const State& state, const Leader& leader) {
  NodeId best;
  std::pair<bool, Index> most;
  for (const auto& [peer, progress] : leader.peers) {
    const std::pair now(!progress.is_full, progress.match);
    if (!may_succeed(state, peer, progress) || (!best.empty() && now <= most)) continue;
    best = peer;
    most = now;
  }
  return best;
}

void ask_if_caught_up(Turn& turn, Leader& leader) {
  const State& state = turn.state;
  Handover& handover = *leader.handover;
  if (leader.peers.at(handover.to).match < state.trail.last_index()) {
    return TIMESTORE_MARK("raft: a successor had to catch up first");
  }
  handover.is_asked = true;
  const TimeoutNow order{.term = state.term(), .leader = state.id, .round = leader.round};
  turn.effects.sends.push_back({handover.to, order});
}

// Newer appends tell the successor that a request which is still on its way means nothing.
void recall(Turn& turn, Leader& leader) {
  turn.tell(HandoverOver{.term = turn.state.term(), .to = leader.handover->to});
  leader.handover.reset();
  leader.recalled = leader.round++;
}

}  // namespace

void transfer(Turn& turn, const NodeId& to) {
  State& state = turn.state;
  Leader* leader = std::get_if<Leader>(&state.role);
  if (leader == nullptr) return;
  const NodeId successor = to.empty() ? best_successor(state, *leader) : to;
  const auto peer = leader->peers.find(successor);
  if (peer == leader->peers.end() || !may_succeed(state, successor, peer->second)) {
    TIMESTORE_MARK("raft: nobody could take over");
    return turn.tell(HandoverRefused{.term = state.term(), .to = to});
  }
  if (leader->handover && leader->handover->to == successor) return;  // whoever repeats it does not prolong it
  if (leader->handover) {
    TIMESTORE_MARK("raft: a handover was replaced by another");
    recall(turn, *leader);
  }
  ++leader->round;  // above everything that was ever recalled
  leader->handover = Handover{.to = successor, .ticks_left = state.options.election_ticks_max};
  turn.tell(HandoverBegun{.term = state.term(), .to = successor});
  ask_if_caught_up(turn, *leader);
}

void go_on_with_transfer(Turn& turn, const NodeId& peer) {
  Leader* leader = std::get_if<Leader>(&turn.state.role);
  if (leader == nullptr || !leader->handover || leader->handover->to != peer || leader->handover->is_asked) return;
  ask_if_caught_up(turn, *leader);
}

// Asked again now and then: the request may be lost, or be overtaken by a newer round.
void tick_transfer(Turn& turn) {
  State& state = turn.state;
  Leader& leader = std::get<Leader>(state.role);
  if (!leader.handover) return;
  if (--leader.handover->ticks_left == 0) {
    TIMESTORE_MARK("raft: a handover was given up");
    recall(turn, leader);
    if (state.configuration().is_voter(state.id)) return;
    TIMESTORE_MARK("raft: a removed leader left without a successor");
    return become_follower(turn, state.term(), "", LeadershipLost::Reason::kRemoved);
  }
  if (leader.handover->ticks_left % state.options.heartbeat_ticks == 0) ask_if_caught_up(turn, leader);
}

void receive_timeout_now(Turn& turn, const NodeId& from, const TimeoutNow& request) {
  State& state = turn.state;
  if (!std::holds_alternative<Follower>(state.role) || state.leader != from) return;
  if (request.round <= state.recalled) {
    TIMESTORE_MARK("raft: a request to take over came too late");
    return turn.tell(OrderTooLate{.term = state.term(), .leader = from});
  }
  if (state.hard_state.novice) return;  // it was meant for the disk that is lost
  TIMESTORE_MARK("raft: a follower took over");
  campaign(turn, true);
}

}  // namespace timestore::raft
