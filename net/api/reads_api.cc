#include "net/api/reads_api.h"

#include <array>
#include <optional>
#include <utility>
#include <vector>

#include "engine/query/answer_text.h"
#include "engine/query/parameters.h"
#include "net/access/answer.h"
#include "net/api/answer_format.h"
#include "net/api/query.h"
#include "net/api/read_answers.h"
#include "net/api/write_answers.h"

namespace timestore::net {

namespace {

using http::Problem;
using http::ProblemKind;

constexpr std::array<std::string_view, 3> kDoorNames = {ReadDoor::kLevel, ReadDoor::kRedirect, "format"};

std::vector<query::Parameter> parameters_of(const http::Request& request) {
  std::vector<query::Parameter> parameters;
  for (const auto& [name, value] : request.params) parameters.push_back({name, value});
  return parameters;
}

// What can be said of a limit before anything is read.
std::optional<Problem> refuse_limit(const std::optional<std::uint64_t>& limit) {
  if (!limit || *limit <= kMaxPageRows) return std::nullopt;
  return Problem{.kind = ProblemKind::kBadRequest,
                 .detail = "limit: A page has at most " + std::to_string(kMaxPageRows) +
                           " rows, and the header Link leads to the next one. Without a limit all rows are sent."};
}

}  // namespace

void ReadsApi::add_routes(http::Router& router) {
  const auto get = [&](std::string pattern, http::LaterHandler later) {
    router.add({.method = "GET", .pattern = std::move(pattern), .handler = {}, .later = std::move(later)});
  };
  get("/api/timeseries", [this](const auto& request, const auto& reply) { get_rows(request, reply, nullptr); });
  get("/api/timeseries/device/{deviceId}", [this](const auto& request, const auto& reply) {
    get_rows(request, reply, &request.path_parameter("deviceId"));
  });
  get("/api/timeseries/aggregate", [this](const auto& request, const auto& reply) { get_aggregate(request, reply); });
  get("/api/timeseries/{id}", [this](const auto& request, const auto& reply) { get_entry(request, reply); });
  get("/api/devices", [this](const auto& request, const auto& reply) { get_devices(request, reply); });
}

void ReadsApi::get_rows(const http::Request& request, const http::Reply& reply, const std::string* device) const {
  const auto format = format_of(request);
  if (!format) return answer_problem(reply, format.error());
  std::vector<query::Parameter> parameters = parameters_of(request);
  if (device != nullptr) {
    if (request.param_count("deviceId") > 0) {
      return answer_problem(
          reply, {.kind = ProblemKind::kBadRequest, .detail = "deviceId: The path names the device already."});
    }
    parameters.push_back({"deviceId", *device});
  }
  auto query = query::parse_rows_query(parameters, kDoorNames);
  if (!query) return answer_problem(reply, query_problem(query.error()));
  if (auto refusal = refuse_limit(query->limit)) return answer_problem(reply, std::move(*refusal));
  // Clients of the original, which ask so, read a number in each value.
  query->filter.only_numbers = request.params.empty();
  door_.open(request, reply, query->limit ? kMaxQueryTime : kMaxReadTime,
             [query = std::move(*query), format = *format](const OpenRead& read, const http::Request& asked,
                                                           http::Response& response) {
               if (query.limit) return answer_page(read, query, format, asked, response);
               stream_rows(read, query, format, response);
             });
}

void ReadsApi::get_aggregate(const http::Request& request, const http::Reply& reply) const {
  const auto format = format_of(request);
  if (!format) return answer_problem(reply, format.error());
  auto query = query::parse_aggregate_query(parameters_of(request), kDoorNames);
  if (!query) return answer_problem(reply, query_problem(query.error()));
  door_.open(request, reply, kMaxQueryTime,
             [query = std::move(*query), format = *format](const OpenRead& read, const http::Request&,
                                                           http::Response& response) {
               answer_aggregate(read, query, format, response);
             });
}

void ReadsApi::get_entry(const http::Request& request, const http::Reply& reply) const {
  if (!has_only(request, {ReadDoor::kLevel, ReadDoor::kRedirect})) {
    return answer_problem(reply, {.kind = ProblemKind::kBadRequest,
                                  .detail = "Reading one entry takes no other query parameters than level and "
                                            "redirect."});
  }
  const auto id = Guid::parse(request.path_parameter("id"));
  if (!id) {
    return answer_problem(reply, {.kind = ProblemKind::kNotFound,
                                  .detail = "There is nothing here. An entry has a UUID, such as "
                                            "/api/timeseries/018f3c2a-0000-7000-8000-000000000001."});
  }
  door_.open(
      request, reply, kMaxQueryTime, [id = *id](const OpenRead& read, const http::Request&, http::Response& response) {
        const auto found = read.reader->find(id);
        if (!found) return answer_unavailable(response, found.error().message);
        if (*found) return response.set_content(text_of(**found), "application/json");
        std::string text;
        const auto line = read.reader->find_line(id, [&](const query::Series& series, const points::Point& point) {
          query::append_row(text, {.series = series, .point = point}, id);
        });
        if (!line) return answer_unavailable(response, line.error().message);
        if (*line) return response.set_content(text, "application/json");
        Problem{.kind = ProblemKind::kNotFound, .detail = "No entry with this id is stored."}.write_to(response);
      });
}

void ReadsApi::get_devices(const http::Request& request, const http::Reply& reply) const {
  const auto format = format_of(request);
  if (!format) return answer_problem(reply, format.error());
  auto query = query::parse_series_query(parameters_of(request), kDoorNames);
  if (!query) return answer_problem(reply, query_problem(query.error()));
  if (auto refusal = refuse_limit(query->limit)) return answer_problem(reply, std::move(*refusal));
  door_.open(request, reply, kMaxQueryTime,
             [query = std::move(*query), format = *format](const OpenRead& read, const http::Request& asked,
                                                           http::Response& response) {
               answer_devices(read, query, format, asked, response);
             });
}

}  // namespace timestore::net
