// What a body may be at most, and why one is refused: what the parsers of this folder have in common.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "engine/series/parse.h"

namespace timestore {

struct Limits {
  uint64_t bytes;       // of the body
  uint64_t records;     // time entries or lines, never fields
  size_t record_bytes;  // of one entry or line, its end not counted; so much a parser keeps of one that is unfinished
};

// Why nothing of a body counts. Of too large a body there is one problem and its rest was not looked at.
struct Refusal {
  bool is_too_large = false;
  Problems problems;

  bool operator==(const Refusal&) const = default;
};

// What has been seen of a body.
struct Seen {
  uint64_t bytes = 0;
  uint64_t records = 0;

  bool operator==(const Seen&) const = default;
};

inline Refusal too_large(std::string detail, std::string pointer = "") {
  return {.is_too_large = true, .problems = {{std::move(pointer), std::move(detail)}}};
}

inline Refusal too_many_bytes(const Limits& limits) {
  return too_large("A body has at most " + std::to_string(limits.bytes) + " bytes.");
}

inline Refusal line_too_long(const Limits& limits, uint64_t number) {
  return too_large("A line has at most " + std::to_string(limits.record_bytes) + " bytes; line " +
                   std::to_string(number) + " has more.");
}

// What of the next piece is within the limit. It is counted.
inline std::string_view admit(std::string_view piece, const Limits& limits, Seen& seen) {
  const std::string_view admitted = piece.substr(0, std::min<uint64_t>(piece.size(), limits.bytes - seen.bytes));
  seen.bytes += admitted.size();
  return admitted;
}

}  // namespace timestore
