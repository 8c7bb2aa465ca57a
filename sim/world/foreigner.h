// What a node of another cluster would say under the name of one of ours, as when addresses are mixed up: it has the
// same members by name, a log of the same shape, and an id of its own. It says whatever would harm most if it were
// believed. Pure.
#pragma once

#include <optional>

#include "engine/raft/state.h"
#include "sim/words/choices.h"

namespace timestore::sim {

// Its answer to a request; none where there is none.
[[nodiscard]] std::optional<raft::Message> foreign_answer(const raft::Message& request, const raft::ClusterId& cluster);

// What it sends to the node with this core, as `self`: it wants to lead, or says that it does. A leader may come from a
// cluster that has no id yet, or be of the original's kind.
[[nodiscard]] raft::Message foreign_request(const raft::State& core, const raft::NodeId& self,
                                            const raft::ClusterId& cluster, Stream& choices);

}  // namespace timestore::sim
