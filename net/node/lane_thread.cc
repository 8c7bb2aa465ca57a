#include "net/node/lane_thread.h"

namespace timestore::net {

SerialThread::SerialThread() : thread_([this] { run(); }) {}

SerialThread::~SerialThread() { stop(); }

void SerialThread::post(std::function<void()> work) {
  {
    const std::lock_guard lock(mutex_);
    queue_.push_back(std::move(work));
  }
  changed_.notify_one();
}

void SerialThread::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_one();
  if (thread_.joinable()) thread_.join();
}

void SerialThread::run() {
  for (;;) {
    std::function<void()> work;
    {
      std::unique_lock lock(mutex_);
      changed_.wait(lock, [&] { return stopping_ || !queue_.empty(); });
      if (queue_.empty()) return;
      work = std::move(queue_.front());
      queue_.pop_front();
    }
    work();
  }
}

void LaneThreads::run(replica::Lane lane, replica::Job job) {
  SerialThread& thread = lane == replica::Lane::kLog ? log_ : series_;
  thread.post([this, job = std::move(job)]() mutable {
    job.work();
    post_back_(std::move(job.done));
  });
}

void LaneThreads::stop() {
  log_.stop();
  series_.stop();
}

}  // namespace timestore::net
