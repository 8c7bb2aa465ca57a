// What the command of a log entry means: one time entry, a batch that is stored as a whole, lines of line protocol, how
// long points are kept, or what is deleted.
//
// A command is an envelope, or the JSON text of the original, which is version 0:
//
//   byte  0      1        2     3      4 ... 7              8 ...
//         magic  version  kind  flags  checksum             body
//         0xC1   1..4     1..6  0      CRC-32 of 1 to 3     1: the entries as JSON (kTimeEntries)
//                                      and of the body      2: salt, 8 bytes; the entries as a batch (kPoints)
//                                                           3, 4: an age and an edge, 8 bytes each, in nanoseconds
//                                                           5: lines (line_write.h)
//                                                           6: what is deleted (delete_order.h)
//
// Kinds 3 and 4 came with version 2, kind 5 with version 3, kind 6 with version 4.
//
// No UTF-8 text holds the magic byte. These eight bytes stay what they are in every version, so that each build can
// tell what is damaged from what a newer build has made. The two differ in what follows:
//
//   * A version, kind or flag that this build does not know stops the replica before the entry is applied: to skip it
//     would be to lose what it holds. Whoever proposes takes care that all members know it (the feature level of the
//     cluster), so this is met only where somebody did not.
//   * What no build can read (text that is no time entry, a body that is not of its kind, a wrong checksum) is skipped
//     alike everywhere: the log's own checksums vouch for the bytes, so they came so from whoever proposed them, and
//     one bad command must not end a cluster.
//
// JSON text is the object of the entry, or an array of such objects. An original Time Store writes the same object with
// PascalCase names and .NET's forms of timestamps; its commands are read too, whatever it may have accepted from its
// clients: a device id may be missing, null, empty or long.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <vector>

#include "engine/base/result.h"
#include "engine/series/delete_order.h"
#include "engine/series/line_write.h"
#include "engine/series/retention.h"
#include "engine/series/time_entry.h"

namespace timestore {

using CommandVersion = std::uint8_t;
inline constexpr CommandVersion kOriginalText = 0;          // no envelope
inline constexpr CommandVersion kRetentionVersion = 2;      // from which on orders of retention are known
inline constexpr CommandVersion kLinesVersion = 3;          // from which on lines are known
inline constexpr CommandVersion kDeletesVersion = 4;        // from which on deletes are known
inline constexpr CommandVersion kNewestCommandVersion = 4;  // that this build makes and reads

inline constexpr char kCommandMagic = '\xc1';
inline constexpr std::size_t kEnvelopeBytes = 8;  // before the body

enum class CommandKind : std::uint8_t {
  kTimeEntries = 1,  // as JSON: whatever a batch cannot hold
  kPoints = 2,       // as a batch (store/points/batch.h), some 20 times smaller than the text
  kSetAge = 3,       // for how long points are kept, and the edge that follows at once
  kMoveEdge = 4,     // points have aged
  kLines = 5,        // of line protocol
  kDelete = 6,
};

// Where the entries of a command will stand, and the salt of the ids that they get there: such ids are left out.
struct CommandPlace {
  std::uint64_t index = 0;
  std::uint64_t salt = 0;
};

// In version 0 one entry becomes its object, exactly as append_json writes it; any other number of them an array. From
// version 1 on they are a batch. With `place` ids that tell it (entry_id.h) are left out.
std::string encode_command(std::span<const TimeEntry> entries, CommandVersion version = kOriginalText,
                           std::optional<CommandPlace> place = std::nullopt);

// Requires kRetentionVersion or a later one.
std::string encode_order(const RetentionOrder& order, CommandVersion version);

// Requires kLinesVersion or a later one.
std::string encode_lines(const LineWrite& write, CommandVersion version);

// Requires kDeletesVersion or a later one.
std::string encode_delete(const DeleteOrder& order, CommandVersion version);

// Entries, or one of the others.
struct Command {
  std::vector<TimeEntry> entries = {};  // in the order in which they were given
  std::uint64_t salt = 0;               // of the ids of those that have none
  std::optional<RetentionOrder> retention = {};
  std::optional<LineWrite> lines = {};
  std::optional<DeleteOrder> deletion = {};
  bool operator==(const Command&) const = default;
};

struct CommandFault : Error {
  bool is_unknown = false;  // newer than `newest`: stop. Otherwise nobody can read it: skip
};

// Total and deterministic: any bytes give entries or a fault, the same on every machine that knows the same versions.
// Names match in any case, unknown properties are ignored, a missing id is nil. The message of an unknown one completes
// "Log entry 7 ".
tl::expected<Command, CommandFault> decode_command(std::string_view command,
                                                   CommandVersion newest = kNewestCommandVersion);

}  // namespace timestore
