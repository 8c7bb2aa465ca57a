// The threads that serve requests: as many as are needed at once, within a limit.
//
// A job handed in goes to an idle worker, else to a new one, else into a queue. A worker without work for some
// seconds ends; the one that became idle last works first, so that the others can.
#pragma once

#include <pthread.h>

#include <atomic>
#include <condition_variable>
#include <deque>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <vector>

#include "net/http/connection.h"
#include "net/http/exchange.h"
#include "net/http/options.h"

namespace timestore::http {

class Workers {
 public:
  // What is to be done with a job that a worker has done.
  enum class Next : unsigned char {
    kPark,      // the connection waits for its next request
    kAwait,     // the exchange has no answer yet
    kSend,      // the client takes its answer slowly
    kPass,      // the next request is open, and others serve it
    kFarewell,  // our last answer is sent
    kClose,
  };
  struct Duties {
    std::function<Next(Job&)> serve;
    std::function<void(Job, Next)> release;
    std::function<void()> rest;  // a worker has had no work for a while, and ends
  };

  // At most `max_workers` threads.
  Workers(const Options& options, std::size_t max_workers, Duties duties)
      : options_(options), max_workers_(max_workers), duties_(std::move(duties)) {}
  ~Workers();
  Workers(const Workers&) = delete;
  Workers& operator=(const Workers&) = delete;

  // Closes the connection where there is no thread to be had, or after drain(). Any thread, a worker's too.
  void submit(Job job);

  // Connections wait for a worker: no time to linger.
  [[nodiscard]] bool is_crowded() const { return crowded_; }

  // Waits until there is nothing to do; false at the deadline.
  [[nodiscard]] bool await_idle(Clock::time_point deadline);
  // Takes no more, and lets those that are being served or queued finish until `deadline`. False when some have not.
  [[nodiscard]] bool drain(Clock::time_point deadline);
  // After drain(): shuts down the connections of those that have not finished.
  void cut();
  // After drain(): waits until their handlers have returned. Afterwards there are no threads.
  void join();

 private:
  struct Worker {
    explicit Worker(Workers& workers) : owner(workers) {}
    Workers& owner;
    pthread_t thread{};
    std::condition_variable wake{};
    Job job{};  // Assigned, or being done.
    std::list<Worker>::iterator place{};
  };

  static void* run(void* worker);
  void work(Worker& worker);
  bool wait_for_work(Worker& worker, std::unique_lock<std::mutex>& lock);
  bool start_worker(Job& job);
  Job next_in_queue();
  void join_ended(std::unique_lock<std::mutex>& lock);

  const Options& options_;
  const std::size_t max_workers_;
  const Duties duties_;

  std::mutex mutex_;
  std::list<Worker> workers_;
  std::list<Worker> ended_;    // Their threads are to be joined.
  std::vector<Worker*> idle_;  // The last one became idle last.
  std::deque<Job> queue_;
  std::atomic<bool> crowded_{false};
  bool stopping_ = false;
  std::condition_variable worker_ended_;  // or has nothing to do
};

}  // namespace timestore::http
