#include "net/api/influx_write_api.h"

#include <random>
#include <string>
#include <utility>

#include "engine/base/check.h"
#include "engine/base/json_text.h"
#include "engine/series/command.h"
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
// Points take several times as much memory as their text, until they are a command.
constexpr std::size_t kLargeBodyBytes = 64 << 10;
constexpr std::ptrdiff_t kLargeBodies = 8;

constexpr Limits kLineLimits{.bytes = std::uint64_t{64} << 20, .records = kMaxBodyLines, .record_bytes = 1 << 20};

void finish(const http::Reply& reply, InfluxApi api, InfluxError error) {
  reply.finish([api, error = std::move(error)](const http::Request& request, http::Response& response) {
    answer_influx_error(api, error, request, response);
  });
}

// Why the first of the lines was refused that the result is about.
std::string reason_of(const std::string& command, const ApplyResult& result) {
  if (result.stored_type == 0 || result.conflicts.empty()) return "points beyond retention policy";
  const auto read = decode_command(command);
  TIMESTORE_CHECK(read && read->lines, "the command was made here");
  const LineWrite& write = *read->lines;
  if (result.conflicts.front() >= write.points.size()) return "field type conflict";  // so another node has said
  const LineSeries& series = write.series[write.points[result.conflicts.front()].series];
  const auto parts = series.is_device ? std::nullopt : parts_of_series_name(series.name);
  std::string reason = "field type conflict: input field ";
  append_json_string(reason, parts ? parts->field : "value");
  reason += " on measurement ";
  append_json_string(reason, parts ? parts->measurement : "timeseries");
  reason.append(" is type ").append(name_of(series.type)).append(", already exists as type ");
  return reason.append(name_of(static_cast<points::Type>(result.stored_type)));
}

class Turn {
 public:
  explicit Turn(std::counting_semaphore<>& semaphore) : semaphore_(semaphore) { semaphore_.acquire(); }
  ~Turn() { semaphore_.release(); }
  Turn(const Turn&) = delete;
  Turn& operator=(const Turn&) = delete;

 private:
  std::counting_semaphore<>& semaphore_;
};

std::string partial_write(const std::string& reason, std::uint64_t dropped) {
  return "partial write: " + reason + " dropped=" + std::to_string(dropped);
}

}  // namespace

struct InfluxWriteApi::Posted {
  struct Write {
    client::LinesCommand command;
    std::uint64_t lines = 0;
  };
  // Lines that the store has refused.
  struct Dropped {
    std::uint64_t lines = 0;
    client::LinesCommand command = {};  // of the first
    ApplyResult result = {};
  };
  InfluxApi api = InfluxApi::kOne;
  http::Reply reply;
  bool is_forwarded = false;
  LineCollector::Lines lines = {};
  std::vector<Write> writes = {};
  std::size_t next = 0;  // of the writes
  std::uint64_t lines_done = 0;
  Dropped dropped = {};
  raft::Index applied = 0;
};

InfluxWriteApi::InfluxWriteApi(ClusterAccess& cluster, const Patience& patience)
    : cluster_(cluster),
      patience_(patience),
      hash_seed_(std::random_device{}() | (std::uint64_t{std::random_device{}()} << 32)),
      large_bodies_(kLargeBodies) {}

void InfluxWriteApi::add_routes(http::Router& router) {
  const auto add = [&](InfluxApi api, const char* pattern) {
    router.add(
        {.method = "POST",
         .pattern = pattern,
         .handler = {},
         .body = http::BodyRules{.max_bytes = kMaxSentBytes, .max_unpacked_bytes = kLineLimits.bytes},
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
  auto posted = std::make_shared<Posted>(
      Posted{.api = api, .reply = reply, .is_forwarded = request.has_header(kForwardedHeader)});
  auto error = read_lines(*target, request.body, *posted);
  if (!error) error = std::move(target->found_late);
  if (error) return finish(reply, api, *std::move(error));
  if (request.param_count("redirect") == 0) return write_next(posted);
  redirect_or(cluster_, patience_.read, request, reply, [this, posted] { write_next(posted); });
}

// Nothing: lines of which some may be stored.
std::optional<InfluxError> InfluxWriteApi::read_lines(const InfluxTarget& target, const std::string& body,
                                                      Posted& posted) {
  const bool is_two = posted.api == InfluxApi::kTwo;
  if (is_two && body.empty()) return InfluxError{.status = 400, .message = "writing requires points"};
  // Large ones are read on workers, which may wait.
  std::optional<Turn> turn;
  if (body.size() > kLargeBodyBytes) turn.emplace(large_bodies_);
  const std::int64_t now_ns = nanoseconds_since_1970();
  LineCollector collector({.database = target.database,
                           .keeps_good_lines = !is_two,
                           .is_one_write = is_two,
                           .now_ns = now_ns,
                           .hash_seed = hash_seed_,
                           .likely_points = likely_points(body.size())},
                          [&posted](const LineWrite& write) {
                            posted.writes.push_back({client::command_of(write), write.line_ends.size()});
                          });
  LineParser parser(collector, kLineLimits,
                    {.precision = target.precision, .default_time_ns = now_ns, .has_unsigned = is_two});
  static_cast<void>(parser.feed(body));  // finish() says whatever it says
  const auto too_large = [](const Refusal& refusal) {
    return InfluxError{.status = 413, .message = refusal.problems.front().detail};
  };
  const auto parsed = parser.finish();
  if (!parsed) return too_large(parsed.error());
  auto lines = collector.finish();
  if (!lines) return too_large(lines.error());
  if (lines->bad > 0 && (is_two || lines->good + lines->dropped == 0)) {
    return InfluxError{.status = 400, .message = std::move(lines->messages)};
  }
  posted.lines = std::move(*lines);
  if (is_two && posted.lines.dropped > 0) posted.writes.clear();  // nothing is stored, and the answer says why
  return std::nullopt;
}

void InfluxWriteApi::write_next(const PostedPtr& posted) {
  if (posted->next == posted->writes.size()) return answer_end(posted);
  posted->reply.when_gone(cluster_.write(posted->writes[posted->next].command, posted->is_forwarded,
                                         Clock::now() + patience_.write,
                                         [this, posted](const WriteAnswer& answer) { take_end(posted, answer.end); }));
}

void InfluxWriteApi::take_end(const PostedPtr& posted, const client::WriteEnd& end) {
  if (end.kind != client::WriteEnd::Kind::kApplied) {
    InfluxError error = influx_error_of(end.kind);
    if (posted->next > 0) {
      error.message = "of " + std::to_string(posted->lines.good) + " lines the first " +
                      std::to_string(posted->lines_done) +
                      " are stored; whether the others are is not known: send all of them again";
    }
    return finish(posted->reply, posted->api, std::move(error));
  }
  const Posted::Write& write = posted->writes[posted->next];
  switch (end.result.outcome) {
    case Applied::kStored:
      break;
    case Applied::kPartlyStored:
    case Applied::kTypeConflict:
      if (!posted->dropped.command) posted->dropped = {.command = write.command, .result = end.result};
      posted->dropped.lines += end.result.conflicts.size();
      break;
    case Applied::kNothing:
    case Applied::kConflict:
    case Applied::kMalformed:
    case Applied::kExpired:
    case Applied::kRetention:
    case Applied::kDeleted:
    case Applied::kTooScattered:
      log_error("Lines that were accepted could not be applied.");
      return finish(posted->reply, posted->api,
                    {.status = 500, .message = "the lines were accepted but could not be stored"});
  }
  posted->applied = end.applied;
  posted->lines_done += write.lines;
  ++posted->next;
  write_next(posted);
}

// The first reason counts, and conflicts come before bad lines, as in InfluxDB.
void InfluxWriteApi::answer_end(const PostedPtr& posted) {
  if (posted->dropped.command || posted->lines.dropped > 0) return answer_dropped(posted);
  if (posted->lines.bad > 0) {
    return finish(posted->reply, posted->api, {.status = 400, .message = partial_write(posted->lines.messages, 0)});
  }
  posted->reply.finish([applied = posted->applied](const http::Request& request, http::Response& response) {
    add_influx_headers(request, response);
    if (applied > 0) response.set_header(kAppliedIndexHeader, std::to_string(applied));
    response.status = 204;
  });
}

// To find the names in a command takes a while.
void InfluxWriteApi::answer_dropped(const PostedPtr& posted) {
  posted->reply.finish_on_worker([api = posted->api, dropped = posted->dropped, lines = std::move(posted->lines)](
                                     const http::Request& request, http::Response& response) {
    const std::string reason = lines.dropped > 0 ? lines.reason : reason_of(*dropped.command, dropped.result);
    InfluxError error{.status = 400, .message = partial_write(reason, lines.dropped + dropped.lines)};
    if (api == InfluxApi::kTwo) {  // all of them
      error = {.status = 422,
               .message = "failure writing points to database: " + partial_write(reason, lines.dropped + lines.good)};
    }
    answer_influx_error(api, error, request, response);
  });
}

}  // namespace timestore::net
