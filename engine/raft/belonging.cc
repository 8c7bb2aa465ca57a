// Whose messages are believed: those of this cluster (cluster_id.h).
//
//   the id here      what is refused
//   is settled       what says that another id is settled; a leader of this term or a later one without this id; the
//                    acknowledgement of an entry that only a log with this id can have
//   is not settled   who has settled another one, and votes for this node or acknowledges its entries
//
// Everything else is judged as before there were ids: a lagging node, one whose disk was empty, and who drew an id that
// was never committed, all speak of a log that Raft repairs.
#include <algorithm>

#include "engine/base/mark.h"
#include "engine/raft/turn.h"

namespace timestore::raft {

namespace {

// That is remembered, so that each is told of once.
constexpr std::size_t kMaxStrangers = kMaxMembers;

// The first entry from there on that is no no-op; the one after the last, where there is none.
Index first_with_content(const Trail& trail, Index index) {
  while (index <= trail.last_index() && trail.kind_at(index) == EntryKind::kNoop) ++index;
  return index;
}

// What an answer would be counted for, by who asked.
bool says_yes(const State& state, const Message& message) {
  if (const auto* vote = std::get_if<VoteResponse>(&message)) return vote->granted;
  if (const auto* encouragement = std::get_if<PreVoteResponse>(&message)) return encouragement->granted;
  const auto* answer = std::get_if<AppendResponse>(&message);
  return answer != nullptr && answer->success && answer->match >= state.clusters.latest_index();
}

// Of a message from a log without this node's id, which is settled here. No other log has what follows that id. Whoever
// has drawn it in the middle of a term may have said something before, which comes late.
bool contradicts_the_settled(const State& state, const Message& message) {
  const Index at = state.clusters.latest_index();
  const Term term = std::visit([](const auto& any) { return any.term; }, message);
  const bool may_be_late = term == state.term() && state.trail.term_at(at) == term;
  if (const auto* append = std::get_if<AppendRequest>(&message)) {
    return term >= state.term() && !(may_be_late && append->prev_index + append->entries.size() < at);
  }
  if (std::holds_alternative<TimeoutNow>(message)) return term >= state.term() && !may_be_late;
  return std::holds_alternative<AppendResponse>(message) && says_yes(state, message);
}

// Of any message, where the id here is not settled: who leads may be any, but where it is known which cluster lets this
// node in. Nobody who has settled another id agrees with this log.
bool contradicts_the_unsettled(const State& state, const Message& message) {
  const Belonging& theirs = belonging_in(message);
  if (std::holds_alternative<AppendRequest>(message)) {
    return state.expected.is_known() && theirs.cluster != state.expected;
  }
  const Term term = std::visit([](const auto& any) { return any.term; }, message);
  const bool is_other = theirs.is_settled && theirs.cluster != state.cluster();
  return is_other && term <= state.term() && says_yes(state, message);
}

void remember(Turn& turn, const NodeId& node, const ClusterId& theirs, bool is_by_us) {
  State& state = turn.state;
  const auto known = state.strangers.find(node);
  if (known != state.strangers.end() && known->second == theirs) return;
  if (known == state.strangers.end() && state.strangers.size() >= kMaxStrangers) return;
  state.strangers[node] = theirs;
  turn.tell(StrangerMet{.node = node, .theirs = theirs, .ours = state.cluster(), .is_by_us = is_by_us});
}

void hear_of_founding(State& state, const Receive& input, const Belonging& theirs) {
  if (!asks_before_it_founds(state) || !state.configuration().is_voter(input.from)) return;
  if (theirs.is_told && !theirs.is_blank) {
    state.heard[input.from] = {.is_blank = false, .knows_ids = false};
    return;
  }
  const auto* answer = std::get_if<PreVoteResponse>(&input.message);
  if (answer == nullptr) return;
  const bool knows_ids = theirs.is_told && answer->level >= kEnvelopesLevel && !answer->holds_level;
  state.heard[input.from] = {.is_blank = true, .knows_ids = knows_ids};
}

ClusterId draw(State& state) {
  const std::uint64_t high = state.prng.next();
  const std::uint64_t low = state.prng.next();
  return {high, std::max<std::uint64_t>(low, 1)};
}

}  // namespace

bool holds_only_noops(const Trail& trail) {
  return trail.base().index == 0 && first_with_content(trail, 1) > trail.last_index();
}

// A leader puts nothing but no-ops behind an id that is not committed (waits_for_its_id). So whatever else follows it
// proves that it is. The commit index would know it sooner, but a node that starts again has forgotten that: what its
// disk does not prove it does not call settled.
bool is_settled(const State& state) {
  if (!state.cluster().is_known()) return false;
  const Index at = state.clusters.latest_index();
  return at <= state.trail.base().index || first_with_content(state.trail, at + 1) <= state.durable;
}

bool waits_for_its_id(const State& state) {
  return state.cluster().is_known() && state.clusters.latest_index() > state.commit && !is_settled(state);
}

// An older release says nothing of it, as the original does.
Belonging belonging_of(const State& state) {
  if (state.options.level < kEnvelopesLevel) return {};
  return {.is_told = true,
          .cluster = state.cluster(),
          .is_settled = is_settled(state),
          .is_blank = holds_only_noops(state.trail)};
}

bool is_stranger(const State& state, const Message& message) {
  if (state.options.level < kEnvelopesLevel) return false;
  if (!is_settled(state)) return contradicts_the_unsettled(state, message);
  const Belonging& theirs = belonging_in(message);
  return theirs.cluster != state.cluster() && (theirs.is_settled || contradicts_the_settled(state, message));
}

bool hear_belonging(Turn& turn, const Receive& input) {
  State& state = turn.state;
  const Belonging& theirs = belonging_in(input.message);
  if (std::holds_alternative<NotOurs>(input.message)) {
    TIMESTORE_MARK("raft: a node heard that it belongs to another cluster than its peer");
    remember(turn, input.from, theirs.cluster, false);
    return false;
  }
  if (is_stranger(state, input.message)) {
    TIMESTORE_MARK("raft: a message of another cluster was refused");
    remember(turn, input.from, theirs.cluster, true);
    if (has_answer(input.message)) turn.effects.sends.push_back({input.from, NotOurs{}, input.correlation});
    return false;
  }
  if (theirs.is_told && theirs.cluster == state.cluster()) state.strangers.erase(input.from);
  hear_of_founding(state, input, theirs);
  return true;
}

// A log without the id that is settled here lacks committed entries, whatever it says of its end.
bool may_be_elected(const State& state, const Belonging& candidate) {
  return !is_settled(state) || state.options.level < kEnvelopesLevel || candidate.cluster == state.cluster();
}

// ---------------------------------------------------------------------------------------------------- founding

bool asks_before_it_founds(const State& state) {
  return state.options.level >= kEnvelopesLevel && state.hard_state.novice && is_founder(state) &&
         holds_only_noops(state.trail);
}

std::vector<NodeId> awaited_founders(const State& state) {
  std::vector<NodeId> awaited;
  if (!asks_before_it_founds(state)) return awaited;
  for (const Member& voter : state.configuration().electorate()) {
    if (voter.id == state.id) continue;
    const auto heard = state.heard.find(voter.id);
    const auto& without = state.options.found_without;
    const bool is_excused = std::find(without.begin(), without.end(), voter.id) != without.end();
    const bool is_well = heard == state.heard.end() ? is_excused : heard->second.is_blank;
    if (!is_well) awaited.push_back(voter.id);
  }
  return awaited;
}

// Where anybody is of the original's kind, or holds the level, that would end the way back: then it is drawn later.
Payload founding_payload(State& state) {
  const bool draws = asks_before_it_founds(state) && !state.cluster().is_known() && !state.options.holds_level;
  const auto electorate = state.configuration().electorate();
  const bool all_know = std::all_of(electorate.begin(), electorate.end(), [&](const Member& voter) {
    const auto heard = state.heard.find(voter.id);
    return voter.id == state.id || (heard != state.heard.end() && heard->second.knows_ids);
  });
  if (!draws || !all_know) return Payload(std::string());
  TIMESTORE_MARK("raft: a founder drew the cluster's id");
  return Payload(encode_cluster(draw(state)));
}

// Of a cluster that was founded before there were ids, or beside originals.
void draw_missing_cluster(Turn& turn) {
  State& state = turn.state;
  TIMESTORE_MARK("raft: a cluster without an id drew one");
  append_entry(turn, {state.term(), EntryKind::kNoop, Payload(encode_cluster(draw(state)))});
}

}  // namespace timestore::raft
