#include "engine/replica/sender.h"

#include <utility>

#include "engine/base/mark.h"

namespace timestore::replica {

void Sender::send(std::vector<raft::Send> sends) {
  for (raft::Send& send : sends) {
    if (std::holds_alternative<raft::AppendRequest>(send.message)) {
      send_append(std::move(send));
    } else {
      transport_.send(std::move(send));
    }
  }
}

void Sender::send_append(raft::Send append) {
  raft::AppendRequest& request = append_in(append);
  const auto queue = queues_.find(append.to);
  const bool is_free = queue == queues_.end();
  if (request.entries.empty()) {
    if (!is_free) queue->second.let_pass(request);
    return transport_.send(std::move(append));
  }
  if (!is_free) return queue->second.push(std::move(append));
  if (AppendQueue::fill(request, [this](raft::Index index) { return cache_.find(index); })) {
    return transport_.send(std::move(append));
  }
  const raft::NodeId follower = append.to;
  queues_[follower].push(std::move(append));
  fetch(follower);
}

// Reads what the appends in the queue ask for, as far as one read takes it, beside the writes.
void Sender::fetch(const raft::NodeId& follower) {
  const AppendQueue::Range range = queues_.at(follower).wanted();
  const auto read = [this, range]() -> Result<std::vector<raft::Entry>> {
    if (range.first <= log_.base().index) return std::vector<raft::Entry>();  // compacted meanwhile
    return log_.read(range.first, range.count, core_.options.max_append_bytes * 2);
  };
  jobs_.run(Lane::kLog, read,
            [this, follower, range](Result<std::vector<raft::Entry>> stored) { fetched(follower, range, *stored); });
}

// Appends of a term in which this node leads no longer are pointless, and what was read in another term is not the log
// any more. Of the entries that an append asks for, the last ones may be in the cache only, and not on the disk yet.
void Sender::fetched(const raft::NodeId& follower, const AppendQueue::Range& range,
                     const std::vector<raft::Entry>& stored) {
  AppendQueue& queue = queues_.at(follower);
  const bool leads = core_.is_leader() && !queue.is_empty() && queue.term() == core_.term();
  if (!leads) return (void)queues_.erase(follower);
  const bool is_present = range.term == core_.term();
  const auto find = [&](raft::Index index) -> const raft::Entry* {
    const bool is_stored = is_present && index >= range.first && index - range.first < stored.size();
    return is_stored ? &stored[index - range.first] : cache_.find(index);
  };
  for (raft::Send& append : queue.fill(find)) {
    TIMESTORE_MARK("replica: a follower was sent entries from the log file");
    transport_.send(std::move(append));
  }
  const bool is_gone = stored.empty() && is_present && !queue.is_empty() && queue.wanted().first == range.first;
  if (queue.is_empty() || is_gone) return (void)queues_.erase(follower);
  fetch(follower);
}

}  // namespace timestore::replica
