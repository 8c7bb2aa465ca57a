// A leader replicates its log: paper, sections 5.3 and 5.4.2.
#include <algorithm>

#include "engine/base/check.h"
#include "engine/base/mark.h"
#include "engine/raft/agreement.h"
#include "engine/raft/turn.h"

namespace timestore::raft {

namespace {

// Sends the entries from progress.next up to `last`; none when last < next.
void send_append(Turn& turn, const Leader& leader, const NodeId& to, Progress& progress, Index last) {
  const State& state = turn.state;
  const Index prev = progress.next - 1;
  const Index admits = admission_of(state, leader, to);
  AppendRequest request{.term = state.term(),
                        .leader = state.id,
                        .prev_index = prev,
                        .prev_term = *state.trail.term_at(prev),
                        .leader_commit = state.commit,
                        .round = leader.round,
                        .recalled = leader.recalled,
                        .from_snapshot = progress.mode == Progress::Mode::kSnapshot,
                        .admits = admits,
                        .founds = admits > 0 && !progress.is_novice(),
                        .entries = {}};
  request.entries.reserve(last >= progress.next ? last - prev : 0);
  for (Index index = progress.next; index <= last; ++index) {
    request.entries.push_back({*state.trail.term_at(index), state.trail.kind_at(index), Payload{}});
  }
  progress.commit_told = state.commit;
  progress.round_told = leader.round;
  turn.effects.sends.push_back({to, std::move(request)});
}

// What an append that starts at `first` carries: bounded in number and bytes, but at least one entry.
Batch batch_from(const State& state, Index first) {
  const Index limit = std::min<Index>(state.trail.last_index(), first + state.options.max_append_entries - 1);
  Batch batch{.last = first, .bytes = state.trail.size_bound_bytes(first)};
  while (batch.last < limit) {
    const std::uint64_t next_bytes = state.trail.size_bound_bytes(batch.last + 1);
    if (batch.bytes + next_bytes > state.options.max_append_bytes) break;
    ++batch.last;
    batch.bytes += next_bytes;
  }
  return batch;
}

// Whatever its size, one append may always be on its way: otherwise a large entry would never be sent.
bool has_room(const State& state, const Progress& progress, const Batch& batch) {
  if (progress.inflight.empty()) return true;
  std::uint64_t bytes = batch.bytes;
  for (const Batch& sent : progress.inflight) bytes += sent.bytes;
  return bytes <= state.options.max_inflight_bytes;
}

// From `next` on; but what the log does not hold any more, only a snapshot does.
void probe(Turn& turn, const NodeId& follower, Progress& progress, Index next) {
  const State& state = turn.state;
  const bool is_known = next > state.trail.base().index;
  if (!is_known) TIMESTORE_MARK("raft: a follower needed a snapshot");
  if (is_known) turn.tell(FollowerProbed{.follower = follower, .next = next});
  if (!is_known && progress.mode != Progress::Mode::kSnapshot) {
    turn.tell(FollowerNeedsSnapshot{.follower = follower, .log_begins = state.trail.first_index()});
  }
  progress.mode = is_known ? Progress::Mode::kProbe : Progress::Mode::kSnapshot;
  progress.next = std::max(next, state.trail.first_index());
  progress.inflight.clear();
}

void acknowledged(Turn& turn, const NodeId& follower, Progress& progress, Index match) {
  const State& state = turn.state;
  if (match > state.trail.last_index()) return;  // claims entries that we never sent
  if (match < progress.match) TIMESTORE_MARK("raft: an acknowledgement came late");
  progress.match = std::max(progress.match, match);
  const auto first_open = std::find_if(progress.inflight.begin(), progress.inflight.end(),
                                       [&](const Batch& batch) { return batch.last > match; });
  progress.inflight.erase(progress.inflight.begin(), first_open);
  if (progress.mode != Progress::Mode::kReplicate && match >= progress.next - 1) {
    turn.tell(FollowerKeepsUp{.follower = follower, .match = match});
    progress.mode = Progress::Mode::kReplicate;
    progress.next = match + 1;
  } else if (progress.mode == Progress::Mode::kReplicate) {
    progress.next = std::max(progress.next, match + 1);
  }
}

// Falls back to the newest entry that both logs may share (the paper's "quickly back up", end of 5.3).
//
// A refusal below `match` is usually a late one; but it may come from a follower that has lost its disk. The two look
// alike, so both are probed from where the refusal points: that costs a few doubled entries and repairs the second.
void refused(Turn& turn, const Leader& leader, const NodeId& from, Progress& progress, const AppendResponse& response) {
  const bool stale = response.prev_index == 0 || response.prev_index >= progress.next ||
                     (progress.mode == Progress::Mode::kProbe && response.prev_index != progress.next - 1) ||
                     progress.mode == Progress::Mode::kSnapshot;
  if (stale) return TIMESTORE_MARK("raft: a late refusal was ignored");
  const Index limit = std::min(response.hint.index, response.prev_index - 1);
  if (limit < turn.state.trail.base().index) {
    probe(turn, from, progress, limit + 1);
    return send_append(turn, leader, from, progress, 0);
  }
  const Position shared = turn.state.trail.newest_at_most(limit, response.hint.term);
  if (shared.index < limit) TIMESTORE_MARK("raft: a hint of an older term skipped entries");
  if (shared.index < progress.match) TIMESTORE_MARK("raft: a follower was probed below what it had acknowledged");
  probe(turn, from, progress, shared.index + 1);
  send_append(turn, leader, from, progress, 0);
}

// Do enough voters answer for anything to be decided? A novice does not count: it confirms nothing. But one that is all
// that is missing will count when it has been admitted, for which a majority of the others is needed (is_remembered()).
bool is_answered(const State& state, const Leader& leader) {
  const auto counts = [&](const NodeId& voter) { return voter == state.id || answers(state, leader.peers.at(voter)); };
  if (is_quorum(state.configuration(), counts)) return true;
  return std::any_of(leader.peers.begin(), leader.peers.end(), [&](const auto& peer) {
    const NodeId& novice = peer.first;
    if (!peer.second.is_novice() || peer.second.silent_ticks >= state.options.election_ticks_max) return false;
    const bool is_enough =
        is_quorum(state.configuration(), [&](const NodeId& voter) { return voter == novice || counts(voter); });
    return is_enough && is_quorum(without(state.configuration(), novice), counts);
  });
}

// It takes nothing from this leader, and may from a later one: so it gets heartbeats, and nothing else.
void hear_contradiction(Turn& turn, const NodeId& from, Progress& progress, const AppendResponse& response) {
  if (response.contradicted && !progress.contradicts) {
    turn.tell(FollowerContradicts{.follower = from});
    progress.mode = Progress::Mode::kProbe;
    progress.next = turn.state.trail.last_index() + 1;
    progress.inflight.clear();
    progress.match = 0;  // whatever it holds, this leader may not count it
  }
  progress.contradicts = response.contradicted;
}

}  // namespace

void become_leader(Turn& turn) {
  State& state = turn.state;
  if (state.trail.last_index() > state.commit) TIMESTORE_MARK("raft: a leader began with entries of unknown fate");
  Leader leader;
  leader.founds = holds_only_noops(state.trail);
  leader.term_start = state.trail.last_index() + 1;
  for (const Member& member : state.configuration().members()) {
    if (member.id == state.id) continue;
    leader.peers[member.id].next = leader.term_start;
    leader.peers[member.id].founds = leader.founds;
  }
  state.role = std::move(leader);
  state.leader = state.id;
  turn.tell(LeadershipWon{.term = state.term()});
  Payload opening = founding_payload(state);
  state.hard_state.novice = false;  // if it was one, it now founds the cluster
  append_entry(turn, {.term = state.term(), .kind = EntryKind::kNoop, .payload = std::move(opening)});
  send_heartbeats(turn);
}

// A leader that no majority has answered for an election time-out cannot commit or confirm anything, and one whose disk
// has stood still for so long can promise nothing. Both make way (thesis 6.2), instead of heartbeating for ever. Where
// the other disks are as slow, though, nobody could do better: then it has patience in proportion to what writes took
// of late.
void tick_leader(Turn& turn) {
  State& state = turn.state;
  Leader& leader = std::get<Leader>(state.role);
  for (auto& [peer, progress] : leader.peers) ++progress.silent_ticks;
  const bool is_alone = !is_answered(state, leader);
  const bool others_are_faster = state.commit > state.durable;
  const std::uint32_t patience = others_are_faster ? 0 : disk_patience(state);
  const bool is_stalled = state.stalled_ticks >= state.options.election_ticks_max + patience;
  if (is_alone || (is_stalled && !leader.peers.empty())) {
    if (is_alone) TIMESTORE_MARK("raft: a leader made way because no majority answered");
    if (!is_alone) TIMESTORE_MARK("raft: a leader made way because its disk stood still");
    using Reason = LeadershipLost::Reason;
    return become_follower(turn, state.term(), "", is_alone ? Reason::kNoQuorum : Reason::kDiskStandsStill);
  }
  make_way_for_who_can_go_on(turn);
  make_way_for_who_reaches_others(turn);
  tick_transfer(turn);
  if (!state.is_leader()) return;  // it was removed, and nobody took over
  if (++leader.heartbeat_elapsed >= state.options.heartbeat_ticks) return send_heartbeats(turn);

  // A follower learns of a commit with the next append; when there is none to come, it is told here.
  for (auto& [peer, progress] : leader.peers) {
    const bool behind = progress.commit_told < std::min(state.commit, progress.match);
    if (behind && progress.inflight.empty()) send_append(turn, leader, peer, progress, 0);
  }
}

void receive_append_response(Turn& turn, const NodeId& from, const AppendResponse& response) {
  Leader* leader = std::get_if<Leader>(&turn.state.role);
  if (leader == nullptr) return TIMESTORE_MARK("raft: an acknowledgement came when leadership was over");
  const auto peer = leader->peers.find(from);
  if (peer == leader->peers.end()) return;
  Progress& progress = peer->second;
  progress.silent_ticks = 0;
  hear_level(progress, response);
  progress.applied = std::max(progress.applied, response.applied);
  progress.is_full = response.full;
  hear_contradiction(turn, from, progress, response);
  if (progress.contradicts) return;
  hear_novice(turn, from, progress, response);
  // A novice may have forgotten that it elected another leader, so its answer confirms nothing.
  const bool confirms = !response.novice && response.round <= leader->round;
  if (confirms) progress.round = std::max(progress.round, response.round);
  if (response.success) {
    acknowledged(turn, from, progress, response.match);
    commit_by_quorum(turn);
    go_on_with_transfer(turn, from);
  } else {
    refused(turn, *leader, from, progress, response);
  }
  end_confirmed_reads(turn);
}

// A lost probe is repeated with the next heartbeat, from the same place: as long as the follower has not answered, its
// match is not known, and to begin after it would mean to send the whole log again.
void peer_unreachable(Turn& turn, const NodeId& peer) {
  Leader* leader = std::get_if<Leader>(&turn.state.role);
  if (leader == nullptr) return;
  const auto found = leader->peers.find(peer);
  TIMESTORE_MARK("raft: a leader heard that a follower cannot be reached");
  if (found == leader->peers.end() || found->second.mode != Progress::Mode::kReplicate) return;
  probe(turn, peer, found->second, found->second.match + 1);
}

void send_snapshots_to_who_lags(Turn& turn) {
  Leader* leader = std::get_if<Leader>(&turn.state.role);
  if (leader == nullptr) return;
  const Index first = turn.state.trail.first_index();
  for (auto& [peer, progress] : leader->peers) {
    const bool waits = progress.mode == Progress::Mode::kSnapshot;
    if (progress.next < first || waits) probe(turn, peer, progress, waits ? 1 : progress.next);
  }
}

void send_appends(Turn& turn) {
  State& state = turn.state;
  Leader* leader = std::get_if<Leader>(&state.role);
  if (leader == nullptr) return;
  for (auto& [peer, progress] : leader->peers) {
    if (!may_get_entries(state, progress)) continue;
    while (progress.mode == Progress::Mode::kReplicate && progress.next <= state.trail.last_index()) {
      if (progress.inflight.size() >= state.options.max_inflight_appends) {
        TIMESTORE_MARK("raft: a follower's window was full");
        break;
      }
      const Batch batch = batch_from(state, progress.next);
      if (!has_room(state, progress, batch)) {
        TIMESTORE_MARK("raft: a follower's window was full of bytes");
        break;
      }
      send_append(turn, *leader, peer, progress, batch.last);
      progress.inflight.push_back(batch);
      progress.next = batch.last + 1;
      if (progress.inflight.size() > 1) TIMESTORE_MARK("raft: appends followed each other unacknowledged");
    }
  }
}

void send_heartbeats(Turn& turn) {
  Leader& leader = std::get<Leader>(turn.state.role);
  leader.heartbeat_elapsed = 0;
  for (auto& [peer, progress] : leader.peers) send_append(turn, leader, peer, progress, 0);
}

void tell_round(Turn& turn) {
  Leader* leader = std::get_if<Leader>(&turn.state.role);
  if (leader == nullptr) return;
  for (auto& [peer, progress] : leader->peers) {
    if (progress.round_told < leader->round) send_append(turn, *leader, peer, progress, 0);
  }
}

bool answers(const State& state, const Progress& progress) {
  return progress.silent_ticks < state.options.election_ticks_max && !progress.is_novice() && !progress.contradicts;
}

// Whoever goes is told so, where one append is enough for that. A learner then keeps quiet. A voter does not hear
// whether that is committed, and may be needed until it is: it will ask around for ever, and disturb nobody.
void track_members(Turn& turn) {
  State& state = turn.state;
  Leader& leader = std::get<Leader>(state.role);
  const Configuration& configuration = state.configuration();
  const Index last = state.trail.last_index();
  for (auto peer = leader.peers.begin(); peer != leader.peers.end();) {
    if (configuration.is_member(peer->first)) {
      ++peer;
      continue;
    }
    Progress& progress = peer->second;
    const bool is_close = progress.mode == Progress::Mode::kReplicate && progress.next <= last &&
                          may_get_entries(state, progress) && batch_from(state, progress.next).last == last;
    if (is_close) send_append(turn, leader, peer->first, progress, last);
    peer = leader.peers.erase(peer);
  }
  for (const Member& member : configuration.members()) {
    if (member.id == state.id || leader.peers.contains(member.id)) continue;
    Progress& progress = leader.peers[member.id];
    progress.next = last + 1;
    send_append(turn, leader, member.id, progress, 0);
  }
  end_confirmed_reads(turn);  // fewer may be needed now
}

// Paper 5.4.2: only an entry of the own term is committed by counting; older ones are committed through it. The leader
// counts itself only as far as its own disk has come.
void commit_by_quorum(Turn& turn) {
  State& state = turn.state;
  const Leader* leader = std::get_if<Leader>(&state.role);
  if (leader == nullptr) return;
  const Index index = reached_by_quorum(state.configuration(), [&](const NodeId& voter) {
    if (voter == state.id) return state.durable;
    const Progress& progress = leader->peers.at(voter);
    return progress.is_novice() ? Index{0} : progress.match;
  });
  if (index >= leader->term_start) return advance_commit(turn, index);
  if (index > state.commit) TIMESTORE_MARK("raft: a commit waited for an entry of the own term");
}

}  // namespace timestore::raft
