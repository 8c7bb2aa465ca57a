// Finds the leader of a cluster through any of its nodes.
#pragma once

#include "bench/ingest/target.h"
#include "engine/base/result.h"

namespace timestore::bench {

// Posts one entry to target with ?redirect=true: the leader stores it, any other node names the leader with a 307.
// Gives up after a few seconds without an answer.
[[nodiscard]] Result<Target> leader_of(const Target& target);

}  // namespace timestore::bench
