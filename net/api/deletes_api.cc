#include "net/api/deletes_api.h"

#include <algorithm>
#include <charconv>
#include <functional>
#include <optional>
#include <tl/expected.hpp>
#include <utility>
#include <vector>

#include "engine/query/parameters.h"
#include "net/access/answer.h"
#include "net/api/query.h"
#include "net/api/read_answers.h"
#include "net/base/clock.h"
#include "net/base/log.h"
#include "net/http/problem.h"

namespace timestore::net {

namespace {

using http::Problem;
using http::ProblemKind;

constexpr const char* kUpTo = "upTo";

Problem bad(std::string detail) { return {.kind = ProblemKind::kBadRequest, .detail = std::move(detail)}; }

std::optional<raft::Index> index_in(std::string_view text) {
  raft::Index index = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), index);
  if (error != std::errc{} || end != text.data() + text.size() || index > raft::kMaxIndex) return std::nullopt;
  return index;
}

// False: it makes no sense.
bool take_up_to(const http::Request& request, DeleteOrder& order) {
  if (request.param_count(kUpTo) == 0) return true;
  const auto index = index_in(request.param(kUpTo));
  if (request.param_count(kUpTo) > 1 || !index) return false;
  order.up_to = *index;
  return true;
}

constexpr const char* kNoIndex =
    "upTo: It is a log index, as X-Timestore-Applied-Index tells one. Nothing was deleted.";

// Of the parameters of reads those that choose series and times.
tl::expected<DeleteOrder, Problem> range_of(const http::Request& request) {
  if (!has_only(request, {"db", "deviceId", "devicePrefix", "from", "to", kUpTo})) {
    return tl::unexpected(
        bad("A range is deleted by deviceId, devicePrefix, from, to, db and upTo alone; not by values, "
            "attributes or tags. Nothing was deleted."));
  }
  std::vector<query::Parameter> parameters;
  for (const auto& [name, value] : request.params) parameters.push_back({name, value});
  const std::string_view elsewhere[] = {kUpTo};
  const auto query = query::parse_rows_query(parameters, elsewhere);
  if (!query) return tl::unexpected(query_problem(query.error()));
  const query::Filter& filter = query->filter;
  if (!filter.devices.empty() && !filter.prefixes.empty()) {
    return tl::unexpected(bad("deviceId and devicePrefix: One of them is enough. Nothing was deleted."));
  }
  const bool names_any = !filter.devices.empty() || !filter.prefixes.empty();
  if (!names_any && !(filter.range.from_ns && filter.range.to_ns)) {
    return tl::unexpected(
        bad("What is to be deleted needs a deviceId, a devicePrefix, or both from and to. Nothing was "
            "deleted."));
  }
  if (filter.range.is_empty()) return tl::unexpected(bad("to: It is not behind from. Nothing was deleted."));
  DeleteOrder order{
      .database = filter.database, .first_ns = filter.range.first_ns(), .last_ns = filter.range.last_ns()};
  for (const std::string& name : filter.devices) order.names.push_back({.name = name});
  for (const std::string& name : filter.prefixes) order.names.push_back({.is_prefix = true, .name = name});
  if (!names_any) order.names.push_back({.is_prefix = true});
  const bool means_all = std::any_of(filter.prefixes.begin(), filter.prefixes.end(), std::mem_fn(&std::string::empty));
  if (means_all && !(filter.range.from_ns && filter.range.to_ns)) {
    return tl::unexpected(
        bad("devicePrefix: An empty one means all devices, which needs both from and to. Nothing was deleted."));
  }
  if (order.names.size() > kMaxDeletedNames) return tl::unexpected(bad("deviceId: These are too many at once."));
  std::string bytes;
  append_delete_order(bytes, order);
  if (!read_delete_order(bytes)) {  // what no command can say would stand in the log, and be skipped
    return tl::unexpected(bad("deviceId, devicePrefix, db: Names are UTF-8 and have a limit. Nothing was deleted."));
  }
  if (!take_up_to(request, order)) return tl::unexpected(bad(kNoIndex));
  return order;
}

}  // namespace

void DeletesApi::add_routes(http::Router& router) {
  router.add({.method = "DELETE", .pattern = "/api/timeseries", .handler = [this](const auto& request, auto& response) {
                delete_range(request, response);
              }});
  router.add({.method = "DELETE",
              .pattern = "/api/timeseries/{id}",
              .handler = [this](const auto& request, auto& response) { delete_entry(request, response); }});
}

void DeletesApi::delete_entry(const http::Request& request, http::Response& response) {
  if (!has_only(request, {kUpTo})) {
    return bad("An entry is deleted by its id, and no other query parameter than upTo. Nothing was deleted.")
        .write_to(response);
  }
  const auto id = Guid::parse(request.path_parameter("id"));
  if (!id) {
    return Problem{.kind = ProblemKind::kNotFound,
                   .detail =
                       "There is nothing here. An entry has a UUID, such as "
                       "/api/timeseries/018f3c2a-0000-7000-8000-000000000001."}
        .write_to(response);
  }
  DeleteOrder order{.ids = {*id}};
  if (!take_up_to(request, order)) return bad(kNoIndex).write_to(response);
  run(order, request, response);
}

void DeletesApi::delete_range(const http::Request& request, http::Response& response) {
  const auto order = range_of(request);
  if (!order) return order.error().write_to(response);
  run(*order, request, response);
}

// What was gone before it is answered is gone here too from then on.
void DeletesApi::run(const DeleteOrder& order, const http::Request& request, http::Response& response) {
  const Errand errand{
      .method = "DELETE",
      .target = std::string(request.target()),
      .nobody = "No leader could be asked, so nothing was deleted.",
      .unknown =
          "it is not known whether anything was deleted, or will be. Sent again it deletes what is there by then; "
          "with upTo=<log index> only what was there at that index.",
      .here = [&](const replica::Status&, Deadline deadline, auto& end) { return erase(order, deadline, end); }};
  errands_.run(errand, request, Clock::now() + patience_.write, response);
  if (const auto index = index_in(response.header(kAppliedIndexHeader))) {
    node_.await_applied(*index, Clock::now() + lasting(client::kCatchUpTime));
  }
}

bool DeletesApi::erase(const DeleteOrder& order, Deadline deadline, http::Response& response) {
  using Kind = client::WriteEnd::Kind;
  const client::WriteEnd end = node_.erase(order, deadline);
  switch (end.kind) {
    case Kind::kApplied:
      break;
    case Kind::kNotLeader:
      return false;
    case Kind::kBusy:
      answer_unavailable(response, "Too many writes are waiting. Nothing was deleted; try again.");
      return true;
    case Kind::kDiskFull:
      answer_unavailable(response, "The leader's disk is full. Nothing was deleted; make room, then try again.");
      return true;
    case Kind::kTooEarly:
      answer_unavailable(response,
                         "Nothing can be deleted as yet: not all members are known to run a release that knows deletes "
                         "(featureLevel in GET /raft/status). Nothing was deleted.");
      return true;
    case Kind::kUnknown:
      answer_unavailable(
          response,
          "No majority answered in time, so it is not known whether anything was deleted, or will be. Sent "
          "again it deletes what is there by then; with upTo=<log index> only what was there at that index.");
      return true;
  }
  response.set_header(kAppliedIndexHeader, std::to_string(end.applied));
  if (end.result.outcome == ApplyResult::Outcome::kTooScattered) {
    Problem{
        .kind = ProblemKind::kTooMuch,
        .detail = "These series lie scattered among too many others. Nothing was deleted: name fewer of them at once."}
        .write_to(response);
  } else if (end.result.outcome != ApplyResult::Outcome::kDeleted) {
    log_error("An order to delete that was accepted could not be applied.");
    Problem{.kind = ProblemKind::kInternal, .detail = "The request was accepted but could not be carried out."}
        .write_to(response);
  } else if (order.ids.empty()) {
    response.set_content(R"({"deleted":)" + std::to_string(end.result.deleted) + "}", "application/json");
  } else if (end.result.deleted == 0) {
    Problem{.kind = ProblemKind::kNotFound, .detail = "No entry with this id is stored."}.write_to(response);
  } else {
    response.status = 204;
  }
  return true;
}

}  // namespace timestore::net
