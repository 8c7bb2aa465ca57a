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
#include <string>
#include <thread>
#include <vector>

#include "tests/system/await.h"
#include "tests/system/entry.h"

namespace timestore::system {

struct Ledger {
  std::vector<Entry> acknowledged;    // with their ids
  std::vector<Entry> maybe;           // sent, never answered
  std::vector<std::string> protests;  // answers that no client should get
};

// What contradicts the ledger in a node's content, a sentence each; empty when every acknowledged entry is there once,
// as it was sent, and nothing else but what may be.
std::vector<std::string> contradictions(const Ledger& ledger, const std::string& content);

class Workload {
 public:
  // Each writer has a home among the ports (its number modulo theirs) and goes elsewhere only while that does not
  // answer.
  Workload(std::vector<int> ports, std::size_t writers);
  ~Workload();

  // From the test's main thread, in turns. stop() returns when every writer knows the fate of its last entry or has
  // given up on it, which is a protest.
  void start();
  void stop();

  std::uint64_t acknowledged() const { return acknowledged_; }
  // Whether so many more entries are acknowledged in time.
  bool await_more(std::uint64_t entries, Clock::duration within = 20s);

  // How long it takes from `since` to the first acknowledgement of a write that was begun after that.
  std::optional<Clock::duration> await_success_since(Clock::time_point since, Clock::duration within);

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
  Clock::time_point since_{};
  std::optional<Clock::time_point> first_success_;
};

}  // namespace timestore::system
