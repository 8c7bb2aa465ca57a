#include "net/access/couriers.h"

#include <utility>

namespace timestore::net {

Couriers::~Couriers() {
  std::deque<std::function<void()>> dropped;
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    dropped = std::exchange(queue_, {});
  }
  changed_.notify_all();
  for (std::thread& thread : threads_) thread.join();
}

void Couriers::post(std::function<void()> errand) {
  {
    const std::lock_guard lock(mutex_);
    if (stopping_) return;
    queue_.push_back(std::move(errand));
    if (queue_.size() > idle_ && threads_.size() < max_threads_) threads_.emplace_back([this] { run(); });
  }
  changed_.notify_one();
}

void Couriers::run() {
  std::unique_lock lock(mutex_);
  for (;;) {
    ++idle_;
    changed_.wait(lock, [&] { return stopping_ || !queue_.empty(); });
    --idle_;
    if (queue_.empty()) return;
    auto errand = std::move(queue_.front());
    queue_.pop_front();
    lock.unlock();
    errand();
    errand = nullptr;
    lock.lock();
  }
}

}  // namespace timestore::net
