// The clock that waits and deadlines go by, and the one that users mean.
#pragma once

#include <chrono>
#include <cstdint>

#include "engine/client/limits.h"

namespace timestore::net {

using Clock = std::chrono::steady_clock;
using Deadline = Clock::time_point;

// The same moment as the decisions in engine/client count it.
inline client::Time to_time(Deadline moment) {
  return static_cast<client::Time>(
      std::chrono::duration_cast<std::chrono::microseconds>(moment.time_since_epoch()).count());
}
inline Deadline to_moment(client::Time time) { return Deadline(std::chrono::microseconds(time)); }
constexpr std::chrono::microseconds lasting(client::Time time) { return std::chrono::microseconds(time); }
inline client::Time time_now() { return to_time(Clock::now()); }

// What the system takes for the time: for what users mean by it. It may be wrong, and it may jump.
inline std::int64_t nanoseconds_since_1970() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::system_clock::now().time_since_epoch())
      .count();
}

}  // namespace timestore::net
