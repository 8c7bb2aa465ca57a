// Linearizable reads without a log write: Ongaro's thesis, section 6.4 (ReadIndex).
//
// A leader may answer a read from a state that has applied its commit index, once a quorum has confirmed, after the
// read arrived, that it still is the leader; and only when an entry of its own term is committed, for before that its
// commit index may be behind. Reads that arrive while a confirmation is on its way share the next one.
#include <algorithm>

#include "engine/base/mark.h"
#include "engine/raft/agreement.h"
#include "engine/raft/turn.h"

namespace timestore::raft {

void read(Turn& turn, ReadId id) {
  Leader* leader = std::get_if<Leader>(&turn.state.role);
  if (leader == nullptr) {
    TIMESTORE_MARK("raft: a read was asked of a node that does not lead");
    turn.tell(ReadsRefused{.count = 1});
    turn.effects.reads.push_back({.id = id, .granted = false});
    return;
  }
  leader->fresh_reads.push_back(id);
}

void begin_read_round(Turn& turn) {
  State& state = turn.state;
  Leader* leader = std::get_if<Leader>(&state.role);
  if (leader == nullptr || leader->fresh_reads.empty()) return;
  if (!leader->reads.empty()) return TIMESTORE_MARK("raft: a read waited for the round before its own");
  if (state.commit < leader->term_start) return TIMESTORE_MARK("raft: a read waited for the first commit of a term");
  if (leader->fresh_reads.size() > 1) TIMESTORE_MARK("raft: reads shared a round");
  ++leader->round;
  for (const ReadId id : leader->fresh_reads) leader->reads.push_back({id, state.commit, leader->round});
  leader->fresh_reads.clear();
  end_confirmed_reads(turn);  // a cluster of one has its quorum already
}

void end_confirmed_reads(Turn& turn) {
  State& state = turn.state;
  Leader* leader = std::get_if<Leader>(&state.role);
  if (leader == nullptr || leader->reads.empty()) return;
  const Round confirmed = reached_by_quorum(state.configuration(), [&](const NodeId& voter) {
    return voter == state.id ? leader->round : leader->peers.at(voter).round;
  });
  if (leader->reads.front().index < state.commit) TIMESTORE_MARK("raft: the commit index moved during a round");
  if (confirmed < leader->reads.front().round) return;
  turn.tell(ReadsGranted{.count = leader->reads.size(), .index = leader->reads.front().index});
  for (const PendingRead& pending : leader->reads) turn.effects.reads.push_back({pending.id, true, pending.index});
  leader->reads.clear();
}

void refuse_reads(Turn& turn, Leader& leader) {
  if (!leader.reads.empty()) TIMESTORE_MARK("raft: a read lost its leader");
  if (!leader.fresh_reads.empty()) TIMESTORE_MARK("raft: a read lost its leader before its round began");
  const std::size_t count = leader.reads.size() + leader.fresh_reads.size();
  if (count > 0) turn.tell(ReadsRefused{.count = count});
  for (const PendingRead& pending : leader.reads) turn.effects.reads.push_back({.id = pending.id, .granted = false});
  for (const ReadId id : leader.fresh_reads) turn.effects.reads.push_back({.id = id, .granted = false});
  leader.reads.clear();
  leader.fresh_reads.clear();
}

}  // namespace timestore::raft
