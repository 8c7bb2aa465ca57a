// Threads for what has to wait for another node: as many as are needed at once, up to a bound; the rest waits its turn.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace timestore::net {

class Couriers {
 public:
  explicit Couriers(std::size_t max_threads) : max_threads_(max_threads) {}
  ~Couriers();  // Lets those that have begun finish; what has not is dropped.
  Couriers(const Couriers&) = delete;
  Couriers& operator=(const Couriers&) = delete;

  void post(std::function<void()> errand);

 private:
  void run();

  const std::size_t max_threads_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::function<void()>> queue_;
  std::size_t idle_ = 0;
  bool stopping_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace timestore::net
