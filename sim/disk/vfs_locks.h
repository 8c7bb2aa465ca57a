// What connections to one file share while the process lives: the five locks of a database file and the shared memory
// of a write-ahead log's index, with its eight locks.
//
// The rules are those of SQLite's unix VFS (https://www.sqlite.org/lockingv3.html,
// https://www.sqlite.org/walformat.html). It knows neither files nor errors: a lock is given or refused.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

namespace timestore::sim {

// The levels have SQLite's numbers.
enum class LockLevel : std::uint8_t { kNone = 0, kShared = 1, kReserved = 2, kPending = 3, kExclusive = 4 };

// Who holds what on one file. The holders are connections' handles, compared but never looked into.
class FileLocks {
 public:
  using Holder = const void*;

  // Raises a holder's lock from `from` (which it has) to `to`: kShared, kReserved or kExclusive. Returns the level that
  // it has now: `to`, or less when it was refused.
  LockLevel raise(Holder holder, LockLevel from, LockLevel to);

  // Lowers a holder's lock to `to`: kShared or kNone.
  void lower(Holder holder, LockLevel from, LockLevel to);

  bool is_reserved() const { return writer_ != nullptr; }

 private:
  std::size_t shared_ = 0;    // holders of kShared or more
  Holder writer_ = nullptr;   // has kReserved or more
  Holder pending_ = nullptr;  // has kPending or kExclusive: no new reader comes in
};

class SharedMemory {
 public:
  static constexpr std::size_t kLocks = 8;

  // What one connection has locked, as bits.
  struct Held {
    std::uint8_t shared = 0;
    std::uint8_t exclusive = 0;
  };

  // A region of memory, zeros at first. nullptr when it is not there and must not be made.
  std::uint8_t* region(std::size_t number, std::size_t size_bytes, bool create);

  // All locks of `mask` or none. True: given.
  bool lock_shared(Held& held, std::uint8_t mask);
  bool lock_exclusive(Held& held, std::uint8_t mask);
  void unlock(Held& held, std::uint8_t mask);

 private:
  std::vector<std::unique_ptr<std::uint8_t[]>> regions_;
  std::array<std::uint32_t, kLocks> shared_ = {};  // how many connections hold each
  std::uint8_t exclusive_ = 0;
};

}  // namespace timestore::sim
