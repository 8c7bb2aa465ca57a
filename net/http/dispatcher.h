// One request on a connection, from its head to the last byte of the answer.
//
// httplib supplies the vocabulary of handlers (its Request and Response) and writes the answers, with content providers
// and gzip. It never reads from the network: we parse the head, route, and read the body, then let it process a
// stand-in head and fill in the real request. See head.h for why.
#pragma once

#include <httplib.h>

#include <atomic>
#include <cstddef>
#include <string_view>

#include "net/http/body.h"
#include "net/http/connection.h"
#include "net/http/head.h"
#include "net/http/options.h"
#include "net/http/router.h"

namespace timestore::http {

// What becomes of a connection.
enum class Fate {
  kKeep,      // It waits for its next request.
  kFarewell,  // Our last answer is sent; the client may still be sending.
  kClose,     // Nothing more to say or to hear.
};

// Its options are spelled http::Options because httplib::Server has a function Options.
class Dispatcher final : private httplib::Server {
 public:
  Dispatcher(Router router, const http::Options& options);

  // Precondition: examine_head() has just found a complete head. Any number of threads, each with its own connection.
  Fate serve(Connection& connection);

  // Whether the target is of a route that Options::reserved_prefix covers.
  [[nodiscard]] bool is_reserved(std::string_view target) const;

  // Answers whose head is not yet written say that the connection will close, and it will.
  void announce_stop() { stopping_ = true; }
  // Streaming answers end, unfinished, before their provider is called again.
  void abandon_answers();

 private:
  struct Exchange;
  class AnswerStream;

  Fate exchange(Connection& connection, const Head& head);
  BodyShare body_share_for(const Head& head);
  void set_up(Exchange& exchange, const Head& head, httplib::Request& request) const;
  void answer(Exchange& exchange, httplib::Response& response);
  void run(Exchange& exchange, const Router::Match& match, httplib::Response& response);
  void leave_body(Exchange& exchange);
  void report_exception(const httplib::Request& request, httplib::Response& response, std::exception_ptr exception);
  void finish_headers(const httplib::Request& request, httplib::Response& response);

  // httplib hands its hooks the request and the response only.
  static thread_local Exchange* current_;

  const Router router_;
  const http::Options& options_;
  std::atomic<std::size_t> bodies_bytes_{0};
  std::atomic<std::size_t> reserved_bodies_bytes_{0};
  std::atomic<bool> stopping_{false};
};

}  // namespace timestore::http
