// What the parser of line protocol makes of a body, in the tests that look at lines.
#pragma once

#include <gtest/gtest.h>

#include <string_view>

#include "tests/engine/formats/line_twin.h"
#include "tests/engine/formats/pieces.h"

namespace timestore {

inline constexpr Limits kWideLimits = {.bytes = 64 << 20, .records = 1'000'000, .record_bytes = 1 << 20};
inline constexpr LineReading kReading = {.default_time_ns = 1'714'564'800'123'456'789};

inline LineOutcomes parsed(std::string_view body, const LineReading& reading = kReading, const Cuts& cuts = {}) {
  LineKeeper keeper;
  LineParser parser(keeper, kWideLimits, reading);
  feed(parser, body, cuts);
  EXPECT_TRUE(parser.finish().has_value());
  EXPECT_EQ(parser.seen(), (Seen{.bytes = body.size(), .records = keeper.outcomes.size()}));
  return keeper.outcomes;
}

}  // namespace timestore
