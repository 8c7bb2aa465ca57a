// Points go when they have aged, and no sooner: the edge that the log says never stands later than the clocks of the
// leaders allow. (That nodes show and keep what that edge says is judged by the model.)
#pragma once

#include "engine/series/retention.h"
#include "sim/checkers/findings.h"
#include "sim/words/event_queue.h"

namespace timestore::sim {

class Expiry {
 public:
  explicit Expiry(Findings& findings) : rules_(findings, "expiry") {}

  // An order was committed: what was in force before, and is now.
  void committed(Time now, const Retention& before, const Retention& after);

 private:
  Rules rules_;
};

}  // namespace timestore::sim
