#include "engine/replica/entry_cache.h"

#include "engine/base/mark.h"

namespace timestore::replica {

namespace {

// What an entry costs beside its payload: its place in the deque and the payload's control block and string.
constexpr std::uint64_t kOverheadBytes = 128;

std::uint64_t cost_of(const raft::Entry& entry) { return kOverheadBytes + entry.payload.size_bytes(); }

}  // namespace

void EntryCache::replace_from(raft::Index first, std::span<const raft::Entry> entries) {
  truncate_from(first);
  if (entries_.empty() || first_ + entries_.size() != first) {
    entries_.clear();
    bytes_ = 0;
    first_ = first;
  }
  for (const raft::Entry& entry : entries) {
    entries_.push_back(entry);
    bytes_ += cost_of(entry);
  }
}

void EntryCache::truncate_from(raft::Index first) {
  while (!entries_.empty() && first_ + entries_.size() > first) {
    bytes_ -= cost_of(entries_.back());
    entries_.pop_back();
  }
}

void EntryCache::drop_front() {
  bytes_ -= cost_of(entries_.front());
  entries_.pop_front();
  ++first_;
}

void EntryCache::forget_through(raft::Index last) {
  while (!entries_.empty() && first_ <= last) drop_front();
}

void EntryCache::shrink(raft::Index durable) {
  if (bytes_ > limit_bytes_) TIMESTORE_MARK("replica: the cache was over its limit");
  while (bytes_ > limit_bytes_ && !entries_.empty() && first_ <= durable) drop_front();
  if (bytes_ > limit_bytes_) TIMESTORE_MARK("replica: entries that are not durable kept the cache over its limit");
}

const raft::Entry* EntryCache::find(raft::Index index) const {
  if (index < first_ || index >= first_ + entries_.size()) return nullptr;
  return &entries_[index - first_];
}

}  // namespace timestore::replica
