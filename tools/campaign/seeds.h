// Which seeds a campaign runs: consecutive numbers, given or freshly drawn.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "engine/base/result.h"

namespace timestore::campaign {

struct SeedRange {
  std::uint64_t first = 1;
  std::uint64_t last = 1;  // it belongs to the range

  std::uint64_t size() const { return last - first + 1; }
  bool operator==(const SeedRange&) const = default;
};

// "7", "1..2000", or "fresh:200": so many seeds from a place that the system's randomness decides.
[[nodiscard]] Result<SeedRange> parse_seeds(std::string_view text);

// As on a command line: "7" or "1..2000".
[[nodiscard]] std::string to_text(SeedRange seeds);

}  // namespace timestore::campaign
