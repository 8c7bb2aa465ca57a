// What is done with one request: the route is found, the body read, the handler asked, the answer composed.
//
//   open() ── begin() ──────────────────────────> compose(), or send_written()
//               └─ the handler finishes later ── finish() ──┘
//
// Any number of threads, each with its own connection and exchange.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <memory>
#include <optional>

#include "net/http/answer.h"
#include "net/http/connection.h"
#include "net/http/exchange.h"
#include "net/http/options.h"
#include "net/http/router.h"

namespace timestore::http {

class Dispatcher {
 public:
  Dispatcher(Router router, const Options& options, std::shared_ptr<AnswerQueue> queue);

  // Precondition: examine_head() has just found a complete head. It is parsed and consumed.
  [[nodiscard]] std::shared_ptr<Exchange> open(Connection& connection) const;

  // What begin() would have to wait for.
  enum class Needs : unsigned char {
    kNothing,
    kBody,    // it is small, and has not arrived whole
    kWorker,  // it may block
  };
  [[nodiscard]] Needs needs_of(const Exchange& exchange, const Connection& connection) const;

  // Nothing: the handler finishes later.
  [[nodiscard]] std::optional<Response> begin(Connection& connection, Exchange& exchange);
  // The answer that a handler has finished.
  [[nodiscard]] Response finish(Exchange& exchange) const;
  // The answer for a client whose body does not arrive; begin() was not called.
  [[nodiscard]] Response give_up(Exchange& exchange) const;

  // Requires that it has no writer.
  [[nodiscard]] Message compose(Exchange& exchange, Response response) const;
  // Runs the writer on this thread. False: the connection cannot be used any more.
  [[nodiscard]] bool send_written(Connection& connection, Exchange& exchange, const Response& response) const;
  // What becomes of the connection when the answer has been sent. After compose() or send_written().
  [[nodiscard]] Fate fate_after(const Exchange& exchange) const;

  // Answers whose head is not yet written say that the connection will close, and it will.
  void announce_stop() { stopping_ = true; }

 private:
  void find_route(Exchange& exchange) const;
  void read_wanted_body(Connection& connection, Exchange& exchange) const;
  void leave_body(Connection& connection, Exchange& exchange) const;
  Response answer_without_handler(const Exchange& exchange) const;
  template <typename Make>
  Response guarded(const Exchange& exchange, Make make) const;
  void plan_end(Exchange& exchange, const Response& response) const;

  const Router router_;
  const Options& options_;
  const std::shared_ptr<AnswerQueue> queue_;
  mutable std::array<std::atomic<std::size_t>, kPools> bodies_bytes_{};
  std::atomic<bool> stopping_{false};
};

}  // namespace timestore::http
