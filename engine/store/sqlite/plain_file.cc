#include "engine/store/sqlite/plain_file.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <system_error>
#include <utility>

#include "engine/store/sqlite/sqlite.h"

namespace timestore::store {

namespace {

// The unix VFS cannot take 128 KiB or more at once.
constexpr std::size_t kPieceBytes = std::size_t{64} << 10;

Result<sqlite3_vfs*> find_vfs(const std::string& path, const std::string& vfs) {
  sqlite3_vfs* const found = sqlite3_vfs_find(vfs.empty() ? nullptr : vfs.c_str());
  if (found == nullptr) return fail(path + ": there is no VFS \"" + vfs + "\".");
  return found;
}

Error system_failure(const std::string& path, const char* attempt, const std::error_code& code) {
  return Error{path + ": could not " + attempt + ": " + code.message() + ". Check the disk and its permissions."};
}

// What the operating system has for it, for files that are really there.
Result<void> rename_on_system(const std::string& from, const std::string& to) {
  constexpr const char* kAttempt = "put it in the place of another file";
  std::error_code code;
  std::filesystem::rename(from, to, code);
  if (code) return tl::unexpected(system_failure(from, kAttempt, code));
  const std::filesystem::path parent = std::filesystem::path(to).parent_path();
  const int directory = ::open(parent.empty() ? "." : parent.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  const bool synced = directory >= 0 && ::fsync(directory) == 0;
  code = std::error_code(errno, std::generic_category());
  if (directory >= 0) ::close(directory);
  if (!synced) return tl::unexpected(system_failure(from, kAttempt, code));
  return {};
}

}  // namespace

PlainFile::PlainFile(std::string path, std::unique_ptr<std::byte[]> memory)
    : path_(std::make_unique<std::string>(std::move(path))), memory_(std::move(memory)) {}

PlainFile::PlainFile(PlainFile&&) noexcept = default;

PlainFile::~PlainFile() {
  if (memory_ != nullptr && handle()->pMethods != nullptr) handle()->pMethods->xClose(handle());
}

Result<PlainFile> PlainFile::open(const std::string& path, const std::string& vfs, Mode mode) {
  auto found = find_vfs(path, vfs);
  if (!found) return tl::unexpected(std::move(found.error()));
  if (mode == Mode::kNew) {
    if (auto removed = remove_file(path, vfs); !removed) return tl::unexpected(std::move(removed.error()));
  }
  // A kind of file that SQLite's VFS neither lock nor look into, and whose name they sync with its first content.
  const int flags = SQLITE_OPEN_SUPER_JOURNAL | SQLITE_OPEN_READWRITE | (mode == Mode::kNew ? SQLITE_OPEN_CREATE : 0);
  PlainFile file(path, std::make_unique<std::byte[]>(static_cast<std::size_t>((*found)->szOsFile)));
  const int status = (*found)->xOpen(*found, file.path_->c_str(), file.handle(), flags, nullptr);
  if (status != SQLITE_OK) return file.failure("open it", status);
  return file;
}

tl::unexpected<Error> PlainFile::failure(const char* attempt, int status) const {
  return tl::unexpected(sqlite_error(*path_, attempt, status));
}

Result<std::uint64_t> PlainFile::size_bytes() {
  sqlite3_int64 size = 0;
  if (const int status = handle()->pMethods->xFileSize(handle(), &size); status != SQLITE_OK) {
    return failure("ask for its size", status);
  }
  return static_cast<std::uint64_t>(size);
}

Result<void> PlainFile::read(std::span<std::uint8_t> into, std::uint64_t offset) {
  while (!into.empty()) {
    const std::span piece = into.first(std::min(into.size(), kPieceBytes));
    const int status = handle()->pMethods->xRead(handle(), piece.data(), static_cast<int>(piece.size()),
                                                 static_cast<sqlite3_int64>(offset));
    if (status != SQLITE_OK) return failure("read it", status);
    offset += piece.size();
    into = into.subspan(piece.size());
  }
  return {};
}

Result<void> PlainFile::write(std::span<const std::uint8_t> bytes, std::uint64_t offset) {
  while (!bytes.empty()) {
    const std::span piece = bytes.first(std::min(bytes.size(), kPieceBytes));
    const int status = handle()->pMethods->xWrite(handle(), piece.data(), static_cast<int>(piece.size()),
                                                  static_cast<sqlite3_int64>(offset));
    if (status != SQLITE_OK) return failure("write it", status);
    offset += piece.size();
    bytes = bytes.subspan(piece.size());
  }
  return {};
}

Result<void> PlainFile::truncate(std::uint64_t size_bytes) {
  const int status = handle()->pMethods->xTruncate(handle(), static_cast<sqlite3_int64>(size_bytes));
  if (status != SQLITE_OK) return failure("cut it", status);
  return {};
}

Result<void> PlainFile::sync() {
  const int status = handle()->pMethods->xSync(handle(), SQLITE_SYNC_NORMAL);
  if (status != SQLITE_OK) return failure("make it durable", status);
  return {};
}

Result<void> PlainFile::rename(const std::string& to) {
  std::string path = to;
  const int status = handle()->pMethods->xFileControl(handle(), kRenameFileControl, path.data());
  if (status == SQLITE_NOTFOUND) return rename_on_system(*path_, to);
  if (status != SQLITE_OK) return failure("put it in the place of another file", status);
  return {};
}

Result<bool> file_exists(const std::string& path, const std::string& vfs) {
  auto found = find_vfs(path, vfs);
  if (!found) return tl::unexpected(std::move(found.error()));
  int exists = 0;
  const int status = (*found)->xAccess(*found, path.c_str(), SQLITE_ACCESS_EXISTS, &exists);
  if (status != SQLITE_OK) return tl::unexpected(sqlite_error(path, "look for it", status));
  return exists != 0;
}

Result<void> remove_file(const std::string& path, const std::string& vfs) {
  auto found = find_vfs(path, vfs);
  if (!found) return tl::unexpected(std::move(found.error()));
  const int status = (*found)->xDelete(*found, path.c_str(), 1);
  if (status == SQLITE_OK || status == SQLITE_IOERR_DELETE_NOENT) return {};
  return tl::unexpected(sqlite_error(path, "remove it", status));
}

}  // namespace timestore::store
