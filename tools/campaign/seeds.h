// Which seeds a campaign runs, and in which order: ranges of consecutive numbers, given or freshly drawn.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/result.h"

namespace timestore::campaign {

struct SeedRange {
  std::uint64_t first = 1;
  std::uint64_t last = 1;  // it belongs to the range

  std::uint64_t size() const { return last - first + 1; }
  bool operator==(const SeedRange&) const = default;
};

// Ranges that run one after another. A seed that is named twice runs twice.
class SeedList {
 public:
  SeedList() = default;
  SeedList(std::initializer_list<SeedRange> ranges) : ranges_(ranges) {}

  void append(SeedRange range) { ranges_.push_back(range); }
  const std::vector<SeedRange>& ranges() const { return ranges_; }

  std::uint64_t size() const;                   // of all ranges together
  std::uint64_t at(std::uint64_t place) const;  // requires place < size()
  bool operator==(const SeedList&) const = default;

 private:
  std::vector<SeedRange> ranges_;
};

// "7", "1..2000", "fresh:200": so many seeds from a place that the system's randomness decides; or several of these
// with commas between them.
[[nodiscard]] Result<SeedList> parse_seeds(std::string_view text);

// As on a command line: "7", "1..2000" or "1..250,1492".
[[nodiscard]] std::string to_text(SeedRange seeds);
[[nodiscard]] std::string to_text(const SeedList& seeds);

}  // namespace timestore::campaign
