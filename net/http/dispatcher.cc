#include "net/http/dispatcher.h"

#include <exception>
#include <string>
#include <string_view>
#include <utility>

#include "engine/base/check.h"
#include "net/http/content_rules.h"
#include "net/http/target.h"

namespace timestore::http {
namespace {

// A body that nobody wants is read and dropped up to this size, so that the connection can be kept.
constexpr std::uint64_t kMaxDroppedBodyBytes = 64 << 10;

// A larger body is read, and its handler called, on a worker: one request must not keep all others waiting for long.
constexpr std::uint64_t kMaxQuickBodyBytes = 16 << 10;

bool has_body(const BodyPlan& plan) {
  return plan.framing == BodyFraming::kChunked || (plan.framing == BodyFraming::kLength && plan.content_length > 0);
}

// Whether leave_body() gives up the connection rather than read.
bool is_not_worth_reading(const BodyPlan& plan) {
  const bool is_small = plan.framing == BodyFraming::kLength && plan.content_length <= kMaxDroppedBodyBytes;
  return !is_small || plan.expects_continue;
}

Problem bad_escape(const char* where) {
  return {.kind = ProblemKind::kBadRequest, .detail = std::string("The ") + where + " has an invalid '%' escape."};
}

std::size_t bodies_limit(const Options& options, Pool pool) {
  switch (pool) {
    case Pool::kClients:
      return options.max_bodies_bytes;
    case Pool::kAdmins:
      return options.max_admin_bodies_bytes;
    case Pool::kPeers:
      return options.max_peer_bodies_bytes;
  }
  return 0;  // Unreachable: the switch names every pool.
}

}  // namespace

Dispatcher::Dispatcher(Router router, const Options& options, std::shared_ptr<AnswerQueue> queue)
    : router_(std::move(router)), options_(options), queue_(std::move(queue)) {}

std::shared_ptr<Exchange> Dispatcher::open(Connection& connection) const {
  TIMESTORE_CHECK(connection.head_size() > 0, "a request is served once its head is complete");
  auto exchange = std::make_shared<Exchange>(queue_);
  Request& request = exchange->request;
  request.head_text = connection.input().substr(0, connection.head_size());
  request.remote_address = connection.remote().address;
  auto head = parse_head(request.head_text, options_);
  connection.consume(connection.head_size());
  if (!head) {
    exchange->refusal = std::move(head.error());
    exchange->must_close = true;  // Where the next request would begin is not known.
    return exchange;
  }
  request.head = std::move(*head);
  exchange->client_closes = !request.head.keep_alive;
  exchange->plan = {.is_head = request.method() == "HEAD",
                    .knows_chunks = request.head.knows_chunks,
                    .accepts_gzip = accepts_gzip(request.header("Accept-Encoding"))};
  exchange->body = {.framing = request.head.framing,
                    .content_length = request.head.content_length,
                    .max_bytes = options_.max_body_bytes,
                    .is_gzip = equal_ignoring_case(request.header("Content-Encoding"), "gzip"),
                    .expects_continue = request.head.expects_continue};
  find_route(*exchange);
  return exchange;
}

void Dispatcher::find_route(Exchange& exchange) const {
  Request& request = exchange.request;
  const TargetParts parts = split_target(request.target());
  auto path = percent_decoded(parts.path);
  auto params = parse_query(parts.query);
  exchange.match = router_.find(request.method(), parts.path);
  exchange.pool = exchange.match.pool;
  exchange.share =
      BodyShare(bodies_bytes_[static_cast<std::size_t>(exchange.pool)], bodies_limit(options_, exchange.pool));
  if (!path || !params) {
    exchange.refusal = bad_escape("path or query");
  } else if (exchange.match.malformed) {
    exchange.refusal = bad_escape("path");
  } else {
    request.path = std::move(*path);
    request.params = std::move(*params);
    request.path_parameters = std::move(exchange.match.path_parameters);
  }
  if (exchange.refusal || exchange.match.route != nullptr) return;
  const bool is_about_server = request.target() == "*";
  if (request.method() == "OPTIONS" && (is_about_server || !exchange.match.allow.empty())) return;
  exchange.refusal =
      exchange.match.allow.empty()
          ? Problem{.kind = ProblemKind::kNotFound, .detail = "There is nothing at this path."}
          : Problem{.kind = ProblemKind::kMethodNotAllowed, .detail = "This path allows " + exchange.match.allow + "."};
}

Dispatcher::Needs Dispatcher::needs_of(const Exchange& exchange, const Connection& connection) const {
  const BodyPlan& body = exchange.body;
  const Route* route = exchange.match.route;
  const bool is_refused = exchange.refusal || route == nullptr;
  if (!is_refused && route->handler) return Needs::kWorker;
  const bool is_wanted = !is_refused && route->body.has_value();
  if (!has_body(body) || exchange.must_close || (!is_wanted && is_not_worth_reading(body))) return Needs::kNothing;
  const bool is_quick = body.framing == BodyFraming::kLength && body.content_length <= kMaxQuickBodyBytes &&
                        !body.is_gzip && !body.expects_continue;
  if (!is_quick) return Needs::kWorker;
  return has_arrived(body, connection.input()) ? Needs::kNothing : Needs::kBody;
}

std::optional<Response> Dispatcher::begin(Connection& connection, Exchange& exchange) {
  exchange.has_begun = true;
  const Route* route = exchange.match.route;
  if (!exchange.refusal && route != nullptr && route->body && has_body(exchange.body)) {
    read_wanted_body(connection, exchange);
  }
  leave_body(connection, exchange);
  if (exchange.refusal || route == nullptr) return answer_without_handler(exchange);
  if (route->handler) {
    return guarded(exchange, [&](Response& response) { route->handler(exchange.request, response); });
  }
  try {
    // Should it throw, the reply goes unanswered, and that is an answer.
    route->later(exchange.request, Reply(exchange.shared_from_this()));
  } catch (const std::exception& thrown) {
    options_.log("The handler of " + std::string(exchange.request.target()) + " threw " + thrown.what() + ".");
  } catch (...) {
    options_.log("The handler of " + std::string(exchange.request.target()) + " threw.");
  }
  // From here on the answer may be made on another thread; but on none that has not got the connection first.
  exchange.request.body = {};
  exchange.share.give_back();
  return std::nullopt;
}

void Dispatcher::read_wanted_body(Connection& connection, Exchange& exchange) const {
  const BodyRules& rules = *exchange.match.route->body;
  exchange.refusal = check_content(exchange.request, rules);
  if (exchange.refusal) return;
  if (rules.max_bytes > 0) exchange.body.max_bytes = rules.max_bytes;
  exchange.body.max_unpacked_bytes = rules.max_unpacked_bytes;
  auto body = read_body(connection, exchange.body, options_, exchange.share);
  if (!body) {
    exchange.refusal = std::move(body.error());
    exchange.must_close = true;
    return;
  }
  exchange.is_large = body->size() >= kLargeBytes;
  exchange.request.body = std::move(*body);
  skip_byte_order_mark(exchange.request, rules);
  exchange.body.framing = BodyFraming::kNone;
}

// Makes the connection ready for its next request although this one's body was not asked for, or gives it up.
void Dispatcher::leave_body(Connection& connection, Exchange& exchange) const {
  BodyPlan& body = exchange.body;
  if (!has_body(body) || exchange.must_close) return;
  if (is_not_worth_reading(body)) {
    exchange.must_close = true;
    return;
  }
  body.is_gzip = false;
  body.max_bytes = kMaxDroppedBodyBytes;
  exchange.must_close = !read_body(connection, body, options_, exchange.share);
  exchange.share.give_back();
  body.framing = BodyFraming::kNone;
}

Response Dispatcher::answer_without_handler(const Exchange& exchange) const {
  Response response;
  if (!exchange.match.allow.empty()) response.set_header("Allow", exchange.match.allow);
  const Route* route = exchange.match.route;
  if (exchange.refusal && route != nullptr && route->refuse) {
    route->refuse(*exchange.refusal, exchange.request, response);
  } else if (exchange.refusal) {
    exchange.refusal->write_to(response);
  } else {
    response.status = 204;  // OPTIONS
  }
  return response;
}

template <typename Make>
Response Dispatcher::guarded(const Exchange& exchange, Make make) const {
  Response response;
  std::string reason = "something that is not a std::exception";
  try {
    make(response);
    return response;
  } catch (const std::exception& thrown) {
    reason = thrown.what();
  } catch (...) {
  }
  const Request& request = exchange.request;
  options_.log("The handler of " + std::string(request.method()) + " " + std::string(request.target()) + " threw " +
               reason + ".");
  Response failed;
  Problem{.kind = ProblemKind::kInternal, .detail = "The server failed to answer this request."}.write_to(failed);
  return failed;
}

Response Dispatcher::finish(Exchange& exchange) const {
  const MakeAnswer make = exchange.take_answer();
  return guarded(exchange, [&](Response& response) { make(exchange.request, response); });
}

Response Dispatcher::give_up(Exchange& exchange) const {
  exchange.must_close = true;
  exchange.refusal = Problem{.kind = ProblemKind::kTimeout, .detail = "The body did not arrive in time."};
  return answer_without_handler(exchange);
}

void Dispatcher::plan_end(Exchange& exchange, const Response& response) const {
  const bool has_end = !response.writer || exchange.plan.knows_chunks;
  exchange.must_close = exchange.must_close || stopping_ || !has_end;
  exchange.plan.closes = exchange.must_close || exchange.client_closes;
}

Message Dispatcher::compose(Exchange& exchange, Response response) const {
  TIMESTORE_CHECK(!response.writer, "an answer that is made while it is sent needs a worker");
  plan_end(exchange, response);
  return http::compose(std::move(response), exchange.plan);
}

bool Dispatcher::send_written(Connection& connection, Exchange& exchange, const Response& response) const {
  plan_end(exchange, response);
  try {
    return http::send_written(connection, response, exchange.plan);
  } catch (...) {
    // In the middle of the answer. All we can do is to break off audibly.
    options_.log("A streaming answer failed with an exception.");
    return false;
  }
}

Fate Dispatcher::fate_after(const Exchange& exchange) const {
  if (exchange.must_close) return Fate::kFarewell;
  return exchange.client_closes ? Fate::kClose : Fate::kKeep;
}

}  // namespace timestore::http
