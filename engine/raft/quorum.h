// Counting heads (paper, sections 5.2 and 5.4.2). Pure arithmetic over a set of voters.
#pragma once

#include <algorithm>
#include <cstddef>
#include <functional>
#include <vector>

namespace timestore::raft {

// The smallest number of voters any two groups of which share a voter. Of no voters at all, one: never reached.
constexpr std::size_t majority(std::size_t voters) { return voters / 2 + 1; }

enum class Tally : unsigned char { kPending, kWon, kLost };

// The state of an election among `voters`, of whom `granted` have agreed and `refused` have refused.
constexpr Tally tally(std::size_t voters, std::size_t granted, std::size_t refused) {
  if (granted >= majority(voters)) return Tally::kWon;
  if (voters < majority(voters) + refused) return Tally::kLost;
  return Tally::kPending;
}

// The largest value that a majority has reached, given what each voter has reached; the zero value without voters.
template <typename Value>
Value reached_by_majority(std::vector<Value> reached) {
  if (reached.empty()) return Value{};
  const auto nth = reached.begin() + static_cast<std::ptrdiff_t>(majority(reached.size()) - 1);
  std::nth_element(reached.begin(), nth, reached.end(), std::greater<>{});
  return *nth;
}

}  // namespace timestore::raft
