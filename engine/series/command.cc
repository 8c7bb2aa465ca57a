#include "engine/series/command.h"

#include <cstddef>
#include <utility>

#include "engine/base/checksum.h"
#include "engine/series/entry_reader.h"

namespace timestore {

namespace {

constexpr std::size_t kChecksumAt = 4;

std::uint8_t byte_at(std::string_view bytes, std::size_t at) { return static_cast<std::uint8_t>(bytes[at]); }

std::uint32_t checksum_of(std::string_view envelope) {
  return crc32(envelope.substr(kEnvelopeBytes), crc32(envelope.substr(1, kChecksumAt - 1)));
}

std::uint32_t stored_checksum(std::string_view envelope) {
  std::uint32_t checksum = 0;
  for (std::size_t at = 0; at < sizeof checksum; ++at) {
    checksum |= std::uint32_t{byte_at(envelope, kChecksumAt + at)} << (8 * at);
  }
  return checksum;
}

void append_text(std::string& out, std::span<const TimeEntry> entries) {
  if (entries.size() == 1) return append_json(out, entries.front());
  out += '[';
  for (const TimeEntry& entry : entries) {
    if (&entry != entries.data()) out += ',';
    append_json(out, entry);
  }
  out += ']';
}

auto malformed(std::string message) { return tl::unexpected(CommandFault{{std::move(message)}, false}); }

tl::unexpected<CommandFault> unknown(std::string_view envelope, CommandVersion newest) {
  const auto number = [&](std::size_t at) { return std::to_string(byte_at(envelope, at)); };
  return tl::unexpected(CommandFault{
      {"is a command of version " + number(1) + " (kind " + number(2) + ", flags " + number(3) +
       "), and this node knows commands up to version " + std::to_string(newest) +
       " (kind 1, flags 0): upgrade this node to the release that its peers run. Nothing of the entry was applied."},
      true});
}

tl::expected<std::vector<TimeEntry>, CommandFault> decode_text(std::string_view text) {
  Result<ReadEntries> read = read_entries(text, {.source = EntrySource::kCommand, .shape = EntryShape::kObjectOrArray});
  if (!read) return malformed(std::move(read.error().message));
  if (read->problems.empty()) return std::move(read->entries);
  const Problem& first = read->problems.front();
  return malformed("The command is not of time entries: " + (first.pointer.empty() ? "" : first.pointer + ": ") +
                   first.detail);
}

}  // namespace

std::string encode_command(std::span<const TimeEntry> entries, CommandVersion version) {
  constexpr std::size_t kUsualEntryBytes = 160;
  std::string command;
  command.reserve(kEnvelopeBytes + entries.size() * kUsualEntryBytes);
  if (version == kOriginalText) {
    append_text(command, entries);
    return command;
  }
  command = {kCommandMagic, static_cast<char>(version), static_cast<char>(CommandKind::kTimeEntries), 0, 0, 0, 0, 0};
  append_text(command, entries);
  const std::uint32_t checksum = checksum_of(command);
  for (std::size_t at = 0; at < sizeof checksum; ++at) {
    command[kChecksumAt + at] = static_cast<char>(checksum >> (8 * at) & 0xff);
  }
  return command;
}

tl::expected<std::vector<TimeEntry>, CommandFault> decode_command(std::string_view command, CommandVersion newest) {
  if (!command.starts_with(kCommandMagic)) return decode_text(command);
  if (command.size() < kEnvelopeBytes) return malformed("The command ends within its envelope.");
  if (stored_checksum(command) != checksum_of(command)) return malformed("The command fails its checksum.");
  const std::uint8_t version = byte_at(command, 1);
  if (version == kOriginalText) return malformed("The command is an envelope of a version that has none.");
  const bool is_known = version <= newest &&
                        byte_at(command, 2) == static_cast<std::uint8_t>(CommandKind::kTimeEntries) &&
                        byte_at(command, 3) == 0;
  return is_known ? decode_text(command.substr(kEnvelopeBytes)) : unknown(command, newest);
}

}  // namespace timestore
