// What is to be done at a moment. Used on one thread, which rings now and then: an alarm goes off at the first ring
// after its moment.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <utility>

#include "net/base/clock.h"

namespace timestore::net {

class Alarms {
 public:
  using Id = std::pair<Deadline, std::uint64_t>;

  Id set(Deadline at, std::function<void()> work) {
    const Id id{at, ++last_};
    alarms_.emplace(id, std::move(work));
    return id;
  }
  void cancel(const Id& id) { alarms_.erase(id); }  // one that has gone off is none any more

  // Earlier ones first. They may set and cancel others.
  void ring(Deadline now) {
    while (!alarms_.empty() && alarms_.begin()->first.first <= now) {
      const auto work = std::move(alarms_.begin()->second);
      alarms_.erase(alarms_.begin());
      work();
    }
  }

 private:
  std::uint64_t last_ = 0;
  std::map<Id, std::function<void()>> alarms_;
};

}  // namespace timestore::net
