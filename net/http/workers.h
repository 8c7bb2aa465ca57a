// The threads that serve requests: as many as are needed at once, within a limit.
//
// A connection handed in goes to an idle worker, else to a new one, else into a queue. A worker without work for some
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
#include "net/http/dispatcher.h"
#include "net/http/options.h"

namespace timestore::http {

class Workers {
 public:
  struct Duties {
    std::function<Fate(Connection&)> serve;
    std::function<void(std::unique_ptr<Connection>, Fate)> release;
  };

  // At most `max_workers` threads.
  Workers(const Options& options, std::size_t max_workers, Duties duties)
      : options_(options), max_workers_(max_workers), duties_(std::move(duties)) {}
  ~Workers();
  Workers(const Workers&) = delete;
  Workers& operator=(const Workers&) = delete;

  // Closes the connection where there is no thread to be had, or after drain().
  void submit(std::unique_ptr<Connection> connection);

  // Connections wait for a worker: no time to linger.
  [[nodiscard]] bool is_crowded() const { return crowded_; }

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
    std::unique_ptr<Connection> connection{};  // Assigned, or being served.
    std::list<Worker>::iterator place{};
  };

  static void* run(void* worker);
  void work(Worker& worker);
  bool wait_for_work(Worker& worker, std::unique_lock<std::mutex>& lock);
  bool start_worker(std::unique_ptr<Connection>& connection);
  std::unique_ptr<Connection> next_in_queue();
  void join_ended(std::unique_lock<std::mutex>& lock);

  const Options& options_;
  const std::size_t max_workers_;
  const Duties duties_;

  std::mutex mutex_;
  std::list<Worker> workers_;
  std::list<Worker> ended_;    // Their threads are to be joined.
  std::vector<Worker*> idle_;  // The last one became idle last.
  std::deque<std::unique_ptr<Connection>> queue_;
  std::atomic<bool> crowded_{false};
  bool stopping_ = false;
  std::condition_variable worker_ended_;
};

}  // namespace timestore::http
