#include "engine/series/command.h"

#include <algorithm>
#include <bit>
#include <cstddef>
#include <map>
#include <utility>

#include "engine/base/check.h"
#include "engine/base/checksum.h"
#include "engine/series/entry_id.h"
#include "engine/series/entry_reader.h"
#include "engine/store/points/batch.h"

namespace timestore {

namespace {

constexpr std::size_t kChecksumAt = 4;
constexpr std::size_t kNumberBytes = 8;  // little-endian

std::uint8_t byte_at(std::string_view bytes, std::size_t at) { return static_cast<std::uint8_t>(bytes[at]); }

std::uint64_t number_at(std::string_view bytes, std::size_t at) {
  std::uint64_t number = 0;
  for (unsigned byte = 0; byte < kNumberBytes; ++byte) number |= std::uint64_t{byte_at(bytes, at + byte)} << (8 * byte);
  return number;
}

void append_number(std::string& out, std::uint64_t number) {
  for (unsigned byte = 0; byte < kNumberBytes; ++byte) out += static_cast<char>(number >> (8 * byte) & 0xff);
}

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
  return tl::unexpected(
      CommandFault{{"is a command of version " + number(1) + " (kind " + number(2) + ", flags " + number(3) +
                    "), and this node knows commands up to version " + std::to_string(newest) +
                    " (kinds 1 to 6, flags 0): upgrade this node to the release that its peers run. Nothing of the "
                    "entry was applied."},
                   true});
}

tl::expected<Command, CommandFault> decode_text(std::string_view text) {
  Result<ReadEntries> read = read_entries(text, {.source = EntrySource::kCommand, .shape = EntryShape::kObjectOrArray});
  if (!read) return malformed(std::move(read.error().message));
  if (read->problems.empty()) return Command{.entries = std::move(read->entries)};
  const Problem& first = read->problems.front();
  return malformed("The command is not of time entries: " + (first.pointer.empty() ? "" : first.pointer + ": ") +
                   first.detail);
}

// ---- batches

bool fits_into_a_batch(std::span<const TimeEntry> entries) {
  return !entries.empty() && entries.size() <= points::kMaxBatchPoints &&
         std::all_of(entries.begin(), entries.end(), [](const TimeEntry& entry) {
           return !entry.device_id.empty() && entry.device_id.size() <= points::kMaxSeriesNameBytes;
         });
}

void append_points(std::string& out, std::span<const TimeEntry> entries, std::optional<CommandPlace> place) {
  append_number(out, place ? place->salt : 0);
  points::BatchWriter writer;
  std::map<std::string_view, points::SeriesNumber> numbers;
  std::uint32_t ordinal = 0;
  for (const TimeEntry& entry : entries) {
    const auto& [id, device_id, timestamp_ns, value, attributes] = entry;
    const auto [series, is_new] = numbers.emplace(device_id, 0);
    if (is_new) series->second = writer.add_series({.name = device_id});
    const bool is_told = place && id == make_entry_id({place->index, ordinal}, place->salt, device_id, timestamp_ns);
    writer.add({.series = series->second,
                .time_ns = timestamp_ns,
                .bits = std::bit_cast<std::uint64_t>(value),
                .id = is_told ? Guid() : id,
                .attributes = attributes});
    ++ordinal;
  }
  out += writer.finish();
}

tl::expected<Command, CommandFault> decode_points(std::string_view body) {
  if (body.size() < kNumberBytes) return malformed("The command ends within its salt.");
  Command command{.entries = {}, .salt = number_at(body, 0)};
  auto batch = points::BatchReader::open(body.substr(kNumberBytes));
  if (!batch) return malformed("The command is no batch: " + batch.error().message + ".");
  command.entries.resize(batch->size());
  bool are_floats = true;
  auto read = batch->read([&](const points::Point& point) {
    const points::BatchSeries& series = batch->series()[point.series];
    are_floats = are_floats && point.type == points::Type::kFloat && series.number == 0 && !point.is_line;
    command.entries[point.seq] = {.id = point.id,
                                  .device_id = std::string(series.name),
                                  .timestamp_ns = point.time_ns,
                                  .value = std::bit_cast<double>(point.bits),
                                  .attributes = std::string(point.attributes)};
  });
  if (!read) return malformed("The command is no batch: " + read.error().message + ".");
  if (!are_floats) return malformed("The command is a batch of what time entries are not.");
  return command;
}

// ---- retention

tl::expected<Command, CommandFault> decode_order(bool sets_age, std::string_view body) {
  if (body.size() != 2 * kNumberBytes) return malformed("The command is no order of retention: its size is wrong.");
  const RetentionOrder order{.sets_age = sets_age,
                             .max_age_ns = static_cast<std::int64_t>(number_at(body, 0)),
                             .edge_ns = static_cast<std::int64_t>(number_at(body, kNumberBytes))};
  if (order.max_age_ns != kForEver && order.max_age_ns < kMinAge) return malformed("The command sets no possible age.");
  return Command{.entries = {}, .salt = 0, .retention = order};
}

// ---- lines

tl::expected<Command, CommandFault> decode_lines(std::string_view body) {
  auto write = read_line_write(body);
  if (!write) return malformed("The command is no write of lines: " + write.error().message + ".");
  return Command{.lines = std::move(*write)};
}

// ---- deletes

tl::expected<Command, CommandFault> decode_delete(std::string_view body) {
  auto order = read_delete_order(body);
  if (!order) return malformed("The command is no order to delete: " + order.error().message + ".");
  return Command{.deletion = std::move(*order)};
}

// ---- envelopes

std::string envelope(CommandVersion version, CommandKind kind) {
  return {kCommandMagic, static_cast<char>(version), static_cast<char>(kind), 0, 0, 0, 0, 0};
}

void seal(std::string& envelope) {
  const std::uint32_t checksum = checksum_of(envelope);
  for (std::size_t at = 0; at < sizeof checksum; ++at) {
    envelope[kChecksumAt + at] = static_cast<char>(checksum >> (8 * at) & 0xff);
  }
}

}  // namespace

std::string encode_command(std::span<const TimeEntry> entries, CommandVersion version,
                           std::optional<CommandPlace> place) {
  std::string command;
  if (version == kOriginalText) {
    append_text(command, entries);
    return command;
  }
  const bool is_batch = fits_into_a_batch(entries);
  const CommandKind kind = is_batch ? CommandKind::kPoints : CommandKind::kTimeEntries;
  command = envelope(version, kind);
  is_batch ? append_points(command, entries, place) : append_text(command, entries);
  seal(command);
  return command;
}

std::string encode_order(const RetentionOrder& order, CommandVersion version) {
  TIMESTORE_CHECK(version >= kRetentionVersion, "an order of retention is made for those who know it");
  std::string command = envelope(version, order.sets_age ? CommandKind::kSetAge : CommandKind::kMoveEdge);
  append_number(command, static_cast<std::uint64_t>(order.max_age_ns));
  append_number(command, static_cast<std::uint64_t>(order.edge_ns));
  seal(command);
  return command;
}

std::string encode_lines(const LineWrite& write, CommandVersion version) {
  TIMESTORE_CHECK(version >= kLinesVersion, "lines are written for those who know them");
  std::string command = envelope(version, CommandKind::kLines);
  append_line_write(command, write);
  seal(command);
  return command;
}

std::string encode_delete(const DeleteOrder& order, CommandVersion version) {
  TIMESTORE_CHECK(version >= kDeletesVersion, "what is deleted is told to those who know it");
  std::string command = envelope(version, CommandKind::kDelete);
  append_delete_order(command, order);
  seal(command);
  return command;
}

tl::expected<Command, CommandFault> decode_command(std::string_view command, CommandVersion newest) {
  if (!command.starts_with(kCommandMagic)) return decode_text(command);
  if (command.size() < kEnvelopeBytes) return malformed("The command ends within its envelope.");
  if (stored_checksum(command) != checksum_of(command)) return malformed("The command fails its checksum.");
  const std::uint8_t version = byte_at(command, 1);
  if (version == kOriginalText) return malformed("The command is an envelope of a version that has none.");
  if (version > newest || byte_at(command, 3) != 0) return unknown(command, newest);
  switch (static_cast<CommandKind>(byte_at(command, 2))) {
    case CommandKind::kTimeEntries:
      return decode_text(command.substr(kEnvelopeBytes));
    case CommandKind::kPoints:
      return decode_points(command.substr(kEnvelopeBytes));
    case CommandKind::kSetAge:
    case CommandKind::kMoveEdge:
      if (version < kRetentionVersion) break;
      return decode_order(byte_at(command, 2) == static_cast<std::uint8_t>(CommandKind::kSetAge),
                          command.substr(kEnvelopeBytes));
    case CommandKind::kLines:
      if (version < kLinesVersion) break;
      return decode_lines(command.substr(kEnvelopeBytes));
    case CommandKind::kDelete:
      if (version < kDeletesVersion) break;
      return decode_delete(command.substr(kEnvelopeBytes));
  }
  return unknown(command, newest);
}

}  // namespace timestore
