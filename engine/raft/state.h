// Everything one node's consensus core knows, as one regular value.
//
// It can be copied, compared and hashed; it holds no pointer to the outside, no clock and no payload, and its
// randomness is inside. Only step() changes it. Data that only a leader or a candidate needs lives in the role, so that
// it cannot exist at any other time.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <utility>
#include <variant>
#include <vector>

#include "engine/base/hash.h"
#include "engine/base/prng.h"
#include "engine/raft/cluster_id.h"
#include "engine/raft/configuration.h"
#include "engine/raft/effects.h"
#include "engine/raft/trail.h"

namespace timestore::raft {

// Times are counted in ticks. The paper's rule (section 5.6): broadcast time << election time-out.
struct Options {
  std::uint32_t election_ticks_min = 30;
  std::uint32_t election_ticks_max = 60;  // inclusive
  std::uint32_t heartbeat_ticks = 5;
  std::uint32_t orphan_ticks = 120;  // how long a deposed leader waits to learn the fate of its proposals
  std::uint32_t max_append_entries = 1024;
  std::uint64_t max_append_bytes = 1 << 20;
  std::uint32_t max_inflight_appends = 4;      // with entries, on the way to one follower
  std::uint64_t max_inflight_bytes = 4 << 20;  // of their entries; a single append may exceed it
  Level level = kOriginalLevel;                // the highest feature level that this node knows
  bool holds_level = false;                    // the cluster's shall not rise as long as this node says so
  std::vector<NodeId> found_without = {};      // who founds a cluster need not hear from these
  bool operator==(const Options&) const = default;
};

// The entries of one append, which begins where the one before it ended.
struct Batch {
  Index last = 0;
  std::uint64_t bytes = 0;  // the sum of their size bounds (Trail)
  bool operator==(const Batch&) const = default;
};

// What a leader knows of another member (paper, figure 2: nextIndex and matchIndex).
struct Progress {
  enum class Mode : std::uint8_t {
    kProbe,      // where the logs agree is not known: one empty append each heartbeat until it answers
    kReplicate,  // entries flow, so many appends and bytes ahead of the acknowledgements
    kSnapshot,   // it lacks what the log no longer holds: told so with each heartbeat, until it has taken a snapshot
  };
  Mode mode = Mode::kProbe;
  Index match = 0;              // its durable log has equalled ours up to here
  Index next = 1;               // the next entry to send
  std::vector<Batch> inflight;  // the window: what was sent and is not acknowledged, ascending
  Round round = 0;              // the newest round that it has answered
  Index applied = 0;            // by its state machine, when it last said so
  bool is_full = false;         // and so was its disk
  bool contradicts = false;     // and so did what it has committed, to this leader's log: it takes nothing
  Index commit_told = 0;        // the newest commit index that we have sent
  Round round_told = 0;         // the newest round that we have sent
  std::uint32_t silent_ticks = 0;
  bool founds = false;  // its leader does, and it is a member from the beginning: until it has acknowledged its
                        // leader's first entry, that one admits it
  bool waits_for_voters = false;  // that its promotion does was told
  // Not 0: a novice, which is not counted. It is admitted when this entry, appended after it was first heard as one, is
  // durable there and on a majority of the others.
  Index admission = 0;
  bool is_novice() const { return admission > 0; }
  Level level = kOriginalLevel;  // the highest that it knows, as it told in this term last
  bool holds_level = false;      // likewise
  bool operator==(const Progress&) const = default;
};

struct PendingRead {
  ReadId id = 0;
  Index index = 0;  // the commit index when its round began
  Round round = 0;
  bool operator==(const PendingRead&) const = default;
};

struct Follower {
  bool operator==(const Follower&) const = default;
};

struct PreCandidate {            // asks around before it disturbs anybody (thesis 9.6)
  std::map<NodeId, bool> votes;  // promised or refused, by voter
  bool operator==(const PreCandidate&) const = default;
};

struct Candidate {
  WriteId vote_write = 0;        // the write that makes the vote for ourselves durable; counted only then
  std::map<NodeId, bool> votes;  // granted or refused, by voter
  bool operator==(const Candidate&) const = default;
};

// Leadership on its way to another node (thesis 3.10). Meanwhile nothing is proposed, so that it can catch up.
struct Handover {
  NodeId to;
  bool is_asked = false;         // it has caught up, and was asked to take over
  std::uint32_t ticks_left = 0;  // until it is given up
  bool operator==(const Handover&) const = default;
};

struct Leader {
  bool founds = false;               // its log held nothing but no-ops: nobody has promised anything that matters
  Index term_start = 0;              // the no-op that opened this term
  std::map<NodeId, Progress> peers;  // every member but ourselves
  std::uint32_t heartbeat_elapsed = 0;
  std::uint32_t ticks_until_way = 0;  // until it may make way once more for who can go on
  std::uint32_t stuck_ticks = 0;      // since it began to wait for voters that cannot store (is_stuck())
  Round round = 0;                    // the newest round begun
  std::vector<PendingRead> reads;     // waiting for their round to be answered by a quorum
  std::vector<ReadId> fresh_reads;    // waiting for their round to begin
  std::optional<Handover> handover;
  Round recalled = 0;  // handovers up to this round are over
  bool operator==(const Leader&) const = default;
};

using Role = std::variant<Follower, PreCandidate, Candidate, Leader>;

// A write that is not known to be durable yet, and how much of the log it would make durable. A later truncation lowers
// `last_index`: what was cut off never becomes durable by an older write (the "ABA" race of asynchronous writes).
struct PendingWrite {
  WriteId id = 0;
  Index last_index = 0;
  bool operator==(const PendingWrite&) const = default;
};

// A message that promises something not durable yet: it leaves when every write up to `after` is done. An answer to an
// append leaves earlier where the disk is slow, and then promises nothing new (step.cc).
struct HeldSend {
  WriteId after = 0;
  Send send;
  bool operator==(const HeldSend&) const = default;
};

// What another founder has said of its log.
struct Heard {
  bool is_blank = false;   // it holds nothing but no-ops
  bool knows_ids = false;  // of clusters, and does not hold the level
  bool operator==(const Heard&) const = default;
};

// What cannot be where no disk has lost anything: a leader's log lacks what is committed here, or a term has two
// leaders.
struct Contradiction {
  NodeId leader;  // who said so, as the leader of `term`
  Term term = 0;
  Index index = 0;  // of the entry; 0: another node leads the same term
  Term ours = 0;    // the entry's term here
  Term theirs = 0;  // and there
  bool operator==(const Contradiction&) const = default;
};

struct State {
  NodeId id;
  Options options;
  Prng prng{0};

  // Persistent (paper, figure 2), together with the payloads that the core does not hold.
  HardState hard_state;
  Trail trail;
  ConfigurationTrail configurations;  // in it
  LevelTrail levels;                  // in it
  ClusterTrail clusters;              // in it

  // Volatile.
  Role role;
  NodeId leader;       // of the current term; empty while unknown
  Round recalled = 0;  // by the leader of this term: requests to take over up to this round
  Index commit = 0;
  Index applied = 0;
  Index durable = 0;  // the log is on this node's disk up to here
  WriteId last_write = 0;
  WriteId durable_write = 0;
  std::vector<PendingWrite> pending_writes;  // ascending by id
  std::vector<HeldSend> held_sends;          // ascending by the write they wait for
  WriteId hard_state_write = 0;              // the last one that changed the hard state
  bool is_full = false;                      // a disk of this node has no space
  Index owed = 0;                            // what was due to be applied when it began to wait for that
  std::uint32_t unapplied_ticks = 0;         // since something was last applied, while something is due
  std::uint32_t stalled_ticks = 0;           // since a write was last done, while any is pending
  std::uint32_t sync_ticks = 0;              // what the slowest write of late took; it fades with each one that is done
  std::uint32_t election_elapsed = 0;
  std::uint32_t election_timeout = 0;                      // drawn anew at every reset
  std::map<std::pair<Index, Term>, ProposalId> proposals;  // without a fate yet
  std::optional<Contradiction> contradiction;              // this node serves, votes and promises nothing
  std::uint32_t contradiction_ticks = 0;                   // until it is over, unless it is repeated
  ClusterId expected;                                      // the cluster that lets this node in; zero: not told
  std::map<NodeId, ClusterId> strangers;                   // who was refused, or refused this node, and its cluster
  std::map<NodeId, Heard> heard;                           // by who founds, since it started
  std::vector<NodeId> waits_for;                           // of those, when it asked last: who keeps it from founding
  std::uint32_t orphan_ticks_left = 0;  // until proposals of lost terms become "unknown"; 0: there are none

  bool operator==(const State&) const = default;

  const Configuration& configuration() const { return configurations.latest(); }
  Level level() const { return levels.at(commit); }               // what may be used
  const ClusterId& cluster() const { return clusters.latest(); }  // of the log, committed or not; zero: none
  bool takes_proposals() const;  // it leads, does not hand over, and is done with founding the cluster
  bool is_leader() const { return std::holds_alternative<Leader>(role); }
  Term term() const { return hard_state.term; }
};

// What a node starts from: nothing, or what its disks held.
struct Restart {
  NodeId id;
  Configuration configuration;  // where the log begins
  HardState hard_state;
  Trail trail;
  std::vector<std::pair<Index, Configuration>> configurations = {};  // in the log, in its order
  Level level = 0;                                                   // where the log begins
  std::vector<std::pair<Index, Level>> levels = {};                  // in the log, in its order
  ClusterId cluster = {};                                            // where the log begins
  std::vector<std::pair<Index, ClusterId>> clusters = {};            // in the log, in its order
  Index applied = 0;  // by the state machine, hence committed. Requires applied <= trail.last_index().
  std::uint64_t seed = 0;
};

[[nodiscard]] State start(const Restart& restart, const Options& options);

// What a message that leaves now says of its sender, and whether one that has come is of another cluster.
[[nodiscard]] Belonging belonging_of(const State& state);
[[nodiscard]] bool is_stranger(const State& state, const Message& message);
[[nodiscard]] bool is_settled(const State& state);  // the id of the log's cluster is committed, and the disk proves it

// Who must still say that its log holds nothing, before this node may found a cluster.
[[nodiscard]] std::vector<NodeId> awaited_founders(const State& state);

// The same value on every machine for equal states.
[[nodiscard]] std::uint64_t hash_of(const State& state);

}  // namespace timestore::raft
