// An HTTP/1.1 server for hostile networks and blocking handlers.
//
// Connections without a complete request head cost no thread (parking.h). Each request is served by a worker thread
// (workers.h), some of which are reserved for the requests that must always get through; it routes the request, reads
// its body within limits, calls the handler and sends the answer (dispatcher.h). All errors are problem+json
// (problem.h). Every wait for a client has an end (options.h).
#pragma once

#include <atomic>
#include <memory>
#include <mutex>

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
  Workers::Duties duties_of(const Workers& workers);
  Workers& workers_for(const Connection& connection);
  Fate serve(Connection& connection, const Workers& workers);
  bool next_head_comes_soon(Connection& connection) const;
  void release(std::unique_ptr<Connection> connection, Fate fate);

  const Options options_;
  int port_ = 0;
  std::mutex stop_mutex_;
  std::atomic<bool> stopping_{false};
  bool stopped_ = false;  // Guarded by stop_mutex_.
  Dispatcher dispatcher_;
  ParkingLot parking_;
  Workers workers_;
  Workers reserved_workers_;
};

}  // namespace timestore::http
