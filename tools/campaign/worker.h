// One forked process that runs seeds, one at a time.
//
// A run must not share its process with another (SQLite's random numbers belong to the process), and it may break its
// process: code with a planted bug crashes, loops or eats memory. All of that ends one worker and is the verdict on one
// seed. A worker dies with the process that started it.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "engine/base/result.h"
#include "tools/campaign/seed_result.h"

namespace timestore::campaign {

// Called in the worker. An exception that leaves it ends the worker.
using SeedRunner = std::function<SeedResult(std::uint64_t seed)>;

// Called in the worker: has the seed used up its processor time? Then its run should end by itself and tell what it
// did. If it does not soon, the worker is ended.
[[nodiscard]] bool is_out_of_time();

class Worker {
 public:
  // `cpu_limit` is for each seed; zero is no limit.
  [[nodiscard]] static Result<std::unique_ptr<Worker>> start(const SeedRunner& runner, std::chrono::seconds cpu_limit);

  ~Worker();  // ends the process, whatever it does
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  // Requires that no seed is being run.
  void give(std::uint64_t seed);
  bool is_busy() const { return seed_.has_value(); }
  std::uint64_t seed() const { return *seed_; }

  // Readable when receive() will make progress.
  int descriptor() const { return socket_; }

  // Takes what has arrived: the result of the seed when it is complete. A worker that died gives a violation named
  // "crash" or "hang", and is_dead() from then on.
  [[nodiscard]] std::optional<SeedResult> receive();
  bool is_dead() const { return pid_ < 0; }

 private:
  Worker(pid_t pid, int socket, std::chrono::seconds cpu_limit) : pid_(pid), socket_(socket), cpu_limit_(cpu_limit) {}

  SeedResult bury();
  std::optional<SeedResult> take_message();

  pid_t pid_;  // -1 once it was buried
  int socket_;
  std::chrono::seconds cpu_limit_;
  std::optional<std::uint64_t> seed_;
  std::string received_;
  std::chrono::microseconds cpu_reported_{0};
};

}  // namespace timestore::campaign
