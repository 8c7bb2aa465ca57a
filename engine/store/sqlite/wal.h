// What a crash left in a write-ahead log, before anybody relies on it.
//
// Two dangers hide there that SQLite alone does not see. First, what is read from it may be in the system's page cache
// only: after a failed sync Linux keeps the pages but calls them clean, so no later sync writes them ("Can Applications
// Recover from fsync Failures?", Rebello et al., ATC 2020). Second, SQLite ends its recovery at the first frame whose
// checksum fails, whether that is the torn end of a write that nobody was promised, or damage in the middle of
// promises.
//
// File format: https://www.sqlite.org/fileformat2.html#walformat
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "engine/base/result.h"
#include "engine/store/sqlite/sqlite.h"

namespace timestore::store {

// The whole write-ahead log; empty when there is none.
[[nodiscard]] Result<std::string> read_wal(Database& database);

// Writes the same bytes again and syncs them: from then on they are durable, whatever failed before. Requires that no
// other connection writes meanwhile.
[[nodiscard]] Result<void> rewrite_wal(Database& database, std::string_view wal);

// What is wrong with the write-ahead log of a file whose every commit is synced before the next one begins; nullopt
// when nothing is. There an incomplete transaction can only be the last one, so one that is followed by another was
// complete once and is damaged now, and so is a log that has frames but no valid header (which is synced before the
// first frame). Damage in the very last transaction cannot be told from a torn write.
[[nodiscard]] std::optional<std::string> find_wal_damage(std::string_view wal);

// ---- one frame: a header and the content of a page
inline constexpr std::size_t kWalFrameHeaderBytes = 24;  // page number, pages after commit, salt (8), checksum (8)
inline constexpr std::size_t kWalChecksumBytes = 8;

struct WalFramePlace {
  std::int64_t number;  // from 1
  std::int64_t offset;
  std::int64_t seed_offset;  // of the checksum of everything before the frame, with which its own goes on
};

// The frame whose page begins at `offset` of a write-ahead log; nullopt when no page begins there.
[[nodiscard]] std::optional<WalFramePlace> wal_frame_of_page(std::int64_t offset, std::int64_t page_bytes);

// Whether the checksum in a frame's header is that of the frame, on a machine of this one's byte order.
[[nodiscard]] bool is_whole_wal_frame(std::string_view frame, std::string_view seed);

}  // namespace timestore::store
