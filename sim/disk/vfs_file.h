// One file that SQLite has open on a simulated disk: the methods that it calls, in a table.
#pragma once

#include <sqlite3.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "sim/disk/disk.h"
#include "sim/disk/vfs_locks.h"

namespace timestore::sim {

// What connections to one file share in one life of the process.
struct Inode {
  FileLocks locks;
  std::shared_ptr<SharedMemory> memory;  // while somebody uses it
  std::size_t memory_users = 0;
};

// What SQLite holds of an open file, in memory of its own.
struct Handle {
  sqlite3_file base;  // first: SQLite sees this
  Disk* disk;
  Disk::FileNumber file;
  std::uint64_t life;
  std::shared_ptr<Inode> inode;  // kept by handles of an earlier life too: SQLite looks into its memory until it closes
  std::string path;
  bool syncs_directory;  // with the next sync
  bool is_temporary;     // removed when it is closed
  LockLevel lock = LockLevel::kNone;
  bool uses_memory = false;
  SharedMemory::Held memory_locks;

  bool is_dead() const;
};

// For Handle::base.
extern const sqlite3_io_methods kFileMethods;

}  // namespace timestore::sim
