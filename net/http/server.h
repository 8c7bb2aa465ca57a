// An HTTP/1.1 server for hostile networks, with handlers that block and handlers that finish later.
//
// A connection costs no thread while it waits: for a request, or for the answer of a handler that finishes later; such
// requests are received and answered on one thread (parking.h). Those that may block are served by workers (workers.h),
// of which each pool has its own; a request's route says which. What is done with a request stands in dispatcher.h. All
// errors are problem+json (problem.h). Every wait for a client has an end (options.h).
#pragma once

#include <array>
#include <atomic>
#include <memory>
#include <mutex>
#include <optional>

#include "engine/base/result.h"
#include "net/http/dispatcher.h"
#include "net/http/options.h"
#include "net/http/parking.h"
#include "net/http/router.h"
#include "net/http/workers.h"

namespace timestore::http {

class Server {
 public:
  // Serves from now on. The error says why the address cannot be listened on.
  [[nodiscard]] static Result<std::unique_ptr<Server>> start(Router router, Options options);

  // Stops at once.
  ~Server();

  [[nodiscard]] int port() const { return port_; }

  // Takes no more connections and requests; those that are being served may finish within `grace`, then their
  // connections are cut. Returns when every handler has returned and every thread has ended: a handler must not wait
  // for ever. Any thread except a handler's, any number of times.
  void stop(Milliseconds grace);

  // Those of clients that we have said goodbye to included.
  [[nodiscard]] std::size_t open_connections() const { return parking_.open_connections(); }

 private:
  Server(Router router, Options options);
  Workers::Duties duties_of(Pool pool);
  Workers& workers_of(Pool pool) { return *workers_[static_cast<std::size_t>(pool)]; }
  Workers::Next serve(Job& job, Pool pool);
  std::optional<Workers::Next> answer(Job& job);
  void give_memory_back();
  bool next_head_comes_soon(Connection& connection) const;
  void release(Job job, Workers::Next next);
  bool finish_all(Clock::time_point deadline);

  const Options options_;
  int port_ = 0;
  std::mutex stop_mutex_;
  std::atomic<bool> stopping_{false};
  std::atomic<bool> has_grown_{false};  // large bodies were here since memory was given back
  bool stopped_ = false;                // Guarded by stop_mutex_.
  std::shared_ptr<AnswerQueue> queue_;
  Dispatcher dispatcher_;
  ParkingLot parking_;
  std::array<std::unique_ptr<Workers>, kPools> workers_;
};

}  // namespace timestore::http
