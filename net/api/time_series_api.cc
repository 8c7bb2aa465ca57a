#include "net/api/time_series_api.h"

#include <algorithm>
#include <string>
#include <utility>

#include "engine/base/json_text.h"
#include "net/access/answer.h"
#include "net/api/query.h"
#include "net/api/write_answers.h"
#include "net/base/clock.h"
#include "net/base/log.h"
#include "net/http/problem.h"

namespace timestore::net {

namespace {

using http::Problem;
using http::ProblemKind;

constexpr std::size_t kChunkBytes = std::size_t{64} << 10;

// A read keeps the state that it began with, and with it the series file's write-ahead log from shrinking; so it must
// end some time, however slowly its client reads.
constexpr std::chrono::minutes kMaxReadTime{10};

Deadline in(std::chrono::milliseconds time) { return Clock::now() + time; }

std::optional<ReadLevel> parse_level(const http::Request& request) {
  const std::size_t count = request.http.get_param_value_count("level");
  if (count == 0) return ReadLevel::kLinearizable;
  if (count > 1) return std::nullopt;
  const std::string text = request.http.get_param_value("level");
  if (text == "linearizable") return ReadLevel::kLinearizable;
  if (text == "weak") return ReadLevel::kWeak;
  if (text == "none") return ReadLevel::kNone;
  return std::nullopt;
}

void answer_bad_request(httplib::Response& response, std::string detail) {
  Problem{.kind = ProblemKind::kBadRequest, .detail = std::move(detail)}.write_to(response);
}

// RFC 7240. Preferences may stand in several fields, or with commas in one.
bool prefers_minimal(const http::Request& request) {
  std::string preferences;
  const auto [first, last] = request.http.headers.equal_range("Prefer");
  for (auto field = first; field != last; ++field) preferences += ',' + field->second;
  std::erase_if(preferences, [](char c) { return c == ' ' || c == '\t'; });
  preferences += ',';
  return preferences.find(",return=minimal,") != std::string::npos ||
         preferences.find(",return=\"minimal\",") != std::string::npos;
}

// Writes a JSON array of entries in chunks of bounded size.
class ArrayWriter {
 public:
  ArrayWriter(httplib::DataSink& sink, Deadline deadline) : sink_(sink), deadline_(deadline) {}

  bool add(const TimeEntry& entry) {
    buffer_ += is_first_ ? '[' : ',';
    is_first_ = false;
    append_json(buffer_, entry);
    return buffer_.size() < kChunkBytes || flush();
  }

  bool finish() {
    buffer_ += is_first_ ? "[]" : "]";
    return flush();
  }

 private:
  bool flush() {
    const bool taken = Clock::now() < deadline_ && sink_.write(buffer_.data(), buffer_.size());
    buffer_.clear();
    return taken;
  }

  httplib::DataSink& sink_;
  Deadline deadline_;
  std::string buffer_;
  bool is_first_ = true;
};

// A fault in the middle of an answer can only break the connection off, so that the client sees that it is not whole.
bool stream(store::SeriesReader& reader, const store::SeriesQuery& query, httplib::DataSink& sink) {
  ArrayWriter writer(sink, Clock::now() + kMaxReadTime);
  bool taken = true;
  const auto scanned = reader.scan(query, [&](const TimeEntry& entry) { return taken = writer.add(entry); });
  if (!scanned) log_error("A read was broken off: " + scanned.error().message);
  if (!scanned || !taken || !writer.finish()) return false;
  sink.done();
  return true;
}

}  // namespace

void TimeSeriesApi::add_routes(http::Router& router) {
  router.add({.method = "POST",
              .pattern = "/api/timeseries",
              .handler = [this](const auto& request, auto& response) { post_entries(request, response); },
              .body = http::BodyRules{.media_types = entry_media_types(), .content_type_required = true}});
  router.add({.method = "GET", .pattern = "/api/timeseries", .handler = [this](const auto& request, auto& response) {
                get_entries(request, response, {});
              }});
  router.add({.method = "GET",
              .pattern = "/api/timeseries/device/{deviceId}",
              .handler = [this](const auto& request, auto& response) {
                get_entries(request, response, {.device_id = request.path_parameter("deviceId")});
              }});
}

// Answers 307 when the client asked for it and another node leads. True: the request is answered.
bool TimeSeriesApi::redirect(const http::Request& request, httplib::Response& response) {
  const auto wanted = parse_flag(request, "redirect");
  if (!wanted) {
    answer_bad_request(response, "redirect is true or false, and given once.");
    return true;
  }
  if (!*wanted) return false;
  const auto leader = cluster_.leader_elsewhere(in(patience_.read));
  if (!leader) return false;
  response.status = 307;
  response.set_header("Location", leader->url + request.http.target);
  std::string body = "{\"leaderId\":";
  append_json_string(body, leader->id);
  response.set_content(body + "}", "application/json");
  return true;
}

void TimeSeriesApi::post_entries(const http::Request& request, httplib::Response& response) {
  if (!has_only(request, {"redirect"})) {
    return answer_bad_request(response, "A write takes no other query parameter than redirect.");
  }
  auto body = read_entries(request.http);
  if (!body) return body.error().write_to(response);
  if (redirect(request, response)) return;
  Posted posted{.is_batch = body->is_batch, .wants_nothing_back = prefers_minimal(request), .had_id = {}};
  for (const TimeEntry& entry : body->entries) posted.had_id.push_back(!entry.id.is_nil());
  if (body->entries.empty()) {  // nothing is to be done
    return answer_stored({.kind = client::WriteEnd::Kind::kApplied,
                          .result = {.outcome = ApplyResult::Outcome::kStored, .conflicts = {}},
                          .entries = {}},
                         posted, response);
  }
  const bool is_forwarded = request.http.has_header(kForwardedHeader);
  const WriteAnswer answer = cluster_.write(std::move(body->entries), is_forwarded, in(patience_.write));
  if (answer.response) return relay(*answer.response, response);
  answer_end(answer.end, posted, response);
}

void TimeSeriesApi::answer_end(const client::WriteEnd& end, const Posted& posted, httplib::Response& response) {
  const bool had_any_id = std::find(posted.had_id.begin(), posted.had_id.end(), true) != posted.had_id.end();
  switch (end.kind) {
    case client::WriteEnd::Kind::kApplied:
      // Another node may have stored it; what stands under the client's ids is read here.
      if (had_any_id && !cluster_.await_applied(end.applied, Clock::now() + lasting(client::kCatchUpTime))) {
        return answer_unknown(end.entries, posted.is_batch, response);
      }
      return answer_stored(end, posted, response);
    case client::WriteEnd::Kind::kNotLeader:
      return answer_not_leader(response);
    case client::WriteEnd::Kind::kBusy:
      return answer_unavailable(response, "Too many writes are waiting. Nothing was stored; try again.");
    case client::WriteEnd::Kind::kDiskFull:
      return answer_unavailable(response, "The leader's disk is full. Nothing was stored; make room, then try again.");
    case client::WriteEnd::Kind::kTooEarly:
      return answer_unavailable(response,
                                "The cluster takes no batches yet: not all members are known to run a release that "
                                "reads them. Nothing was stored; try again, or send single entries.");
    case client::WriteEnd::Kind::kUnknown:
      return answer_unknown(end.entries, posted.is_batch, response);
  }
}

// What stands under the ids that the client gave. It may have been there before, and equal is not the same: -0 is equal
// to 0, and attributes to others in another order.
Result<void> TimeSeriesApi::read_stored(std::vector<TimeEntry>& entries, const std::vector<bool>& had_id) {
  if (std::find(had_id.begin(), had_id.end(), true) == had_id.end()) return {};
  auto reader = readers_.lend();
  if (!reader) return tl::unexpected(reader.error());
  if (const auto begun = (*reader)->begin(); !begun) return tl::unexpected(begun.error());
  for (std::size_t at = 0; at < entries.size(); ++at) {
    if (!had_id[at]) continue;
    auto found = (*reader)->find(entries[at].id);
    if (!found) return tl::unexpected(found.error());
    if (*found) entries[at] = std::move(**found);  // otherwise it is gone again since
  }
  return {};
}

void TimeSeriesApi::answer_stored(const client::WriteEnd& end, const Posted& posted, httplib::Response& response) {
  switch (end.result.outcome) {
    case ApplyResult::Outcome::kStored: {
      if (end.applied > 0) response.set_header(kAppliedIndexHeader, std::to_string(end.applied));
      if (posted.wants_nothing_back) {
        response.status = 204;
        return response.set_header("Preference-Applied", "return=minimal");
      }
      std::vector<TimeEntry> entries = end.entries;
      if (const auto read = read_stored(entries, posted.had_id); !read) {
        log_error("What was stored cannot be read: " + read.error().message);
        return answer_unknown(end.entries, posted.is_batch, response);  // the ids tell, when they are sent again
      }
      return response.set_content(posted.is_batch ? text_of(entries) : text_of(entries.front()), "application/json");
    }
    case ApplyResult::Outcome::kConflict:
      return answer_conflict(end, posted.is_batch, response);
    case ApplyResult::Outcome::kNothing:
    case ApplyResult::Outcome::kMalformed:
      log_error("A time entry that was accepted could not be applied.");
      return Problem{.kind = ProblemKind::kInternal, .detail = "The entry was accepted but could not be stored."}
          .write_to(response);
  }
}

void TimeSeriesApi::get_entries(const http::Request& request, httplib::Response& response, store::SeriesQuery query) {
  const auto level = parse_level(request);
  if (!level) return answer_bad_request(response, "level is linearizable, weak or none, and given once.");
  if (!has_only(request, {"level", "redirect"})) {
    return answer_bad_request(response, "A read takes no other query parameters than level and redirect.");
  }
  if (redirect(request, response)) return;

  const ReadBarrier barrier = cluster_.await_readable(*level, in(patience_.read));
  switch (barrier.kind) {
    case ReadBarrier::Kind::kPassed:
      break;
    case ReadBarrier::Kind::kNotLeader:
    case ReadBarrier::Kind::kNoQuorum:
      return answer_unavailable(response,
                                "No quorum has confirmed the state of the cluster in time. Try again, or read "
                                "what this node holds with level=none.");
  }
  if (barrier.level != *level) response.set_header("X-Timestore-Read-Level", "none");
  auto reader = readers_.lend();
  if (!reader) return answer_unavailable(response, reader.error().message);
  const auto applied = (*reader)->begin();
  if (!applied) return answer_unavailable(response, applied.error().message);
  response.set_header(kAppliedIndexHeader, std::to_string(applied->index));
  response.set_chunked_content_provider(
      "application/json", [lease = *reader, query = std::move(query)](std::size_t, httplib::DataSink& sink) {
        return stream(*lease, query, sink);
      });
}

}  // namespace timestore::net
