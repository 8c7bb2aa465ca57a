#include "net/http/server.h"

#include <malloc.h>

#include <string_view>
#include <utility>

#include "engine/base/check.h"
#include "net/http/head.h"

namespace timestore::http {
namespace {

std::size_t workers_allowed(const Options& options, Pool pool) {
  switch (pool) {
    case Pool::kClients:
      return options.max_workers;
    case Pool::kAdmins:
      return options.admin_workers;
    case Pool::kPeers:
      return options.peer_workers;
  }
  return 0;  // Unreachable: the switch names every pool.
}

// glibc raises both by itself when a large buffer is freed, up to 32 and 64 MiB; then each arena keeps as much as that
// at its end, and nothing brings it back. Once set, they stay.
void keep_little_memory() {
#ifdef __GLIBC__
  mallopt(M_MMAP_THRESHOLD, static_cast<int>(kLargeBytes));
  mallopt(M_TRIM_THRESHOLD, static_cast<int>(kLargeBytes));
#endif
}

}  // namespace

Result<std::unique_ptr<Server>> Server::start(Router router, Options options) {
  TIMESTORE_CHECK(options.max_connections > 0, "a server can serve somebody");
  TIMESTORE_CHECK(options.max_workers > 0 && options.admin_workers > 0 && options.peer_workers > 0,
                  "each pool has somebody who serves");
  TIMESTORE_CHECK(options.minimum_bytes_per_second > 0, "the minimum rate divides");
  keep_little_memory();
  auto listener = listen_on({options.host, options.port});
  if (!listener) return tl::unexpected(listener.error());
  std::unique_ptr<Server> server(new Server(std::move(router), std::move(options)));
  server->port_ = local_endpoint(listener->number()).port;
  if (auto opened = server->parking_.open(std::move(*listener)); !opened) return tl::unexpected(opened.error());
  return server;
}

Server::Server(Router router, Options options)
    : options_(std::move(options)),
      queue_(std::make_shared<AnswerQueue>([this] { parking_.wake(); })),
      dispatcher_(std::move(router), options_, queue_),
      parking_(options_, dispatcher_, *queue_, [this](Job job) {
        const Pool pool = job.exchange->pool;
        workers_of(pool).submit(std::move(job));
      }) {
  for (const Pool pool : {Pool::kClients, Pool::kAdmins, Pool::kPeers}) {
    workers_[static_cast<std::size_t>(pool)] =
        std::make_unique<Workers>(options_, workers_allowed(options_, pool), duties_of(pool));
  }
}

Server::~Server() { stop(Milliseconds(0)); }

Workers::Duties Server::duties_of(Pool pool) {
  return {.serve = [this, pool](Job& job) { return serve(job, pool); },
          .release = [this](Job job, Workers::Next next) { release(std::move(job), next); },
          .rest = [this] { give_memory_back(); }};
}

// Answers requests as long as they follow each other closely.
Workers::Next Server::serve(Job& job, Pool pool) {
  for (;;) {
    if (const auto next = answer(job)) return *next;
    // Nobody queues behind an endless stream of requests: its connection goes to the end of the queue.
    if (stopping_ || workers_of(pool).is_crowded() || !next_head_comes_soon(*job.connection)) {
      return Workers::Next::kPark;
    }
    job.exchange = dispatcher_.open(*job.connection);
    // Whoever's workers these are, a connection does not keep them for the requests of others.
    if (job.exchange->pool != pool) return Workers::Next::kPass;
  }
}

// Nothing: all of the answer is sent, and the connection may have its next request.
std::optional<Workers::Next> Server::answer(Job& job) {
  Connection& connection = *job.connection;
  Exchange& exchange = *job.exchange;
  connection.begin_answer();
  auto response = exchange.has_begun ? dispatcher_.finish(exchange) : dispatcher_.begin(connection, exchange);
  if (exchange.is_large || (response && response->body.size() >= kLargeBytes)) has_grown_ = true;
  if (!response) return Workers::Next::kAwait;
  if (response->writer) {
    if (!dispatcher_.send_written(connection, exchange, *response)) return Workers::Next::kClose;
  } else {
    const Message message = dispatcher_.compose(exchange, std::move(*response));
    std::string_view head = message.head;
    std::string_view body = message.body;
    switch (connection.send_now(head, body)) {
      case Sending::kSent:
        break;
      case Sending::kFailed:
        return Workers::Next::kClose;
      case Sending::kBlocked:
        exchange.unsent.assign(head).append(body);
        return Workers::Next::kSend;
    }
  }
  switch (dispatcher_.fate_after(exchange)) {
    case Fate::kKeep:
      return std::nullopt;
    case Fate::kFarewell:
      return Workers::Next::kFarewell;
    case Fate::kClose:
      return Workers::Next::kClose;
  }
  return Workers::Next::kClose;
}

// glibc keeps in the arena of each thread what the thread has freed, however much that is: dozens of large bodies at
// once would leave hundreds of megabytes behind. A worker that ends for want of work is a sign that there is time.
void Server::give_memory_back() {
#ifdef __GLIBC__
  if (has_grown_.exchange(false)) malloc_trim(0);
#endif
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

void Server::release(Job job, Workers::Next next) {
  switch (next) {
    case Workers::Next::kPark:
      return parking_.park(std::move(job.connection));
    case Workers::Next::kAwait:
      return parking_.await_answer(std::move(job));
    case Workers::Next::kSend:
      return parking_.finish_sending(std::move(job));
    case Workers::Next::kPass: {
      const Pool pool = job.exchange->pool;
      return workers_of(pool).submit(std::move(job));
    }
    case Workers::Next::kFarewell:
      return parking_.farewell(std::move(job.connection));
    case Workers::Next::kClose:
      return;
  }
}

// An answer that is waited for may yet need a worker, and what a worker has begun may yet wait for its answer.
bool Server::finish_all(Clock::time_point deadline) {
  for (bool again = true; again;) {
    again = false;
    if (!parking_.await_answers(deadline)) return false;
    for (const auto& workers : workers_) {
      if (!workers->await_idle(deadline)) return false;
    }
    again = parking_.awaits_answers();
  }
  return true;
}

void Server::stop(Milliseconds grace) {
  stopping_ = true;
  dispatcher_.announce_stop();
  parking_.close_entrance();
  const std::scoped_lock lock(stop_mutex_);
  if (std::exchange(stopped_, true)) return;
  const auto deadline = Clock::now() + grace;
  bool has_finished = finish_all(deadline);
  for (const auto& workers : workers_) has_finished = workers->drain(deadline) && has_finished;
  if (!has_finished) {
    for (const auto& workers : workers_) workers->cut();
  }
  for (const auto& workers : workers_) workers->join();
  parking_.close(has_finished ? deadline : Clock::now());
}

}  // namespace timestore::http
