// Those who wait to read: until the core has confirmed that this node leads, and until enough is applied.
#include <algorithm>
#include <utility>

#include "engine/base/mark.h"
#include "engine/replica/replica.h"

namespace timestore::replica {

ReadTicket Replica::read(ReadCallback callback) {
  const raft::ReadId id = ++last_read_;
  reads_.emplace(id, std::move(callback));
  inputs_.emplace_back(raft::Read{id});
  return id;
}

ReadTicket Replica::await_applied(raft::Index index, ReadCallback callback) {
  const ReadTicket ticket = ++last_read_;
  granted_.push_back({ticket, index, std::move(callback)});
  if (failure_) fail(*failure_);
  answer_applied_reads();
  return ticket;
}

void Replica::give_up_read(ReadTicket ticket) {
  if (auto asked = reads_.extract(ticket)) return refuse(asked.mapped());
  const auto waits =
      std::find_if(granted_.begin(), granted_.end(), [&](const WaitingRead& read) { return read.ticket == ticket; });
  if (waits == granted_.end()) return;
  WaitingRead read = std::move(*waits);
  granted_.erase(waits);
  refuse(read.callback);
}

void Replica::answer_reads(const std::vector<raft::ReadEnd>& ends) {
  for (const raft::ReadEnd& end : ends) {
    auto asked = reads_.extract(end.id);
    if (asked.empty()) continue;  // its caller has given up
    if (end.granted) {
      if (end.index > applied_) TIMESTORE_MARK("replica: a granted read waited for entries to be applied");
      granted_.push_back({end.id, end.index, std::move(asked.mapped())});
    } else {
      refuse(asked.mapped());
    }
  }
  answer_applied_reads();
}

void Replica::answer_applied_reads() {
  const auto waits = [&](const WaitingRead& read) { return read.index > applied_; };
  const auto ready = std::stable_partition(granted_.begin(), granted_.end(), waits);
  std::vector<WaitingRead> answered(std::make_move_iterator(ready), std::make_move_iterator(granted_.end()));
  granted_.erase(ready, granted_.end());
  for (const WaitingRead& read : answered) {
    if (read.callback) read.callback(true, read.index);
  }
}

void Replica::refuse(ReadCallback& callback) {
  if (callback) std::exchange(callback, {})(false, 0);
}

}  // namespace timestore::replica
