// A file that SQLite does not manage, in the same place as those that it does: through the same VFS.
//
// So it lies on the simulated disk in the simulator and on the real one elsewhere, and no file descriptor of ours ever
// touches a file that SQLite has locked (closing one would drop its locks).
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "engine/base/result.h"

struct sqlite3_file;

namespace timestore::store {

class PlainFile {
 public:
  enum class Mode : std::uint8_t {
    kNew,       // makes an empty file; one that is there already is removed first
    kExisting,  // fails when there is none
  };

  [[nodiscard]] static Result<PlainFile> open(const std::string& path, const std::string& vfs, Mode mode);
  PlainFile(PlainFile&&) noexcept;
  PlainFile& operator=(PlainFile&&) = delete;
  ~PlainFile();

  [[nodiscard]] Result<std::uint64_t> size_bytes();
  [[nodiscard]] Result<void> read(std::span<std::uint8_t> into, std::uint64_t offset);  // requires that all is there
  [[nodiscard]] Result<void> write(std::span<const std::uint8_t> bytes, std::uint64_t offset);
  [[nodiscard]] Result<void> truncate(std::uint64_t size_bytes);
  [[nodiscard]] Result<void> sync();  // the first sync of a new file makes its name durable, too

  // Gives the file another name, durably; a file of that name is replaced. Either is there after a crash, never none.
  [[nodiscard]] Result<void> rename(const std::string& to);

 private:
  PlainFile(std::string path, std::unique_ptr<std::byte[]> memory);
  sqlite3_file* handle() const { return reinterpret_cast<sqlite3_file*>(memory_.get()); }
  [[nodiscard]] tl::unexpected<Error> failure(const char* attempt, int status) const;

  std::unique_ptr<std::string> path_;  // which the VFS points to
  std::unique_ptr<std::byte[]> memory_;
};

// Whether there is such a file, and it is not empty.
[[nodiscard]] Result<bool> file_exists(const std::string& path, const std::string& vfs);

// The file is gone, durably, if it was there. Whoever has it open goes on using it.
[[nodiscard]] Result<void> remove_file(const std::string& path, const std::string& vfs);

// SQLite's VFS have no word for renaming. One that is not the operating system's takes this file control, with the new
// path (const char*) as its argument, and renames the open file durably.
inline constexpr int kRenameFileControl = 0x54735231;

}  // namespace timestore::store
