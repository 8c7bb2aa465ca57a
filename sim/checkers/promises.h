// Whether the durable image alone justifies a message at the moment it leaves. This catches an acknowledgement before
// its sync without a lucky crash.
#pragma once

#include "engine/raft/effects.h"
#include "sim/checkers/elections.h"
#include "sim/checkers/entries.h"
#include "sim/checkers/findings.h"
#include "sim/checkers/shadows.h"

namespace timestore::sim {

class Promises {
 public:
  Promises(Findings& findings, const Shadows& shadows, const Entries& entries, Elections& elections)
      : rules_(findings, "promises"), shadows_(shadows), entries_(entries), elections_(elections) {}

  // `committed`: the newest committed index of the cluster.
  void sends(std::size_t node, const raft::Send& send, raft::Index committed);

 private:
  void check(std::size_t node, const raft::NodeId& to, const raft::VoteRequest& request);
  void check(std::size_t node, const raft::NodeId& to, const raft::VoteResponse& response);
  void check(std::size_t node, const raft::NodeId& to, const raft::PreVoteRequest& request);
  void check(std::size_t node, const raft::NodeId& to, const raft::PreVoteResponse& response);
  void check(std::size_t node, const raft::NodeId& to, const raft::TimeoutNow& request);
  void check(std::size_t node, const raft::NodeId& to, const raft::SnapshotRequest& request);
  void check(std::size_t, const raft::NodeId&, const raft::NotOurs&) {}
  void check(std::size_t node, const raft::NodeId& to, const raft::SnapshotResponse& response);
  void check(std::size_t node, const raft::NodeId& to, const raft::AppendRequest& request);
  void check(std::size_t node, const raft::NodeId& to, const raft::AppendResponse& response);

  Rules rules_;
  const Shadows& shadows_;
  const Entries& entries_;
  Elections& elections_;
  raft::Index committed_ = 0;
};

}  // namespace timestore::sim
