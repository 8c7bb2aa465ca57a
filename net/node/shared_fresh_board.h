// What is fresh, shared by the thread that applies and those that read.
#pragma once

#include <mutex>
#include <utility>

#include "engine/store/series/fresh.h"

namespace timestore::net {

class SharedFreshBoard final : public store::FreshBoard {
 public:
  void put(store::FreshView view) override {
    const std::lock_guard lock(mutex_);
    std::swap(view_, view);  // what was there may be large: it goes with the argument, when the lock is open again
  }
  store::FreshView look() const override {
    const std::lock_guard lock(mutex_);
    return view_;
  }

 private:
  mutable std::mutex mutex_;
  store::FreshView view_;
};

}  // namespace timestore::net
