// What goes into a step of the core, and what comes out of it.
#pragma once

#include <optional>
#include <variant>
#include <vector>

#include "engine/raft/change.h"
#include "engine/raft/cluster_id.h"
#include "engine/raft/configuration.h"
#include "engine/raft/event.h"
#include "engine/raft/message.h"

namespace timestore::raft {

// ---------------------------------------------------------------------------------------------------- inputs

struct Tick {};  // one unit of the time that election and heartbeat time-outs are counted in

struct Receive {
  NodeId from;
  Message message;
  Correlation correlation = 0;  // of a request: the Send that answers it carries the same number
};

struct Propose {
  ProposalId id = 0;
  Payload payload;  // present and not empty
};

struct Read {
  ReadId id = 0;
};

struct WriteDone {  // all writes up to and including `id` are durable
  WriteId id = 0;
};

struct Applied {  // the state machine has applied all entries up to and including `index`
  Index index = 0;
};

// The state machine has made everything up to this entry durable, and nobody needs the log up to there any more. Comes
// first in its batch.
struct Compact {
  Index through = 0;  // at most what was applied
};

// A snapshot has taken the place of the state machine, which has applied less. Comes first in its batch.
struct SnapshotInstalled {
  Position last;                // that it has applied
  Configuration configuration;  // there
  Level level = 0;              // likewise
  ClusterId cluster = {};       // likewise
};

// Who lets this node in has said which cluster it is. Until the log says so too, no other is followed.
struct ExpectCluster {
  ClusterId cluster;
};

// Whether this node's disks have space.
struct Room {
  bool has_room = true;
};

struct PeerUnreachable {  // a request to this peer failed or found no room: it must be probed again
  NodeId peer;
};

struct Campaign {};  // starts an election now, without asking around first, and even against a leader

struct StepDown {};  // a leader becomes a follower

struct Transfer {  // a leader hands over; nothing happens where there is no leader, or nobody to take over
  NodeId to;       // a voter; empty: of those whose disks have space, whoever has most of the log
};

// Wants other members. Its fate is that of the entry which begins the change: once that one is committed, the change
// will be completed, by this leader or by a later one.
struct ChangeMembers {
  ProposalId id = 0;
  Change change;
};

using Input = std::variant<Tick, Receive, Propose, Read, WriteDone, Applied, Compact, SnapshotInstalled, Room,
                           PeerUnreachable, Campaign, StepDown, Transfer, ChangeMembers, ExpectCluster>;

// --------------------------------------------------------------------------------------------------- effects

struct HardState {
  Term term = 0;
  std::optional<NodeId> vote;
  // Its disk was empty when the node began, so it may have forgotten what it once promised: until a leader admits it,
  // it takes entries, but elects nobody who has any, and is not counted (DESIGN.md).
  bool novice = false;
  bool operator==(const HardState&) const = default;
};

// Where a log begins: after the last entry that is not kept because a snapshot has it, with the configuration, the
// feature level and the cluster there.
struct Base {
  Position last;
  Configuration configuration;
  Level level = 0;
  ClusterId cluster = {};
  bool operator==(const Base&) const = default;
};

// One atomic, durable change of the log file: first truncate, then move the beginning, then append, together with the
// hard state.
struct Write {
  WriteId id = 0;
  HardState hard_state;
  std::optional<Index> truncate_from;  // remove this entry and all after it
  // The log begins after this entry from now on: what is up to there is removed. Either the log holds exactly this
  // entry, or nothing beyond it (a snapshot has come from elsewhere): then the log is empty and goes on after it.
  std::optional<Base> begin_after;
  Index first_index = 0;  // of `entries`; meaningless when there are none
  std::vector<Entry> entries;
  bool operator==(const Write&) const = default;
};

// A message to send now. What a message promises is durable already: the core itself holds a vote, a vote request or an
// acknowledgement back until the write behind it is done. Entries of an append request come without their payloads: the
// sender fetches them.
struct Send {
  NodeId to;
  Message message;
  Correlation correlation = 0;  // of the request that this answers, else 0
  bool operator==(const Send&) const = default;
};

// The end of a read request: granted (answer it from a state that has applied `index`), or refused because this node is
// not, or no longer, the leader. A refused read has had no effect.
struct ReadEnd {
  ReadId id = 0;
  bool granted = false;
  Index index = 0;
  bool operator==(const ReadEnd&) const = default;
};

// The one final fate of a proposal.
struct Fate {
  enum class Kind : std::uint8_t {
    kCommitted,   // at `position`, for ever
    kRefused,     // it never entered any log: this node is not the leader, or `refusal` says why
    kSuperseded,  // another entry was committed at its index: it never will be
    kUnknown,     // leadership was lost; it may yet be committed
  };
  ProposalId id = 0;
  Kind kind = Kind::kUnknown;
  Position position;
  Refusal refusal = Refusal::kNone;  // of a change of members
  bool operator==(const Fate&) const = default;
};

// In order of duty: persist, send, apply, answer.
struct Effects {
  Level too_new = 0;  // not 0: a leader has sent this feature level, and this node does not know it. It must stop now
  std::optional<Write> write;
  std::vector<Send> sends;
  Index apply_through = 0;  // entries up to here are committed and durable on this node
  NodeId snapshot_from;     // whom to ask for a snapshot, because the leader's log begins after what this node has
  std::vector<ReadEnd> reads;
  std::vector<Fate> fates;
  std::vector<Event> events;
};

}  // namespace timestore::raft
