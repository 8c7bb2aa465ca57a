// A lone survivor becomes a cluster of one again: offline, and by force, for it cannot know what the others had agreed
// on without it.
//
// What it does: appends a configuration with this node as the only voter to its log, in a new term. When the node
// starts next it elects itself and commits all that it holds. Nothing is removed.
//
// What may be lost: writes that the others had acknowledged and this node has not received. What may come to be: writes
// that this node had received and that were never acknowledged. And an old node that is started again with its old data
// could go on as another cluster; it must be wiped, and then be let in anew.
#pragma once

#include <string>
#include <vector>

#include "engine/base/result.h"
#include "engine/raft/configuration.h"
#include "engine/raft/types.h"

namespace timestore::net {

struct Recovery {
  raft::NodeId node;
  std::vector<raft::NodeId> gone;  // members that are none any more; none: it was alone already, and nothing was done
  raft::Position last;             // the end of its log, before
  bool was_novice = false;         // its disk had been lost before, and no leader had admitted it since
};

// `node`, where it is not empty, must be whose files these are. An error: nothing was done, and the sentence says why
// (the node still runs, its files are missing or damaged, it is no member of any cluster).
[[nodiscard]] Result<Recovery> recover_single(const std::string& database, const raft::NodeId& node);

}  // namespace timestore::net
