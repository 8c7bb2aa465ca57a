#include "net/http/workers.h"

#include <algorithm>
#include <utility>

#include "engine/base/check.h"

namespace timestore::http {

Workers::~Workers() {
  TIMESTORE_CHECK(workers_.empty() && ended_.empty(), "workers are stopped before they are destroyed");
}

void Workers::submit(Job job) {
  std::unique_lock lock(mutex_);
  if (!stopping_ && !idle_.empty()) {
    Worker* worker = idle_.back();
    idle_.pop_back();
    worker->job = std::move(job);
    worker->wake.notify_one();
    return;
  }
  if (!stopping_ && workers_.size() < max_workers_ && start_worker(job)) return join_ended(lock);
  if (!stopping_ && !workers_.empty()) {
    queue_.push_back(std::move(job));
    crowded_ = true;
    return;
  }
  if (!stopping_) options_.log("Cannot start a thread; a request was dropped.");
  lock.unlock();
  job.exchange->go();
}

// Takes the job only where it succeeds.
bool Workers::start_worker(Job& job) {
  Worker& worker = workers_.emplace_back(*this);
  worker.place = std::prev(workers_.end());
  worker.job = std::move(job);
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setstacksize(&attributes, options_.worker_stack_bytes);
  const bool started = pthread_create(&worker.thread, &attributes, &Workers::run, &worker) == 0;
  pthread_attr_destroy(&attributes);
  if (!started) {
    job = std::move(worker.job);
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
    const Next next = duties_.serve(worker.job);
    lock.lock();
    Job job = std::move(worker.job);  // From here on cut() cannot shut it down.
    lock.unlock();
    duties_.release(std::move(job), next);
    lock.lock();
  }
  if (!stopping_) {
    lock.unlock();
    duties_.rest();
    lock.lock();
  }
  ended_.splice(ended_.end(), workers_, worker.place);
  worker_ended_.notify_all();
}

// False when the worker shall end.
bool Workers::wait_for_work(Worker& worker, std::unique_lock<std::mutex>& lock) {
  if (!worker.job.connection) worker.job = next_in_queue();
  if (worker.job.connection) return true;
  if (stopping_) return false;
  idle_.push_back(&worker);
  worker_ended_.notify_all();
  worker.wake.wait_for(lock, options_.spare_worker_timeout, [&] { return worker.job.connection || stopping_; });
  if (worker.job.connection) return true;
  idle_.erase(std::find(idle_.begin(), idle_.end(), &worker));
  return false;
}

Job Workers::next_in_queue() {
  if (queue_.empty()) return {};
  Job job = std::move(queue_.front());
  queue_.pop_front();
  crowded_ = !queue_.empty();
  return job;
}

void Workers::join_ended(std::unique_lock<std::mutex>& lock) {
  std::list<Worker> ended = std::exchange(ended_, {});
  lock.unlock();
  for (const Worker& worker : ended) pthread_join(worker.thread, nullptr);
  lock.lock();
}

bool Workers::await_idle(Clock::time_point deadline) {
  std::unique_lock lock(mutex_);
  return worker_ended_.wait_until(lock, deadline, [&] { return idle_.size() == workers_.size(); });
}

bool Workers::drain(Clock::time_point deadline) {
  std::unique_lock lock(mutex_);
  stopping_ = true;
  for (Worker* worker : idle_) worker->wake.notify_one();
  return worker_ended_.wait_until(lock, deadline, [&] { return workers_.empty(); });
}

void Workers::cut() {
  std::deque<Job> dropped;
  {
    const std::scoped_lock lock(mutex_);
    dropped = std::exchange(queue_, {});
    crowded_ = false;
    for (Worker& worker : workers_) {
      if (worker.job.connection) worker.job.connection->shut_down();
    }
  }
  for (const Job& job : dropped) job.exchange->go();
}

void Workers::join() {
  std::unique_lock lock(mutex_);
  worker_ended_.wait(lock, [&] { return workers_.empty(); });
  join_ended(lock);
}

}  // namespace timestore::http
