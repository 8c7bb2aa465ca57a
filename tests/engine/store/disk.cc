#include "tests/engine/store/disk.h"

#include <sqlite3.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <iterator>

#include "engine/base/check.h"
#include "engine/base/prng.h"
#include "engine/store/sqlite/plain_file.h"

namespace timestore::store {

namespace {

// Our part of an open file; the default VFS's part follows it in memory.
struct OpenFile {
  sqlite3_file base;
  Disk* disk;
  std::string* path;
};

sqlite3_file* real(sqlite3_file* file) {
  return reinterpret_cast<sqlite3_file*>(reinterpret_cast<OpenFile*>(file) + 1);
}
OpenFile& ours(sqlite3_file* file) { return *reinterpret_cast<OpenFile*>(file); }
sqlite3_vfs* default_vfs() {
  static sqlite3_vfs* const vfs = sqlite3_vfs_find(nullptr);
  return vfs;
}

int write(sqlite3_file* file, const void* bytes, int size, sqlite3_int64 offset) {
  const std::string copy(static_cast<const char*>(bytes), static_cast<std::size_t>(size));
  const int status = ours(file).disk->change(*ours(file).path, {offset, copy, false});
  if (status != SQLITE_OK) return status;
  return real(file)->pMethods->xWrite(real(file), bytes, size, offset);
}

int truncate(sqlite3_file* file, sqlite3_int64 size) {
  const int status = ours(file).disk->change(*ours(file).path, {size, "", true});
  if (status != SQLITE_OK) return status;
  return real(file)->pMethods->xTruncate(real(file), size);
}

int sync(sqlite3_file* file, int) { return ours(file).disk->sync(*ours(file).path); }

int control(sqlite3_file* file, int operation, void* argument) {
  if (operation != kRenameFileControl) return real(file)->pMethods->xFileControl(real(file), operation, argument);
  const int status = ours(file).disk->rename(*ours(file).path, static_cast<const char*>(argument));
  if (status == SQLITE_OK) *ours(file).path = static_cast<const char*>(argument);
  return status;
}

int close(sqlite3_file* file) {
  delete ours(file).path;
  return real(file)->pMethods->xClose(real(file));
}

const sqlite3_io_methods kMethods = {
    .iVersion = 2,
    .xClose = close,
    .xRead = [](sqlite3_file* f, void* out, int n,
                sqlite3_int64 at) { return real(f)->pMethods->xRead(real(f), out, n, at); },
    .xWrite = write,
    .xTruncate = truncate,
    .xSync = sync,
    .xFileSize = [](sqlite3_file* f, sqlite3_int64* size) { return real(f)->pMethods->xFileSize(real(f), size); },
    .xLock = [](sqlite3_file* f, int level) { return real(f)->pMethods->xLock(real(f), level); },
    .xUnlock = [](sqlite3_file* f, int level) { return real(f)->pMethods->xUnlock(real(f), level); },
    .xCheckReservedLock = [](sqlite3_file* f, int* out) { return real(f)->pMethods->xCheckReservedLock(real(f), out); },
    .xFileControl = control,
    .xSectorSize = [](sqlite3_file* f) { return real(f)->pMethods->xSectorSize(real(f)); },
    .xDeviceCharacteristics = [](sqlite3_file* f) { return real(f)->pMethods->xDeviceCharacteristics(real(f)); },
    .xShmMap = [](sqlite3_file* f, int region, int size, int extend,
                  void volatile** out) { return real(f)->pMethods->xShmMap(real(f), region, size, extend, out); },
    .xShmLock = [](sqlite3_file* f, int offset, int n,
                   int flags) { return real(f)->pMethods->xShmLock(real(f), offset, n, flags); },
    .xShmBarrier = [](sqlite3_file* f) { real(f)->pMethods->xShmBarrier(real(f)); },
    .xShmUnmap = [](sqlite3_file* f, int remove) { return real(f)->pMethods->xShmUnmap(real(f), remove); },
    .xFetch = nullptr,
    .xUnfetch = nullptr,
};

int open(sqlite3_vfs* vfs, const char* path, sqlite3_file* file, int flags, int* out_flags) {
  TIMESTORE_CHECK(path != nullptr, "the stores need no temporary files");
  file->pMethods = nullptr;
  const int status = default_vfs()->xOpen(default_vfs(), path, real(file), flags, out_flags);
  if (status != SQLITE_OK) return status;
  ours(file).disk = static_cast<Disk*>(vfs->pAppData);
  ours(file).path = new std::string(path);
  ours(file).disk->opened(path);
  file->pMethods = &kMethods;
  return SQLITE_OK;
}

int remove(sqlite3_vfs* vfs, const char* path, int) {
  static_cast<Disk*>(vfs->pAppData)->deleted(path);
  return default_vfs()->xDelete(default_vfs(), path, 0);
}

void apply(std::string& bytes, const Disk::Change& change) {
  const auto offset = static_cast<std::size_t>(change.offset);
  if (change.is_truncation) {
    bytes.resize(offset);
    return;
  }
  if (bytes.size() < offset + change.bytes.size()) bytes.resize(offset + change.bytes.size());
  bytes.replace(offset, change.bytes.size(), change.bytes);
}

bool is_shared_memory(const std::filesystem::path& path) { return path.native().ends_with("-shm"); }

}  // namespace

Disk::Disk() {
  static int count = 0;
  name_ = "disk-" + std::to_string(++count);
  directory_ = std::filesystem::temp_directory_path() / ("timestore-" + std::to_string(getpid()) + "-" + name_);
  std::filesystem::create_directories(directory_);
  vfs_ = std::make_unique<sqlite3_vfs>(*default_vfs());
  vfs_->szOsFile += static_cast<int>(sizeof(OpenFile));
  vfs_->zName = name_.c_str();
  vfs_->pAppData = this;
  vfs_->xOpen = store::open;
  vfs_->xDelete = remove;
  vfs_->xAccess = [](sqlite3_vfs*, const char* path, int flags, int* out) {
    return default_vfs()->xAccess(default_vfs(), path, flags, out);
  };
  sqlite3_vfs_register(vfs_.get(), 0);
}

Disk::~Disk() {
  sqlite3_vfs_unregister(vfs_.get());
  std::error_code ignored;
  std::filesystem::remove_all(directory_, ignored);
}

std::string Disk::path(const std::string& file) const { return (directory_ / file).string(); }

void Disk::fail_at(int operation, Fault fault) {
  operations_until_failure_ = operation;
  fault_ = fault;
}

std::unique_ptr<Disk> Disk::after_kill() const {
  auto copy = std::make_unique<Disk>();
  for (const auto& entry : std::filesystem::directory_iterator(directory_)) {
    if (is_shared_memory(entry.path())) continue;
    const std::string file = entry.path().filename().string();
    copy->write(file, read(file));
    const auto known = files_.find(entry.path().string());
    if (known != files_.end()) copy->files_[copy->path(file)] = known->second;
  }
  return copy;
}

std::unique_ptr<Disk> Disk::after_power_cut() const {
  auto copy = std::make_unique<Disk>();
  for (const auto& [path, file] : files_) copy->write(std::filesystem::path(path).filename().string(), file.durable);
  return copy;
}

std::unique_ptr<Disk> Disk::after_torn_power_cut(std::uint64_t seed) const {
  constexpr std::int64_t kSectorBytes = 512;
  Prng prng(seed);
  auto copy = std::make_unique<Disk>();
  for (const auto& [path, file] : files_) {
    std::string bytes = file.durable;
    for (const Change& change : file.pending) {
      if (change.is_truncation) {
        if (prng.below(2) == 0) apply(bytes, change);
        continue;
      }
      const std::int64_t end = change.offset + static_cast<std::int64_t>(change.bytes.size());
      for (std::int64_t at = change.offset; at < end;) {
        const std::int64_t sector_end = std::min(end, (at / kSectorBytes + 1) * kSectorBytes);
        const auto from = static_cast<std::size_t>(at - change.offset);
        const auto size = static_cast<std::size_t>(sector_end - at);
        if (prng.below(2) == 0) apply(bytes, {at, change.bytes.substr(from, size), false});
        at = sector_end;
      }
    }
    copy->write(std::filesystem::path(path).filename().string(), bytes);
  }
  return copy;
}

std::string Disk::read(const std::string& file) const {
  std::ifstream stream(path(file), std::ios::binary | std::ios::ate);
  if (!stream) return {};
  std::string bytes(static_cast<std::size_t>(stream.tellg()), '\0');
  stream.seekg(0).read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  return bytes;
}

void Disk::write(const std::string& file, const std::string& bytes) {
  std::ofstream(path(file), std::ios::binary | std::ios::trunc) << bytes;
  files_[path(file)] = {bytes, {}};
}

void Disk::flip_bit(const std::string& file, std::size_t offset, int bit) {
  std::string bytes = read(file);
  bytes.at(offset) = static_cast<char>(bytes.at(offset) ^ (1 << bit));
  write(file, bytes);
}

bool Disk::exists(const std::string& file) const { return std::filesystem::exists(path(file)); }

void Disk::opened(const std::string& path) { files_.try_emplace(path); }

int Disk::change(const std::string& path, Change change) {
  if (fails_now()) return fault_ == Fault::kFull ? SQLITE_FULL : SQLITE_IOERR_WRITE;
  files_[path].pending.push_back(std::move(change));
  return SQLITE_OK;
}

int Disk::sync(const std::string& path) {
  File& file = files_[path];
  const bool fails = fails_now();
  if (!fails) {
    for (const Change& change : file.pending) apply(file.durable, change);
  }
  file.pending.clear();
  return fails ? SQLITE_IOERR_FSYNC : SQLITE_OK;
}

void Disk::deleted(const std::string& path) { files_.erase(path); }

int Disk::rename(const std::string& from, const std::string& to) {
  if (fails_now()) return SQLITE_IOERR;
  std::filesystem::rename(from, to);
  files_[to] = std::move(files_[from]);
  files_.erase(from);
  return SQLITE_OK;
}

bool Disk::fails_now() {
  if (operations_until_failure_ == 0 || --operations_until_failure_ > 0) return false;
  has_failed_ = true;
  return true;
}

}  // namespace timestore::store
