// Several pure cores, an imagined network and imagined disks: no store, no transport, no time but the ticks it is
// given.
//
// A test is a story (elect n1, cut n2 off, propose, deliver) or a random schedule of choices. After every step the
// cluster checks what must hold, of each node (invariants.h) and of all together:
//   - one leader per term (election safety);
//   - one entry per committed index, for ever, on every node (state machine safety);
//   - a leader holds every entry committed before its term, or a state machine that has applied it (leader
//   completeness);
//   - every message that promises something is justified by what its sender's disk holds at that moment;
//   - every proposal gets one fate, and it is true; a granted read sees everything acknowledged before it began.
#pragma once

#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/prng.h"
#include "engine/raft/step.h"
#include "tests/engine/raft/plain_log.h"

namespace timestore::raft::testing {

struct Disk {
  HardState hard_state = {.term = 0, .vote = {}, .novice = true};
  PlainLog log;
  std::vector<Write> queue;  // asked for, not durable yet
  Base state_machine = {};   // no crash takes it behind this; the log may end before it, when it is a snapshot's
};

struct Node {
  State state;
  Disk disk;
  PlainLog log;        // what the disk's log will be once the whole queue is done
  Index compared = 0;  // its committed entries up to here were compared with the cluster's, and are not replaced since
  Index applied = 0;
  NodeId snapshot_from;  // whom its core said to ask
  bool up = true;
  bool gathers = false;
  std::vector<Input> batch;
  std::uint64_t lives = 0;
};

struct Envelope {
  NodeId from;
  NodeId to;
  Message message;
};

class CoreCluster {
 public:
  // The nodes behind the first `founders` begin outside: they know no member, and no member knows them.
  CoreCluster(std::size_t founders, std::uint64_t seed, Options options = {}, std::size_t outsiders = 0);

  Node& node(std::size_t number) { return nodes_[number]; }
  std::size_t size() const { return nodes_.size(); }
  static NodeId name(std::size_t number) { return "n" + std::to_string(number + 1); }
  static std::string command(ProposalId id) { return "command " + std::to_string(id); }
  std::vector<Envelope>& network() { return network_; }

  void input(std::size_t number, Input input);
  void gather(std::size_t number, bool gathers);  // while it gathers, inputs wait; then they form one turn
  void tick(std::size_t number) { input(number, Tick{}); }
  void write_done(std::size_t number, std::size_t writes = 1);  // the oldest in the queue become durable together
  void deliver(std::size_t position, bool keep = false);        // the message at this place in the network
  void crash(std::size_t number, std::size_t surviving_writes = 0);
  void forget(std::size_t number);  // of a node that is down: its disk is empty, and lies about it
  void wipe(std::size_t number);    // likewise, but the node will know
  void restart(std::size_t number, Index applied_on_disk);    // never before where its log begins
  void compact(std::size_t number, Index through);            // as far as it has applied
  void install_snapshot(std::size_t number, std::size_t of);  // of another node, if that has applied more
  ProposalId propose(std::size_t number);
  ReadId read(std::size_t number);
  ProposalId change(std::size_t number, Change change);

  // Delivers everything and completes every write until nothing is left, ticking `ticks` times in between.
  void settle(std::size_t ticks = 0);
  // Ticks and delivers until a leader's no-op is committed on every running node; false when that does not happen.
  bool elect();
  std::optional<std::size_t> leader() const;                            // the running leader of the highest term
  void cut(std::size_t number, bool is_cut) { cut_[number] = is_cut; }  // drops what it sends and receives

  const std::map<ProposalId, Fate>& fates() const { return fates_; }
  const std::map<ReadId, ReadEnd>& reads() const { return read_ends_; }
  std::uint64_t deliveries() const { return deliveries_; }  // messages that a running node was given
  std::size_t terms_with_a_leader() const { return leaders_.size(); }
  bool owes_an_answer() const {
    return !waiting_proposals_.empty() || !waiting_changes_.empty() || !waiting_reads_.empty();
  }
  bool is_member(std::size_t number) const;  // for the leader, if there is one
  bool all_voters_remember() const;          // whoever is a voter for anybody is no novice
  // So that it can be lost, and is not missed: the others are a quorum, and remember (engine/DESIGN.md).
  bool may_be_wiped(std::size_t number) const;
  Index committed() const { return committed_.empty() ? 0 : committed_.rbegin()->first; }
  const std::map<Index, Entry>& committed_entries() const { return committed_; }

 private:
  struct WaitingRead {
    std::size_t number = 0;  // of the node that was asked
    Index floor = 0;         // committed anywhere when it began
  };

  std::size_t number_of(const NodeId& id) const;
  void begin_anew(std::size_t number, Input beginning);
  bool is_change_on_its_way() const;
  bool take_snapshots();  // whoever was sent for one gets it; false: nobody was
  void carry_out(std::size_t number, Effects effects);
  void take_turn(std::size_t number, std::span<const Input> inputs);
  void check_promise(const Node& node, const Send& send) const;
  void check_cluster(std::size_t number);
  void note_committed(Node& node);
  void note_fate(const Fate& fate);

  std::size_t founders_;
  std::vector<Node> nodes_;
  std::vector<bool> cut_;
  std::vector<Envelope> network_;
  Options options_;
  std::uint64_t seed_;
  std::uint64_t deliveries_ = 0;

  std::map<Term, NodeId> leaders_;
  std::map<Index, Entry> committed_;
  std::map<Index, Term> committed_in_;  // the term of the leader that committed it first
  ProposalId last_proposal_ = 0;
  ReadId last_read_ = 0;
  std::map<ProposalId, std::size_t> waiting_proposals_;  // and the node that was asked
  std::map<ProposalId, std::size_t> waiting_changes_;
  std::map<ProposalId, Fate> fates_;
  std::map<ReadId, WaitingRead> waiting_reads_;
  std::map<ReadId, ReadEnd> read_ends_;
};

}  // namespace timestore::raft::testing
