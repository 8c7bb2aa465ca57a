// What a world supplies to a replica. The real one is in net, the imagined one in the simulator.
#pragma once

#include <functional>

#include "engine/raft/effects.h"

namespace timestore::replica {

// Carries messages to other nodes. May lose, delay, double and reorder them, never change them.
class Transport {
 public:
  virtual ~Transport() = default;
  // An append request comes with all its payloads.
  virtual void send(raft::Send send) = 0;
};

// Two places where slow things happen in order, one at a time, beside the replica: one for the log file, one for the
// series file. The world may run them on threads or as events.
enum class Lane : std::uint8_t { kLog, kSeries };

struct Job {
  std::function<void()> work;  // runs on the lane; touches only that lane's file and what the job itself holds
  std::function<void()> done;  // then runs where the replica runs
};

class Lanes {
 public:
  virtual ~Lanes() = default;
  virtual void run(Lane lane, Job job) = 0;  // returns before `done` runs
};

struct Ports {
  Transport& transport;
  Lanes& lanes;
};

}  // namespace timestore::replica
