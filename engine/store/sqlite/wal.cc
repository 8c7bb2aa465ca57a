#include "engine/store/sqlite/wal.h"

#include <sqlite3.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <utility>
#include <vector>

#include "engine/base/mark.h"
#include "engine/store/sqlite/page_checksums.h"

namespace timestore::store {

namespace {

constexpr std::size_t kHeaderBytes = 32;  // magic, format, page size, checkpoint number, salt (8), checksum (8)
constexpr std::size_t kSaltBytes = 8;
constexpr std::size_t kFrameNamesBytes = 16;  // of a frame's header: page, pages after commit, salt
constexpr std::size_t kSectorBytes = 512;     // what a disk writes as a whole or not at all
constexpr std::uint32_t kMagic = 0x377f0682;  // plus 1 when checksums take their words in big-endian order
constexpr bool kIsBigEndianMachine = std::endian::native == std::endian::big;

std::uint32_t big_endian(std::string_view bytes, std::size_t offset) {
  std::uint32_t word = 0;
  for (std::size_t at = offset; at < offset + 4; ++at) word = word << 8 | static_cast<std::uint8_t>(bytes[at]);
  return word;
}

// What is read or written at once: the header, then some whole frames. The unix VFS cannot take 128 KiB or more, and no
// read shall look as if it were for a page (page_checksums.h).
constexpr std::size_t kChunkBytes = 15 * (kWalFrameHeaderBytes + kPageBytes);

std::size_t chunk_bytes(std::size_t offset, std::size_t size_bytes) {
  return std::min(offset == 0 ? kHeaderBytes : kChunkBytes, size_bytes - offset);
}

// SQLite's running checksum: two words, each step mixing two words of input.
struct Checksum {
  std::uint32_t first = 0;
  std::uint32_t second = 0;
  bool big_endian_words = kIsBigEndianMachine;

  void add(std::string_view bytes) {
    const bool swaps = big_endian_words != kIsBigEndianMachine;
    for (std::size_t at = 0; at + 8 <= bytes.size(); at += 8) {
      std::uint32_t words[2];
      std::memcpy(words, bytes.data() + at, sizeof words);
      first = first + (swaps ? __builtin_bswap32(words[0]) : words[0]) + second;
      second = second + (swaps ? __builtin_bswap32(words[1]) : words[1]) + first;
    }
  }
  bool matches(std::string_view bytes, std::size_t offset) const {
    return big_endian(bytes, offset) == first && big_endian(bytes, offset + 4) == second;
  }
  bool operator==(const Checksum&) const = default;
};

struct Frame {
  std::uint32_t page = 0;
  std::uint32_t pages_after_commit = 0;  // 0: not the last of its transaction
  std::string_view content;              // of the page
  bool same_generation = false;          // written since the log last began anew
  bool whole = false;                    // nothing of it is torn or damaged, whatever stands before it
  bool valid = false;                    // it and all before it are whole
  bool in_one_sector = false;            // its header: so a torn write has left all of that from one generation

  bool ends_transaction() const { return same_generation && pages_after_commit != 0 && (whole || in_one_sector); }
};

struct Log {
  bool valid_header = false;
  std::vector<Frame> frames;
};

Log parse(std::string_view wal) {
  Log log;
  const std::uint32_t magic = big_endian(wal, 0);
  const std::size_t page_bytes = big_endian(wal, 8);
  Checksum checksum{.big_endian_words = magic == kMagic + 1};
  checksum.add(wal.substr(0, kHeaderBytes - 8));
  log.valid_header = (magic & ~1U) == kMagic && checksum.matches(wal, kHeaderBytes - 8) && page_bytes >= 512;
  if (!log.valid_header) return log;

  const std::size_t frame_bytes = kWalFrameHeaderBytes + page_bytes;
  const std::string_view salt = wal.substr(16, kSaltBytes);
  const auto is_of_this_generation = [&](std::string_view frames) {
    return frames.size() >= frame_bytes && frames.substr(8, kSaltBytes) == salt;
  };
  Checksum stored = checksum;  // as the header before says it, which may itself be damaged
  bool valid = true;
  for (std::string_view rest = wal.substr(kHeaderBytes); rest.size() >= frame_bytes; rest.remove_prefix(frame_bytes)) {
    Frame frame{.page = big_endian(rest, 0),
                .pages_after_commit = big_endian(rest, 4),
                .content = rest.substr(kWalFrameHeaderBytes, page_bytes),
                .same_generation = is_of_this_generation(rest)};
    const auto after_frame = [&](Checksum before) {
      before.add(rest.substr(0, 8));
      before.add(frame.content);
      return before;
    };
    if (frame.same_generation) {
      const Checksum running = std::exchange(checksum, after_frame(checksum));
      frame.whole = checksum.matches(rest, 16);
      if (!frame.whole && running != stored) {
        checksum = after_frame(stored);
        frame.whole = checksum.matches(rest, 16);
      }
    } else if (is_of_this_generation(rest.substr(frame_bytes))) {
      checksum = after_frame(stored);  // its salt may be all that is damaged; of what is old, nobody asks
    }
    valid = valid && frame.whole;
    frame.valid = valid;
    stored.first = big_endian(rest, 16);
    stored.second = big_endian(rest, 20);
    const std::size_t offset = wal.size() - rest.size();
    frame.in_one_sector = offset / kSectorBytes == (offset + kFrameNamesBytes - 1) / kSectorBytes;
    log.frames.push_back(frame);
  }
  return log;
}

// Where the transaction after this one begins. Copies of a transaction's last frame may follow it, to fill a disk
// sector: the same page again. With another content it is a transaction of its own, as long as it is whole.
std::vector<Frame>::const_iterator end_of_copies(std::vector<Frame>::const_iterator commit,
                                                 std::vector<Frame>::const_iterator end) {
  const Frame* original = commit->whole ? &*commit : nullptr;
  auto after = commit + 1;
  for (; after != end && after->ends_transaction() && after->page == commit->page; ++after) {
    if (!after->whole) continue;
    if (original == nullptr) original = &*after;
    if (after->content != original->content) return after;
  }
  return after;
}

}  // namespace

std::optional<WalFramePlace> wal_frame_of_page(std::int64_t offset, std::int64_t page_bytes) {
  constexpr std::int64_t kFramesOffset = kHeaderBytes;
  constexpr std::int64_t kPageOffset = kWalFrameHeaderBytes;
  constexpr std::int64_t kChecksumBytes = kWalChecksumBytes;
  const std::int64_t frame_bytes = kPageOffset + page_bytes;
  const std::int64_t frame_offset = offset - kPageOffset;
  if (frame_offset < kFramesOffset || (frame_offset - kFramesOffset) % frame_bytes != 0) return std::nullopt;
  // Each header ends with its checksum; the first frame goes on from that of the log's header.
  const bool is_first = frame_offset == kFramesOffset;
  const std::int64_t end_of_header_before = is_first ? frame_offset : frame_offset - frame_bytes + kPageOffset;
  return WalFramePlace{.number = (frame_offset - kFramesOffset) / frame_bytes + 1,
                       .offset = frame_offset,
                       .seed_offset = end_of_header_before - kChecksumBytes};
}

bool is_whole_wal_frame(std::string_view frame, std::string_view seed) {
  Checksum checksum{.first = big_endian(seed, 0), .second = big_endian(seed, 4)};
  checksum.add(frame.substr(0, 8));
  checksum.add(frame.substr(kWalFrameHeaderBytes));
  return checksum.matches(frame, 16);
}

std::optional<std::string> find_wal_damage(std::string_view wal) {
  if (wal.size() <= kHeaderBytes) return std::nullopt;
  const Log log = parse(wal);
  if (!log.valid_header) return "the header of its write-ahead log is damaged";

  const auto begin = log.frames.begin();
  const auto end = log.frames.end();
  const auto ends_transaction = [](const Frame& frame) { return frame.ends_transaction(); };
  auto valid_end = std::find_if(begin, end, [](const Frame& frame) { return !frame.valid; });
  if (valid_end == end) return std::nullopt;
  if (valid_end->same_generation) TIMESTORE_MARK("store: a crash left a transaction in part");
  auto transaction = valid_end;
  while (transaction != begin && !ends_transaction(*(transaction - 1))) --transaction;

  // The transaction that SQLite will drop ends here.
  const auto commit = std::find_if(transaction, end, ends_transaction);
  if (commit == end) return std::nullopt;
  const auto after = end_of_copies(commit, end);
  if (after == end || !after->same_generation) return std::nullopt;
  return "frame " + std::to_string(valid_end - begin + 1) + " of " + std::to_string(log.frames.size()) +
         " of its write-ahead log is damaged, and later writes depend on it";
}

Result<std::string> read_wal(Database& database) {
  constexpr const char* kAttempt = "read its write-ahead log";
  sqlite3_file* file = database.wal_file();
  if (file == nullptr) return std::string();
  sqlite3_int64 size_bytes = 0;
  if (const int status = file->pMethods->xFileSize(file, &size_bytes); status != SQLITE_OK) {
    return tl::unexpected(sqlite_error(database.path(), kAttempt, status));
  }
  const auto end = static_cast<std::size_t>(size_bytes);
  std::string wal;
  wal.reserve(end);
  std::array<char, kChunkBytes> chunk;
  while (wal.size() < end) {
    const std::size_t count = chunk_bytes(wal.size(), end);
    const int status =
        file->pMethods->xRead(file, chunk.data(), static_cast<int>(count), static_cast<sqlite3_int64>(wal.size()));
    if (status != SQLITE_OK) return tl::unexpected(sqlite_error(database.path(), kAttempt, status));
    wal.append(chunk.data(), count);
  }
  return wal;
}

Result<void> rewrite_wal(Database& database, std::string_view wal) {
  constexpr const char* kAttempt = "make its write-ahead log durable";
  sqlite3_file* file = database.wal_file();
  if (file == nullptr || wal.empty()) return {};
  TIMESTORE_MARK("store: a write-ahead log from before a crash was written again");
  for (std::size_t offset = 0; offset < wal.size(); offset += chunk_bytes(offset, wal.size())) {
    const std::string_view chunk = wal.substr(offset, chunk_bytes(offset, wal.size()));
    const int status =
        file->pMethods->xWrite(file, chunk.data(), static_cast<int>(chunk.size()), static_cast<sqlite3_int64>(offset));
    if (status != SQLITE_OK) return tl::unexpected(sqlite_error(database.path(), kAttempt, status));
  }
  if (const int status = file->pMethods->xSync(file, SQLITE_SYNC_NORMAL); status != SQLITE_OK) {
    return tl::unexpected(sqlite_error(database.path(), kAttempt, status));
  }
  return {};
}

}  // namespace timestore::store
