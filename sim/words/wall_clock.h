// What people take for the time in the imagined world: the clocks on the walls of its nodes.
#pragma once

#include <cstdint>

#include "sim/words/event_queue.h"

namespace timestore::sim {

inline constexpr std::int64_t kWallBegin = 1'700'000'000'000'000'000;  // nanoseconds since 1970, when the world began
inline constexpr Time kMaxSkew = 2 * kSecond;                          // by which the clock of a node may be wrong

constexpr std::int64_t nanoseconds(Time time) { return static_cast<std::int64_t>(time) * 1'000; }
constexpr std::int64_t wall_ns(Time now) { return kWallBegin + nanoseconds(now); }

}  // namespace timestore::sim
