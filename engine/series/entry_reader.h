// Reading time entries from JSON: what request bodies (parse.h) and commands (command.h) have in common.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>
#include <vector>

#include "engine/base/result.h"
#include "engine/base/text_position.h"
#include "engine/series/parse.h"
#include "engine/series/time_entry.h"

namespace timestore {

// Who wrote the text, and so how much is asked of it. A command has been accepted once; it is read as kindly as every
// replica can agree on.
enum class EntrySource { kClient, kCommand };

enum class EntryShape {
  kObject,
  kArray,
  kObjectOrArray,
  kElement,  // of an array, with the comma or bracket that follows it
};

struct ReadEntries {
  std::vector<TimeEntry> entries;
  // Not more than kMaxProblems. When there are any, the entries are not to be used.
  Problems problems;
};

struct EntryReading {
  EntrySource source;
  EntryShape shape;
  // Where the text stands in a longer one: what the pointers begin with, and where it begins. What is said of an
  // element is what would be said of it within its array.
  std::optional<size_t> place = std::nullopt;
  TextPosition begin = {};
};

// Fails when the text is not well-formed JSON of the shape asked for: then nothing more can be said about it.
Result<ReadEntries> read_entries(std::string_view json, EntryReading reading);

}  // namespace timestore
