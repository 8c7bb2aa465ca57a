// The real lanes of a replica: one thread each, whose jobs run in order.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>

#include "engine/replica/ports.h"

namespace timestore::net {

// Runs closures on a thread of its own, in order. stop() lets those already queued finish.
class SerialThread {
 public:
  SerialThread();
  ~SerialThread();

  void post(std::function<void()> work);
  void stop();

 private:
  void run();

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::function<void()>> queue_;
  bool stopping_ = false;
  std::thread thread_;
};

class LaneThreads final : public replica::Lanes {
 public:
  // `post_back` takes a closure to the replica's thread.
  explicit LaneThreads(std::function<void(std::function<void()>)> post_back) : post_back_(std::move(post_back)) {}

  void run(replica::Lane lane, replica::Job job) override;
  void stop();

 private:
  std::function<void(std::function<void()>)> post_back_;
  SerialThread log_;
  SerialThread series_;
};

}  // namespace timestore::net
