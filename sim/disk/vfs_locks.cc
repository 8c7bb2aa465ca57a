#include "sim/disk/vfs_locks.h"

#include "engine/base/check.h"

namespace timestore::sim {

LockLevel FileLocks::raise(Holder holder, LockLevel from, LockLevel to) {
  if (from >= to) return from;
  if (to == LockLevel::kShared) {
    if (pending_ != nullptr) return from;
    ++shared_;
    return to;
  }
  TIMESTORE_CHECK(from != LockLevel::kNone, "SQLite locks a file for reading first");
  if (writer_ != nullptr && writer_ != holder) return from;
  writer_ = holder;
  if (to == LockLevel::kReserved) return to;
  pending_ = holder;
  return shared_ > 1 ? LockLevel::kPending : LockLevel::kExclusive;
}

void FileLocks::lower(Holder holder, LockLevel from, LockLevel to) {
  if (from <= to) return;
  if (writer_ == holder) writer_ = nullptr;
  if (pending_ == holder) pending_ = nullptr;
  if (to == LockLevel::kNone) --shared_;
}

std::uint8_t* SharedMemory::region(std::size_t number, std::size_t size_bytes, bool create) {
  if (number >= regions_.size() && !create) return nullptr;
  while (regions_.size() <= number) regions_.push_back(std::make_unique<std::uint8_t[]>(size_bytes));
  return regions_[number].get();
}

bool SharedMemory::lock_shared(Held& held, std::uint8_t mask) {
  if ((exclusive_ & ~held.exclusive & mask) != 0) return false;
  const auto added = static_cast<std::uint8_t>(mask & ~held.shared);
  for (std::size_t lock = 0; lock < kLocks; ++lock) {
    if ((added >> lock & 1) != 0) ++shared_[lock];
  }
  held.shared = static_cast<std::uint8_t>(held.shared | mask);
  return true;
}

bool SharedMemory::lock_exclusive(Held& held, std::uint8_t mask) {
  for (std::size_t lock = 0; lock < kLocks; ++lock) {
    if ((mask >> lock & 1) == 0) continue;
    const std::uint32_t own = held.shared >> lock & 1;
    if (shared_[lock] != own || (exclusive_ & ~held.exclusive & (1U << lock)) != 0) return false;
  }
  exclusive_ = static_cast<std::uint8_t>(exclusive_ | mask);
  held.exclusive = static_cast<std::uint8_t>(held.exclusive | mask);
  return true;
}

void SharedMemory::unlock(Held& held, std::uint8_t mask) {
  for (std::size_t lock = 0; lock < kLocks; ++lock) {
    if ((mask & held.shared) >> lock & 1) --shared_[lock];
  }
  exclusive_ = static_cast<std::uint8_t>(exclusive_ & ~(held.exclusive & mask));
  held.shared = static_cast<std::uint8_t>(held.shared & ~mask);
  held.exclusive = static_cast<std::uint8_t>(held.exclusive & ~mask);
}

}  // namespace timestore::sim
