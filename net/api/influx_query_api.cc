#include "net/api/influx_query_api.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "net/access/answer.h"
#include "net/api/influx_catalog.h"
#include "net/api/influx_headers.h"
#include "net/api/influx_target.h"
#include "net/api/read_answers.h"
#include "net/base/clock.h"
#include "net/base/log.h"

namespace timestore::net {

namespace {

namespace influxql = query::influxql;
using influxql::RequestParameters;

constexpr std::size_t kMaxQueryBytes = std::size_t{1} << 20;

void answer_error(int status, const std::string& sentence, const influxql::AnswerStyle& style,
                  http::Response& response) {
  response.set_content(influxql::error_body(sentence, style), influxql::media_type_of(style));
  response.status = status;
  if (status == 503) response.set_header("Retry-After", std::to_string(kRetryAfterSeconds));
}

// What ends a whole request.
void answer_end(const OpenRead& read, const query::QueryError& error, const influxql::AnswerStyle& style,
                http::Response& response) {
  if (error.kind == query::QueryError::Kind::kEnvironment) {
    log_error("A query could not be answered: " + error.sentence);
    return answer_error(503, error.sentence, style, response);
  }
  const std::string sentence =
      read.query->was_ended() ? "an operator has ended the query" : "query-timeout limit exceeded: ask for less";
  answer_error(503, sentence, style, response);
}

influxql::Request request_for(const influxql::ReadRequest& asked, const OpenRead& read) {
  influxql::Request request = asked.request;
  request.now_ns = nanoseconds_since_1970();
  request.limits.goes_on = [query = read.query] { return query->goes_on(); };
  return request;
}

void answer_whole(const OpenRead& read, const influxql::ReadRequest& asked, http::Response& response) {
  std::string body;
  bool fits = true;
  influxql::AnswerWriter writer(asked.style, [&](std::string& text) {
    fits = body.size() + text.size() <= kMaxAnswerBytes;
    if (fits) body += text;
    return fits;
  });
  InfluxCatalog catalog(*read.reader);
  if (catalog.failure()) return answer_error(503, catalog.failure()->message, asked.style, response);
  const auto done = influxql::answer(asked.statements, request_for(asked, read), catalog, writer);
  if (!fits) {
    return answer_error(422,
                        "the answer is larger than " + std::to_string(kMaxAnswerBytes >> 20) +
                            " MiB; ask for less, or with chunked=true",
                        asked.style, response);
  }
  if (!done) return answer_end(read, done.error(), asked.style, response);
  response.set_content(std::move(body), influxql::media_type_of(asked.style));
}

// A fault in the middle of an answer can only break the connection off, so that the client sees that it is not whole.
bool send_chunks(const OpenRead& read, const influxql::ReadRequest& asked, http::Sink& sink) {
  influxql::AnswerWriter writer(asked.style, [&](std::string& text) { return sink.write(text); });
  InfluxCatalog catalog(*read.reader);
  if (catalog.failure()) log_error("A query was broken off: " + catalog.failure()->message);
  if (catalog.failure()) return false;
  const auto done = influxql::answer(asked.statements, request_for(asked, read), catalog, writer);
  if (!done && done.error().kind == query::QueryError::Kind::kEnvironment) {
    log_error("A query was broken off: " + done.error().sentence);
  }
  return done.has_value();
}

// The value of `name="..."` in a part's head.
std::optional<std::string> name_of_part(std::string_view head) {
  constexpr std::string_view kName = "; name=\"";
  const std::size_t begin = head.find(kName);
  if (begin == std::string_view::npos) return std::nullopt;
  const std::string_view rest = head.substr(begin + kName.size());
  return std::string(rest.substr(0, rest.find('"')));
}

// RFC 7578. False: it is none.
bool read_multipart(std::string_view body, std::string_view type, RequestParameters& parameters) {
  const std::size_t at = type.find("boundary=");
  if (at == std::string_view::npos) return false;
  std::string_view boundary = type.substr(at + 9);
  boundary = boundary.substr(0, boundary.find(';'));
  if (boundary.size() > 2 && boundary.front() == '"') boundary = boundary.substr(1, boundary.size() - 2);
  if (boundary.empty()) return false;
  const std::string mark = "--" + std::string(boundary);
  std::size_t begin = body.find(mark);
  while (begin != std::string_view::npos) {
    const std::size_t head = begin + mark.size();
    if (body.substr(head, 2) == "--") return true;
    const std::size_t content = body.find("\r\n\r\n", head);
    const std::size_t end = content == std::string_view::npos ? content : body.find("\r\n" + mark, content);
    if (end == std::string_view::npos) return false;
    const auto name = name_of_part(body.substr(head, content - head));
    if (name) parameters[*name] = body.substr(content + 4, end - content - 4);
    begin = end + 2;
  }
  return false;
}

bool begins_with(std::string_view text, std::string_view begin) {
  return text.size() >= begin.size() && std::equal(begin.begin(), begin.end(), text.begin(), [](char a, char b) {
           return a == (b >= 'A' && b <= 'Z' ? static_cast<char>(b - 'A' + 'a') : b);
         });
}

}  // namespace

std::optional<RequestParameters> influx_parameters(const http::Request& request) {
  RequestParameters parameters;
  for (const auto& [name, value] : request.params) parameters.emplace(name, value);
  const std::string_view type = request.header("Content-Type");
  if (request.body.empty()) return parameters;
  if (begins_with(type, "multipart/form-data")) {
    return read_multipart(request.body, type, parameters) ? std::optional(parameters) : std::nullopt;
  }
  if (!begins_with(type, "application/x-www-form-urlencoded")) return parameters;
  const auto form = http::parse_query(request.body);
  if (!form) return std::nullopt;
  for (auto entry = form->rbegin(); entry != form->rend(); ++entry) parameters[entry->first] = entry->second;
  return parameters;
}

// A request on its way to its answer.
struct InfluxQueryApi::Asked {
  influxql::ReadRequest read;
  std::vector<std::string> to_create;  // databases
  bool is_forwarded = false;
  std::size_t created = 0;  // so many of them
};

namespace {

std::chrono::seconds time_of(const influxql::ReadRequest& asked) {
  return asked.style.chunk_rows > 0 ? std::chrono::seconds(kMaxReadTime) : kMaxQueryTime;
}

template <typename AskedPtr>
ReadDoor::Make making(const AskedPtr& asked) {
  return [asked](const OpenRead& read, const http::Request& seen, http::Response& response) {
    add_influx_headers(seen, response);
    if (asked->read.style.chunk_rows == 0) return answer_whole(read, asked->read, response);
    read.query->may_take_long();
    response.set_writer(influxql::media_type_of(asked->read.style),
                        [read, asked](http::Sink& sink) { return send_chunks(read, asked->read, sink); });
  };
}

}  // namespace

void InfluxQueryApi::add_routes(http::Router& router) {
  for (const char* method : {"GET", "POST"}) {
    http::Route route{.method = method, .pattern = "/query", .handler = {}};
    if (route.method == "POST") route.body = http::BodyRules{.max_bytes = kMaxQueryBytes};
    route.later = [this](const auto& request, const auto& reply) { query(request, reply); };
    router.add(std::move(route));
  }
}

void InfluxQueryApi::query(const http::Request& request, const http::Reply& reply) const {
  const auto refuse = [&](const std::string& sentence, const influxql::AnswerStyle& style) {
    reply.finish([sentence, style](const http::Request& asked, http::Response& response) {
      add_influx_headers(asked, response);
      answer_error(400, sentence, style, response);
    });
  };
  const auto parameters = influx_parameters(request);
  if (!parameters) return refuse("the body is no form", {});
  const std::string accept(request.header("Accept"));
  auto asked = influxql::read_request(*parameters, accept);
  if (!asked) return refuse(asked.error().sentence, influxql::style_of(*parameters, accept));
  asked->request.may_write = request.method() == "POST";
  auto all = std::make_shared<Asked>(
      Asked{.read = std::move(*asked), .to_create = {}, .is_forwarded = request.has_header(kForwardedHeader)});
  all->to_create = created_first(all->read.statements);
  for (const std::string& name : all->to_create) {
    if (!is_database_name(name)) return refuse("invalid name", all->read.style);
  }
  if (!all->to_create.empty()) return create_next(reply, all);
  door_.open(request, reply, time_of(all->read), making(all));
}

// One database after the other, and then the answer.
void InfluxQueryApi::create_next(const http::Reply& reply, const AskedPtr& asked) const {
  if (asked->created == asked->to_create.size()) return door_.open_here(reply, time_of(asked->read), making(asked));
  const LineWrite creation{.database = asked->to_create[asked->created]};
  reply.when_gone(
      cluster_.write(client::command_of(creation), asked->is_forwarded, Clock::now() + patience_.write,
                     [this, reply, asked](const WriteAnswer& said) {
                       if (said.end.kind == client::WriteEnd::Kind::kApplied) {
                         ++asked->created;
                         return create_next(reply, asked);
                       }
                       reply.finish([asked](const http::Request& seen, http::Response& response) {
                         add_influx_headers(seen, response);
                         answer_error(503, "the database cannot be created now: no leader has confirmed it; try again",
                                      asked->read.style, response);
                       });
                     }));
}

}  // namespace timestore::net
