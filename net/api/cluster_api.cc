#include "net/api/cluster_api.h"

#include <simdjson.h>

#include <algorithm>
#include <utility>

#include "engine/base/json_text.h"
#include "net/access/answer.h"
#include "net/api/query.h"
#include "net/base/clock.h"
#include "net/http/head.h"
#include "net/http/problem.h"

namespace timestore::net {

namespace {

using http::Problem;
using http::ProblemKind;

constexpr std::size_t kMaxOrderBytes = 4096;
constexpr const char* kPath = "/cluster/transfer";

// {"to":"n2"}, where no body, no `to` and null mean: anybody.
Result<raft::NodeId> parse_transfer(std::string_view body) {
  if (body.find_first_not_of(" \t\r\n") == std::string_view::npos) return raft::NodeId();
  simdjson::dom::parser parser;
  simdjson::dom::object object;
  if (parser.parse(body.data(), body.size()).get(object) != simdjson::SUCCESS) {
    return fail("The body is not a JSON object such as {\"to\":\"n2\"}.");
  }
  raft::NodeId to;
  bool is_given = false;
  for (const auto& [name, value] : object) {
    if (!http::equal_ignoring_case(name, "to")) {
      return fail("The only property of a transfer is `to`, the id of the new leader.");
    }
    if (std::exchange(is_given, true)) return fail("`to` is given twice.");
    if (value.is_null()) continue;
    std::string_view text;
    if (value.get(text) != simdjson::SUCCESS || text.empty()) return fail("`to` must be the id of a node.");
    to = text;
  }
  return to;
}

void answer_leader(http::Response& response, const raft::NodeId& leader) {
  std::string body = R"({"leaderId":)";
  append_json_string(body, leader);
  response.set_content(body + "}", "application/json");
}

}  // namespace

void ClusterApi::add_routes(http::Router& router) {
  router.add({.method = "POST",
              .pattern = kPath,
              .handler = [this](const auto& request, auto& response) { post_transfer(request, response); },
              .body = http::BodyRules{.media_types = {"application/json"}, .max_bytes = kMaxOrderBytes},
              .audience = http::Audience::kAdmins});
}

void ClusterApi::post_transfer(const http::Request& request, http::Response& response) {
  if (!has_only(request, {})) {
    return Problem{.kind = ProblemKind::kBadRequest,
                   .detail = "A transfer has no query parameters; the new leader stands in the body: {\"to\":\"n2\"}."}
        .write_to(response);
  }
  const auto to = parse_transfer(request.body);
  if (!to) return Problem{.kind = ProblemKind::kBadRequest, .detail = to.error().message}.write_to(response);
  const Errand errand{.method = "POST",
                      .target = kPath,
                      .nobody = "No leader could be asked, so nothing was handed over.",
                      .unknown = "GET /raft/status shows who leads.",
                      .here = [&](const replica::Status& status, Deadline deadline, http::Response& answer) {
                        hand_over(status, *to, deadline, answer);
                        return true;
                      }};
  errands_.run(errand, request, Clock::now() + lasting(client::kErrandTime), response);
}

void ClusterApi::hand_over(const replica::Status& status, const raft::NodeId& to, Deadline deadline,
                           http::Response& response) {
  if (to == status.node) return answer_leader(response, to);
  const auto is_meant = [&](const replica::Status::Peer& peer) {
    return to.empty() ? peer.id != status.node : peer.id == to;
  };
  const auto votes = [&](const replica::Status::Peer& peer) {
    return is_meant(peer) && peer.role == replica::Status::Peer::Role::kVoter;
  };
  const auto can_take_over = [&](const replica::Status::Peer& peer) {
    return votes(peer) && peer.silent_ticks < node_.unreachable_ticks();
  };
  if (!to.empty() && std::none_of(status.peers.begin(), status.peers.end(), is_meant)) {
    return Problem{.kind = ProblemKind::kNotFound, .detail = "No member of this cluster has that id."}.write_to(
        response);
  }
  if (std::none_of(status.peers.begin(), status.peers.end(), votes)) {
    const std::string reason = to.empty() ? "This node is the only one that votes: nobody could take over."
                                          : "Node " + to + " does not vote, or is about to leave, so it cannot lead.";
    return Problem{.kind = ProblemKind::kConflict, .detail = reason}.write_to(response);
  }
  const std::string whoever = to.empty() ? "No other node" : "Node " + to;
  if (std::none_of(status.peers.begin(), status.peers.end(), can_take_over)) {
    return answer_unavailable(
        response, whoever + (to.empty() ? " answers" : " does not answer") + ", so node " + status.node + " leads on.");
  }
  const raft::NodeId leader = node_.transfer(to, deadline);
  if (!leader.empty() && (to.empty() || leader == to)) return answer_leader(response, leader);
  if (!leader.empty()) return answer_unavailable(response, "Node " + leader + " took over, not " + to + ".");
  if (!node_.leadership().is_leader) {
    return answer_unavailable(response,
                              "Node " + status.node + " is no longer the leader, and the new leader is not known yet.");
  }
  answer_unavailable(response, whoever + (to.empty() ? " took over" : " did not take over") + " in time, so node " +
                                   status.node + " leads on.");
}

}  // namespace timestore::net
