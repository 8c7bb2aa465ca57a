// Reading time entries from JSON: what request bodies (parse.h) and commands (command.h) have in common.
#pragma once

#include <string_view>
#include <vector>

#include "engine/base/result.h"
#include "engine/series/parse.h"
#include "engine/series/time_entry.h"

namespace timestore {

// Who wrote the text, and so how much is asked of it. A command has been accepted once; it is read as kindly as every
// replica can agree on.
enum class EntrySource { kClient, kCommand };

enum class EntryShape { kObject, kArray, kObjectOrArray };

struct ReadEntries {
  std::vector<TimeEntry> entries;
  // Not more than kMaxProblems. When there are any, the entries are not to be used.
  Problems problems;
};

struct EntryReading {
  EntrySource source;
  EntryShape shape;
};

// Fails when the text is not well-formed JSON of the shape asked for: then nothing more can be said about it.
Result<ReadEntries> read_entries(std::string_view json, EntryReading reading);

}  // namespace timestore
