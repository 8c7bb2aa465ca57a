// A follower receives entries: paper, section 5.3 and figure 2, "AppendEntries RPC".
#include <algorithm>
#include <span>

#include "engine/base/mark.h"
#include "engine/raft/turn.h"

namespace timestore::raft {

namespace {

// Could an honest leader of this term have sent these entries?
bool is_well_formed(const AppendRequest& request) {
  Term term = request.prev_term;
  if (request.prev_index > kMaxIndex || request.entries.size() > kMaxIndex - request.prev_index) return false;
  for (const Entry& entry : request.entries) {
    if (entry.term < term || entry.term == 0 || entry.payload.is_absent()) return false;
    if (entry.kind == EntryKind::kMembers && !decode_configuration(entry.payload.view())) return false;
    if (entry.kind == EntryKind::kLevel && !decode_level(entry.payload.view())) return false;
    if (entry.kind == EntryKind::kNoop && entry.payload.size_bytes() > 0 && !decode_cluster(entry.payload.view()))
      return false;
    term = entry.term;
  }
  return term <= request.term;
}

// The number of the request's entries that the log already holds, those that it has forgotten included.
std::size_t count_known(const Trail& trail, const AppendRequest& request) {
  const Index base = std::max(trail.base().index, request.prev_index);
  std::size_t known = std::min<std::size_t>(base - request.prev_index, request.entries.size());
  while (known < request.entries.size() &&
         trail.term_at(request.prev_index + 1 + known) == request.entries[known].term) {
    ++known;
  }
  return known;
}

Level highest_level(std::span<const Entry> entries) {
  Level highest = kOriginalLevel;
  for (const Entry& entry : entries) {
    if (entry.kind == EntryKind::kLevel) highest = std::max(highest, *decode_level(entry.payload.view()));
    if (entry.kind == EntryKind::kNoop && entry.payload.size_bytes() > 0) highest = std::max(highest, kEnvelopesLevel);
  }
  return highest;
}

}  // namespace

void receive_append_request(Turn& turn, const NodeId& from, const AppendRequest& request, Correlation correlation) {
  State& state = turn.state;
  AppendResponse response{.term = state.term(),
                          .prev_index = request.prev_index,
                          .round = request.round,
                          .novice = state.hard_state.novice,
                          .level = state.options.level,
                          .holds_level = state.options.holds_level,
                          .applied = state.applied,
                          .full = state.is_full};
  const auto refuse = [&] { send_when_durable(turn, from, response, correlation); };

  // A second leader in one term, or entries that contradict themselves: no honest peer does that.
  const bool rival = state.is_leader() || (!state.leader.empty() && state.leader != from);
  response.contradicted = is_well_formed(request) && is_contradicted_by(turn, from, request);
  if (rival || response.contradicted || !is_well_formed(request)) {
    response.round = 0;
    return refuse();
  }
  if (std::holds_alternative<PreCandidate>(state.role))
    TIMESTORE_MARK("raft: a node that asked around heard the leader");
  if (std::holds_alternative<Candidate>(state.role)) TIMESTORE_MARK("raft: a candidate made way for a leader");
  if (state.leader.empty() || !std::holds_alternative<Follower>(state.role)) become_follower(turn, state.term(), from);
  state.election_elapsed = 0;
  state.recalled = std::max(state.recalled, request.recalled);

  const Index base = state.trail.base().index;
  if (request.prev_index < base) TIMESTORE_MARK("raft: an append began before the log");
  if (request.prev_index >= base && state.trail.term_at(request.prev_index) != request.prev_term) {
    if (request.from_snapshot) turn.effects.snapshot_from = from;
    const Index below = std::max<Index>(request.prev_index, 1) - 1;
    response.hint = state.trail.newest_at_most(below, request.prev_term);
    if (request.prev_index > state.trail.last_index()) TIMESTORE_MARK("raft: an append would have left a gap");
    if (request.prev_index <= state.trail.last_index()) TIMESTORE_MARK("raft: an append met another term's entry");
    return refuse();
  }

  const std::size_t known = count_known(state.trail, request);
  if (known > 0) TIMESTORE_MARK("raft: an append repeated what the log holds");
  if (known > 0 && known < request.entries.size()) TIMESTORE_MARK("raft: an append was known in part");
  if (known < request.entries.size()) {
    const Index conflict = request.prev_index + 1 + known;
    if (conflict <= state.commit) {  // would undo what is committed: not an honest leader
      response.round = 0;
      return refuse();
    }
    const Level level = highest_level(std::span(request.entries).subspan(known));
    if (level > state.options.level) {
      turn.effects.too_new = level;
      return;
    }
    if (conflict <= state.trail.last_index()) truncate_log(turn, conflict);
    for (std::size_t i = known; i < request.entries.size(); ++i) append_entry(turn, request.entries[i]);
  }

  // Only what this very message has verified may be believed committed, not whatever else stands behind it. What the
  // log has forgotten was committed, and equals what any leader has.
  const Index verified = std::max(base, request.prev_index + request.entries.size());
  if (request.leader_commit > verified) TIMESTORE_MARK("raft: a follower learnt of commits that its log may lack");
  advance_commit(turn, std::min(request.leader_commit, verified));
  if (verified < state.commit) TIMESTORE_MARK("raft: a stale append was acknowledged below its commit");
  // Whoever does not know yet who the members are could not do its part, if it had to lead.
  const bool knows_enough = request.founds ? is_founder(state) : !state.configuration().voters.empty();
  if (request.admits > 0 && request.admits <= verified && knows_enough) state.hard_state.novice = false;
  response.novice = state.hard_state.novice;
  response.success = true;
  // A heartbeat asks whether this node is there, and the answer does not wait for what the disk has yet to do.
  response.match = request.entries.empty() ? std::min(verified, state.durable) : verified;
  send_when_durable(turn, from, response, correlation);
}

}  // namespace timestore::raft
