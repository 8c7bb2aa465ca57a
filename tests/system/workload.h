// Clients that write as fast as they are answered and remember what they were promised.
//
// Half of the entries carry an id of their client, the others leave it to the server. When an answer says "unknown"
// (503), or none comes, the client sends the same entry again, to the next node, with the id that it has or was told.
// An entry without an id whose answer was lost cannot be sent again: it may be stored once or not at all.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "tests/system/await.h"
#include "tests/system/promises.h"

namespace timestore::system {

class Workload {
 public:
  // Each writer has a home among the ports (its number modulo theirs) and goes elsewhere only while that does not
  // answer. It waits for an answer no longer than its patience.
  Workload(std::vector<int> ports, std::size_t writers, Clock::duration patience = kHangGuard);
  ~Workload();

  // From the test's main thread, in turns. stop() returns when every writer knows the fate of its last entry or has
  // given up on it, which is a protest.
  void start();
  void stop();

  std::uint64_t acknowledged() const { return acknowledged_; }
  // Whether so many more entries come to be acknowledged.
  bool await_more(std::uint64_t entries);

  // How long it takes from `since` to the first acknowledgement of a write that was begun after that.
  std::optional<Clock::duration> await_success_since(Clock::time_point since);

  // The longest time that passed between two acknowledgements since start() or the last call.
  Clock::duration longest_gap();

  // Of everything since the first start. Requires that the writers are stopped.
  Ledger ledger() const;

 private:
  struct Writer;
  void run(Writer& writer);
  void write_next(Writer& writer);
  void note_success(Clock::time_point begun);

  std::vector<int> ports_;
  std::vector<std::unique_ptr<Writer>> writers_;
  std::vector<std::thread> threads_;
  std::atomic<bool> stopping_{false};
  std::atomic<std::uint64_t> acknowledged_{0};

  std::mutex mutex_;  // guards what follows
  Clock::time_point last_success_{};
  Clock::duration longest_gap_{};
  Clock::time_point since_{};
  std::optional<Clock::time_point> first_success_;
};

}  // namespace timestore::system
