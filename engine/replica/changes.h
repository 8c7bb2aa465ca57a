// Those who wait for a change of the members to begin.
#pragma once

#include <functional>
#include <map>

#include "engine/raft/effects.h"

namespace timestore::replica {

// How a change of members ended. Done: the entry that begins it is committed, so that it will be completed; who is to
// vote becomes a voter when it has caught up, which status() shows.
struct ChangeEnd {
  enum class Kind : std::uint8_t {
    kDone,
    kRefused,    // nothing has changed; `refusal` says why
    kNotLeader,  // certainly not done; the leader may be known
    kUnknown,    // leadership or this node was lost: it may or may not be done
  };
  Kind kind = Kind::kUnknown;
  raft::Refusal refusal = raft::Refusal::kNone;
  raft::Index index = 0;  // of the entry, when done
};
using ChangeCallback = std::function<void(ChangeEnd)>;

class Changes {
 public:
  void begin(raft::ProposalId id, ChangeCallback callback) { waiting_.emplace(id, std::move(callback)); }
  bool end(const raft::Fate& fate);  // false: it is none of a change
  void give_up_all();                // their ends are unknown, and come later for nobody
  void fail();                       // their ends are unknown, for ever
  bool is_awaited() const { return !waiting_.empty(); }

 private:
  std::map<raft::ProposalId, ChangeCallback> waiting_;  // an empty callback: the caller has given up
};

}  // namespace timestore::replica
