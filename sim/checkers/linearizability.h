// Is there an order of these calls that explains every answer? A blind search, which believes no index: Wing and Gong's
// (Testing and verifying concurrent objects, 1993) with Lowe's memory of configurations already visited (2017).
//
// The object is a set of slots, each empty until the first content is put into it, for ever. A put of several contents
// takes effect as a whole or not at all; a read tells everything that the slots hold. Since slots only fill, a read
// that lacks a content stands before whatever puts it there, and that prunes the search to almost nothing.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

namespace timestore::sim {

struct Content {
  std::uint32_t slot = 0;
  std::uint32_t number = 0;  // contents of one slot are told apart by it
  bool operator==(const Content&) const = default;
};

struct Call {
  enum class Kind : std::uint8_t {
    kRead,      // answered: `contents` is all it saw
    kStored,    // answered: every content is in its slot, now or since before
    kConflict,  // answered: `conflicts` of the contents found their slots taken by others, so nothing was put
    kMaybe,     // not answered: may have taken effect at any time since it began, or never
  };
  static constexpr std::uint64_t kNever = std::numeric_limits<std::uint64_t>::max();

  Kind kind = Kind::kRead;
  std::uint64_t operation = 0;  // its name in reports
  std::uint64_t begin = 0;      // moments, all different: a call precedes another if it ends before the other begins
  std::uint64_t end = kNever;
  std::vector<Content> contents;
  std::vector<std::uint32_t> conflicts;  // places in `contents`, ascending
};

struct History {
  std::vector<Content> before;  // in their slots when the history begins; reads do not repeat them
  std::vector<Call> calls;      // at most kMaxCalls

  static constexpr std::size_t kMaxCalls = 64;
};

struct SearchResult {
  enum class Verdict : std::uint8_t { kExplained, kUnexplained, kTooCostly };
  Verdict verdict = Verdict::kExplained;
  std::vector<std::uint64_t> stuck;  // of the longest order found: the operations that could not follow it
};

[[nodiscard]] SearchResult find_order(const History& history, std::size_t max_configurations);

}  // namespace timestore::sim
