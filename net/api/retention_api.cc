#include "net/api/retention_api.h"

#include <simdjson.h>

#include <charconv>
#include <optional>
#include <string>
#include <utility>

#include "engine/base/timestamp.h"
#include "engine/series/retention.h"
#include "net/access/answer.h"
#include "net/api/query.h"
#include "net/base/clock.h"
#include "net/http/head.h"
#include "net/http/problem.h"

namespace timestore::net {

namespace {

using http::Problem;
using http::ProblemKind;

constexpr const char* kPath = "/api/retention";
constexpr std::size_t kMaxOrderBytes = 4096;

Result<std::int64_t> parse_max_age(simdjson::dom::element value) {
  if (value.is_null()) return kForEver;
  std::string_view text;
  if (value.get(text) != simdjson::SUCCESS) return fail("`maxAge` is an age such as \"30d\", or null.");
  auto age = parse_age(text);
  if (!age) return fail("`maxAge`: " + age.error().message);
  return age;
}

// {"maxAge":"30d"}
Result<std::int64_t> parse_body(const std::string& body) {
  simdjson::dom::parser parser;
  simdjson::dom::object object;
  if (parser.parse(body).get(object) != simdjson::SUCCESS) return fail("The body is no JSON object.");
  std::optional<std::int64_t> max_age_ns;
  for (const auto& [name, value] : object) {
    if (http::equal_ignoring_case(name, "select")) {
      return fail("`select` is not there yet: an age holds for all devices. Nothing has changed.");
    }
    if (!http::equal_ignoring_case(name, "maxAge") || max_age_ns) return fail("The body has one property, `maxAge`.");
    auto age = parse_max_age(value);
    if (!age) return age;
    max_age_ns = *age;
  }
  if (!max_age_ns) return fail("`maxAge` is missing: an age such as \"30d\", or null to keep everything.");
  return *max_age_ns;
}

void answer(const Retention& retention, raft::Index applied, http::Response& response) {
  std::string body = R"({"maxAge":)";
  body += retention.max_age_ns == kForEver ? "null" : '"' + age_text(retention.max_age_ns) + '"';
  body += R"(,"edge":)";
  if (retention.edge_ns == kNoEdge) {
    body += "null";
  } else {
    body += '"';
    append_timestamp(body, retention.edge_ns);
    body += '"';
  }
  response.set_header(kAppliedIndexHeader, std::to_string(applied));
  response.set_content(body + "}", "application/json");
}

}  // namespace

void RetentionApi::add_routes(http::Router& router) {
  router.add(
      {.method = "GET", .pattern = kPath, .handler = {}, .later = [this](const auto& request, const auto& reply) {
         get(request, reply);
       }});
  router.add({.method = "PUT",
              .pattern = kPath,
              .handler = [this](const auto& request, auto& response) { put(request, response); },
              .body = http::BodyRules{.media_types = {"application/json"}, .max_bytes = kMaxOrderBytes}});
}

void RetentionApi::get(const http::Request& request, const http::Reply& reply) {
  if (!request.params.empty()) {
    return answer_problem(reply,
                          {.kind = ProblemKind::kBadRequest, .detail = "This request takes no query parameters."});
  }
  reply.when_gone(cluster_.await_readable(
      ReadLevel::kLinearizable, Clock::now() + patience_.read, [this, reply](const ReadBarrier& barrier) {
        if (barrier.kind != ReadBarrier::Kind::kPassed) {
          return reply.finish([barrier](const auto&, http::Response& response) {
            answer_unavailable(response, why_unreadable(barrier));
          });
        }
        reply.finish_on_worker([this](const auto&, http::Response& response) { read(response); });
      }));
}

void RetentionApi::read(http::Response& response) {
  auto reader = readers_.lend();
  if (!reader) return answer_unavailable(response, reader.error().message);
  const auto applied = (*reader)->begin();
  if (!applied) return answer_unavailable(response, applied.error().message);
  answer((*reader)->retention(), applied->index, response);
}

void RetentionApi::put(const http::Request& request, http::Response& response) {
  if (!request.params.empty()) {
    return Problem{.kind = ProblemKind::kBadRequest, .detail = "This request takes no query parameters."}.write_to(
        response);
  }
  const auto max_age_ns = parse_body(request.body);
  if (!max_age_ns) {
    return Problem{.kind = ProblemKind::kBadRequest, .detail = max_age_ns.error().message}.write_to(response);
  }
  const Errand errand{
      .method = "PUT",
      .target = kPath,
      .nobody = "No leader could be asked, so nothing has changed.",
      .unknown = "GET /api/retention shows what is in force.",
      .here = [&](const replica::Status&, Deadline deadline, auto& end) { return set(*max_age_ns, deadline, end); }};
  errands_.run(errand, request, Clock::now() + patience_.write, response);
  const std::string text(response.header(kAppliedIndexHeader));
  raft::Index index = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), index);
  if (error == std::errc{} && index <= raft::kMaxIndex) {  // what the leader says is in force here too from now on
    node_.await_applied(index, Clock::now() + lasting(client::kCatchUpTime));
  }
}

// The edge follows at once from what this node, which leads, takes for the time.
bool RetentionApi::set(std::int64_t max_age_ns, Deadline deadline, http::Response& response) {
  const client::WriteEnd end = node_.order(
      {.sets_age = true, .max_age_ns = max_age_ns, .edge_ns = edge_at(nanoseconds_since_1970(), max_age_ns)}, deadline);
  switch (end.kind) {
    case client::WriteEnd::Kind::kApplied:
      answer({.max_age_ns = max_age_ns, .edge_ns = end.result.edge_ns}, end.applied, response);
      return true;
    case client::WriteEnd::Kind::kNotLeader:
      return false;
    case client::WriteEnd::Kind::kBusy:
      answer_unavailable(response, "Too many writes are waiting. Nothing has changed; try again.");
      return true;
    case client::WriteEnd::Kind::kDiskFull:
      answer_unavailable(response, "The leader's disk is full. Nothing has changed; make room, then try again.");
      return true;
    case client::WriteEnd::Kind::kTooEarly:
      answer_unavailable(response,
                         "The cluster keeps points for ever as yet: not all members are known to run a release that "
                         "knows retention (featureLevel in GET /raft/status). Nothing has changed.");
      return true;
    case client::WriteEnd::Kind::kUnknown:
      answer_unavailable(response, "No majority answered in time: GET /api/retention shows what is in force.");
      return true;
  }
  return true;
}

}  // namespace timestore::net
