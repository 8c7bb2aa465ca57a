#include "engine/raft/step.h"

#include <algorithm>

#include "engine/base/check.h"
#include "engine/base/mark.h"
#include "engine/raft/turn.h"

namespace timestore::raft {

namespace {

template <typename... Cases>
struct Match : Cases... {
  using Cases::operator()...;
};
template <typename... Cases>
Match(Cases...) -> Match<Cases...>;  // clang 14 needs to be told

Term term_of(const Message& message) {
  return std::visit([](const auto& any) { return any.term; }, message);
}

// The term that its sender was in.
Term spoken_in(const Message& message) {
  return term_of(message) - (std::holds_alternative<PreVoteRequest>(message) ? 1 : 0);
}

// Candidates and leaders are listened to whoever they are: this node's configuration may be behind theirs (paper,
// section 6). Everything else answers, or comes from, a member; or from the leader, whose last duty, when it is
// removed, is to ask somebody to take over.
bool may_be_a_stranger(const Message& message) {
  return std::holds_alternative<VoteRequest>(message) || std::holds_alternative<PreVoteRequest>(message) ||
         std::holds_alternative<AppendRequest>(message);
}

bool is_believable(const State& state, const Receive& input) {
  const Term term = term_of(input.message);
  const bool is_known =
      may_be_a_stranger(input.message) || state.configuration().is_member(input.from) || input.from == state.leader;
  const bool may_be_zero = std::holds_alternative<PreVoteResponse>(input.message);  // of a node that is new
  return is_known && input.from != state.id && (term >= 1 || may_be_zero) && term <= kMaxTerm &&
         (term <= state.term() || term - state.term() <= kMaxTermJump);
}

// "Your request is refused; this is our term." Answers nothing to an answer.
void refuse(Turn& turn, const NodeId& to, const Message& message, Correlation correlation) {
  if (const auto* vote = std::get_if<VoteRequest>(&message)) {
    TIMESTORE_MARK("raft: a candidate was told that its term is over");
    send_when_durable(turn, to, VoteResponse{.term = turn.state.term(), .judged = vote->log_end()}, correlation);
  } else if (const auto* request = std::get_if<PreVoteRequest>(&message)) {
    send_when_durable(turn, to, PreVoteResponse{.term = turn.state.term(), .proposed = request->term}, correlation);
  } else if (std::holds_alternative<AppendRequest>(message)) {
    TIMESTORE_MARK("raft: a leader was told that its term is over");
    send_when_durable(turn, to, AppendResponse{.term = turn.state.term()}, correlation);
  }
}

// Whoever hears a leader does not listen to others who want to be one: it would only disturb (thesis 4.2.3). And that
// the leader itself wants the election is not believed of somebody who may have been removed.
bool would_disturb(const State& state, const NodeId& from, const Message& message) {
  const auto* request = std::get_if<VoteRequest>(&message);
  if (request == nullptr || request->term <= state.term() || !hears_leader(state)) return false;
  const bool is_member = state.configuration().is_member(from);
  if (request->forced && !is_member) TIMESTORE_MARK("raft: a stranger could not force an election");
  return !request->forced || !is_member;
}

// A leader that this node's configuration does not name may be one of members to come; or somebody who mistakes this
// cluster for his own. As long as a leader is heard, nobody else is believed.
bool is_doubtful(const State& state, const Receive& input) {
  return std::holds_alternative<AppendRequest>(input.message) && !state.configuration().is_member(input.from) &&
         input.from != state.leader && hears_leader(state);
}

void receive(Turn& turn, const Receive& input) {
  State& state = turn.state;
  const Term term = term_of(input.message);
  if (!hear_belonging(turn, input)) return;
  if (!is_believable(state, input)) return refuse(turn, input.from, input.message, input.correlation);
  if (const auto* request = std::get_if<PreVoteRequest>(&input.message)) {
    return receive_pre_vote_request(turn, input.from, *request, input.correlation);  // a term that nobody is in yet
  }
  if (would_disturb(state, input.from, input.message)) {
    TIMESTORE_MARK("raft: a candidate was not listened to, because there is a leader");
    turn.tell(VoteRefused{.term = term, .candidate = input.from, .reason = VoteRefused::Reason::kLeaderIsKnown});
    return refuse(turn, input.from, input.message, input.correlation);
  }
  if (is_doubtful(state, input)) {
    TIMESTORE_MARK("raft: a stranger that calls itself the leader was not believed");
    return refuse(turn, input.from, input.message, input.correlation);
  }
  if (term > state.term()) become_follower(turn, term, "");
  if (const auto* response = std::get_if<PreVoteResponse>(&input.message)) {
    return receive_pre_vote_response(turn, input.from, *response);  // of a node that may be in an older term
  }
  if (term < state.term()) return refuse(turn, input.from, input.message, input.correlation);

  std::visit(Match{
                 [&](const VoteRequest& m) { receive_vote_request(turn, input.from, m, input.correlation); },
                 [&](const VoteResponse& m) { receive_vote_response(turn, input.from, m); },
                 [&](const PreVoteRequest&) {},
                 [&](const PreVoteResponse&) {},
                 [&](const AppendRequest& m) { receive_append_request(turn, input.from, m, input.correlation); },
                 [&](const AppendResponse& m) { receive_append_response(turn, input.from, m); },
                 [&](const SnapshotRequest&) {},
                 [&](const SnapshotResponse&) {},
                 [&](const NotOurs&) {},
                 [&](const TimeoutNow& m) { receive_timeout_now(turn, input.from, m); },
             },
             input.message);
}

// The messages whose writes are done leave, unless a newer term has overtaken them: then a request is pointless, and an
// answer becomes a refusal in the newer term, itself a promise. Nobody is encouraged any more once there is a leader.
void release_held_sends(Turn& turn) {
  State& state = turn.state;
  const auto first_waiting = std::find_if(state.held_sends.begin(), state.held_sends.end(),
                                          [&](const HeldSend& held) { return held.after > state.durable_write; });
  std::vector<HeldSend> released(std::make_move_iterator(state.held_sends.begin()),
                                 std::make_move_iterator(first_waiting));
  state.held_sends.erase(state.held_sends.begin(), first_waiting);
  for (HeldSend& held : released) {
    Send& send = held.send;
    if (auto* response = std::get_if<PreVoteResponse>(&send.message); response != nullptr && hears_leader(state)) {
      if (response->granted) TIMESTORE_MARK("raft: a held encouragement was taken back, because there is a leader");
      response->granted = false;
    }
    if (spoken_in(send.message) == state.term()) {
      turn.effects.sends.push_back(std::move(send));
    } else if (const auto* vote = std::get_if<VoteResponse>(&send.message)) {
      TIMESTORE_MARK("raft: a newer term turned a held vote into a refusal");
      const VoteResponse refusal{.term = state.term(), .judged = vote->judged};
      send_when_durable(turn, send.to, refusal, send.correlation);
    } else if (const auto* response = std::get_if<PreVoteResponse>(&send.message)) {
      const PreVoteResponse refusal{.term = state.term(), .proposed = response->proposed};
      send_when_durable(turn, send.to, refusal, send.correlation);
    } else if (std::holds_alternative<AppendResponse>(send.message)) {
      TIMESTORE_MARK("raft: a newer term turned a held acknowledgement into a refusal");
      send_when_durable(turn, send.to, AppendResponse{.term = state.term()}, send.correlation);
    } else {
      TIMESTORE_MARK("raft: a newer term made a held request pointless");
    }
  }
}

// A leader must hear from a follower whose disk is slow, or it would think itself alone. What waits in vain says only
// how far this disk has come already, which is all that the log is asked for then; a later heartbeat is told the rest.
void answer_without_a_promise(Turn& turn) {
  State& state = turn.state;
  if (state.durable_write < state.hard_state_write) return;  // in which term it answers is a promise too
  const auto is_answer = [&](const HeldSend& held) {
    const auto* answer = std::get_if<AppendResponse>(&held.send.message);
    return answer != nullptr && answer->term == state.term() && held.after > state.durable_write;
  };
  for (HeldSend& held : state.held_sends) {
    if (!is_answer(held)) continue;
    TIMESTORE_MARK("raft: a slow disk let an answer go that promises nothing");
    auto& answer = std::get<AppendResponse>(held.send.message);
    answer.match = std::min(answer.match, state.durable);
    held.after = state.durable_write;
  }
  std::stable_sort(state.held_sends.begin(), state.held_sends.end(),
                   [](const HeldSend& left, const HeldSend& right) { return left.after < right.after; });
  release_held_sends(turn);
}

void write_done(Turn& turn, WriteId id) {
  State& state = turn.state;
  TIMESTORE_CHECK(id <= state.last_write, "only a write that was asked for can be done");
  if (id <= state.durable_write) return;
  state.durable_write = id;
  state.sync_ticks = std::max(state.stalled_ticks, state.sync_ticks - state.sync_ticks / 8);
  state.stalled_ticks = 0;
  auto write = state.pending_writes.begin();
  for (; write != state.pending_writes.end() && write->id <= id; ++write) {
    state.durable = std::max(state.durable, write->last_index);
  }
  if (write - state.pending_writes.begin() > 1) TIMESTORE_MARK("raft: writes were done together");
  state.pending_writes.erase(state.pending_writes.begin(), write);

  count_own_vote(turn);
  const Index commit = state.commit;
  commit_by_quorum(turn);
  if (state.commit > commit) TIMESTORE_MARK("raft: a leader counted itself last");
  release_held_sends(turn);
}

void applied(Turn& turn, Index index) {
  TIMESTORE_CHECK(index <= std::min(turn.state.commit, turn.state.durable), "only what was released can be applied");
  turn.state.applied = std::max(turn.state.applied, index);
  turn.state.unapplied_ticks = 0;
}

void tick_apply(State& state) {
  const Index due = std::min(state.commit, state.durable);
  if (state.unapplied_ticks == 0) state.owed = due;
  state.unapplied_ticks = state.applied < due ? state.unapplied_ticks + 1 : 0;
}

void tick(Turn& turn) {
  if (!turn.state.pending_writes.empty()) ++turn.state.stalled_ticks;
  tick_apply(turn.state);
  if (turn.state.stalled_ticks >= turn.state.options.heartbeat_ticks) answer_without_a_promise(turn);
  tick_orphans(turn);
  tick_contradiction(turn);
  if (turn.state.is_leader()) {
    tick_leader(turn);
  } else {
    tick_election(turn);
  }
}

void dispatch(Turn& turn, const Input& input) {
  std::visit(Match{
                 [&](const Tick&) { tick(turn); },
                 [&](const Receive& receipt) { receive(turn, receipt); },
                 [&](const Propose& proposal) { propose(turn, proposal); },
                 [&](const Read& request) { read(turn, request.id); },
                 [&](const WriteDone& done) { write_done(turn, done.id); },
                 [&](const Applied& done) { applied(turn, done.index); },
                 [&](const Compact& order) { compact(turn, order.through); },
                 [&](const SnapshotInstalled& snapshot) { snapshot_installed(turn, snapshot); },
                 [&](const Room& room) { turn.state.is_full = !room.has_room; },
                 [&](const PeerUnreachable& event) { peer_unreachable(turn, event.peer); },
                 [&](const Campaign&) { campaign(turn, true); },
                 [&](const StepDown&) {
                   if (turn.state.is_leader()) {
                     become_follower(turn, turn.state.term(), "", LeadershipLost::Reason::kTold);
                   }
                 },
                 [&](const Transfer& order) { transfer(turn, order.to); },
                 [&](const ChangeMembers& request) { change_members(turn, request); },
                 [&](const ExpectCluster& told) { turn.state.expected = told.cluster; },
             },
             input);
}

// The write that makes true what a message promises. An answer to an append speaks of the log only as far as `match`,
// otherwise of the term; everything else may speak of all that was written.
WriteId promised_by(const State& state, const Send& send) {
  const auto* answer = std::get_if<AppendResponse>(&send.message);
  return answer != nullptr && answer->match <= state.durable ? state.hard_state_write : state.last_write;
}

// Numbers the turn's write, if it has anything to write, and lets go of the promises that need not wait.
void conclude(Turn& turn) {
  State& state = turn.state;
  go_on_with_membership(turn);
  raise_level(turn);
  append_for_novices(turn);
  begin_read_round(turn);
  send_appends(turn);
  tell_round(turn);

  const bool writes = turn.write.truncate_from || turn.write.begin_after || !turn.write.entries.empty() ||
                      turn.hard_state != state.hard_state;
  if (writes) {
    turn.write.id = ++state.last_write;
    turn.write.hard_state = state.hard_state;
    if (turn.hard_state != state.hard_state) state.hard_state_write = turn.write.id;
    state.pending_writes.push_back({turn.write.id, state.trail.last_index()});
    turn.effects.write = std::move(turn.write);
  }
  for (Send& promise : turn.promises) {
    const WriteId after = promised_by(state, promise);
    if (after <= state.durable_write) {
      turn.effects.sends.push_back(std::move(promise));
      continue;
    }
    if (!writes) TIMESTORE_MARK("raft: a promise waited for the writes of earlier turns");
    const auto place = std::upper_bound(state.held_sends.begin(), state.held_sends.end(), after,
                                        [](WriteId id, const HeldSend& held) { return id < held.after; });
    state.held_sends.insert(place, {after, std::move(promise)});
  }
  if (state.commit > state.durable) TIMESTORE_MARK("raft: a committed entry waited for the node's own disk");
  turn.effects.apply_through = std::min(state.commit, state.durable);
}

}  // namespace

Effects step(State& state, std::span<const Input> inputs) {
  Turn turn(state);
  for (const Input& input : inputs) dispatch(turn, input);
  conclude(turn);
  const Belonging belonging = belonging_of(state);
  for (Send& send : turn.effects.sends) set_belonging(send.message, belonging);
  return std::move(turn.effects);
}

void append_entry(Turn& turn, Entry entry) {
  Trail& trail = turn.state.trail;
  trail.append(entry.term, entry.kind, entry.payload.size_bytes());
  if (entry.kind == EntryKind::kMembers) {
    auto configuration = decode_configuration(entry.payload.view());
    TIMESTORE_CHECK(configuration.has_value(), "only what is a configuration enters the log as one");
    turn.tell(MembersInForce{.at = trail.last_index(), .members = *configuration});
    turn.state.configurations.append(trail.last_index(), std::move(*configuration));
  }
  if (entry.kind == EntryKind::kLevel) {
    const auto level = decode_level(entry.payload.view());
    TIMESTORE_CHECK(level.has_value(), "only what is a level enters the log as one");
    turn.tell(LevelAppended{.at = trail.last_index(), .level = *level});
    turn.state.levels.append(trail.last_index(), std::max(*level, turn.state.levels.latest()));
  }
  if (const auto cluster = entry.kind == EntryKind::kNoop ? decode_cluster(entry.payload.view()) : std::nullopt) {
    turn.tell(ClusterNamed{.at = trail.last_index(), .cluster = *cluster});
    turn.state.clusters.append(trail.last_index(), *cluster);
  }
  if (turn.write.entries.empty()) turn.write.first_index = trail.last_index();
  turn.write.entries.push_back(std::move(entry));
}

void truncate_log(Turn& turn, Index from) {
  State& state = turn.state;
  TIMESTORE_CHECK(from > state.commit, "a committed entry is never removed");
  TIMESTORE_MARK("raft: a follower truncated a conflicting suffix");
  if (from <= state.durable) TIMESTORE_MARK("raft: a durable entry was truncated");
  turn.tell(TailRemoved{.from = from, .through = state.trail.last_index()});
  state.trail.truncate_from(from);
  if (state.configurations.latest_index() >= from) {
    state.configurations.truncate_from(from);
    turn.tell(MembersInForce{.at = state.configurations.latest_index(), .members = state.configuration()});
  }
  if (state.levels.latest_index() >= from) {
    TIMESTORE_MARK("raft: a level was cut off again");
    state.levels.truncate_from(from);
  }
  if (state.clusters.latest_index() >= from) {
    TIMESTORE_MARK("raft: a cluster's id was cut off again");
    state.clusters.truncate_from(from);
  }
  state.durable = std::min(state.durable, from - 1);
  for (PendingWrite& write : state.pending_writes) write.last_index = std::min(write.last_index, from - 1);

  // What this very turn was going to append is cut back; anything older must be removed from the disk.
  Write& write = turn.write;
  if (!write.entries.empty() && from > write.first_index) {
    write.entries.resize(from - write.first_index);
  } else {
    write.entries.clear();
    write.truncate_from = std::min(write.truncate_from.value_or(from), from);
  }
}

void send_when_durable(Turn& turn, const NodeId& to, Message message, Correlation correlation) {
  turn.promises.push_back({to, std::move(message), correlation});
}

void advance_commit(Turn& turn, Index index) {
  State& state = turn.state;
  TIMESTORE_CHECK(index <= state.trail.last_index(), "only entries in the log can be committed");
  if (index <= state.commit) return;
  const bool may_rise = state.levels.latest_index() > state.commit;
  state.commit = index;
  turn.tell(CommitMoved{.to = index});
  if (may_rise && state.level() > kOriginalLevel) turn.tell(LevelReached{.level = state.level()});
  settle_proposals(turn);
}

}  // namespace timestore::raft
