// What nodes say to each other (paper, figure 2), with the fields that a richer core needs.
//
// A peer may know only the original's fields. The others then keep their defaults, or are derived by the codec from the
// request that an answer belongs to; each field below says what its absence means. Every message says to which cluster
// its sender belongs (cluster_id.h): the core adds that as it lets the message go.
#pragma once

#include <cstddef>
#include <type_traits>
#include <variant>
#include <vector>

#include "engine/raft/cluster_id.h"
#include "engine/raft/level.h"
#include "engine/raft/types.h"

namespace timestore::raft {

struct VoteRequest {
  Term term = 0;
  NodeId candidate;
  Index last_index = 0;
  Term last_term = 0;
  bool founds = false;  // its log holds nothing but no-ops: an empty one always does
  bool forced = false;  // the leader wants this election, or an operator: voters do not wait for the leader's silence
  Position log_end() const { return {last_term, last_index}; }
  Belonging belonging = {};
  bool operator==(const VoteRequest&) const = default;
};

struct VoteResponse {
  Term term = 0;
  bool granted = false;
  Position judged = {};  // the end of the candidate's log, as the request told it; absent: taken from it
  Belonging belonging = {};
  bool operator==(const VoteResponse&) const = default;
};

// Asks whether an election in `term`, which nobody has entered yet, could be won (thesis 9.6). The answer promises
// nothing and changes nothing.
struct PreVoteRequest {
  Term term = 0;
  NodeId candidate;
  Index last_index = 0;
  Term last_term = 0;
  bool founds = false;
  Belonging belonging = {};
  bool operator==(const PreVoteRequest&) const = default;
};

struct PreVoteResponse {
  Term term = 0;      // of the node that answers
  Term proposed = 0;  // of the request that is answered; absent: taken from it
  bool granted = false;
  Level level = 0;           // as in an answer to an append: who founds a cluster asks for it
  bool holds_level = false;  // likewise
  Belonging belonging = {};
  bool operator==(const PreVoteResponse&) const = default;
};

struct AppendRequest {
  Term term = 0;
  NodeId leader;
  Index prev_index = 0;
  Term prev_term = 0;
  Index leader_commit = 0;
  Round round = 0;             // echoed by the answer; confirms leadership for reads (thesis 6.4). 0: none asked
  Round recalled = 0;          // requests to take over up to this round mean nothing any more
  bool from_snapshot = false;  // the log begins after prev_index: whoever lacks that entry must take a snapshot instead
  Index admits = 0;            // whoever agrees with the leader up to this entry is no novice any more. 0: nobody
  bool founds = false;         // but only if its own settings name the members: a cluster is being founded
  Belonging belonging = {};
  std::vector<Entry> entries;  // indices prev_index + 1, prev_index + 2, ...
  bool operator==(const AppendRequest&) const = default;
};

// Makes one append of two where the second continues the first: same leader and term, it begins where the first ends,
// and their entries are within `max_payload_bytes` (or the first has none) and kMaxEntriesPerMessage. All that the
// second says beside its place in the log then holds for both. Otherwise false, and nothing has changed.
[[nodiscard]] bool join(AppendRequest& first, AppendRequest&& second, std::uint64_t max_payload_bytes);

// The answer to an append. When `term` is above the request's term, it only says "your term is over": every other
// field is 0. Otherwise the answering node is a follower in the request's term, and
//   success:  its durable log equals the leader's up to `match`;
//   refusal:  it has no entry (prev_index, prev_term) of the request; the newest entry that might agree is `hint`:
//             the largest index below prev_index whose term is at most prev_term.
struct AppendResponse {
  Term term = 0;
  bool success = false;
  Index match = 0;            // absent: prev_index + number of entries of the request
  Index prev_index = 0;       // of the request that is answered; absent: taken from it
  Position hint = {};         // absent: (prev_term, prev_index - 1)
  Round round = 0;            // of the request; absent: taken from it
  bool novice = false;        // the node was not admitted since its disk was empty: what its old disk held is lost
  Level level = 0;            // the highest feature level that the node knows; absent: it is an original
  bool holds_level = false;   // and it was told that the cluster's shall not rise
  Index applied = 0;          // by the node's state machine; absent: not known
  bool full = false;          // one of its disks has no space
  bool contradicted = false;  // committed entries here and the leader's log exclude each other (Contradiction)
  Belonging belonging = {};
  bool operator==(const AppendResponse&) const = default;
};

// Of an answer of another term than the request's nothing but the term counts, whatever else a peer has written.
inline AppendResponse believed(AppendResponse answer, const AppendRequest& asked) {
  if (answer.term != asked.term) return {.term = answer.term, .belonging = answer.belonging};
  return answer;
}

// The leader hands over: call an election now (thesis 3.10). It has no answer.
struct TimeoutNow {
  Term term = 0;
  NodeId leader;
  Round round = 0;  // of the leader; a newer append may have recalled it
  Belonging belonging = {};
  bool operator==(const TimeoutNow&) const = default;
};

// What a snapshot is: a copy of the state machine at one applied position. Two that are equal hold the same bytes.
struct SnapshotMeta {
  Position applied;
  std::uint64_t state_hash = 0;
  std::uint64_t size_bytes = 0;  // whole pages, at least one
  std::uint64_t checksum = 0;    // over the checksums of all pages
  bool operator==(const SnapshotMeta&) const = default;
};

// Asks for a part of a snapshot. These two travel between replicas; the core does not look at them.
struct SnapshotRequest {
  Term term = 0;
  NodeId follower;           // who asks
  SnapshotMeta wanted;       // all zeros: whichever there is
  std::uint64_t offset = 0;  // of the first byte that is asked for
  Belonging belonging = {};
  bool operator==(const SnapshotRequest&) const = default;
};

// A part of the snapshot, from the offset that was asked for. No meta: there is none yet, ask again. No bytes: there is
// another one than was wanted, or the offset is its end.
struct SnapshotResponse {
  Term term = 0;
  SnapshotMeta meta;
  std::uint64_t offset = 0;
  std::uint32_t checksum = 0;  // of the bytes
  Belonging belonging = {};
  Payload bytes;  // never absent
  bool operator==(const SnapshotResponse&) const = default;
};

// Answers any request of a node of another cluster, or of what cannot be one of this cluster: nothing of it was
// believed or counted, its term included. Over HTTP it is a 421 that names both.
struct NotOurs {
  Term term = 0;  // none: those of two clusters have nothing to do with each other
  Belonging belonging = {};
  bool operator==(const NotOurs&) const = default;
};

// A kind's place is its number on the wire (engine/wire/frame.h): a new one comes last, a request before its answer.
using Message = std::variant<VoteRequest, VoteResponse, PreVoteRequest, PreVoteResponse, AppendRequest, AppendResponse,
                             SnapshotRequest, SnapshotResponse, TimeoutNow, NotOurs>;

// The place of a kind of message in the variant.
template <typename Kind>
inline constexpr std::size_t index_of = []<typename... Kinds>(const std::variant<Kinds...>*) {
  std::size_t index = 0;
  static_cast<void>(((std::is_same_v<Kind, Kinds> || (++index, false)) || ...));
  return index;
}(static_cast<const Message*>(nullptr));

inline bool has_answer(const Message& message) {
  return std::holds_alternative<VoteRequest>(message) || std::holds_alternative<PreVoteRequest>(message) ||
         std::holds_alternative<AppendRequest>(message) || std::holds_alternative<SnapshotRequest>(message);
}

// The node that a request comes from.
const NodeId& sender_of(const Message& request);

const Belonging& belonging_in(const Message& message);
void set_belonging(Message& message, const Belonging& belonging);

// The kind of message that answers this request, if it is not NotOurs. Requires that it has an answer; they follow each
// other in the variant.
inline std::size_t answer_to(const Message& request) { return request.index() + 1; }

}  // namespace timestore::raft
