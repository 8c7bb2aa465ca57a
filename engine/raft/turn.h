// One step's work in progress, shared by the chapters of the core. Private to engine/raft.
//
//   belonging.cc  messages of other clusters are refused; who founds asks first, and draws an id
//   contradiction.cc  what cannot be stops a node
//   step.cc       dispatches inputs; concludes a turn: numbers the write, releases what may now be applied
//   election.cc   time-outs, votes, changes of role (paper 5.2, 5.4.1)
//   append.cc     a follower receives entries (5.3)
//   replicate.cc  a leader sends entries, counts acknowledgements, commits (5.3, 5.4.2)
//   propose.cc    proposals and their fates
//   read.cc       linearizable reads without a log write (thesis 6.4)
//   make_way.cc   a leader that cannot go on looks for a voter that can
//   transfer.cc   a leader hands over (thesis 3.10)
//   compact.cc    the log's beginning is forgotten, or replaced by a snapshot (7)
//   level.cc      the feature level rises
//   membership.cc who belongs to the cluster changes (6; thesis 4), and nodes that have lost their disk
#pragma once

#include <optional>

#include "engine/raft/effects.h"
#include "engine/raft/state.h"

namespace timestore::raft {

struct Turn {
  State& state;
  Effects effects;
  Write write;                 // what this turn wants durable so far
  const HardState hard_state;  // as it was when the turn began
  std::vector<Send> promises;  // messages that wait for everything written so far, this turn's write included

  void tell(Event event) { effects.events.push_back(std::move(event)); }

  explicit Turn(State& s) : state(s), hard_state(s.hard_state) {}
};

// ---- step.cc
void append_entry(Turn& turn, Entry entry);  // to the log and to the turn's write
void truncate_log(Turn& turn, Index from);
void send_when_durable(Turn& turn, const NodeId& to, Message message, Correlation correlation = 0);
void advance_commit(Turn& turn, Index index);  // commit only grows

// ---- election.cc
void tick_election(Turn& turn);
void pre_campaign(Turn& turn);
void campaign(Turn& turn, bool forced);
// `leader` is empty where it is not known. `why` tells why leadership is lost, if it is.
void become_follower(Turn& turn, Term term, const NodeId& leader,
                     LeadershipLost::Reason why = LeadershipLost::Reason::kNewerTerm);
void receive_vote_request(Turn& turn, const NodeId& from, const VoteRequest& request, Correlation correlation);
void receive_vote_response(Turn& turn, const NodeId& from, const VoteResponse& response);
void receive_pre_vote_request(Turn& turn, const NodeId& from, const PreVoteRequest& request, Correlation correlation);
void receive_pre_vote_response(Turn& turn, const NodeId& from, const PreVoteResponse& response);
bool is_founder(const State& state);    // its settings name the members, and no snapshot has come
bool hears_leader(const State& state);  // and so has no reason to elect another one
void count_own_vote(Turn& turn);        // after a write became durable
void reset_election_timer(State& state);
std::uint32_t disk_patience(const State& state);  // in ticks: more for who waits for disks that were slow of late

// ---- belonging.cc
bool hear_belonging(Turn& turn, const Receive& input);  // false: it is no message of this cluster, and was refused
bool may_be_elected(const State& state, const Belonging& candidate);
bool holds_only_noops(const Trail& trail);
bool asks_before_it_founds(const State& state);
Payload founding_payload(State& state);     // of the no-op that opens the term
void draw_missing_cluster(Turn& turn);      // requires that all members know ids
bool waits_for_its_id(const State& state);  // a leader: until it is committed, nothing but no-ops may follow it

// ---- append.cc
void receive_append_request(Turn& turn, const NodeId& from, const AppendRequest& request, Correlation correlation);

// ---- replicate.cc
void become_leader(Turn& turn);
void tick_leader(Turn& turn);
void receive_append_response(Turn& turn, const NodeId& from, const AppendResponse& response);
void peer_unreachable(Turn& turn, const NodeId& peer);
void send_appends(Turn& turn);     // whatever every follower's window has room for
void send_heartbeats(Turn& turn);  // an append to every follower now
void tell_round(Turn& turn);       // an append to every follower that has not heard of the newest round
void commit_by_quorum(Turn& turn);
void track_members(Turn& turn);                              // after a leader has appended a configuration
bool answers(const State& state, const Progress& progress);  // of late; a novice's answers do not count

void send_snapshots_to_who_lags(Turn& turn);  // after the log has begun anew

// ---- compact.cc
void compact(Turn& turn, Index through);
void snapshot_installed(Turn& turn, const SnapshotInstalled& snapshot);

// ---- propose.cc
void propose(Turn& turn, const Propose& proposal);
void settle_proposals(Turn& turn);  // those that the commit index has reached
void orphan_proposals(Turn& turn);  // leadership was lost
void tick_orphans(Turn& turn);

// ---- contradiction.cc
// Whether this append, of the current term, is answered with nothing but that; also ends what a leader disproves.
bool is_contradicted_by(Turn& turn, const NodeId& from, const AppendRequest& request);
void tick_contradiction(Turn& turn);

// ---- make_way.cc, with each tick
void make_way_for_who_can_go_on(Turn& turn);
void make_way_for_who_reaches_others(Turn& turn);

// ---- transfer.cc
void transfer(Turn& turn, const NodeId& to);
void go_on_with_transfer(Turn& turn, const NodeId& peer);  // after the peer has answered
void tick_transfer(Turn& turn);
void receive_timeout_now(Turn& turn, const NodeId& from, const TimeoutNow& request);

// ---- membership.cc
void change_members(Turn& turn, const ChangeMembers& request);
void go_on_with_membership(Turn& turn);  // completes what was begun, when the time has come
void hear_novice(Turn& turn, const NodeId& follower, Progress& progress,
                 const AppendResponse& response);                                // or hear that it is none any more
void append_for_novices(Turn& turn);                                             // the entries that admit them
Configuration without(Configuration configuration, const NodeId& id);            // as if it were no voter
Index admission_of(const State& state, const Leader& leader, const NodeId& id);  // what an append to it should say

// ---- level.cc
void hear_level(Progress& progress, const AppendResponse& response);
Level least_level(const State& state);                               // that a node must know to read the log
bool may_get_entries(const State& state, const Progress& progress);  // an original may not, above its level
void raise_level(Turn& turn);                                        // when all know a higher one

// ---- read.cc
void read(Turn& turn, ReadId id);
void begin_read_round(Turn& turn);  // for reads that wait for one, when the last round is answered
void end_confirmed_reads(Turn& turn);
void refuse_reads(Turn& turn, Leader& leader);  // leadership is being lost

}  // namespace timestore::raft
