// What the command string of a log entry means: one time entry, or a batch that is stored as a whole.
//
// A command is JSON: the object of the entry, or an array of such objects. An original Time Store writes the same
// object with PascalCase names and .NET's forms of timestamps; its commands are read too, whatever it may have accepted
// from its clients: a device id may be missing, null, empty or long. Other kinds of commands are told apart by whoever
// makes them, before anything is decoded here.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/result.h"
#include "engine/series/time_entry.h"

namespace timestore {

// One entry becomes its object, exactly as append_json writes it; any other number of them becomes an array.
std::string encode_command(std::span<const TimeEntry> entries);

// Total and deterministic: any bytes give entries or an error, the same on every machine. Names match in any case,
// unknown properties are ignored, a missing id is nil.
Result<std::vector<TimeEntry>> decode_command(std::string_view command);

}  // namespace timestore
