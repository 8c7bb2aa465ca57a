#include "net/http/workers.h"

#include <algorithm>
#include <utility>

#include "engine/base/check.h"

namespace timestore::http {

Workers::~Workers() {
  TIMESTORE_CHECK(workers_.empty() && ended_.empty(), "workers are stopped before they are destroyed");
}

void Workers::submit(std::unique_ptr<Connection> connection) {
  std::unique_lock lock(mutex_);
  if (stopping_) return;
  if (!idle_.empty()) {
    Worker* worker = idle_.back();
    idle_.pop_back();
    worker->connection = std::move(connection);
    worker->wake.notify_one();
    return;
  }
  if (workers_.size() < max_workers_ && start_worker(connection)) {
    join_ended(lock);
    return;
  }
  if (workers_.empty()) {
    options_.log("Cannot start a thread; a request was dropped.");
    return;
  }
  queue_.push_back(std::move(connection));
  crowded_ = true;
}

// Takes the connection only where it succeeds.
bool Workers::start_worker(std::unique_ptr<Connection>& connection) {
  Worker& worker = workers_.emplace_back(*this);
  worker.place = std::prev(workers_.end());
  worker.connection = std::move(connection);
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setstacksize(&attributes, options_.worker_stack_bytes);
  const bool started = pthread_create(&worker.thread, &attributes, &Workers::run, &worker) == 0;
  pthread_attr_destroy(&attributes);
  if (!started) {
    connection = std::move(worker.connection);
    workers_.pop_back();
  }
  return started;
}

void* Workers::run(void* worker) {
  auto& self = *static_cast<Worker*>(worker);
  self.owner.work(self);
  return nullptr;
}

void Workers::work(Worker& worker) {
  std::unique_lock lock(mutex_);
  while (wait_for_work(worker, lock)) {
    lock.unlock();
    const Fate fate = duties_.serve(*worker.connection);
    lock.lock();
    auto connection = std::move(worker.connection);  // From here on cut() cannot shut it down.
    lock.unlock();
    duties_.release(std::move(connection), fate);
    lock.lock();
  }
  ended_.splice(ended_.end(), workers_, worker.place);
  worker_ended_.notify_all();
}

// False when the worker shall end.
bool Workers::wait_for_work(Worker& worker, std::unique_lock<std::mutex>& lock) {
  if (!worker.connection) worker.connection = next_in_queue();
  if (worker.connection) return true;
  if (stopping_) return false;
  idle_.push_back(&worker);
  worker.wake.wait_for(lock, options_.spare_worker_timeout, [&] { return worker.connection || stopping_; });
  if (worker.connection) return true;
  idle_.erase(std::find(idle_.begin(), idle_.end(), &worker));
  return false;
}

std::unique_ptr<Connection> Workers::next_in_queue() {
  if (queue_.empty()) return nullptr;
  auto connection = std::move(queue_.front());
  queue_.pop_front();
  crowded_ = !queue_.empty();
  return connection;
}

void Workers::join_ended(std::unique_lock<std::mutex>& lock) {
  std::list<Worker> ended = std::exchange(ended_, {});
  lock.unlock();
  for (const Worker& worker : ended) pthread_join(worker.thread, nullptr);
  lock.lock();
}

bool Workers::drain(Clock::time_point deadline) {
  std::unique_lock lock(mutex_);
  stopping_ = true;
  for (Worker* worker : idle_) worker->wake.notify_one();
  return worker_ended_.wait_until(lock, deadline, [&] { return workers_.empty(); });
}

void Workers::cut() {
  const std::scoped_lock lock(mutex_);
  queue_.clear();
  crowded_ = false;
  for (Worker& worker : workers_) {
    if (worker.connection) worker.connection->shut_down();
  }
}

void Workers::join() {
  std::unique_lock lock(mutex_);
  worker_ended_.wait(lock, [&] { return workers_.empty(); });
  join_ended(lock);
}

}  // namespace timestore::http
