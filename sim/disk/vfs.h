// SQLite's view of a simulated disk: a VFS with files, locks and shared memory, all in this process.
//
// It works as SQLite's own unix VFS does on ext4: the first sync of a journal or write-ahead log that was opened to be
// made syncs the directory too, a removal is durable only where SQLite asks for that, and it claims nothing of the
// device that the simulated disk does not hold. Locks and shared memory vanish when the process dies. Sleeping takes no
// time. For one thread.
#pragma once

#include <memory>
#include <string>

#include "sim/disk/disk.h"
#include "sim/words/choices.h"

namespace timestore::sim {

// Registers a VFS for one disk, under a name of its own, for as long as it lives. Every connection must be closed
// before it ends; connections of an earlier life of the disk only get errors.
class Vfs {
 public:
  explicit Vfs(Disk& disk);
  ~Vfs();
  Vfs(const Vfs&) = delete;
  Vfs& operator=(const Vfs&) = delete;

  const std::string& name() const;

 private:
  friend class SqliteWorld;
  struct State;
  struct Methods;  // what SQLite calls
  std::unique_ptr<State> state_;
};

// While it lives, SQLite's randomness and clock are ours: the randomness comes from the choices, the clock stands
// still. One at a time in a process.
class SqliteWorld {
 public:
  explicit SqliteWorld(Choices& choices);
  ~SqliteWorld();
  SqliteWorld(const SqliteWorld&) = delete;
  SqliteWorld& operator=(const SqliteWorld&) = delete;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace timestore::sim
