// Proposals: each gets exactly one final fate.
#include "engine/base/check.h"
#include "engine/base/mark.h"
#include "engine/raft/turn.h"

namespace timestore::raft {

namespace {

ProposalRefused::Reason why_refused(const State& state) {
  using Reason = ProposalRefused::Reason;
  const Leader* leader = std::get_if<Leader>(&state.role);
  if (leader == nullptr) return Reason::kNotLeader;
  if (leader->handover) return Reason::kHandsOver;
  return state.takes_proposals() ? Reason::kLogIsFull : Reason::kFounds;
}

}  // namespace

void propose(Turn& turn, const Propose& proposal) {
  State& state = turn.state;
  TIMESTORE_CHECK(proposal.payload.size_bytes() > 0, "an empty command would be taken for a no-op");
  if (!state.takes_proposals() || state.trail.last_index() >= kMaxIndex) {
    TIMESTORE_MARK("raft: a proposal was refused");
    turn.tell(ProposalRefused{why_refused(state)});
    turn.effects.fates.push_back({proposal.id, Fate::Kind::kRefused, {}});
    return;
  }
  append_entry(turn, {state.term(), EntryKind::kCommand, proposal.payload});
  state.proposals.emplace(std::pair(state.trail.last_index(), state.term()), proposal.id);
}

// A committed index has one entry for ever, so a proposal for it is either that entry or certainly lost. Nothing less
// is certain: an entry cut off from this log may still be committed from another node's.
void settle_proposals(Turn& turn) {
  State& state = turn.state;
  while (!state.proposals.empty()) {
    const auto [place, id] = *state.proposals.begin();
    const auto [index, term] = place;
    if (index > state.commit) break;
    if (index < state.trail.base().index) {
      TIMESTORE_MARK("raft: the fate of a proposal was hidden in a snapshot");
      turn.effects.fates.push_back({id, Fate::Kind::kUnknown, Position{.term = term, .index = index}});
      state.proposals.erase(state.proposals.begin());
      continue;
    }
    const bool ours = state.trail.term_at(index) == term;
    if (!ours) TIMESTORE_MARK("raft: a proposal was superseded");
    if (ours && term < state.term()) TIMESTORE_MARK("raft: a proposal of a lost term was committed after all");
    turn.effects.fates.push_back(
        {id, ours ? Fate::Kind::kCommitted : Fate::Kind::kSuperseded, Position{.term = term, .index = index}});
    state.proposals.erase(state.proposals.begin());
  }
}

void orphan_proposals(Turn& turn) {
  State& state = turn.state;
  if (!state.proposals.empty()) TIMESTORE_MARK("raft: a leader lost proposals");
  if (state.orphan_ticks_left > 0) TIMESTORE_MARK("raft: leadership was lost again while orphans waited");
  if (!state.proposals.empty() && state.orphan_ticks_left == 0) state.orphan_ticks_left = state.options.orphan_ticks;
}

void tick_orphans(Turn& turn) {
  State& state = turn.state;
  if (state.orphan_ticks_left == 0 || --state.orphan_ticks_left > 0) return;
  const Term current = state.is_leader() ? state.term() : kMaxTerm + 1;
  for (auto entry = state.proposals.begin(); entry != state.proposals.end();) {
    const auto [index, term] = entry->first;
    if (term == current) {
      TIMESTORE_MARK("raft: orphans were given up by a node that leads again");
      ++entry;
      continue;
    }
    TIMESTORE_MARK("raft: the fate of a proposal stayed unknown");
    turn.effects.fates.push_back({entry->second, Fate::Kind::kUnknown, Position{.term = term, .index = index}});
    entry = state.proposals.erase(entry);
  }
}

}  // namespace timestore::raft
