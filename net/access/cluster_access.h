// One way to reach the cluster's truth from any node: writes go to whoever leads, reads wait until this node may
// answer.
//
// A write has its id before it leaves this node for another, so it can be tried again after a lost answer without being
// stored twice; that is done here until the deadline passes.
#pragma once

#include <httplib.h>

#include <atomic>
#include <optional>
#include <string>
#include <vector>

#include "net/access/forwarder.h"
#include "net/node/node.h"

namespace timestore::net {

enum class ReadLevel : unsigned char {
  kLinearizable,  // sees every write acknowledged before; the leader confirms with a quorum that it leads
  kWeak,          // trusts the leader's own belief
  kNone,          // this node's file as it stands
};

struct WriteAnswer {
  enum class Kind : unsigned char {
    kApplied,    // `end` holds the result
    kForwarded,  // `response` is the leader's answer
    kNotLeader,  // certainly not stored: no leader was found in time, or a forwarded request reached a node that is
                 // none
    kBusy,       // certainly not stored: too much is waiting
    kDiskFull,   // certainly not stored: the leader's disk is full
    kUnknown,    // may be stored or not; `end.entries` have their ids for a retry
  };
  Kind kind = Kind::kUnknown;
  client::WriteEnd end;
  httplib::Response response;
};

struct ReadBarrier {
  enum class Kind : unsigned char { kPassed, kNotLeader, kNoQuorum };
  Kind kind = Kind::kNoQuorum;
  raft::Index index = 0;                       // this node has applied at least this far
  ReadLevel level = ReadLevel::kLinearizable;  // what was reached; an original leader confirms nothing
};

class ClusterAccess {
 public:
  ClusterAccess(Node& node, Forwarder& forwarder) : node_(node), forwarder_(forwarder) {}

  // `is_forwarded`: the request came from another node, so it is not handed on.
  WriteAnswer write(TimeEntry entry, bool is_forwarded, Deadline deadline);

  // After this, this node's series file may answer a read of that level.
  ReadBarrier await_readable(ReadLevel level, Deadline deadline);

  // What a leader tells another node that wants to read: how far it must have applied. Asks nobody but the quorum.
  ReadBarrier confirm_here(ReadLevel level, Deadline deadline);

  // This node is about to stop: what comes from now on is refused, certainly without effect, and nothing is tried
  // again.
  void refuse_from_now_on() { refusing_ = true; }

  // Where the leader is, when it is another node; waits for one until the deadline.
  struct Elsewhere {
    raft::NodeId id;
    std::string url;
  };
  std::optional<Elsewhere> leader_elsewhere(Deadline deadline);

 private:
  // One attempt each; true when there is no point in another.
  bool write_here(WriteAnswer& answer, Deadline deadline);
  bool forward(WriteAnswer& answer, const raft::NodeId& leader, Deadline deadline);
  ReadBarrier ask_leader(const raft::NodeId& leader, ReadLevel level, Deadline deadline);

  bool goes_on(Deadline deadline) const { return !refusing_ && Clock::now() < deadline; }

  Node& node_;
  Forwarder& forwarder_;
  std::atomic<bool> refusing_ = false;
};

// The body of an answer to GET /raft/read-index: {"index":7}.
std::string read_index_body(raft::Index index);
std::optional<raft::Index> parse_read_index(std::string_view body);

// A new random UUID of version 7 (RFC 9562): for entries that get their id on a node that does not lead.
Guid make_time_ordered_guid();

}  // namespace timestore::net
