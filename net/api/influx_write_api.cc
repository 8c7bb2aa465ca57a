#include "net/api/influx_write_api.h"

#include <optional>
#include <random>
#include <string>
#include <utility>

#include "engine/base/json_text.h"
#include "engine/series/series_name.h"
#include "net/access/answer.h"
#include "net/api/influx_headers.h"
#include "net/api/redirect.h"
#include "net/base/clock.h"
#include "net/base/log.h"

namespace timestore::net {

namespace {

using Applied = ApplyResult::Outcome;

constexpr std::size_t kMaxSentBytes = 25'000'000;  // as InfluxDB
constexpr Limits kLimits{.bytes = std::uint64_t{64} << 20, .records = kMaxBodyLines, .record_bytes = 1 << 20};

void finish(const http::Reply& reply, InfluxApi api, InfluxError error) {
  reply.finish([api, error = std::move(error)](const http::Request& request, http::Response& response) {
    answer_influx_error(api, error, request, response);
  });
}

std::string_view name_of(points::Type type) {
  switch (type) {
    case points::Type::kFloat:
      return "float";
    case points::Type::kInteger:
      return "integer";
    case points::Type::kUnsigned:
      return "unsigned";
    case points::Type::kBoolean:
      return "boolean";
    case points::Type::kString:
      return "string";
  }
  return "unknown";
}

// Why the first of the lines was refused that the result is about.
std::string reason_of(const LineWrite& write, const ApplyResult& result) {
  if (result.stored_type == 0 || result.conflicts.empty() || result.conflicts.front() >= write.points.size()) {
    return "points beyond retention policy";
  }
  const LineSeries& series = write.series[write.points[result.conflicts.front()].series];
  const auto parts = series.is_device ? std::nullopt : parts_of_series_name(series.name);
  std::string reason = "field type conflict: input field ";
  append_json_string(reason, parts ? parts->field : "value");
  reason += " on measurement ";
  append_json_string(reason, parts ? parts->measurement : "timeseries");
  reason.append(" is type ").append(name_of(series.type)).append(", already exists as type ");
  return reason.append(name_of(static_cast<points::Type>(result.stored_type)));
}

std::string partial_write(const std::string& reason, std::uint64_t dropped) {
  return "partial write: " + reason + " dropped=" + std::to_string(dropped);
}

}  // namespace

struct InfluxWriteApi::Posted {
  InfluxApi api = InfluxApi::kOne;
  http::Reply reply;
  bool is_forwarded = false;
  LineCollector::Lines lines;
  std::size_t next = 0;          // of the writes
  std::uint64_t lines_done = 0;  // of those before it
  std::uint64_t dropped = 0;     // lines that the store has refused
  std::string reason = {};       // why the first of them
  raft::Index applied = 0;
};

InfluxWriteApi::InfluxWriteApi(ClusterAccess& cluster, const Patience& patience)
    : cluster_(cluster),
      patience_(patience),
      hash_seed_(std::random_device{}() | (std::uint64_t{std::random_device{}()} << 32)) {}

void InfluxWriteApi::add_routes(http::Router& router) {
  const auto add = [&](InfluxApi api, const char* pattern) {
    router.add(
        {.method = "POST",
         .pattern = pattern,
         .handler = {},
         .body = http::BodyRules{.max_bytes = kMaxSentBytes, .max_unpacked_bytes = kLimits.bytes},
         .later = [this, api](const auto& request, const auto& reply) { post_lines(api, request, reply); },
         .refuse = [api](const http::Problem& problem, const auto& request,
                         auto& response) { answer_influx_error(api, influx_error_of(problem), request, response); }});
  };
  add(InfluxApi::kOne, "/write");
  add(InfluxApi::kTwo, "/api/v2/write");
}

void InfluxWriteApi::post_lines(InfluxApi api, const http::Request& request, const http::Reply& reply) {
  if (cluster_.is_of_another_cluster(request)) return answer_problem(reply, cluster_.of_another_cluster());
  auto target = influx_target_of(api, request);
  if (!target) return finish(reply, api, std::move(target.error()));
  auto lines = read_lines(api, *target, request);
  if (!lines) return finish(reply, api, std::move(lines.error()));
  if (target->found_late) return finish(reply, api, std::move(*target->found_late));
  auto posted = std::make_shared<Posted>(Posted{
      .api = api, .reply = reply, .is_forwarded = request.has_header(kForwardedHeader), .lines = std::move(*lines)});
  if (request.param_count("redirect") == 0) return write_next(posted);
  redirect_or(cluster_, patience_.read, request, reply, [this, posted] { write_next(posted); });
}

// Lines of which some may be stored.
tl::expected<LineCollector::Lines, InfluxError> InfluxWriteApi::read_lines(InfluxApi api, const InfluxTarget& target,
                                                                           const http::Request& request) const {
  const bool is_two = api == InfluxApi::kTwo;
  const auto refuse = [](int status, std::string message) {
    return tl::unexpected(InfluxError{.status = status, .message = std::move(message)});
  };
  if (is_two && request.body.empty()) return refuse(400, "writing requires points");
  const std::int64_t now_ns = nanoseconds_since_1970();
  LineCollector collector({.database = target.database,
                           .keeps_good_lines = !is_two,
                           .is_one_write = is_two,
                           .now_ns = now_ns,
                           .hash_seed = hash_seed_,
                           .likely_points = likely_points(request.body.size())});
  LineParser parser(collector, kLimits,
                    {.precision = target.precision, .default_time_ns = now_ns, .has_unsigned = is_two});
  static_cast<void>(parser.feed(request.body));  // finish() says whatever it says
  const auto parsed = parser.finish();
  if (!parsed) return refuse(413, parsed.error().problems.front().detail);
  auto lines = collector.finish();
  if (!lines) return refuse(413, lines.error().problems.front().detail);
  if (lines->bad > 0 && (is_two || lines->good == 0)) return refuse(400, std::move(lines->messages));
  return std::move(*lines);
}

void InfluxWriteApi::write_next(const PostedPtr& posted) {
  if (posted->next == posted->lines.writes.size()) {
    const LineCollector::Lines& lines = posted->lines;
    if (posted->dropped > 0) {
      return finish(posted->reply, posted->api,
                    {.status = 400, .message = partial_write(posted->reason, posted->dropped)});
    }
    if (lines.bad > 0) {
      return finish(posted->reply, posted->api, {.status = 400, .message = partial_write(lines.messages, 0)});
    }
    return posted->reply.finish([applied = posted->applied](const http::Request& request, http::Response& response) {
      add_influx_headers(request, response);
      if (applied > 0) response.set_header(kAppliedIndexHeader, std::to_string(applied));
      response.status = 204;
    });
  }
  posted->reply.when_gone(cluster_.write(posted->lines.writes[posted->next], posted->is_forwarded,
                                         Clock::now() + patience_.write,
                                         [this, posted](const WriteAnswer& answer) { take_end(posted, answer.end); }));
}

void InfluxWriteApi::take_end(const PostedPtr& posted, const client::WriteEnd& end) {
  const LineWrite& write = *posted->lines.writes[posted->next];
  if (end.kind != client::WriteEnd::Kind::kApplied) {
    InfluxError error = influx_error_of(end.kind);
    if (posted->next > 0) {
      error.message = "of " + std::to_string(posted->lines.good) + " lines the first " +
                      std::to_string(posted->lines_done) +
                      " are stored; whether the others are is not known: send all of them again";
    }
    return finish(posted->reply, posted->api, std::move(error));
  }
  switch (end.result.outcome) {
    case Applied::kStored:
      break;
    case Applied::kPartlyStored:
      if (posted->dropped == 0) posted->reason = reason_of(write, end.result);
      posted->dropped += end.result.conflicts.size();
      break;
    case Applied::kTypeConflict:
      return finish(posted->reply, posted->api,
                    {.status = 422,
                     .message = "failure writing points to database: " +
                                partial_write(reason_of(write, end.result), posted->lines.good)});
    case Applied::kNothing:
    case Applied::kConflict:
    case Applied::kMalformed:
    case Applied::kExpired:
    case Applied::kRetention:
      log_error("Lines that were accepted could not be applied.");
      return finish(posted->reply, posted->api,
                    {.status = 500, .message = "the lines were accepted but could not be stored"});
  }
  posted->applied = end.applied;
  posted->lines_done += write.line_ends.size();
  ++posted->next;
  write_next(posted);
}

}  // namespace timestore::net
