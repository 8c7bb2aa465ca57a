// Raft's truths about one node, as sentences.
//
// Each function returns the first sentence that does not hold, or nothing. The first kind looks at one state, the
// second at two successive states of a node that did not restart in between. What spans several nodes (one leader per
// term, one entry per index) needs more than a node knows and is checked where whole clusters are in view.
#pragma once

#include <optional>
#include <string_view>

#include "engine/raft/state.h"

namespace timestore::raft {

[[nodiscard]] std::optional<std::string_view> violated(const State& state);
[[nodiscard]] std::optional<std::string_view> violated_between(const State& before, const State& after);

}  // namespace timestore::raft
