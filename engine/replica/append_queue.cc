#include "engine/replica/append_queue.h"

#include <algorithm>
#include <utility>

#include "engine/base/check.h"
#include "engine/base/mark.h"

namespace timestore::replica {

namespace {

raft::Index last_of(const raft::AppendRequest& request) { return request.prev_index + request.entries.size(); }

}  // namespace

raft::Term AppendQueue::term() const { return append_in(appends_.front()).term; }

bool AppendQueue::continues(const raft::AppendRequest& request) const {
  if (appends_.empty()) return false;
  const raft::AppendRequest& last = append_in(appends_.back());
  return request.term == last.term && request.prev_index == last_of(last);
}

void AppendQueue::push(raft::Send append) {
  if (!appends_.empty() && !continues(append_in(append))) {
    TIMESTORE_MARK("replica: an append replaced those that were being read");
    appends_.clear();
  }
  appends_.push_back(std::move(append));
}

void AppendQueue::let_pass(raft::AppendRequest& heartbeat) {
  if (appends_.empty()) return;
  if (!continues(heartbeat)) return appends_.clear();
  TIMESTORE_MARK("replica: a heartbeat passed appends that were being read");
  const raft::AppendRequest& first = append_in(appends_.front());
  heartbeat.prev_index = first.prev_index;
  heartbeat.prev_term = first.prev_term;
}

AppendQueue::Range AppendQueue::wanted() const {
  const raft::AppendRequest& first = append_in(appends_.front());
  return {first.term, first.prev_index + 1, last_of(append_in(appends_.back())) - first.prev_index};
}

bool AppendQueue::fill(raft::AppendRequest& request, const Find& find) {
  raft::Index index = request.prev_index;
  for (raft::Entry& entry : request.entries) {
    const raft::Entry* found = find(++index);
    if (found == nullptr) return false;
    TIMESTORE_CHECK(found->term == entry.term, "what is found are the entries of the log");
    entry.payload = found->payload;
  }
  return true;
}

std::vector<raft::Send> AppendQueue::fill(const Find& find) {
  std::vector<raft::Send> filled;
  while (!appends_.empty() && fill(append_in(appends_.front()), find)) {
    filled.push_back(std::move(appends_.front()));
    appends_.pop_front();
  }
  return filled;
}

}  // namespace timestore::replica
