// How long points are kept: an age, and the edge before which they are gone.
//
// Both are part of the state that the log makes. The edge alone decides what is visible and what may still be stored,
// and it never falls: what was hidden once stays hidden, whatever age is set later. Nobody looks at a clock but the
// leader, who proposes where the edge is to be (client/edge_keeper.h).
#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <string_view>

#include "engine/base/result.h"

namespace timestore {

inline constexpr std::int64_t kForEver = 0;                                        // as an age: points are kept
inline constexpr std::int64_t kNoEdge = std::numeric_limits<std::int64_t>::min();  // no point is before it
inline constexpr std::int64_t kMinAge = 1'000'000'000;                             // that may be set otherwise
inline constexpr std::int64_t kMaxAge = std::numeric_limits<std::int64_t>::max();

struct Retention {
  std::int64_t max_age_ns = kForEver;
  std::int64_t edge_ns = kNoEdge;  // the first time that is kept

  bool hides(std::int64_t time_ns) const { return time_ns < edge_ns; }
  bool operator==(const Retention&) const = default;
};

// What a command asks for: another age, with the edge that follows from it at once, or only a later edge. The latter
// was computed from the age that it names; it means nothing where another age has come into force meanwhile.
struct RetentionOrder {
  bool sets_age = false;
  std::int64_t max_age_ns = kForEver;
  std::int64_t edge_ns = kNoEdge;
  bool operator==(const RetentionOrder&) const = default;
};

// What is in force after the order.
[[nodiscard]] Retention after(const Retention& before, const RetentionOrder& order);

// Where points of that age stand at that time.
[[nodiscard]] std::int64_t edge_at(std::int64_t now_ns, std::int64_t max_age_ns);

// "30d": a whole number and one of the units s, m, h, d, w; from a second to 292 years.
[[nodiscard]] Result<std::int64_t> parse_age(std::string_view text);
// In the largest unit that says it exactly; what is no whole second, in nanoseconds ("1500000000ns").
[[nodiscard]] std::string age_text(std::int64_t max_age_ns);

}  // namespace timestore
