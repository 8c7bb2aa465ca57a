// The command line of timestore-sim.
#pragma once

#include "tools/campaign/run_command.h"

namespace timestore::campaign {

// Returns the exit status.
[[nodiscard]] int command_line(int argc, const char* const* argv, const Simulator& simulator);

}  // namespace timestore::campaign
