#include "sim/disk/vfs_file.h"

#include <algorithm>
#include <cstring>
#include <span>

#include "engine/base/mark.h"
#include "engine/store/sqlite/plain_file.h"

namespace timestore::sim {

bool Handle::is_dead() const {
  if (life == disk->life()) return false;
  TIMESTORE_MARK("vfs: a file of an earlier life was used");
  return true;
}

namespace {

Handle& handle_of(sqlite3_file* file) { return *reinterpret_cast<Handle*>(file); }

// SQLite's code for a failure: a full disk has one of its own, everything else is told by what was tried.
int code_of(DiskError error, int attempt) { return error == DiskError::kFull ? SQLITE_FULL : attempt; }

// ------------------------------------------------------------------------------------------------------- files

void leave_memory(Handle& handle) {
  if (!handle.uses_memory) return;
  handle.inode->memory->unlock(handle.memory_locks, 0xff);
  handle.uses_memory = false;
  if (--handle.inode->memory_users == 0) handle.inode->memory.reset();
}

int close(sqlite3_file* file) {
  Handle& handle = handle_of(file);
  leave_memory(handle);
  handle.inode->locks.lower(&handle, handle.lock, LockLevel::kNone);
  if (handle.is_temporary && !handle.is_dead()) static_cast<void>(handle.disk->remove(handle.path));
  handle.~Handle();
  return SQLITE_OK;
}

int read(sqlite3_file* file, void* into, int size, sqlite3_int64 offset) {
  Handle& handle = handle_of(file);
  if (handle.is_dead()) return SQLITE_IOERR_READ;
  const std::span<std::uint8_t> bytes(static_cast<std::uint8_t*>(into), static_cast<std::size_t>(size));
  const auto count = handle.disk->read(handle.file, bytes, static_cast<std::uint64_t>(offset));
  if (!count) return SQLITE_IOERR_READ;
  if (*count == bytes.size()) return SQLITE_OK;
  std::memset(bytes.data() + *count, 0, bytes.size() - *count);
  return SQLITE_IOERR_SHORT_READ;
}

int write(sqlite3_file* file, const void* from, int size, sqlite3_int64 offset) {
  Handle& handle = handle_of(file);
  if (handle.is_dead()) return SQLITE_IOERR_WRITE;
  const std::span<const std::uint8_t> bytes(static_cast<const std::uint8_t*>(from), static_cast<std::size_t>(size));
  const auto done = handle.disk->write(handle.file, bytes, static_cast<std::uint64_t>(offset));
  return done ? SQLITE_OK : code_of(done.error(), SQLITE_IOERR_WRITE);
}

int truncate(sqlite3_file* file, sqlite3_int64 size) {
  Handle& handle = handle_of(file);
  if (handle.is_dead()) return SQLITE_IOERR_TRUNCATE;
  const auto done = handle.disk->truncate(handle.file, static_cast<std::uint64_t>(size));
  return done ? SQLITE_OK : SQLITE_IOERR_TRUNCATE;
}

// The unix VFS ignores that a directory cannot be synced: on ext4 the sync of a new file makes its name durable, too.
// Our disk is stricter than that, so it must be believed when it complains.
int sync(sqlite3_file* file, int) {
  Handle& handle = handle_of(file);
  if (handle.is_dead() || !handle.disk->sync(handle.file)) return SQLITE_IOERR_FSYNC;
  if (!handle.syncs_directory) return SQLITE_OK;
  if (!handle.disk->sync_directory()) return SQLITE_IOERR_DIR_FSYNC;
  handle.syncs_directory = false;
  return SQLITE_OK;
}

int file_size(sqlite3_file* file, sqlite3_int64* size) {
  Handle& handle = handle_of(file);
  if (handle.is_dead()) return SQLITE_IOERR_FSTAT;
  const auto bytes = handle.disk->size(handle.file);
  if (!bytes) return SQLITE_IOERR_FSTAT;
  *size = static_cast<sqlite3_int64>(*bytes);
  return SQLITE_OK;
}

int file_control(sqlite3_file* file, int operation, void* argument) {
  Handle& handle = handle_of(file);
  switch (operation) {
    case SQLITE_FCNTL_LOCKSTATE:
      *static_cast<int*>(argument) = static_cast<int>(handle.lock);
      return SQLITE_OK;
    case SQLITE_FCNTL_HAS_MOVED: {
      const auto present = handle.is_dead() ? tl::unexpected(DiskError::kOff) : handle.disk->open(handle.path, false);
      *static_cast<int*>(argument) = present != handle.file ? 1 : 0;
      return SQLITE_OK;
    }
    case store::kRenameFileControl: {
      const char* const to = static_cast<const char*>(argument);
      if (handle.is_dead() || !handle.disk->rename(handle.path, to)) return SQLITE_IOERR;
      handle.path = to;
      return handle.disk->sync_directory() ? SQLITE_OK : SQLITE_IOERR_DIR_FSYNC;
    }
    default:  // SQLite goes on adding operations, and asks to be told of those that a VFS does not know
      return SQLITE_NOTFOUND;
  }
}

int sector_size(sqlite3_file*) { return static_cast<int>(Disk::kSectorBytes); }

// Safe overwriting: a sector is written as a whole, so what stands beside a write in its sector survives the loss of
// power. The unix VFS claims it as well, so this leads SQLite through the same code. Nothing else is claimed: files
// grow without their data (no SAFE_APPEND), writes survive out of order (no SEQUENTIAL), pages tear (no ATOMIC).
int device_characteristics(sqlite3_file*) { return SQLITE_IOCAP_POWERSAFE_OVERWRITE; }

// ------------------------------------------------------------------------------------- locks and shared memory

int lock(sqlite3_file* file, int level) {
  Handle& handle = handle_of(file);
  if (handle.is_dead()) return SQLITE_IOERR_LOCK;
  const auto wanted = static_cast<LockLevel>(level);
  handle.lock = handle.inode->locks.raise(&handle, handle.lock, wanted);
  return handle.lock >= wanted ? SQLITE_OK : SQLITE_BUSY;
}

int unlock(sqlite3_file* file, int level) {
  Handle& handle = handle_of(file);
  if (handle.is_dead()) return SQLITE_IOERR_UNLOCK;
  const auto wanted = static_cast<LockLevel>(level);
  handle.inode->locks.lower(&handle, handle.lock, wanted);
  handle.lock = std::min(handle.lock, wanted);
  return SQLITE_OK;
}

int check_reserved_lock(sqlite3_file* file, int* is_reserved) {
  Handle& handle = handle_of(file);
  if (handle.is_dead()) return SQLITE_IOERR_CHECKRESERVEDLOCK;
  *is_reserved = handle.inode->locks.is_reserved() ? 1 : 0;
  return SQLITE_OK;
}

int map_memory(sqlite3_file* file, int region, int size, int extend, void volatile** out) {
  Handle& handle = handle_of(file);
  *out = nullptr;
  if (handle.is_dead()) return SQLITE_IOERR_SHMMAP;
  if (!handle.uses_memory) {
    if (!handle.inode->memory) handle.inode->memory = std::make_shared<SharedMemory>();
    ++handle.inode->memory_users;
    handle.uses_memory = true;
  }
  *out = handle.inode->memory->region(static_cast<std::size_t>(region), static_cast<std::size_t>(size), extend != 0);
  return SQLITE_OK;
}

int lock_memory(sqlite3_file* file, int first, int count, int flags) {
  Handle& handle = handle_of(file);
  if (handle.is_dead() || !handle.uses_memory) return SQLITE_IOERR_SHMLOCK;
  SharedMemory& memory = *handle.inode->memory;
  const auto mask = static_cast<std::uint8_t>(((1U << count) - 1) << first);
  if ((flags & SQLITE_SHM_UNLOCK) != 0) {
    memory.unlock(handle.memory_locks, mask);
    return SQLITE_OK;
  }
  const bool given = (flags & SQLITE_SHM_SHARED) != 0 ? memory.lock_shared(handle.memory_locks, mask)
                                                      : memory.lock_exclusive(handle.memory_locks, mask);
  return given ? SQLITE_OK : SQLITE_BUSY;
}

void memory_barrier(sqlite3_file*) {}  // there is one thread

int unmap_memory(sqlite3_file* file, int) {
  leave_memory(handle_of(file));
  return SQLITE_OK;
}

}  // namespace

const sqlite3_io_methods kFileMethods = {
    .iVersion = 2,
    .xClose = close,
    .xRead = read,
    .xWrite = write,
    .xTruncate = truncate,
    .xSync = sync,
    .xFileSize = file_size,
    .xLock = lock,
    .xUnlock = unlock,
    .xCheckReservedLock = check_reserved_lock,
    .xFileControl = file_control,
    .xSectorSize = sector_size,
    .xDeviceCharacteristics = device_characteristics,
    .xShmMap = map_memory,
    .xShmLock = lock_memory,
    .xShmBarrier = memory_barrier,
    .xShmUnmap = unmap_memory,
    .xFetch = nullptr,
    .xUnfetch = nullptr,
};

}  // namespace timestore::sim
