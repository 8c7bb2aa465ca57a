// A lone survivor becomes a cluster of one again: offline, and by force, for it cannot know what the others had agreed
// on without it.
//
// What it does: appends a configuration with this node as the only voter to its log, in a new term, and a new id of the
// cluster. When the node starts next it elects itself and commits all that it holds. Nothing is removed.
//
// What may be lost: writes that the others had acknowledged and this node has not received. What may come to be: writes
// that this node had received and that were never acknowledged. And an old node that is started again with its old data
// could go on as the old cluster, with which this one has nothing to do any more: neither takes anything from the
// other. It must be wiped, and then be let in anew.
#pragma once

#include <vector>

#include "engine/base/result.h"
#include "engine/machine/state_machine.h"
#include "engine/store/log/log_file.h"

namespace timestore::replica {

struct Recovery {
  raft::NodeId node;
  std::vector<raft::NodeId> gone;  // members that are none any more; none: it was alone already, and nothing was done
  raft::Position last;             // the end of its log, before
  bool was_novice = false;         // its disk had been lost before, and no leader had admitted it since
};

// `next` is the id of the cluster of one; nobody else may have it. Requires that the log has an identity. An error:
// nothing was done, and the sentence says why (the two do not go together, the node is no member of any cluster).
[[nodiscard]] Result<Recovery> recover_alone(store::LogFile& log, const machine::StateMachine& machine,
                                             const raft::ClusterId& next);

}  // namespace timestore::replica
