// What a world supplies to a replica. The real one is in net, the imagined one in the simulator.
#pragma once

#include <functional>
#include <span>

#include "engine/raft/effects.h"
#include "engine/raft/state.h"

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

// Sees every turn of the core, after it was taken and before any of its effects is carried out, and which writes the
// log file calls durable. It changes nothing.
class Witness {
 public:
  virtual ~Witness() = default;
  virtual void stepped(const raft::State& core, std::span<const raft::Input> inputs, const raft::Effects& effects) = 0;
  virtual void wrote(raft::WriteId through) = 0;
};

struct Ports {
  Transport& transport;
  Lanes& lanes;
  Witness* witness = nullptr;
};

}  // namespace timestore::replica
