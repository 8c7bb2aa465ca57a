// Checksums of pages: what was written is what is read, or the read fails.
//
// Every page of the main file ends with a checksum over its content and its number, in the place that SQLite's file
// format reserves at the end of pages for such uses. Everyday tools read the file as any other.
//
//     | 4088 bytes of SQLite's | checksum: 8 bytes, little-endian |      byte 20 of the file: 8, the bytes reserved
//
// It is computed when SQLite writes the page and verified whenever SQLite reads it, so rot, a page that was never
// written, one that was written to another's place, and the missing end of a file are found. An older version of the
// same page is not. Pages in the write-ahead log have checksums of SQLite's own, which it verifies after a crash only;
// here they are verified at each read. Otherwise a checkpoint would give a rotten page a valid checksum.
//
// The idea is that of SQLite's extension cksumvfs. Here each connection has a VFS of its own, which hands everything on
// to the one that was asked for, and takes the place of an open file's methods for reading and writing. Nothing stays
// registered longer than the connection lives, and none is needed to open the file elsewhere.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

struct sqlite3;

namespace timestore::store {

inline constexpr int kPageBytes = 4096;
inline constexpr int kPageChecksumBytes = 8;

// The checksum of a page's content, a multiple of 8 bytes. A change within 8 bytes that lie together is always noticed,
// any other but for one in 2^64; so is another page number, from 1.
[[nodiscard]] std::uint64_t page_checksum(std::span<const std::uint8_t> content, std::uint64_t page);

// Whether a page, of kPageBytes, ends with its checksum; what it ends with.
[[nodiscard]] bool is_whole_page(std::span<const std::uint8_t> page, std::uint64_t number);
[[nodiscard]] std::uint64_t checksum_in_page(std::span<const std::uint8_t> page);

// A VFS for one connection, over another. Must live until the connection is closed, and the one beneath too.
class PageChecksums {
 public:
  // `vfs` names a registered VFS, empty the default.
  explicit PageChecksums(const std::string& vfs);
  ~PageChecksums();
  PageChecksums(const PageChecksums&) = delete;
  PageChecksums& operator=(const PageChecksums&) = delete;

  // For sqlite3_open_v2(), which fails if there is no VFS beneath.
  const char* vfs() const;

  // Learns from the header of the file, which must just have been opened, whether its pages have checksums. If not,
  // they are read and written as they are.
  void learn(sqlite3* connection);
  bool are_kept() const;

  // From now on pages have checksums. Requires a file that has no page yet.
  void start(sqlite3* connection);

  // SQLite takes every file that is opened from now on for one that nobody changes: it locks nothing and looks for no
  // write-ahead log.
  void take_for_immutable();

  // Reads of the main file as it stands, without verifying it. SQLite's result code.
  [[nodiscard]] static int read_raw(sqlite3* connection, std::span<std::uint8_t> into, std::int64_t offset);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// What was found wrong last in a file of this connection; empty: nothing yet. A read that finds something fails with
// SQLITE_IOERR_DATA.
[[nodiscard]] std::string_view page_damage(sqlite3* connection);

}  // namespace timestore::store
