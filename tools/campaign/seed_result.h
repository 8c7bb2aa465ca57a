// What came of one seed, and its form between processes.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "sim/run/run.h"

namespace timestore::campaign {

struct SeedResult {
  sim::RunReport report;
  std::chrono::microseconds cpu{0};  // of the processor, for this seed alone
};

// For a process forked from the same program: marks go by their numbers.
[[nodiscard]] std::string encode(const SeedResult& result);

// None if `bytes` is not what encode() makes. The sender may be a process whose memory is broken.
[[nodiscard]] std::optional<SeedResult> decode(std::string_view bytes);

}  // namespace timestore::campaign
