#include "sim/checkers/expiry.h"

#include <string>

#include "sim/words/wall_clock.h"

namespace timestore::sim {

void Expiry::committed(Time now, const Retention& before, const Retention& after) {
  const auto describe = [&] {
    return facts("age", after.max_age_ns, "edge", after.edge_ns, "before", before.edge_ns, "time", wall_ns(now));
  };
  if (!rules_.require(after.edge_ns >= before.edge_ns, "the edge of retention never falls", describe)) return;
  if (after.edge_ns == before.edge_ns) return;
  rules_.require(after.max_age_ns != kForEver, "points that are kept for ever do not expire", describe);
  rules_.require(after.edge_ns <= wall_ns(now + kMaxSkew) - after.max_age_ns, "no point expires before its age",
                 describe);
}

}  // namespace timestore::sim
