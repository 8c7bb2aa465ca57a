#include "engine/raft/state.h"

#include "engine/base/check.h"
#include "engine/base/mark.h"
#include "engine/raft/turn.h"

namespace timestore::raft {

namespace {

void add(Hasher& hasher, const Configuration& configuration) {
  for (const auto* members : {&configuration.voters, &configuration.outgoing, &configuration.learners}) {
    hasher.add(members->size());
    for (const Member& member : *members) hasher.add(member.id).add(member.url).add(member.other);
  }
  hasher.add(configuration.joining.size());
  for (const Joining& next : configuration.joining) hasher.add(next.id).add(next.replaces);
}

void add(Hasher& hasher, const Options& options) {
  hasher.add(options.election_ticks_min).add(options.election_ticks_max).add(options.heartbeat_ticks);
  hasher.add(options.orphan_ticks).add(options.max_append_entries).add(options.max_append_bytes);
  hasher.add(options.max_inflight_appends).add(options.max_inflight_bytes);
  hasher.add(options.level).add(options.holds_level).add(options.found_without.size());
  for (const NodeId& id : options.found_without) hasher.add(id);
}

void add(Hasher& hasher, const HardState& hard_state) {
  hasher.add(hard_state.term).add(hard_state.vote.has_value()).add(hard_state.vote.value_or(""));
  hasher.add(hard_state.novice);
}

void add(Hasher& hasher, const Progress& progress) {
  hasher.add(static_cast<std::uint64_t>(progress.mode)).add(progress.match).add(progress.next);
  hasher.add(progress.inflight.size());
  for (const Batch& batch : progress.inflight) hasher.add(batch.last).add(batch.bytes);
  hasher.add(progress.round).add(progress.commit_told).add(progress.round_told).add(progress.silent_ticks);
  hasher.add(progress.founds).add(progress.waits_for_voters).add(progress.admission);
  hasher.add(progress.level).add(progress.holds_level);
  hasher.add(progress.applied).add(progress.is_full).add(progress.contradicts);
}

void add(Hasher&, const Follower&) {}

void add(Hasher& hasher, const PreCandidate& asking) {
  hasher.add(asking.votes.size());
  for (const auto& [voter, granted] : asking.votes) hasher.add(voter).add(granted);
}

void add(Hasher& hasher, const Candidate& candidate) {
  hasher.add(candidate.vote_write).add(candidate.votes.size());
  for (const auto& [voter, granted] : candidate.votes) hasher.add(voter).add(granted);
}

void add(Hasher& hasher, const Leader& leader) {
  hasher.add(leader.founds).add(leader.term_start).add(leader.peers.size());
  for (const auto& [peer, progress] : leader.peers) {
    hasher.add(peer);
    add(hasher, progress);
  }
  hasher.add(leader.heartbeat_elapsed)
      .add(leader.ticks_until_way)
      .add(leader.stuck_ticks)
      .add(leader.round)
      .add(leader.reads.size());
  for (const PendingRead& pending : leader.reads) hasher.add(pending.id).add(pending.index).add(pending.round);
  hasher.add(leader.fresh_reads.size());
  for (const ReadId id : leader.fresh_reads) hasher.add(id);
  hasher.add(leader.recalled).add(leader.handover.has_value());
  if (leader.handover) hasher.add(leader.handover->to).add(leader.handover->is_asked).add(leader.handover->ticks_left);
}

void add(Hasher& hasher, const ClusterId& id) { hasher.add(id.high).add(id.low); }

void add(Hasher& hasher, const Belonging& belonging) {
  add(hasher, belonging.cluster);
  hasher.add(belonging.is_told).add(belonging.is_settled).add(belonging.is_blank);
}

void add(Hasher& hasher, const VoteRequest& message) {
  hasher.add(message.term).add(message.candidate).add(message.last_index).add(message.last_term);
  hasher.add(message.founds).add(message.forced);
}

void add(Hasher& hasher, const VoteResponse& message) {
  hasher.add(message.term).add(message.granted).add(message.judged.term).add(message.judged.index);
}

void add(Hasher& hasher, const PreVoteRequest& message) {
  hasher.add(message.term).add(message.candidate).add(message.last_index).add(message.last_term);
  hasher.add(message.founds);
}

void add(Hasher& hasher, const PreVoteResponse& message) {
  hasher.add(message.term).add(message.proposed).add(message.granted).add(message.level).add(message.holds_level);
}

void add(Hasher& hasher, const AppendRequest& message) {
  hasher.add(message.term).add(message.leader).add(message.prev_index).add(message.prev_term);
  hasher.add(message.leader_commit).add(message.round).add(message.recalled).add(message.from_snapshot);
  hasher.add(message.admits).add(message.founds).add(message.entries.size());
  for (const Entry& entry : message.entries) {
    hasher.add(entry.term).add(static_cast<std::uint64_t>(entry.kind)).add(entry.payload.view());
  }
}

void add(Hasher& hasher, const AppendResponse& message) {
  hasher.add(message.term).add(message.success).add(message.match).add(message.prev_index);
  hasher.add(message.hint.term).add(message.hint.index).add(message.round).add(message.novice);
  hasher.add(message.level).add(message.holds_level);
  hasher.add(message.applied).add(message.full).add(message.contradicted);
}

void add(Hasher& hasher, const SnapshotMeta& meta) {
  hasher.add(meta.applied.term).add(meta.applied.index).add(meta.state_hash).add(meta.size_bytes).add(meta.checksum);
}

void add(Hasher& hasher, const SnapshotRequest& message) {
  hasher.add(message.term).add(message.follower).add(message.offset);
  add(hasher, message.wanted);
}

void add(Hasher& hasher, const SnapshotResponse& message) {
  hasher.add(message.term).add(message.offset).add(message.checksum).add(message.bytes.view());
  add(hasher, message.meta);
}

void add(Hasher&, const NotOurs&) {}

void add(Hasher& hasher, const TimeoutNow& message) { hasher.add(message.term).add(message.leader).add(message.round); }

template <typename Variant>
void add_variant(Hasher& hasher, const Variant& variant) {
  hasher.add(variant.index());
  std::visit([&](const auto& alternative) { add(hasher, alternative); }, variant);
}

}  // namespace

bool State::takes_proposals() const {
  const Leader* leading = std::get_if<Leader>(&role);
  return leading != nullptr && !leading->handover && (!leading->founds || commit >= leading->term_start) &&
         !waits_for_its_id(*this);
}

State start(const Restart& restart, const Options& options) {
  TIMESTORE_CHECK(restart.applied <= restart.trail.last_index(), "the state machine cannot be ahead of the log");
  TIMESTORE_CHECK(restart.trail.last_term() <= restart.hard_state.term, "no entry is newer than the current term");
  TIMESTORE_CHECK(options.election_ticks_min >= 1 && options.election_ticks_min <= options.election_ticks_max,
                  "election time-outs form a range");
  if (restart.hard_state.vote == restart.id) TIMESTORE_MARK("raft: a candidate or leader started again");
  if (restart.applied < restart.trail.last_index()) TIMESTORE_MARK("raft: a node started with entries of unknown fate");
  State state;
  state.id = restart.id;
  state.options = options;
  state.prng = Prng(restart.seed);
  state.hard_state = restart.hard_state;
  state.trail = restart.trail;
  state.configurations = ConfigurationTrail(restart.trail.base().index, restart.configuration);
  for (const auto& [index, configuration] : restart.configurations) state.configurations.append(index, configuration);
  state.levels = LevelTrail(restart.trail.base().index, restart.level);
  for (const auto& [index, level] : restart.levels) state.levels.append(index, level);
  state.clusters = ClusterTrail(restart.trail.base().index, restart.cluster);
  for (const auto& [index, cluster] : restart.clusters) state.clusters.append(index, cluster);
  TIMESTORE_CHECK(state.levels.latest() <= options.level, "a node starts with a level that it knows");
  state.commit = restart.applied;
  state.applied = restart.applied;
  state.durable = restart.trail.last_index();
  reset_election_timer(state);
  return state;
}

std::uint64_t hash_of(const State& state) {
  Hasher hasher;
  hasher.add(state.id);
  add(hasher, state.options);
  for (const std::uint64_t word : state.prng.state) hasher.add(word);
  add(hasher, state.hard_state);
  state.trail.add_to(hasher);
  for (const auto& [index, configuration] : state.configurations.known()) {
    hasher.add(index);
    add(hasher, configuration);
  }
  for (const auto& [index, level] : state.levels.known()) hasher.add(index).add(level);
  for (const auto& [index, cluster] : state.clusters.known()) add(hasher.add(index), cluster);
  add(hasher, state.expected);
  hasher.add(state.strangers.size());
  for (const auto& [node, cluster] : state.strangers) add(hasher.add(node), cluster);
  hasher.add(state.heard.size());
  for (const auto& [node, heard] : state.heard) hasher.add(node).add(heard.is_blank).add(heard.knows_ids);
  hasher.add(state.waits_for.size());
  for (const NodeId& node : state.waits_for) hasher.add(node);
  add_variant(hasher, state.role);
  hasher.add(state.leader).add(state.recalled).add(state.commit).add(state.applied).add(state.durable);
  hasher.add(state.last_write).add(state.durable_write).add(state.pending_writes.size());
  for (const PendingWrite& write : state.pending_writes) hasher.add(write.id).add(write.last_index);
  hasher.add(state.held_sends.size());
  for (const HeldSend& held : state.held_sends) {
    hasher.add(held.after).add(held.send.to).add(held.send.correlation);
    add_variant(hasher, held.send.message);
    add(hasher, belonging_in(held.send.message));
  }
  hasher.add(state.hard_state_write).add(state.sync_ticks).add(state.owed).add(state.unapplied_ticks);
  hasher.add(state.is_full).add(state.contradiction.has_value());
  if (const auto& found = state.contradiction) {
    hasher.add(found->leader).add(found->term).add(found->index).add(found->ours).add(found->theirs);
    hasher.add(state.contradiction_ticks);
  }
  hasher.add(state.stalled_ticks).add(state.election_elapsed).add(state.election_timeout).add(state.proposals.size());
  for (const auto& [place, id] : state.proposals) hasher.add(place.first).add(place.second).add(id);
  hasher.add(state.orphan_ticks_left);
  return hasher.value();
}

}  // namespace timestore::raft
