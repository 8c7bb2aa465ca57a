#include "engine/series/command.h"

#include <cstddef>
#include <utility>

#include "engine/series/entry_reader.h"

namespace timestore {

std::string encode_command(std::span<const TimeEntry> entries) {
  constexpr size_t kUsualEntryBytes = 160;
  std::string command;
  command.reserve(entries.size() * kUsualEntryBytes);
  if (entries.size() == 1) {
    append_json(command, entries.front());
    return command;
  }
  command += '[';
  for (const TimeEntry& entry : entries) {
    if (command.size() > 1) command += ',';
    append_json(command, entry);
  }
  command += ']';
  return command;
}

Result<std::vector<TimeEntry>> decode_command(std::string_view command) {
  Result<ReadEntries> read =
      read_entries(command, {.source = EntrySource::kCommand, .shape = EntryShape::kObjectOrArray});
  if (!read) return tl::unexpected(std::move(read.error()));
  if (read->problems.empty()) return std::move(read->entries);
  const Problem& first = read->problems.front();
  return fail("The command is not of time entries: " + (first.pointer.empty() ? "" : first.pointer + ": ") +
              first.detail);
}

}  // namespace timestore
