#include "net/http/server.h"

#include <string_view>
#include <utility>

#include "engine/base/check.h"
#include "net/http/head.h"

namespace timestore::http {

Result<std::unique_ptr<Server>> Server::start(Router router, Options options) {
  TIMESTORE_CHECK(options.max_workers > 0 && options.max_connections > 0, "a server can serve somebody");
  TIMESTORE_CHECK(options.reserved_prefix.empty() || options.reserved_workers > 0, "what is reserved is served, too");
  TIMESTORE_CHECK(options.minimum_bytes_per_second > 0, "the minimum rate divides");
  auto listener = listen_on({options.host, options.port});
  if (!listener) return tl::unexpected(listener.error());
  std::unique_ptr<Server> server(new Server(std::move(router), std::move(options)));
  server->port_ = local_endpoint(listener->number()).port;
  if (auto opened = server->parking_.open(std::move(*listener)); !opened) return tl::unexpected(opened.error());
  return server;
}

Server::Server(Router router, Options options)
    : options_(std::move(options)),
      dispatcher_(std::move(router), options_),
      parking_(options_,
               [this](std::unique_ptr<Connection> connection) {
                 Workers& workers = workers_for(*connection);
                 workers.submit(std::move(connection));
               }),
      workers_(options_, options_.max_workers, duties_of(workers_)),
      reserved_workers_(options_, options_.reserved_workers, duties_of(reserved_workers_)) {}

Server::~Server() { stop(Milliseconds(0)); }

Workers::Duties Server::duties_of(const Workers& workers) {
  return {
      .serve = [this, &workers](Connection& connection) { return serve(connection, workers); },
      .release = [this](std::unique_ptr<Connection> connection, Fate fate) { release(std::move(connection), fate); }};
}

// Precondition: the connection has a complete head.
Workers& Server::workers_for(const Connection& connection) {
  const std::string_view head = connection.input().substr(0, connection.head_size());
  return dispatcher_.is_reserved(glimpse_target(head)) ? reserved_workers_ : workers_;
}

// Answers requests as long as they follow each other closely.
Fate Server::serve(Connection& connection, const Workers& workers) {
  for (;;) {
    const Fate fate = dispatcher_.serve(connection);
    if (fate != Fate::kKeep) return fate;
    // Nobody queues behind an endless stream of requests: its connection goes to the end of the queue.
    if (stopping_ || workers.is_crowded() || !next_head_comes_soon(connection)) return Fate::kKeep;
    // Whoever's workers these are, a connection does not keep them for other requests: the parking lot hands it over.
    if (&workers_for(connection) != &workers) return Fate::kKeep;
  }
}

bool Server::next_head_comes_soon(Connection& connection) const {
  const auto give_up = Clock::now() + options_.linger;
  for (;;) {
    switch (connection.examine_head()) {
      case HeadState::kComplete:
        return true;
      case HeadState::kTooLong:
      case HeadState::kNotHttp:
      case HeadState::kBareLineBreak:
        return false;
      case HeadState::kNone:
      case HeadState::kPartial:
        break;
    }
    // A closed connection is parked like an idle one, and closed there.
    if (connection.receive_briefly() != Input::kArrived || Clock::now() > give_up) return false;
  }
}

void Server::release(std::unique_ptr<Connection> connection, Fate fate) {
  switch (fate) {
    case Fate::kKeep:
      return parking_.park(std::move(connection));
    case Fate::kFarewell:
      return parking_.farewell(std::move(connection));
    case Fate::kClose:
      return;
  }
}

void Server::stop(Milliseconds grace) {
  stopping_ = true;
  dispatcher_.announce_stop();
  parking_.close_entrance();
  const std::scoped_lock lock(stop_mutex_);
  if (std::exchange(stopped_, true)) return;
  const auto deadline = Clock::now() + grace;
  const bool workers_drained = workers_.drain(deadline);
  const bool all_drained = reserved_workers_.drain(deadline) && workers_drained;
  if (!all_drained) {
    dispatcher_.abandon_answers();
    workers_.cut();
    reserved_workers_.cut();
  }
  workers_.join();
  reserved_workers_.join();
  parking_.close(deadline);
}

}  // namespace timestore::http
