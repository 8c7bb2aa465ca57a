#include "net/cluster_api.h"

#include <simdjson.h>

#include <algorithm>

#include "engine/base/json_text.h"
#include "net/http/problem.h"

namespace timestore::net {

namespace {

using http::Problem;
using http::ProblemKind;

constexpr std::chrono::milliseconds kPatience{10'000};
constexpr unsigned kRetryAfterSeconds = 1;
constexpr std::size_t kMaxBodyBytes = 4096;

// {"to":"n2"}, where no body, no `to` and null mean: anybody.
Result<raft::NodeId> parse_transfer(std::string_view body) {
  if (body.find_first_not_of(" \t\r\n") == std::string_view::npos) return raft::NodeId();
  simdjson::dom::parser parser;
  simdjson::dom::object object;
  if (parser.parse(body.data(), body.size()).get(object) != simdjson::SUCCESS) {
    return fail("The body is not a JSON object such as {\"to\":\"n2\"}.");
  }
  raft::NodeId to;
  for (const auto& [name, value] : object) {
    if (name != "to") return fail("The only property of a transfer is `to`, the id of the node that shall lead.");
    if (value.is_null()) continue;
    std::string_view text;
    if (value.get(text) != simdjson::SUCCESS || text.empty()) return fail("`to` must be the id of a node.");
    to = text;
  }
  return to;
}

void answer_leader(httplib::Response& response, const raft::NodeId& leader) {
  std::string body = R"({"leaderId":)";
  append_json_string(body, leader);
  response.set_content(body + "}", "application/json");
}

void answer_unavailable(httplib::Response& response, std::string detail) {
  Problem{.kind = ProblemKind::kUnavailable, .detail = std::move(detail), .retry_after_seconds = kRetryAfterSeconds}
      .write_to(response);
}

}  // namespace

void ClusterApi::add_routes(http::Router& router) {
  router.add({.method = "POST",
              .pattern = "/cluster/transfer",
              .handler = [this](const auto& request, auto& response) { post_transfer(request, response); },
              .body = http::BodyRules{.media_types = {"application/json"}, .max_bytes = kMaxBodyBytes}});
}

void ClusterApi::post_transfer(const http::Request& request, httplib::Response& response) {
  const auto to = parse_transfer(request.http.body);
  if (!to) return Problem{.kind = ProblemKind::kBadRequest, .detail = to.error().message}.write_to(response);
  if (node_.leadership().is_leader) return hand_over(*to, response);
  if (!request.http.has_header(kForwardedHeader)) return ask_leader(request, response);
  response.set_header(kNotLeaderHeader, "1");
  answer_unavailable(response, "This node does not lead.");
}

void ClusterApi::hand_over(const raft::NodeId& to, httplib::Response& response) {
  const Deadline deadline = Clock::now() + kPatience;
  const auto status = node_.status(deadline);
  if (!status) return answer_unavailable(response, "This node does not answer in time.");
  if (to == status->node) return answer_leader(response, to);
  const auto is_meant = [&](const replica::Status::Peer& peer) { return peer.id == to; };
  if (!to.empty() && std::none_of(status->peers.begin(), status->peers.end(), is_meant)) {
    return Problem{.kind = ProblemKind::kNotFound, .detail = "No member of this cluster has that id."}.write_to(
        response);
  }
  if (status->peers.size() == 1) {
    return Problem{.kind = ProblemKind::kConflict, .detail = "This node is the only one: nobody could take over."}
        .write_to(response);
  }
  const raft::NodeId leader = node_.transfer(to, deadline);
  if (!leader.empty() && (to.empty() || leader == to)) return answer_leader(response, leader);
  if (leader.empty())
    return answer_unavailable(response, "The node did not take over in time, so this one still leads.");
  answer_unavailable(response, "Another node than the one that was asked for took over.");
}

void ClusterApi::ask_leader(const http::Request& request, httplib::Response& response) {
  const auto leader = cluster_.leader_elsewhere(Clock::now() + kPatience);
  httplib::Response answer;
  const bool answered = leader && forwarder_.post(leader->id, "/cluster/transfer", request.http.body, kPatience,
                                                  answer) == Forwarder::Outcome::kAnswered;
  if (!answered) return answer_unavailable(response, "No leader answered.");
  response.status = answer.status;
  if (answer.has_header("Retry-After")) response.set_header("Retry-After", answer.get_header_value("Retry-After"));
  response.set_content(answer.body, answer.get_header_value("Content-Type"));
}

}  // namespace timestore::net
