// The queries that run on this node: operators see them and can end them, and slow ones are said.
#pragma once

#include <atomic>
#include <cstdint>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "net/base/clock.h"

namespace timestore::net {

class RunningQueries {
 public:
  struct Seen {
    std::uint64_t id = 0;
    std::string target;  // path and parameters, as they were sent
    std::string client;  // its address
    std::chrono::milliseconds elapsed{0};
  };

  // One of them, from its beginning to its end.
  class Query {
   public:
    Query(RunningQueries& all, std::string target, std::string client, Deadline deadline);
    ~Query();
    Query(const Query&) = delete;
    Query& operator=(const Query&) = delete;

    bool goes_on() const { return !is_ended_ && Clock::now() < deadline_; }
    bool was_ended() const { return is_ended_; }  // by an operator

    // Whoever takes long because a client reads slowly is not slow itself.
    void may_take_long() { may_take_long_ = true; }

   private:
    friend class RunningQueries;
    RunningQueries& all_;
    std::uint64_t id_ = 0;
    const std::string target_;
    const std::string client_;
    const Deadline begun_ = Clock::now();
    const Deadline deadline_;
    std::atomic<bool> is_ended_ = false;
    bool may_take_long_ = false;
    std::list<Query*>::iterator place_;
  };

  // By their beginning. From any thread.
  [[nodiscard]] std::vector<Seen> list() const;

  // False: there is none of this id. It ends at its next step.
  bool end(std::uint64_t id);

 private:
  mutable std::mutex mutex_;
  std::uint64_t last_id_ = 0;
  std::list<Query*> running_;
};

}  // namespace timestore::net
