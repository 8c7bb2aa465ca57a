// What kind of world a seed makes: its size, its speeds, its load, and which faults are on and how hard.
//
// Every seed leaves some faults out and takes others far ("Swarm Testing", Groce et al., ISSTA 2012): a world in which
// everything happens a little never shows what one fault alone can do.
#pragma once

#include "sim/clients/deleter.h"
#include "sim/clients/janitor.h"
#include "sim/clients/line_writer.h"
#include "sim/clients/upgrader.h"
#include "sim/clients/workload.h"
#include "sim/faults/faults.h"
#include "sim/run/run.h"
#include "sim/words/choices.h"
#include "sim/world/world.h"

namespace timestore::sim {

struct Swarm {
  WorldOptions world;
  LoadOptions load;
  FaultOptions faults;
  UpgradeOptions upgrades;
  JanitorOptions retention;
  DeleteOptions deletes;
  LineOptions lines;
};

[[nodiscard]] Swarm draw_swarm(const RunOptions& options, Choices& choices);

}  // namespace timestore::sim
