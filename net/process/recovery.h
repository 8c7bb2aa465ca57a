// The files of a lone survivor, for replica/recover.h.
#pragma once

#include <string>

#include "engine/base/result.h"
#include "engine/replica/recover.h"

namespace timestore::net {

// `node`, where it is not empty, must be whose files these are. An error: nothing was done, and the sentence says why
// (the node still runs, its files are missing or damaged, it is no member of any cluster).
[[nodiscard]] Result<replica::Recovery> recover_single(const std::string& database, const raft::NodeId& node);

}  // namespace timestore::net
