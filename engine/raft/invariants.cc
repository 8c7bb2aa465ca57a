#include "engine/raft/invariants.h"

#include <algorithm>

#include "engine/raft/agreement.h"

namespace timestore::raft {

namespace {

using Sentence = std::optional<std::string_view>;

#define HOLDS(condition, sentence) \
  if (!(condition)) return Sentence(sentence)

Sentence violated(const State& state, const Progress& progress) {
  HOLDS(progress.match <= state.trail.last_index(), "a follower matches only entries that its leader has");
  HOLDS(progress.next >= state.trail.first_index(), "a leader sends only entries that it still has");
  HOLDS(progress.next <= state.trail.last_index() + 1, "a leader sends only entries that it has");
  HOLDS(progress.inflight.size() <= state.options.max_inflight_appends, "the window of a follower is bounded");
  std::uint64_t inflight_bytes = 0;
  for (const Batch& batch : progress.inflight) inflight_bytes += batch.bytes;
  HOLDS(progress.inflight.size() <= 1 || inflight_bytes <= state.options.max_inflight_bytes,
        "the window of a follower is bounded in bytes");
  HOLDS(std::is_sorted(progress.inflight.begin(), progress.inflight.end(),
                       [](const Batch& left, const Batch& right) { return left.last < right.last; }),
        "appends are sent in order");
  HOLDS(progress.inflight.empty() || progress.inflight.back().last < progress.next,
        "what is on the way was sent before what is sent next");
  HOLDS(progress.mode == Progress::Mode::kReplicate || progress.inflight.empty(), "a probe carries no entries");
  HOLDS(progress.mode != Progress::Mode::kSnapshot || progress.next == state.trail.first_index(),
        "a follower that needs a snapshot goes on where the log begins");
  return std::nullopt;
}

Sentence violated(const State&, const Follower&) { return std::nullopt; }

Sentence violated(const State& state, const PreCandidate& asking) {
  HOLDS(state.leader.empty(), "a node that asks around knows no leader");
  HOLDS(asking.votes.contains(state.id), "a node that asks around would vote for itself");
  return std::nullopt;
}

Sentence violated(const State& state, const Candidate& candidate) {
  HOLDS(state.hard_state.vote == state.id, "a candidate has voted for itself");
  HOLDS(state.leader.empty(), "a candidate knows no leader of its term");
  HOLDS(!candidate.votes.contains(state.id) || state.durable_write >= candidate.vote_write,
        "a candidate counts its own vote only when it is durable");
  return std::nullopt;
}

Sentence violated(const State& state, const Leader& leader) {
  HOLDS(state.leader == state.id, "a leader knows itself as the leader");
  HOLDS(leader.term_start < state.trail.base().index || state.trail.term_at(leader.term_start) == state.term(),
        "a leader's term opens with an entry of that term");
  HOLDS(state.trail.last_term() == state.term(), "a leader's last entry is of its own term");
  const Configuration& configuration = state.configuration();
  for (const auto* members : {&configuration.voters, &configuration.outgoing, &configuration.learners}) {
    for (const Member& member : *members) {
      HOLDS(member.id == state.id || leader.peers.contains(member.id), "a leader tracks every other member");
    }
  }
  for (const auto& [peer, progress] : leader.peers) {
    HOLDS(configuration.is_member(peer) && peer != state.id, "a leader tracks nobody but the other members");
    if (const Sentence sentence = violated(state, progress)) return sentence;
    HOLDS(progress.round <= leader.round, "nobody answers a round that has not begun");
    HOLDS(progress.admission <= state.trail.last_index() + 1,
          "the entry that admits a novice is the next one at the latest");
  }
  // Who became a novice since held it when it was committed, as far as anybody can know. Of a commit under an older
  // configuration nothing can be told from this one.
  const auto holds_it = [&](const NodeId& voter) {
    if (voter == state.id) return state.durable >= state.commit;
    const Progress& progress = leader.peers.at(voter);
    return progress.is_novice() || progress.match >= state.commit;
  };
  HOLDS(state.commit < leader.term_start || state.commit < state.configurations.latest_index() ||
            is_quorum(configuration, holds_it),
        "what a leader commits in its term is durable on a quorum");
  HOLDS(!leader.handover || (leader.peers.contains(leader.handover->to) && configuration.is_voter(leader.handover->to)),
        "a leader hands over to another voter");
  for (const PendingRead& read : leader.reads) {
    HOLDS(read.index <= state.commit && read.index >= leader.term_start,
          "a read waits for a commit index of the leader's own term");
  }
  return std::nullopt;
}

}  // namespace

Sentence violated(const State& state) {
  HOLDS(state.applied <= state.commit, "only committed entries are applied");
  HOLDS(state.applied <= std::max(state.durable, state.trail.base().index),
        "only entries on this node's disk are applied");
  HOLDS(state.commit <= state.trail.last_index(), "the commit index lies within the log");
  HOLDS(state.durable <= state.trail.last_index(), "only entries in the log count as durable");
  HOLDS(state.trail.last_term() <= state.term(), "no entry is newer than the current term");
  HOLDS(state.trail.first_index() <= state.applied + 1, "only applied entries are compacted away");
  HOLDS(state.durable_write <= state.last_write, "no write is done before it is asked for");
  HOLDS(state.pending_writes.empty() == (state.durable_write == state.last_write),
        "there are pending writes exactly while a write is not done");
  HOLDS(state.held_sends.empty() || state.held_sends.front().after > state.durable_write,
        "a message is held only while its write is not done");
  HOLDS(!state.pending_writes.empty() || state.durable == state.trail.last_index(),
        "the whole log is durable when no write is pending");
  HOLDS(!state.configurations.known().empty() && state.configurations.latest_index() <= state.trail.last_index(),
        "a configuration that is in force is in the log");
  HOLDS(state.levels.latest_index() <= state.trail.last_index(), "a level that is known is in the log");
  HOLDS(state.levels.latest() <= state.options.level, "a node has no level in its log that it does not know");
  HOLDS(state.clusters.latest_index() <= state.trail.last_index(), "a cluster's id that is known is in the log");
  HOLDS(state.strangers.size() <= kMaxMembers, "few strangers are remembered");
  HOLDS(state.proposals.empty() || state.proposals.begin()->first.first > state.commit,
        "a proposal that the commit index has reached has its fate");
  HOLDS(state.is_leader() || state.proposals.empty() || state.orphan_ticks_left > 0,
        "only a leader keeps proposals without a time limit");
  return std::visit([&](const auto& role) { return violated(state, role); }, state.role);
}

Sentence violated_between(const State& before, const State& after) {
  HOLDS(before.id == after.id, "a node keeps its name");
  HOLDS(after.term() >= before.term(), "terms never fall");
  HOLDS(after.term() > before.term() || !before.hard_state.vote || before.hard_state.vote == after.hard_state.vote,
        "a vote is never changed within a term");
  HOLDS(after.commit >= before.commit, "the commit index never falls");
  HOLDS(after.applied >= before.applied, "the applied index never falls");
  HOLDS(after.level() >= before.level(), "the feature level never falls");
  HOLDS(!is_settled(before) || before.cluster() == after.cluster(), "the id of a cluster never changes");
  HOLDS(after.last_write >= before.last_write && after.durable_write >= before.durable_write,
        "writes are numbered and done in order");
  HOLDS(after.trail.first_index() > before.commit ||
            after.trail.term_at(before.commit) == before.trail.term_at(before.commit),
        "a committed entry is never replaced");
  HOLDS(!(before.is_leader() && after.is_leader() && before.term() == after.term()) ||
            (after.trail.last_index() >= before.trail.last_index() &&
             after.trail.term_at(before.trail.last_index()) == before.trail.last_term()),
        "a leader never removes or replaces entries of its own log");
  HOLDS(before.hard_state.novice || !after.hard_state.novice, "who was admitted is no novice any more");
  HOLDS(before.term() != after.term() || before.leader.empty() || after.leader.empty() || before.leader == after.leader,
        "a term has one leader");
  return std::nullopt;
}

#undef HOLDS

}  // namespace timestore::raft
