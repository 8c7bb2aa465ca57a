// Moves the edge of retention on while points age: what a leader does now and then.
//
// It has no clock: whoever asks says what time it is. A clock that is wrong moves the edge too early or too late, and
// what it hides stays hidden; so the clocks of all nodes that may lead must be right to within what a user of a short
// age would notice.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "engine/replica/replica.h"
#include "engine/series/retention.h"

namespace timestore::client {

// So often it is asked.
inline constexpr std::uint64_t kEdgePeriodMs = 1'000;

// By so much the edge must have to move: so a point outlives its age by a hundredth, or by a second where that is more,
// and by an hour at most; and the log gets no more entries than that.
[[nodiscard]] std::int64_t edge_step(std::int64_t max_age_ns);

// The order that is due, if any. `applied` is what was in force at the entry that was applied last.
[[nodiscard]] std::optional<RetentionOrder> due_order(const Retention& applied, std::int64_t now_ns);

class EdgeKeeper {
 public:
  // Proposes the order that is due, one at a time, where the replica leads.
  void look(replica::Replica& replica, const Retention& applied, std::int64_t now_ns);

 private:
  std::shared_ptr<bool> is_on_its_way_ = std::make_shared<bool>(false);  // shared with the order
};

}  // namespace timestore::client
