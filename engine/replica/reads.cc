#include "engine/replica/reads.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "engine/base/mark.h"

namespace timestore::replica {

ReadTicket Reads::ask(ReadCallback callback) {
  asked_.emplace(++last_ticket_, std::move(callback));
  return last_ticket_;
}

ReadTicket Reads::await(raft::Index index, ReadCallback callback) {
  granted_.push_back({++last_ticket_, index, std::move(callback)});
  return last_ticket_;
}

void Reads::give_up(ReadTicket ticket) {
  if (auto asked = asked_.extract(ticket)) return refuse(asked.mapped());
  const auto waits = std::ranges::find(granted_, ticket, &Granted::ticket);
  if (waits == granted_.end()) return;
  Granted read = std::move(*waits);
  granted_.erase(waits);
  refuse(read.callback);
}

void Reads::give_up_all() {
  for (auto& [ticket, callback] : asked_) refuse(callback);
  for (Granted& read : granted_) refuse(read.callback);
}

void Reads::end(const std::vector<raft::ReadEnd>& ends) {
  for (const raft::ReadEnd& end : ends) {
    auto asked = asked_.extract(end.id);
    if (asked.empty()) continue;  // its caller has given up
    if (end.granted) {
      if (end.index > machine_.applied()) TIMESTORE_MARK("replica: a granted read waited for entries to be applied");
      granted_.push_back({end.id, end.index, std::move(asked.mapped())});
    } else {
      refuse(asked.mapped());
    }
  }
  applied();
}

void Reads::applied() {
  const auto waits = [&](const Granted& read) { return read.index > machine_.applied(); };
  const auto ready = std::stable_partition(granted_.begin(), granted_.end(), waits);
  std::vector<Granted> answered(std::make_move_iterator(ready), std::make_move_iterator(granted_.end()));
  granted_.erase(ready, granted_.end());
  for (const Granted& read : answered) {
    if (read.callback) read.callback(true, read.index);
  }
}

void Reads::fail() {
  for (auto& [ticket, callback] : std::exchange(asked_, {})) refuse(callback);
  for (Granted& read : std::exchange(granted_, {})) refuse(read.callback);
}

void Reads::refuse(ReadCallback& callback) {
  if (callback) std::exchange(callback, {})(false, 0);
}

}  // namespace timestore::replica
