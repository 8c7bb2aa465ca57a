// Waiting for what another process will do: by asking again until it is so, never by sleeping and hoping.
#pragma once

#include <chrono>
#include <thread>

namespace timestore::system {

using Clock = std::chrono::steady_clock;
using namespace std::chrono_literals;

inline constexpr Clock::duration kPollInterval = 5ms;

// Whether the condition came to hold within the time given.
template <typename Condition>
[[nodiscard]] bool await(Clock::duration within, Condition condition) {
  const auto deadline = Clock::now() + within;
  while (!condition()) {
    if (Clock::now() >= deadline) return false;
    std::this_thread::sleep_for(kPollInterval);
  }
  return true;
}

}  // namespace timestore::system
