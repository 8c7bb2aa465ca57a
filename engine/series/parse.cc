#include "engine/series/parse.h"

#include <utility>

#include "engine/series/entry_reader.h"

namespace timestore {
namespace {

tl::expected<std::vector<TimeEntry>, Problems> parse(std::string_view json, EntryShape shape) {
  if (json.size() > kMaxBodyBytes) {
    return tl::unexpected(Problems{{"", "A body has at most " + std::to_string(kMaxBodyBytes) + " bytes."}});
  }
  Result<ReadEntries> read = read_entries(json, {.source = EntrySource::kClient, .shape = shape});
  if (!read) return tl::unexpected(Problems{{"", read.error().message}});
  if (!read->problems.empty()) return tl::unexpected(std::move(read->problems));
  return std::move(read->entries);
}

}  // namespace

tl::expected<TimeEntry, Problems> parse_time_entry(std::string_view json) {
  return parse(json, EntryShape::kObject).map([](std::vector<TimeEntry> entries) {
    return std::move(entries.front());
  });
}

tl::expected<std::vector<TimeEntry>, Problems> parse_time_entries(std::string_view json) {
  return parse(json, EntryShape::kArray);
}

}  // namespace timestore
