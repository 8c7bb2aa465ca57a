// Waiting for what another process will do: by asking again until it is so, never by sleeping and hoping.
//
// No test expects speed, for on a busy machine everything takes its time. What is measured is printed, not judged.
#pragma once

#include <chrono>
#include <thread>

namespace timestore::system {

using Clock = std::chrono::steady_clock;
using namespace std::chrono_literals;

inline constexpr Clock::duration kPollInterval = 5ms;

// Only what hangs takes longer, however busy the machine is.
inline constexpr Clock::duration kHangGuard = 120s;

// Whether the condition came to hold within the time given. A shorter time is for what must not come to hold.
template <typename Condition>
[[nodiscard]] bool await_within(Clock::duration within, Condition condition) {
  const auto deadline = Clock::now() + within;
  while (!condition()) {
    if (Clock::now() >= deadline) return false;
    std::this_thread::sleep_for(kPollInterval);
  }
  return true;
}

// Whether the condition came to hold, sooner or later.
template <typename Condition>
[[nodiscard]] bool await(Condition condition) {
  return await_within(kHangGuard, condition);
}

}  // namespace timestore::system
