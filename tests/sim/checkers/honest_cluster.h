// Real cores on imagined disks, which tell an oracle the truth. A test then tells one lie, and the oracle must find it.
//
// Nothing happens by itself: settle() finishes writes and delivers messages until all is quiet, in a fixed order. A
// node that is silent neither gets messages nor sends any.
#pragma once

#include <gtest/gtest.h>

#include <deque>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "engine/raft/state.h"
#include "engine/series/time_entry.h"
#include "sim/checkers/oracle.h"

namespace timestore::sim {

class HonestCluster {
 public:
  explicit HonestCluster(std::size_t nodes = 3);

  static raft::NodeId name(std::size_t node) { return "n" + std::to_string(node + 1); }

  Oracle& oracle() { return oracle_; }
  raft::State& core(std::size_t node) { return nodes_[node].core; }
  raft::Index last(std::size_t node) { return core(node).trail.last_index(); }
  const raft::Entry& logged(std::size_t node, raft::Index index) const { return nodes_[node].issued[index - 1]; }

  // ---- what happens, told as it is
  void turn(std::size_t node, std::vector<raft::Input> inputs);
  bool write_done(std::size_t node);  // the oldest; false: there is none
  void silence(std::size_t node, bool is_silent) { nodes_[node].is_silent = is_silent; }
  void settle();
  void elect(std::size_t node);
  void elect_without_commit(std::size_t node);  // by the next node's vote; no append is answered
  raft::Index propose(std::size_t node, const std::vector<TimeEntry>& entries);
  TimeEntry entry(const std::string& device_id = "a");  // for the write that begins next
  raft::Index write(std::size_t leader);                // begins a write of one entry, and proposes it
  raft::Index commit(std::size_t leader);               // and settles

  // A message as if it came from there, though nobody sent it.
  void forge(std::size_t from, std::size_t to, raft::Message message);

  void stop(std::size_t node) { oracle_.stopped(node); }
  void start(std::size_t node) { start(node, recovered(node)); }
  void start(std::size_t node, const store::LogFile::Recovered& recovered, raft::Index applied = 0);
  void start_waiting(std::size_t node);  // with an empty disk, to be let in
  store::LogFile::Recovered recovered(std::size_t node, std::size_t writes_beyond = 0) const;

  // ---- what the oracle found
  std::string rule() const { return oracle_.violation() ? oracle_.violation()->rule : ""; }
  std::string checker() const { return oracle_.violation() ? oracle_.violation()->checker : ""; }

 private:
  void start(std::size_t node, const store::LogFile::Recovered& recovered, raft::Index applied,
             const raft::Configuration& members);

  struct Node {
    raft::State core;
    raft::HardState hard_state;       // on the disk
    std::vector<raft::Entry> log;     // on the disk
    std::deque<raft::Write> queue;    // not on the disk yet
    std::vector<raft::Entry> issued;  // the log with the queue
    bool is_silent = false;
    std::uint64_t lives = 0;
  };
  struct Envelope {
    std::size_t from = 0;
    raft::Send send;
  };
  std::size_t number_of(const raft::NodeId& id) const { return static_cast<std::size_t>(id[1] - '1'); }

  raft::Configuration configuration_;
  Oracle oracle_;
  std::vector<Node> nodes_;
  std::deque<Envelope> network_;
  raft::ProposalId last_proposal_ = 0;
};

// A write of hard state alone; entries may be added.
[[nodiscard]] raft::Write write_of(raft::WriteId id, raft::Term term, std::optional<raft::NodeId> vote = std::nullopt);

// Tells of a turn in which the node asked for this write, whatever its core thinks.
void tell_write(HonestCluster& cluster, std::size_t node, raft::Write write, std::vector<raft::Input> inputs = {});

// What the oracle found is this rule, or else the finding is shown.
#define EXPECT_RULE(cluster, rule_text)                                                                              \
  EXPECT_EQ((cluster).rule(), rule_text) << ((cluster).oracle().violation() ? (cluster).oracle().violation()->detail \
                                                                            : std::string("nothing was found"))

}  // namespace timestore::sim
