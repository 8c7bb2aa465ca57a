// The payloads of the newest log entries, so that sending and applying rarely read the log file.
//
// Entries that are not on disk yet exist nowhere else and are never dropped; older ones go, oldest first, when the
// cache holds more than its limit.
#pragma once

#include <cstdint>
#include <deque>
#include <span>

#include "engine/raft/types.h"

namespace timestore::replica {

class EntryCache {
 public:
  explicit EntryCache(std::uint64_t limit_bytes) : limit_bytes_(limit_bytes) {}

  // Removes `first` and everything after it, then appends the entries there.
  void replace_from(raft::Index first, std::span<const raft::Entry> entries);
  void truncate_from(raft::Index first);
  void forget_through(raft::Index last);  // and everything before it

  // Drops entries up to `durable`, oldest first, while the cache is over its limit.
  void shrink(raft::Index durable);

  // Null when the cache does not hold the entry.
  const raft::Entry* find(raft::Index index) const;

  std::uint64_t size_bytes() const { return bytes_; }

 private:
  void drop_front();

  raft::Index first_ = 1;  // index of the front
  std::deque<raft::Entry> entries_;
  std::uint64_t bytes_ = 0;
  std::uint64_t limit_bytes_;
};

}  // namespace timestore::replica
