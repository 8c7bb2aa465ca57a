#include "net/http/dispatcher.h"

#include <algorithm>
#include <cstring>
#include <exception>
#include <optional>
#include <string>
#include <string_view>

#include "engine/base/check.h"
#include "net/http/date.h"
#include "net/http/target.h"

namespace timestore::http {
namespace {

// What httplib parses in place of the real head: nothing in it can go wrong, and every field is replaced in set_up.
constexpr std::string_view kStandInHead = "GET / HTTP/1.1\r\n\r\n";

// A body that nobody wants is read and dropped up to this size, so that the connection can be kept.
constexpr std::uint64_t kMaxDroppedBodyBytes = 64 << 10;

// Compressing a smaller answer costs more than it saves.
constexpr std::size_t kMinCompressedBytes = 1 << 10;

bool has_body(const BodyPlan& plan) {
  return plan.framing == BodyFraming::kChunked || (plan.framing == BodyFraming::kLength && plan.content_length > 0);
}

// httplib would choose brotli at its slowest level, and takes "gzip;q=0" for a wish.
bool accepts_gzip(std::string_view accept_encoding) {
  for (const std::string_view choice : split(accept_encoding, ',')) {
    const auto parts = split(choice, ';');
    if (!equal_ignoring_case(trimmed(parts.front()), "gzip")) continue;
    const std::string_view quality = parts.size() > 1 ? trimmed(parts[1]) : "q=1";
    return quality.find_first_of("123456789") != std::string_view::npos;
  }
  return false;
}

// httplib compresses what it can for a request that accepts it: leaves Accept-Encoding saying what we want.
void choose_encoding(httplib::Request& request, const httplib::Response& response) {
  if (!request.has_header("Accept-Encoding")) return;
  const bool worthwhile = response.body.empty() || response.body.size() >= kMinCompressedBytes;
  const bool gzip = worthwhile && !response.has_header("Content-Encoding") &&
                    accepts_gzip(request.get_header_value("Accept-Encoding"));
  request.headers.erase("Accept-Encoding");
  if (gzip) request.headers.emplace("Accept-Encoding", "gzip");
}

constexpr std::string_view kJson = "application/json";
constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";

// A media type without its parameters.
std::string_view essence_of(std::string_view type) { return trimmed(type.substr(0, type.find(';'))); }

// As ASP.NET takes it, and so the original: application/json, text/json, application/anything+json.
bool is_json(std::string_view essence) {
  constexpr std::string_view kTree = "application/";
  constexpr std::string_view kSuffix = "+json";
  if (equal_ignoring_case(essence, kJson) || equal_ignoring_case(essence, "text/json")) return true;
  return essence.size() > kTree.size() + kSuffix.size() && equal_ignoring_case(essence.substr(0, kTree.size()), kTree) &&
         equal_ignoring_case(essence.substr(essence.size() - kSuffix.size()), kSuffix);
}

bool accepts(const BodyRules& rules, std::string_view essence) {
  return rules.media_types.empty() ||
         std::any_of(rules.media_types.begin(), rules.media_types.end(), [&](const std::string& known) {
           return equal_ignoring_case(known, essence) || (known == kJson && is_json(essence));
         });
}

std::optional<Problem> check_content_type(const httplib::Request& request, const BodyRules& rules) {
  const std::string type = request.get_header_value("Content-Type");
  const std::string_view essence = essence_of(type);
  if (essence.empty() ? !rules.content_type_required : accepts(rules, essence)) return std::nullopt;
  std::string detail = "The Content-Type must be ";
  for (std::size_t i = 0; i < rules.media_types.size(); ++i) {
    detail += (i == 0 ? "" : i + 1 == rules.media_types.size() ? " or " : ", ") + rules.media_types[i];
  }
  if (rules.media_types.empty()) detail += "given";
  return Problem{.kind = ProblemKind::kUnsupportedMediaType, .detail = detail + "."};
}

// JSON has no byte order mark, but clients send one, and may be forgiven (RFC 8259, section 8.1).
void skip_byte_order_mark(httplib::Request& request, const BodyRules& rules) {
  const std::string type = request.get_header_value("Content-Type");
  const bool wants_json = std::count(rules.media_types.begin(), rules.media_types.end(), kJson) > 0;
  if (wants_json && (type.empty() || is_json(essence_of(type))) &&
      request.body.starts_with(kByteOrderMark)) {
    request.body.erase(0, kByteOrderMark.size());
  }
}

std::optional<Problem> check_content_encoding(const httplib::Request& request) {
  const std::string encoding = request.get_header_value("Content-Encoding");
  if (encoding.empty() || equal_ignoring_case(encoding, "gzip") || equal_ignoring_case(encoding, "identity")) {
    return std::nullopt;
  }
  return Problem{.kind = ProblemKind::kUnsupportedMediaType, .detail = "The only Content-Encoding understood is gzip."};
}

}  // namespace

// What is known about the request that this thread serves.
struct Dispatcher::Exchange {
  Connection& connection;
  BodyShare body_share;
  BodyPlan plan = {};
  httplib::Request* request = nullptr;
  std::optional<Problem> refusal = {};  // Found while setting up.
  bool must_close = false;              // We end the connection after this answer.
  bool client_closes = false;
  bool streams = false;  // The answer is made while it is sent: nothing of it may wait in a buffer.
};

thread_local Dispatcher::Exchange* Dispatcher::current_ = nullptr;

// What httplib reads is the stand-in head; what it writes goes to the connection, small pieces joined.
class Dispatcher::AnswerStream final : public httplib::Stream {
 public:
  explicit AnswerStream(Exchange& exchange) : exchange_(exchange) {}

  bool is_readable() const override { return !unread_.empty(); }
  bool is_writable() const override { return exchange_.connection.is_peer_present(); }

  ssize_t read(char* to, size_t size) override {
    const std::size_t count = std::min(size, unread_.size());
    std::memcpy(to, unread_.data(), count);
    unread_.remove_prefix(count);
    return static_cast<ssize_t>(count);
  }

  ssize_t write(const char* from, size_t size) override {
    constexpr std::size_t kJoinedBytes = 8 << 10;
    const std::string_view text(from, size);
    if (!exchange_.streams && waiting_.size() + size <= kJoinedBytes) {
      waiting_ += text;
    } else if (!exchange_.connection.send(waiting_, text)) {
      failed_ = true;
      return -1;
    } else {
      waiting_.clear();
    }
    return static_cast<ssize_t>(size);
  }

  // False when any part of the answer could not be sent.
  bool flush() { return !failed_ && exchange_.connection.send(std::exchange(waiting_, {})); }

  void get_remote_ip_and_port(std::string& ip, int& port) const override {
    ip = exchange_.connection.remote().address;
    port = exchange_.connection.remote().port;
  }
  void get_local_ip_and_port(std::string&, int&) const override {}
  // Built without CPPHTTPLIB_USE_POLL, httplib answers 500 to descriptors beyond FD_SETSIZE. It never uses this one.
  socket_t socket() const override { return 0; }

 private:
  Exchange& exchange_;
  std::string_view unread_ = kStandInHead;
  std::string waiting_;
  bool failed_ = false;
};

namespace {

// httplib's request parser has function-local statics. They are initialized here, once and before any worker begins:
// the library is not instrumented, so a thread sanitizer cannot see the guard that orders a later first use.
class FirstRequest final : private httplib::Server {
 public:
  bool process() {
    httplib::detail::BufferStream stream;
    stream.write(kStandInHead.data(), kStandInHead.size());
    bool closed = false;
    return process_request(stream, true, closed, nullptr);
  }
};

void initialize_parser() {
  static const bool done = FirstRequest().process();
  TIMESTORE_CHECK(done, "httplib answers the stand-in head");
}

}  // namespace

Dispatcher::Dispatcher(Router router, const http::Options& options) : router_(std::move(router)), options_(options) {
  initialize_parser();
  svr_sock_ = 0;  // Not a socket: httplib's streaming loops go on while this is not INVALID_SOCKET.
  set_pre_routing_handler([this](const httplib::Request&, httplib::Response& response) {
    answer(*current_, response);
    choose_encoding(*current_->request, response);
    return HandlerResponse::Handled;
  });
  set_exception_handler(
      [this](const httplib::Request& request, httplib::Response& response, std::exception_ptr exception) {
        report_exception(request, response, std::move(exception));
      });
  set_post_routing_handler(
      [this](const httplib::Request& request, httplib::Response& response) { finish_headers(request, response); });
}

void Dispatcher::abandon_answers() { svr_sock_ = INVALID_SOCKET; }

Fate Dispatcher::serve(Connection& connection) {
  TIMESTORE_CHECK(connection.head_size() > 0, "a request is served once its head is complete");
  connection.begin_answer();
  const auto head = parse_head(connection.input().substr(0, connection.head_size()), options_);
  if (head) return exchange(connection, *head);
  return connection.send(head.error().to_message()) ? Fate::kFarewell : Fate::kClose;
}

Fate Dispatcher::exchange(Connection& connection, const Head& head) {
  Exchange exchange{.connection = connection, .body_share = body_share_for(head)};
  AnswerStream stream(exchange);
  current_ = &exchange;
  bool complete = false;
  try {
    bool unused = false;
    // Asked to close, httplib does not spell out a Keep-Alive header; finish_headers has the last word.
    complete =
        process_request(stream, true, unused, [&](httplib::Request& request) { set_up(exchange, head, request); });
  } catch (...) {
    // A content provider threw in the middle of its answer. All we can do is to break off audibly.
    options_.log("A streaming answer failed with an exception.");
  }
  current_ = nullptr;
  complete = stream.flush() && complete;
  if (!complete) return Fate::kClose;
  if (exchange.must_close) return Fate::kFarewell;
  return exchange.client_closes ? Fate::kClose : Fate::kKeep;
}

bool Dispatcher::is_reserved(std::string_view target) const {
  return !options_.reserved_prefix.empty() &&
         router_.find("", split_target(target).path).pattern.starts_with(options_.reserved_prefix);
}

BodyShare Dispatcher::body_share_for(const Head& head) {
  if (is_reserved(head.target)) return {reserved_bodies_bytes_, options_.max_reserved_bodies_bytes};
  return {bodies_bytes_, options_.max_bodies_bytes};
}

// Copies all it needs out of `head`, whose text is the connection's input, and then consumes that.
void Dispatcher::set_up(Exchange& exchange, const Head& head, httplib::Request& request) const {
  exchange.request = &request;
  exchange.client_closes = !head.keep_alive;
  exchange.plan = {.framing = head.framing,
                   .content_length = head.content_length,
                   .max_bytes = options_.max_body_bytes,
                   .expects_continue = head.expects_continue};
  request.method = head.method;
  request.target = head.target;
  request.headers.clear();  // REMOTE_ADDR and the like, which are not headers.
  for (const HeaderField& field : head.fields) request.headers.emplace(field.name, field.value);
  exchange.plan.is_gzip = equal_ignoring_case(request.get_header_value("Content-Encoding"), "gzip");
  const TargetParts parts = split_target(head.target);
  auto path = percent_decoded(parts.path);
  auto params = parse_query(parts.query);
  if (path && params) {
    request.path = std::move(*path);
    request.params = std::move(*params);
  } else {
    exchange.refusal =
        Problem{.kind = ProblemKind::kBadRequest, .detail = "The path or query has an invalid '%' escape."};
  }
  // Handled here, and httplib must not.
  request.headers.erase("Expect");
  request.headers.erase("Range");
  exchange.connection.consume(exchange.connection.head_size());
}

void Dispatcher::answer(Exchange& exchange, httplib::Response& response) {
  const httplib::Request& request = *exchange.request;
  const bool about_server = request.target == "*";
  const auto match = router_.find(request.method, split_target(request.target).path);
  if (match.malformed) {
    exchange.refusal = Problem{.kind = ProblemKind::kBadRequest, .detail = "The path has an invalid '%' escape."};
  } else if (match.route != nullptr && !exchange.refusal) {
    run(exchange, match, response);
  } else if (request.method == "OPTIONS" && (about_server || !match.allow.empty())) {
    response.status = 204;
  } else if (!match.allow.empty() && !exchange.refusal) {
    exchange.refusal =
        Problem{.kind = ProblemKind::kMethodNotAllowed, .detail = "This path allows " + match.allow + "."};
  } else if (!exchange.refusal) {
    exchange.refusal = Problem{.kind = ProblemKind::kNotFound, .detail = "There is nothing at this path."};
  }
  if (match.route == nullptr && !match.allow.empty()) response.set_header("Allow", match.allow);
  if (exchange.refusal) exchange.refusal->write_to(response);
  if (match.route == nullptr || !match.route->body || exchange.refusal) leave_body(exchange);
}

void Dispatcher::run(Exchange& exchange, const Router::Match& match, httplib::Response& response) {
  httplib::Request& request = *exchange.request;
  const Route& route = *match.route;
  if (route.body && has_body(exchange.plan)) {
    exchange.refusal = check_content_type(request, *route.body);
    if (!exchange.refusal) exchange.refusal = check_content_encoding(request);
    if (exchange.refusal) return;
    if (route.body->max_bytes > 0) exchange.plan.max_bytes = route.body->max_bytes;
    exchange.must_close = true;  // Until the body is read to its end.
    auto body = read_body(exchange.connection, exchange.plan, options_, exchange.body_share);
    if (!body) {
      exchange.refusal = body.error();
      return;
    }
    exchange.must_close = false;
    request.body = std::move(*body);
    skip_byte_order_mark(request, *route.body);
    exchange.plan.framing = BodyFraming::kNone;
  }
  route.handler(Request{request, match.path_parameters}, response);
}

// Makes the connection ready for its next request although this one's body was not asked for, or gives it up.
void Dispatcher::leave_body(Exchange& exchange) {
  BodyPlan& plan = exchange.plan;
  if (!has_body(plan) || exchange.must_close) return;
  const bool small = plan.framing == BodyFraming::kLength && plan.content_length <= kMaxDroppedBodyBytes;
  if (!small || plan.expects_continue) {
    exchange.must_close = true;
    return;
  }
  plan.is_gzip = false;
  plan.max_bytes = kMaxDroppedBodyBytes;
  exchange.must_close = !read_body(exchange.connection, plan, options_, exchange.body_share);
  plan.framing = BodyFraming::kNone;
}

void Dispatcher::report_exception(const httplib::Request& request, httplib::Response& response,
                                  std::exception_ptr exception) {
  std::string reason = "something that is not a std::exception";
  try {
    std::rethrow_exception(std::move(exception));
  } catch (const std::exception& known) {
    reason = known.what();
  } catch (...) {
  }
  options_.log("The handler of " + request.method + " " + request.target + " threw " + reason + ".");
  response = httplib::Response{};
  Problem{.kind = ProblemKind::kInternal, .detail = "The server failed to answer this request."}.write_to(response);
  leave_body(*current_);
}

void Dispatcher::finish_headers(const httplib::Request& request, httplib::Response& response) {
  Exchange& exchange = *current_;
  httplib::Headers& headers = response.headers;
  const bool has_length = headers.count("Content-Length") > 0 || headers.count("Transfer-Encoding") > 0;
  exchange.must_close = exchange.must_close || stopping_ || !has_length;
  exchange.streams = response.body.empty() && request.method != "HEAD" && headers.count("Content-Length") == 0;
  headers.erase("Date");
  headers.emplace("Date", date_now());
  headers.erase("Connection");
  if (exchange.must_close || exchange.client_closes) headers.emplace("Connection", "close");
  if (response.status == 204 || response.status == 304) headers.erase("Content-Length");
  if (headers.count("Content-Encoding") > 0) headers.emplace("Vary", "Accept-Encoding");
  if (request.method == "HEAD") headers.erase("Accept-Ranges");  // We do not do ranges, whatever httplib says.
}

}  // namespace timestore::http
