// What the core wants sent gets its payloads, from the cache or, for followers that lag, from the log file.
#include <algorithm>
#include <utility>

#include "engine/base/check.h"
#include "engine/base/mark.h"
#include "engine/replica/replica.h"

namespace timestore::replica {

namespace {

raft::AppendRequest& append_in(raft::Send& send) { return std::get<raft::AppendRequest>(send.message); }
const raft::AppendRequest& append_in(const raft::Send& send) { return std::get<raft::AppendRequest>(send.message); }

// Would they carry the same entries?
bool same_entries(const raft::AppendRequest& left, const raft::AppendRequest& right) {
  return left.term == right.term && left.prev_index == right.prev_index && left.entries.size() == right.entries.size();
}

}  // namespace

void Replica::send(std::vector<raft::Send> sends) {
  for (raft::Send& send : sends) {
    const auto* append = std::get_if<raft::AppendRequest>(&send.message);
    if (append == nullptr || append->entries.empty()) {
      ports_.transport.send(std::move(send));
    } else {
      send_in_order(std::move(send));
    }
  }
}

// Appends to one follower leave in their order, and at most one of them is being read from the log file: an append that
// overtakes another meets a gap and is refused, and if each were read at once, the refusals would make the core ask for
// ever more reads. What finds no room is dropped, as a network might; the core's own window is no larger.
void Replica::send_in_order(raft::Send append) {
  const auto waiting = fetches_.find(append.to);
  if (waiting == fetches_.end()) {
    if (fill_payloads(append_in(append))) return ports_.transport.send(std::move(append));
    const raft::NodeId follower = append.to;
    fetches_[follower].push_back(std::move(append));
    return fetch(follower);
  }
  std::deque<raft::Send>& queue = waiting->second;
  const bool is_known = std::any_of(queue.begin(), queue.end(), [&](const raft::Send& other) {
    return same_entries(append_in(other), append_in(append));
  });
  if (!is_known && queue.size() < options_.raft.max_inflight_appends) queue.push_back(std::move(append));
  if (is_known) TIMESTORE_MARK("replica: an append was asked for again while it was read");
}

bool Replica::fill_payloads(raft::AppendRequest& request) const {
  raft::Index index = request.prev_index;
  for (raft::Entry& entry : request.entries) {
    const raft::Entry* cached = cache_.find(++index);
    if (cached == nullptr) return false;
    TIMESTORE_CHECK(cached->term == entry.term, "the cache holds the entries of the log");
    entry.payload = cached->payload;
  }
  return true;
}

// Reads what the first append in the queue asks for, beside the writes.
void Replica::fetch(const raft::NodeId& follower) {
  const raft::AppendRequest& request = append_in(fetches_.at(follower).front());
  const raft::Index first = request.prev_index + 1;
  const std::size_t count = request.entries.size();
  const auto read = [this, first, count]() -> Result<std::vector<raft::Entry>> {
    if (first <= log_->base().index) return std::vector<raft::Entry>();  // compacted meanwhile
    return log_->read(first, count, options_.raft.max_append_bytes * 2);
  };
  on_lane(Lane::kLog, read,
          [this, follower](Result<std::vector<raft::Entry>> stored) { fetched(follower, std::move(*stored)); });
}

// The log may have changed meanwhile, but only if this node no longer leads in the term of these appends: then they are
// pointless. (As long as it leads, it only appends: paper, figure 3.)
void Replica::fetched(const raft::NodeId& follower, std::vector<raft::Entry> stored) {
  std::deque<raft::Send> queue = std::move(fetches_.extract(follower).mapped());
  raft::Send first = std::move(queue.front());
  queue.pop_front();
  const auto is_pointless = [&](const raft::Send& send) {
    return !is_leader() || append_in(send).term != core_.term();
  };
  queue.erase(std::remove_if(queue.begin(), queue.end(), is_pointless), queue.end());
  if (!is_pointless(first)) send_fetched(std::move(first), std::move(stored));
  while (!queue.empty() && fill_payloads(append_in(queue.front()))) {
    ports_.transport.send(std::move(queue.front()));
    queue.pop_front();
  }
  if (queue.empty()) return;
  fetches_.emplace(follower, std::move(queue));
  fetch(follower);
}

void Replica::send_fetched(raft::Send append, std::vector<raft::Entry> stored) {
  std::vector<raft::Entry>& entries = append_in(append).entries;
  if (stored.size() < entries.size()) return;  // they are not on the disk yet, or not any more
  for (std::size_t i = 0; i < entries.size(); ++i) {
    TIMESTORE_CHECK(stored[i].term == entries[i].term, "the log file holds the entries of the log");
    entries[i].payload = std::move(stored[i].payload);
  }
  TIMESTORE_MARK("replica: a follower was sent entries from the log file");
  ports_.transport.send(std::move(append));
}

}  // namespace timestore::replica
