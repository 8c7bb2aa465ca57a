// Ids for entries that arrive without one. They tell where in the log the entry stands, so a store finds it by its
// position and needs no index over the ids that we made ourselves.
//
// The layout is a UUID of version 8 (RFC 9562, section 5.8), most significant bits first:
//
//      48 bits      4      12 bits     2   17 bits    45 bits
//   +-------------+-----+-----------+----+---------+-----------+
//   | log index   | 8   | salt,     | 10 | ordinal | salt,     |
//   |             |     | high part |    |         | low part  |
//   +-------------+-----+-----------+----+---------+-----------+
//
// So ids order by log index, and within one batch, whose salt is one, by ordinal. A log index alone is not unique
// before it is committed: a deposed leader may have given ids for the same index. The salt, which each leader draws
// anew for its term, keeps the two apart.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>

#include "engine/base/guid.h"

namespace timestore {

inline constexpr uint64_t kMaxEntryIdIndex = (uint64_t{1} << 48) - 1;
inline constexpr uint32_t kMaxEntryIdOrdinal = (uint32_t{1} << 17) - 1;

struct EntryPosition {
  uint64_t index = 0;    // Of the log entry; at most kMaxEntryIdIndex.
  uint32_t ordinal = 0;  // Within the log entry's batch, from 0; at most kMaxEntryIdOrdinal.

  auto operator<=>(const EntryPosition&) const = default;
};

// Of `salt` the low 57 bits count.
Guid make_entry_id(EntryPosition position, uint64_t salt);

// The position that an id of ours tells; nothing for ids of another version or variant. A client may supply an id of
// this form too: whoever finds an entry at the position must compare the whole id.
std::optional<EntryPosition> position_of(const Guid& id);

}  // namespace timestore
