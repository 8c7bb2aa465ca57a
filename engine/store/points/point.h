// A point as the store keeps it: one value of one series at one time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <tuple>

#include "engine/base/guid.h"

namespace timestore::points {

// What the values of a series are. The numbers are on disks.
enum class Type : uint8_t { kFloat = 1, kInteger = 2, kUnsigned = 3, kBoolean = 4, kString = 5 };
constexpr Type kLastType = Type::kString;

// As users read it; `unknown` for a number that is none of these.
constexpr std::string_view name_of(Type type) {
  constexpr std::string_view kNames[] = {"unknown", "float", "integer", "unsigned", "boolean", "string"};
  return kNames[type <= kLastType ? static_cast<size_t>(type) : 0];
}

using SeriesNumber = uint64_t;

// The place in the log: log index << 17 | ordinal in the command.
using Seq = uint64_t;

struct Point {
  SeriesNumber series = 0;
  Type type = Type::kFloat;  // of the series
  int64_t time_ns = 0;       // since 1970
  Seq seq = 0;
  uint64_t bits = 0;                 // of a float, an integer or an unsigned; 0 or 1; of a string: 0
  std::string_view text = {};        // of a string
  bool is_line = false;              // it came as line protocol: a later one with its series and time replaces it
  Guid id = {};                      // that a client gave; nil: its place in the log is its id
  std::string_view attributes = {};  // minified JSON; empty: none
  bool operator==(const Point&) const = default;
};

// The order of points in segments: by series and time, of equal times lines first, then by their place in the log.
inline bool is_before(const Point& left, const Point& right) {
  return std::tie(left.series, left.time_ns, right.is_line, left.seq) <
         std::tie(right.series, right.time_ns, left.is_line, right.seq);
}

// Whether the later of two neighbours in that order takes the place of the earlier.
inline bool replaces(const Point& later, const Point& earlier) {
  return later.is_line && earlier.is_line && later.series == earlier.series && later.time_ns == earlier.time_ns;
}

}  // namespace timestore::points
