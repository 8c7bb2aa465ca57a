#include "net/api/time_series_api.h"

#include <algorithm>
#include <string>
#include <utility>

#include "net/access/answer.h"
#include "net/api/query.h"
#include "net/api/redirect.h"
#include "net/api/write_answers.h"
#include "net/base/clock.h"
#include "net/base/log.h"
#include "net/http/problem.h"

namespace timestore::net {

namespace {

using http::Problem;
using http::ProblemKind;

// The answer to a larger batch takes long enough to make that others would have to wait for it.
constexpr std::size_t kFewEntries = 16;

Deadline in(std::chrono::milliseconds time) { return Clock::now() + time; }

// RFC 7240. Preferences may stand in several fields, or with commas in one.
bool prefers_minimal(const http::Request& request) {
  std::string preferences;
  for (const std::string_view field : request.headers("Prefer")) preferences.append(",").append(field);
  std::erase_if(preferences, [](char c) { return c == ' ' || c == '\t'; });
  preferences += ',';
  return preferences.find(",return=minimal,") != std::string::npos ||
         preferences.find(",return=\"minimal\",") != std::string::npos;
}

}  // namespace

void TimeSeriesApi::add_routes(http::Router& router) {
  router.add({.method = "POST",
              .pattern = "/api/timeseries",
              .handler = {},
              .body = http::BodyRules{.media_types = entry_media_types(), .content_type_required = true},
              .later = [this](const auto& request, const auto& reply) { post_entries(request, reply); }});
}

bool TimeSeriesApi::Posted::had_any_id() const { return std::find(had_id.begin(), had_id.end(), true) != had_id.end(); }

void TimeSeriesApi::post_entries(const http::Request& request, const http::Reply& reply) {
  if (!has_only(request, {"redirect"})) {
    return answer_problem(
        reply, {.kind = ProblemKind::kBadRequest, .detail = "A write takes no other query parameter than redirect."});
  }
  if (cluster_.is_of_another_cluster(request)) return answer_problem(reply, cluster_.of_another_cluster());
  auto body = read_entries(request);
  if (!body) return answer_problem(reply, std::move(body.error()));
  auto posted = std::make_shared<Posted>(Posted{.is_batch = body->is_batch,
                                                .wants_nothing_back = prefers_minimal(request),
                                                .is_forwarded = request.has_header(kForwardedHeader),
                                                .had_id = {}});
  for (const TimeEntry& entry : body->entries) posted->had_id.push_back(!entry.id.is_nil());
  if (request.params.empty()) return store(reply, std::move(body->entries), posted);
  redirect_or(cluster_, patience_.read, request, reply,
              [this, reply, posted, entries = std::move(body->entries)] { store(reply, entries, posted); });
}

void TimeSeriesApi::store(const http::Reply& reply, std::vector<TimeEntry> entries,
                          const std::shared_ptr<const Posted>& posted) {
  if (entries.empty()) {  // nothing is to be done
    return reply.finish([this, posted](const auto&, http::Response& response) {
      answer_stored({.kind = client::WriteEnd::Kind::kApplied,
                     .result = {.outcome = ApplyResult::Outcome::kStored, .conflicts = {}},
                     .entries = {}},
                    *posted, response);
    });
  }
  reply.when_gone(
      cluster_.write(std::move(entries), posted->is_forwarded, in(patience_.write),
                     [this, reply, posted](WriteAnswer answer) { finish(reply, std::move(answer), posted); }));
}

// Where what stands under the client's ids is to be read, another node may have stored it: it must be applied here.
void TimeSeriesApi::finish(const http::Reply& reply, WriteAnswer answer, const std::shared_ptr<const Posted>& posted) {
  if (answer.response) {
    return reply.finish(
        [said = std::move(*answer.response)](const auto&, http::Response& response) { relay(said, response); });
  }
  const bool is_large = answer.end.entries.size() > kFewEntries;
  const bool is_read = answer.end.kind == client::WriteEnd::Kind::kApplied && posted->had_any_id();
  auto end = std::make_shared<const client::WriteEnd>(std::move(answer.end));
  const auto make = [this, posted, end](const auto&, http::Response& response) { answer_end(*end, *posted, response); };
  if (!is_read) return is_large ? reply.finish_on_worker(make) : reply.finish(make);
  cluster_.await_applied(end->applied, Clock::now() + lasting(client::kCatchUpTime),
                         [reply, posted, end, make](bool is_here) {
                           if (is_here) return reply.finish_on_worker(make);
                           reply.finish_on_worker([posted, end](const auto&, http::Response& response) {
                             answer_unknown(end->entries, posted->is_batch, response);
                           });
                         });
}

void TimeSeriesApi::answer_end(const client::WriteEnd& end, const Posted& posted, http::Response& response) {
  switch (end.kind) {
    case client::WriteEnd::Kind::kApplied:
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

void TimeSeriesApi::answer_stored(const client::WriteEnd& end, const Posted& posted, http::Response& response) {
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
    case ApplyResult::Outcome::kExpired:
      return answer_expired(end, posted.is_batch, response);
    case ApplyResult::Outcome::kNothing:
    case ApplyResult::Outcome::kMalformed:
    case ApplyResult::Outcome::kRetention:
    case ApplyResult::Outcome::kTypeConflict:
    case ApplyResult::Outcome::kPartlyStored:
    case ApplyResult::Outcome::kDeleted:
    case ApplyResult::Outcome::kTooScattered:
      log_error("A time entry that was accepted could not be applied.");
      return Problem{.kind = ProblemKind::kInternal, .detail = "The entry was accepted but could not be stored."}
          .write_to(response);
  }
}

}  // namespace timestore::net
