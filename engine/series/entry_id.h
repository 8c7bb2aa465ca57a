// Ids for entries that arrive without one. They tell where in the log the entry stands, so a store finds it by its
// position and needs no index over the ids that we made ourselves.
//
// The layout is a UUID of version 8 (RFC 9562, section 5.8), most significant bits first:
//
//      48 bits      4    12 bits     2   17 bits   10 bits   35 bits
//   +-------------+-----+----------+----+---------+---------+--------+
//   | log index   | 8   | device,  | 10 | ordinal | day,    | salt   |
//   |             |     | hashed   |    |         | modulo  |        |
//   +-------------+-----+----------+----+---------+---------+--------+
//
// So ids order by log index, and within one batch by device. A log index alone is not unique before it is committed: a
// deposed leader may have given ids for the same index. The salt, which each leader draws anew for its term, keeps the
// two apart. Device and day are hints: a store that sorts points by device and time need not look through all of them.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string_view>

#include "engine/base/guid.h"

namespace timestore {

inline constexpr uint64_t kMaxEntryIdIndex = (uint64_t{1} << 48) - 1;
inline constexpr uint32_t kMaxEntryIdOrdinal = (uint32_t{1} << 17) - 1;
inline constexpr uint64_t kEntryIdSalts = uint64_t{1} << 35;  // how many there are: of others the low bits count
inline constexpr uint32_t kEntryIdDays = 1024;
inline constexpr int kEntryIdDeviceBits = 12;

struct EntryPosition {
  uint64_t index = 0;    // Of the log entry; at most kMaxEntryIdIndex.
  uint32_t ordinal = 0;  // Within the log entry's batch, from 0; at most kMaxEntryIdOrdinal.

  auto operator<=>(const EntryPosition&) const = default;
};

// What an id of ours says.
struct EntryIdParts {
  EntryPosition position;
  uint32_t device = 0;  // the first kEntryIdDeviceBits of device_hash()
  uint32_t day = 0;     // day_of()
  uint64_t salt = 0;    // less than kEntryIdSalts
  bool operator==(const EntryIdParts&) const = default;
};

uint64_t device_hash(std::string_view device_id);
uint32_t day_of(int64_t timestamp_ns);  // since 1970, modulo kEntryIdDays

// The id of an entry of this device and time that stands there.
Guid make_entry_id(EntryPosition position, uint64_t salt, std::string_view device_id, int64_t timestamp_ns);

// What an id of ours tells; nothing for ids of another version or variant. A client may supply an id of this form too:
// whoever finds an entry at the position must compare the whole id.
std::optional<EntryIdParts> parts_of(const Guid& id);

// Points of lines are told by their series and time, and so are their ids: the same before and after a replacement. Also
// of version 8: 48 bits of the time, the version, 12 bits of the time, the variant, 4 bits of the time, and the first 58
// bits of the series' hash. An id of an entry may look the same, so whoever finds something compares.
inline constexpr int kLineIdHiddenBits = 6;  // of the hash
struct LineIdParts {
  int64_t time_ns = 0;
  uint64_t series = 0;  // the hash without its last kLineIdHiddenBits
  bool operator==(const LineIdParts&) const = default;
};
Guid make_line_id(uint64_t series_hash, int64_t time_ns);
std::optional<LineIdParts> line_id_parts_of(const Guid& id);

}  // namespace timestore
