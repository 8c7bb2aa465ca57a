// What a node may hold, in memory and on its disk, however long it has been stuck.
//
// Each bound follows from a limit that is named in the engine; what depends on load is measured against the load.
#pragma once

#include <optional>

#include "sim/world/cluster.h"

namespace timestore::sim {

// After a node has settled: its caches and queues. Cheap.
[[nodiscard]] std::optional<Violation> broken_bound_of_memory(Cluster& cluster, std::size_t number,
                                                              const ClusterOptions& options);

// Its files. Now and then.
[[nodiscard]] std::optional<Violation> broken_bound_of_files(Cluster& cluster, std::size_t number,
                                                             const ClusterOptions& options);

}  // namespace timestore::sim
