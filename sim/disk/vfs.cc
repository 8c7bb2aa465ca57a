#include "sim/disk/vfs.h"

#include <sqlite3.h>

#include <cstring>
#include <map>
#include <new>

#include "engine/base/check.h"
#include "engine/base/mark.h"
#include "engine/store/sqlite/sqlite.h"
#include "sim/disk/vfs_file.h"

namespace timestore::sim {

namespace {

constexpr int kMaxPathBytes = 512;

// A simulation has one thread, so SQLite needs no locks.
void spare_locks() {
  store::configure_sqlite();
  static const int status = sqlite3_config(SQLITE_CONFIG_SINGLETHREAD);
  static_cast<void>(status);  // an error where SQLite is in use already: then it keeps them, and works as well
}

}  // namespace

struct Vfs::State {
  Disk& disk;
  std::string name;
  sqlite3_vfs vfs = {};
  std::uint64_t life = 0;  // to which the inodes belong
  std::map<Disk::FileNumber, std::shared_ptr<Inode>> inodes;
  std::uint64_t temporary_files = 0;

  std::shared_ptr<Inode> inode(Disk::FileNumber file) {
    if (life != disk.life()) {
      if (!inodes.empty()) TIMESTORE_MARK("vfs: locks and shared memory vanished with their process");
      inodes.clear();
      life = disk.life();
    }
    std::shared_ptr<Inode>& inode = inodes[file];
    if (!inode) inode = std::make_shared<Inode>();
    return inode;
  }
};

// --------------------------------------------------------------------------------------------------- one disk

struct Vfs::Methods {
  static State& state_of(sqlite3_vfs* vfs) { return *static_cast<State*>(vfs->pAppData); }

  static int open(sqlite3_vfs* vfs, const char* path, sqlite3_file* file, int flags, int* out_flags) {
    file->pMethods = nullptr;  // SQLite does not close what was not opened
    State& state = state_of(vfs);
    const std::string name = path != nullptr ? path : "temporary-" + std::to_string(++state.temporary_files);
    if ((flags & SQLITE_OPEN_EXCLUSIVE) != 0 && state.disk.exists(name)) return SQLITE_CANTOPEN;
    const auto number = state.disk.open(name, (flags & SQLITE_OPEN_CREATE) != 0);
    if (!number) return SQLITE_CANTOPEN;
    constexpr int kJournals = SQLITE_OPEN_MAIN_JOURNAL | SQLITE_OPEN_SUPER_JOURNAL | SQLITE_OPEN_WAL;
    new (file) Handle{.base = {&kFileMethods},
                      .disk = &state.disk,
                      .file = *number,
                      .life = state.disk.life(),
                      .inode = state.inode(*number),
                      .path = name,
                      .syncs_directory = (flags & SQLITE_OPEN_CREATE) != 0 && (flags & kJournals) != 0,
                      .is_temporary = (flags & SQLITE_OPEN_DELETEONCLOSE) != 0,
                      .memory_locks = {}};
    if (out_flags != nullptr) *out_flags = flags;
    return SQLITE_OK;
  }

  static int remove(sqlite3_vfs* vfs, const char* path, int sync_directory) {
    Disk& disk = state_of(vfs).disk;
    if (const auto removed = disk.remove(path); !removed) {
      return removed.error() == DiskError::kNotFound ? SQLITE_IOERR_DELETE_NOENT : SQLITE_IOERR_DELETE;
    }
    if (sync_directory != 0 && !disk.sync_directory()) return SQLITE_IOERR_DIR_FSYNC;
    return SQLITE_OK;
  }

  // As in the unix VFS, an empty file does not count as one that exists.
  static int access(sqlite3_vfs* vfs, const char* path, int flags, int* out) {
    Disk& disk = state_of(vfs).disk;
    *out = 0;
    const auto number = disk.open(path, false);
    if (!number) return number.error() == DiskError::kNotFound ? SQLITE_OK : SQLITE_IOERR_ACCESS;
    const auto size_bytes = disk.size(*number);
    if (!size_bytes) return SQLITE_IOERR_ACCESS;
    *out = flags != SQLITE_ACCESS_EXISTS || *size_bytes > 0 ? 1 : 0;
    return SQLITE_OK;
  }

  static int full_path(sqlite3_vfs*, const char* path, int size, char* out) {
    const std::size_t bytes = std::strlen(path) + 1;
    if (bytes > static_cast<std::size_t>(size)) return SQLITE_CANTOPEN;
    std::memcpy(out, path, bytes);
    return SQLITE_OK;
  }
};

namespace {

int sleep_no_time(sqlite3_vfs*, int microseconds) { return microseconds; }

// Noon of the first day of 2020. Nothing of ours asks SQLite for the time.
int stand_still(sqlite3_vfs*, sqlite3_int64* milliseconds) {
  constexpr sqlite3_int64 kMillisecondsPerDay = 86'400'000;
  *milliseconds = 2'458'850 * kMillisecondsPerDay;  // Julian days begin at noon
  return SQLITE_OK;
}

int stand_still_in_days(sqlite3_vfs*, double* days) {
  *days = 2'458'850.0;
  return SQLITE_OK;
}

// Never asked where there is a SqliteWorld: SQLite's generator is seeded by the default VFS.
int no_randomness(sqlite3_vfs*, int size, char* out) {
  std::memset(out, 0, static_cast<std::size_t>(size));
  return size;
}

sqlite3_vfs make_vfs(const std::string& name, void* data) {
  sqlite3_vfs vfs = {};
  vfs.iVersion = 2;
  vfs.szOsFile = sizeof(Handle);
  vfs.mxPathname = kMaxPathBytes;
  vfs.zName = name.c_str();
  vfs.pAppData = data;
  vfs.xRandomness = no_randomness;
  vfs.xSleep = sleep_no_time;
  vfs.xCurrentTime = stand_still_in_days;
  vfs.xGetLastError = [](sqlite3_vfs*, int, char*) { return 0; };
  vfs.xCurrentTimeInt64 = stand_still;
  return vfs;
}

}  // namespace

Vfs::Vfs(Disk& disk) : state_(new State{.disk = disk, .name = {}, .life = disk.life(), .inodes = {}}) {
  static std::uint64_t count = 0;
  state_->name = "sim-" + std::to_string(++count);
  state_->vfs = make_vfs(state_->name, state_.get());
  state_->vfs.xOpen = Methods::open;
  state_->vfs.xDelete = Methods::remove;
  state_->vfs.xAccess = Methods::access;
  state_->vfs.xFullPathname = Methods::full_path;
  TIMESTORE_CHECK(sqlite3_vfs_register(&state_->vfs, 0) == SQLITE_OK, "SQLite has memory for a VFS");
}

Vfs::~Vfs() { sqlite3_vfs_unregister(&state_->vfs); }

const std::string& Vfs::name() const { return state_->name; }

// --------------------------------------------------------------------------------------------------- all of SQLite

struct SqliteWorld::State {
  Stream choices;
  sqlite3_vfs* former;
  std::string name = "sim-world";
  sqlite3_vfs vfs = {};
};

// The generator is seeded by the default VFS when it is next used, so our randomness begins with our VFS, and ends with
// it.
SqliteWorld::SqliteWorld(Choices& choices) : state_(new State{.choices = choices.stream("sqlite"), .former = nullptr}) {
  spare_locks();
  state_->former = sqlite3_vfs_find(nullptr);
  state_->vfs = make_vfs(state_->name, state_.get());
  state_->vfs.xRandomness = [](sqlite3_vfs* vfs, int size, char* out) {
    Stream& stream = static_cast<State*>(vfs->pAppData)->choices;
    for (int at = 0; at < size; ++at) out[at] = static_cast<char>(stream.below(256));
    return size;
  };
  state_->vfs.xOpen = [](sqlite3_vfs*, const char*, sqlite3_file* file, int, int*) {
    file->pMethods = nullptr;
    return SQLITE_CANTOPEN;  // whoever opens a file says on which disk
  };
  state_->vfs.xDelete = [](sqlite3_vfs*, const char*, int) { return SQLITE_IOERR_DELETE; };
  state_->vfs.xAccess = [](sqlite3_vfs*, const char*, int, int* out) {
    *out = 0;
    return SQLITE_OK;
  };
  state_->vfs.xFullPathname = Vfs::Methods::full_path;
  TIMESTORE_CHECK(sqlite3_vfs_register(&state_->vfs, 1) == SQLITE_OK, "SQLite has memory for a VFS");
  sqlite3_randomness(0, nullptr);
}

SqliteWorld::~SqliteWorld() {
  sqlite3_vfs_unregister(&state_->vfs);
  sqlite3_vfs_register(state_->former, 1);
  sqlite3_randomness(0, nullptr);
}

}  // namespace timestore::sim
