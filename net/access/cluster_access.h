// One way to reach the cluster's truth from any node: writes go to whoever leads, reads wait until this node may
// answer. What is tried next, where, and what may be said in the end is decided in engine/client; here are the threads
// and sockets.
//
// What is begun with a function `done` holds no thread of the caller while it waits: `done` is called once, from any
// thread, and must neither wait nor take long. Only what another node is asked occupies a courier meanwhile.
#pragma once

#include <atomic>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "engine/client/submission.h"
#include "net/access/couriers.h"
#include "net/access/forwarder.h"
#include "net/http/message.h"
#include "net/http/problem.h"
#include "net/node/node.h"

namespace timestore::net {

enum class ReadLevel : unsigned char {
  kLinearizable,  // sees every write acknowledged before; the leader confirms with a quorum that it leads
  kWeak,          // trusts the leader's own belief
  kNone,          // this node's file as it stands
};

struct WriteAnswer {
  client::WriteEnd end;                    // where the outcome is unknown, the entries have their ids for a retry
  std::optional<http::Response> response;  // what a leader answered that takes clients' requests only
};

struct ReadBarrier {
  enum class Kind : unsigned char { kPassed, kNotLeader, kNoQuorum, kContradicted };
  Kind kind = Kind::kNoQuorum;
  raft::Index index = 0;                       // this node has applied at least this far
  ReadLevel level = ReadLevel::kLinearizable;  // what was reached; an original leader confirms nothing
  bool is_applied = false;                     // certainly so far, here
};

// Why a read has no answer, for people, where the barrier has not passed.
std::string why_unreadable(const ReadBarrier& barrier);

class ClusterAccess {
 public:
  ClusterAccess(Node& node, Forwarder& forwarder);

  using Withdraw = Node::Withdraw;  // nobody waits for it any more: it ends as at its deadline

  // `is_forwarded`: the request came from another node, so it is not handed on.
  Withdraw write(client::Content content, bool is_forwarded, Deadline deadline, std::function<void(WriteAnswer)> done);
  WriteAnswer write(client::Content content, bool is_forwarded, Deadline deadline);

  // A write that another node has handed on: entries with their ids, or lines.
  Withdraw take(client::Content content, std::function<void(client::SubmitAnswer)> done);

  // When it has passed, this node's series file may answer a read of that level.
  using BarrierDone = std::function<void(ReadBarrier)>;
  Withdraw await_readable(ReadLevel level, Deadline deadline, BarrierDone done);

  // What a leader tells another node that wants to read: how far it must have applied. Asks nobody but the quorum.
  Withdraw confirm_here(ReadLevel level, Deadline deadline, BarrierDone done);

  // Until this node has applied so much; false at the deadline.
  Withdraw await_applied(raft::Index index, Deadline deadline, std::function<void(bool)> done);

  // A node of another cluster has handed the request on (Forwarder). Such a one is answered with what follows.
  bool is_of_another_cluster(const http::Request& request) const { return forwarder_.is_of_another_cluster(request); }
  http::Problem of_another_cluster() const;

  // This node is about to stop: what comes from now on is refused, certainly without effect, and nothing is tried
  // again.
  void refuse_from_now_on() { refusing_ = true; }

  // Where the leader is, when it is another node; waits for one until the deadline.
  struct Elsewhere {
    raft::NodeId id;
    std::string url;
  };
  Withdraw leader_elsewhere(Deadline deadline, std::function<void(std::optional<Elsewhere>)> done);

  // Carries out `attempts` (client::Attempts, or what wraps them) until they end: `try_one(step)` tries once and tells
  // them how that ended.
  template <typename Attempts, typename Try>
  void carry_out(Attempts& attempts, Try try_one);

 private:
  ReadBarrier failed(ReadBarrier::Kind kind) const;

  class WritePursuit;
  class ReadPursuit;
  class LeaderPursuit;

  Node& node_;
  Forwarder& forwarder_;
  std::atomic<bool> refusing_ = false;
  Couriers couriers_;  // goes first: its errands use the others
};

template <typename Attempts, typename Try>
void ClusterAccess::carry_out(Attempts& attempts, Try try_one) {
  for (;;) {
    if (refusing_) attempts.stop();
    const Leadership known = node_.leadership();
    const client::Attempts::Step step = attempts.next(known, time_now());
    switch (step.kind) {
      case client::Attempts::Step::Kind::kTry:
        try_one(step);
        break;
      case client::Attempts::Step::Kind::kWait:
        node_.await_change(known, to_moment(step.until));
        break;
      case client::Attempts::Step::Kind::kEnd:
        return;
    }
  }
}

// How long another node may take.
std::chrono::milliseconds time_for(const client::Attempts::Step& step);

// The body of an answer to GET /raft/read-index: {"index":7}.
std::string read_index_body(raft::Index index);
std::optional<raft::Index> parse_read_index(std::string_view body);

// A new random UUID of version 7 (RFC 9562): for entries that get their id on a node that does not lead.
Guid make_time_ordered_guid();

}  // namespace timestore::net
