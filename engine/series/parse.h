// Reading time entries from request bodies: strict, and telling everything that is wrong at once.
//
// Property names match in any case and a value may be a quoted number, as in the original's framework. Unknown
// properties, properties given twice and values out of their limits (time_entry.h) are refused. An id that is null or
// nil counts as not given. Attributes that are null or empty count as none; others are kept minified, with their
// members in order and every number as it was written.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <vector>

#include "engine/series/time_entry.h"

namespace timestore {

// What is wrong, and where: a JSON pointer (RFC 6901) such as `/3/value`, empty for the whole body.
struct Problem {
  std::string pointer;
  std::string detail;

  bool operator==(const Problem&) const = default;
};

using Problems = std::vector<Problem>;

// No more problems than this are reported of one body.
inline constexpr size_t kMaxProblems = 20;

// Reads a body that is one JSON object. A body that is not well-formed JSON gives exactly one problem.
tl::expected<TimeEntry, Problems> parse_time_entry(std::string_view json);

// Reads a body that is a JSON array of such objects, which may be empty. Pointers begin with the entry's place.
tl::expected<std::vector<TimeEntry>, Problems> parse_time_entries(std::string_view json);

}  // namespace timestore
