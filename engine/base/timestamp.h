// Points in time: signed 64-bit nanoseconds since 1970-01-01T00:00:00 UTC, without leap seconds, as POSIX counts.
//
// Text is RFC 3339. The calendar is the proleptic Gregorian one. Nothing here reads a clock, a time zone or a locale.
#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <string_view>

#include "engine/base/result.h"

namespace timestore {

// 1677-09-21T00:12:43.145224193Z to 2262-04-11T23:47:16.854775807Z. The range is symmetric around 1970, so that the
// negative of every timestamp is one too.
inline constexpr int64_t kMinTimestamp = -std::numeric_limits<int64_t>::max();
inline constexpr int64_t kMaxTimestamp = std::numeric_limits<int64_t>::max();

// Reads `YYYY-MM-DD`, then optionally `T`, `t` or a space and `hh:mm`, `hh:mm:ss` or `hh:mm:ss.f...`, then optionally
// `Z`, `z`, `+hh:mm` or `-hh:mm`. Without an offset the time is UTC; a date alone is its midnight UTC. This is RFC 3339
// and the shorter forms that .NET's System.Text.Json accepts.
//
// Refused, with a sentence that says what is wrong: dates and times that do not exist, second 60 (a leap second has no
// number of its own here), digits finer than a nanosecond unless they are zeros, and instants outside the range above.
Result<int64_t> parse_timestamp(std::string_view text);

// Writes UTC with `Z` and as many fraction digits as needed, none for whole seconds: `2024-05-01T12:00:00.5Z`.
void append_timestamp(std::string& out, int64_t timestamp_ns);

}  // namespace timestore
