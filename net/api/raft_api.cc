#include "net/api/raft_api.h"

#include <algorithm>

#include "engine/base/json_text.h"
#include "engine/wire/codec.h"
#include "engine/wire/frame.h"
#include "net/access/answer.h"
#include "net/http/problem.h"
#include "net/peers/peer_link.h"

namespace timestore::net {

namespace {

using http::Problem;
using http::ProblemKind;

constexpr std::chrono::seconds kAnswerTimeout{2};
constexpr std::size_t kMaxRaftBodyBytes = std::size_t{64} << 20;

void add_member(std::string& out, std::string_view name, std::uint64_t value) {
  append_json_string(out, name);
  out += ':';
  append_json_integer(out, value);
}

void add_member(std::string& out, std::string_view name, std::string_view value) {
  append_json_string(out, name);
  out += ':';
  append_json_string(out, value);
}

std::string_view name_of(replica::Status::Role role) {
  switch (role) {
    case replica::Status::Role::kFollower:
      return "Follower";
    case replica::Status::Role::kCandidate:
      return "Candidate";
    case replica::Status::Role::kLeader:
      return "Leader";
  }
  return "";
}

std::string_view name_of(replica::Status::Peer::Role role) {
  switch (role) {
    case replica::Status::Peer::Role::kVoter:
      return "voter";
    case replica::Status::Peer::Role::kLearner:
      return "learner";
    case replica::Status::Peer::Role::kJoining:
      return "joining";
    case replica::Status::Peer::Role::kOutgoing:
      return "outgoing";
  }
  return "";
}

void add_role(std::string& out, replica::Status::Peer::Role role, RoleNames names) {
  using Role = replica::Status::Peer::Role;
  switch (names) {
    case RoleNames::kFour:
      return add_member(out, "role", name_of(role));
    case RoleNames::kTwo: {
      const bool votes = role == Role::kVoter || role == Role::kOutgoing;
      add_member(out, "role", name_of(votes ? Role::kVoter : Role::kLearner));
      out += role == Role::kJoining ? ",\"isJoining\":true" : ",\"isJoining\":false";
      out += role == Role::kOutgoing ? ",\"isOutgoing\":true" : ",\"isOutgoing\":false";
    }
  }
}

bool names_frames(const http::Request& request, const char* header) {
  return request.header(header).find(raft::kFrameType) != std::string::npos;
}

// What a newer node says and this one cannot read is answered 415: the sender goes back to JSON.
tl::expected<raft::Message, Problem> read_message(const raft::Endpoint& endpoint, const http::Request& request) {
  if (!names_frames(request, "Content-Type")) {
    auto message = raft::decode(endpoint.request, request.body, nullptr);
    if (!message) return http::refuse(ProblemKind::kBadRequest, message.error().message);
    return std::move(*message);
  }
  auto message = raft::decode_frame(endpoint.request, request.body, nullptr);
  if (message) return std::move(*message);
  const bool is_newer = message.error().kind == raft::FrameError::Kind::kUnknown;
  return http::refuse(is_newer ? ProblemKind::kUnsupportedMediaType : ProblemKind::kBadRequest,
                      message.error().message);
}

// Who asks, and what it says of its cluster.
struct Asker {
  raft::NodeId node;
  raft::ClusterId cluster;
};

// Both nodes say it, each in its own log as well.
Problem not_ours(const raft::NodeId& self, const raft::ClusterId& ours, const Asker& asker) {
  const std::string other =
      asker.cluster.is_known() ? "cluster " + raft::to_text(asker.cluster) : "a cluster without an id";
  return {.kind = ProblemKind::kMisdirected,
          .detail = "This is node " + self + " of cluster " + raft::to_text(ours) + ", and " + asker.node +
                    ", who asks, belongs to " + other +
                    ". Correct the addresses by which they reach each other, or empty the directory of the one that is "
                    "to change its cluster, and start it with --join.",
          .members = {{"nodeId", self}, {"clusterId", raft::to_text(ours)}}};
}

void answer_message(const raft::NodeId& self, const Asker& asker, const raft::Endpoint& endpoint,
                    const std::optional<raft::Message>& answer, const http::Request& asked, http::Response& response) {
  if (!answer) {
    return Problem{.kind = ProblemKind::kUnavailable, .detail = "This node's disk does not answer in time."}.write_to(
        response);
  }
  if (const auto* refusal = std::get_if<raft::NotOurs>(&*answer)) {
    return not_ours(self, refusal->belonging.cluster, asker).write_to(response);
  }
  if (names_frames(asked, "Accept")) return response.set_content(raft::encode_frame(*answer), raft::kFrameType);
  response.set_content(raft::encode(*answer), endpoint.json_answer_type);
}

void answer_barrier(const ReadBarrier& barrier, http::Response& response) {
  switch (barrier.kind) {
    case ReadBarrier::Kind::kPassed:
      return response.set_content(read_index_body(barrier.index), "application/json");
    case ReadBarrier::Kind::kNotLeader:
      response.set_header(kNotLeaderHeader, "1");
      [[fallthrough]];
    case ReadBarrier::Kind::kNoQuorum:
    case ReadBarrier::Kind::kContradicted:
      Problem{.kind = ProblemKind::kUnavailable, .detail = "This node does not lead, or has no quorum."}.write_to(
          response);
  }
}

void add_identity(std::string& out, const replica::Status& status) {
  out += R"(,"clusterId":)";
  if (status.cluster.is_known()) {
    append_json_string(out, raft::to_text(status.cluster));
  } else {
    out += "null";
  }
  out += status.is_settled ? R"(,"isSettled":true,"strangers":[)" : R"(,"isSettled":false,"strangers":[)";
  for (const auto& [node, cluster] : status.strangers) {
    if (out.back() != '[') out += ',';
    out += '{';
    add_member(out, "id", node);
    out += ',';
    add_member(out, "clusterId", raft::to_text(cluster));
    out += '}';
  }
  out += R"(],"waitsFor":[)";
  for (const raft::NodeId& node : status.waits_for) {
    if (out.back() != '[') out += ',';
    append_json_string(out, node);
  }
  out += ']';
}

// Of this node, and of those that this leader contradicts.
void add_contradictions(std::string& out, const replica::Status& status) {
  out += R"(,"contradiction":)";
  if (const auto& found = status.contradiction) {
    out += '{';
    add_member(out, "leaderId", found->leader);
    for (const auto& [name, value] : std::initializer_list<std::pair<std::string_view, std::uint64_t>>{
             {"term", found->term}, {"index", found->index}, {"termHere", found->ours}, {"termThere", found->theirs}}) {
      out += ',';
      add_member(out, name, value);
    }
    out += '}';
  } else {
    out += "null";
  }
  out += R"(,"contradicts":[)";
  for (const replica::Status::Peer& peer : status.peers) {
    if (!peer.contradicts) continue;
    if (out.back() != '[') out += ',';
    append_json_string(out, peer.id);
  }
  out += ']';
}

}  // namespace

std::string member_json(const replica::Status& status, const replica::Status::Peer& peer, RoleNames names,
                        std::chrono::milliseconds tick, std::uint32_t unreachable_ticks) {
  const bool is_self = peer.id == status.node;
  const bool leads = status.role == replica::Status::Role::kLeader;
  std::string out = "{";
  add_member(out, "id", peer.id);
  out += ',';
  add_member(out, "url", peer.url);
  out += ',';
  add_role(out, peer.role, names);
  out += ',';
  if (is_self || leads) {
    add_member(out, "matchIndex", peer.match);
    out += ',';
    add_member(out, "lagEntries", status.last - std::min(status.last, peer.match));
    out += std::string(",\"reachable\":") + (is_self || peer.silent_ticks < unreachable_ticks ? "true," : "false,");
    add_member(out, "lastContactMs", is_self ? 0 : static_cast<std::uint64_t>(tick.count()) * peer.silent_ticks);
  } else {
    out += R"("matchIndex":null,"lagEntries":null,"reachable":null,"lastContactMs":null)";
  }
  return out + "}";
}

std::string members_json(const replica::Status& status, RoleNames names, std::chrono::milliseconds tick,
                         std::uint32_t unreachable_ticks) {
  std::string out = "[";
  for (const auto& peer : status.peers) {
    if (&peer != status.peers.data()) out += ',';
    out += member_json(status, peer, names, tick, unreachable_ticks);
  }
  return out + "]";
}

std::string status_json(const replica::Status& status, const std::string& version, Clock::duration uptime,
                        std::chrono::milliseconds tick, std::uint32_t unreachable_ticks) {
  std::string out = "{";
  add_member(out, "state", name_of(status.role));
  out += ",\"leaderId\":";
  if (status.leader.empty()) {
    out += "null";
  } else {
    append_json_string(out, status.leader);
  }
  out += ',';
  add_member(out, "nodeId", status.node);
  const std::pair<std::string_view, std::uint64_t> numbers[] = {
      {"term", status.term},           {"commitIndex", status.commit},         {"appliedIndex", status.applied},
      {"firstLogIndex", status.first}, {"lastLogIndex", status.last},          {"snapshotIndex", status.first - 1},
      {"featureLevel", status.level},  {"highestLevel", status.highest_level},
  };
  for (const auto& [name, value] : numbers) {
    out += ',';
    add_member(out, name, value);
  }
  out += ',';
  add_member(out, "version", version);
  out += ',';
  add_member(out, "uptimeSeconds",
             static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::seconds>(uptime).count()));
  const bool is_member = std::any_of(status.peers.begin(), status.peers.end(),
                                     [&](const replica::Status::Peer& peer) { return peer.id == status.node; });
  out += is_member ? ",\"isMember\":true" : ",\"isMember\":false";
  out += status.is_joint ? ",\"isJoint\":true" : ",\"isJoint\":false";
  out += status.is_novice ? ",\"isNovice\":true" : ",\"isNovice\":false";
  out += status.holds_level ? ",\"holdsLevel\":true" : ",\"holdsLevel\":false";
  add_identity(out, status);
  add_contradictions(out, status);
  return out + ",\"members\":" + members_json(status, RoleNames::kTwo, tick, unreachable_ticks) + "}";
}

RaftApi::RaftApi(Node& node, ClusterAccess& cluster, std::string version)
    : node_(node),
      cluster_(cluster),
      version_(std::move(version)),
      instance_(make_time_ordered_guid().text()),
      started_(Clock::now()) {}

void RaftApi::add_routes(http::Router& router) {
  for (const raft::Endpoint& endpoint : raft::kEndpoints) {
    router.add(
        {.method = "POST",
         .pattern = endpoint.path,
         .handler = {},
         .body = http::BodyRules{.media_types = {raft::kJsonType, raft::kFrameType}, .max_bytes = kMaxRaftBodyBytes},
         .audience = http::Audience::kPeers,
         .later = [this, &endpoint](const auto& request, const auto& reply) {
           post_message(endpoint, request, reply);
         }});
  }
  router.add({.method = "GET",
              .pattern = "/raft/status",
              .handler = [this](const auto&, auto& response) { get_status(response); },
              .audience = http::Audience::kOpen,
              .pool = http::Pool::kPeers});
  router.add({.method = "GET",
              .pattern = "/raft/read-index",
              .handler = {},
              .audience = http::Audience::kPeers,
              .later = [this](const auto& request, const auto& reply) { get_read_index(request, reply); }});
}

bool RaftApi::is_for_us(const http::Request& request) const {
  if (!request.has_header(kAddresseeHeader)) return true;  // an original names nobody
  return request.header(kAddresseeHeader) == node_.id();
}

void RaftApi::post_message(const raft::Endpoint& endpoint, const http::Request& request, const http::Reply& reply) {
  if (!is_for_us(request)) {
    return answer_problem(reply, {.kind = ProblemKind::kMisdirected,
                                  .detail = "This is node " + node_.id() + ", not the one that is meant.",
                                  .members = {{"nodeId", node_.id()}}});
  }
  auto message = read_message(endpoint, request);
  if (!message) return answer_problem(reply, std::move(message.error()));
  raft::NodeId from = raft::sender_of(*message);
  if (!raft::has_answer(*message)) {
    node_.receive(std::move(from), std::move(*message));
    return reply.finish([](const auto&, http::Response& response) { response.set_content("{}", raft::kJsonType); });
  }
  Asker asker{.node = from, .cluster = raft::belonging_in(*message).cluster};
  const auto finish = [self = node_.id(), asker = std::move(asker), &endpoint,
                       reply](std::optional<raft::Message> answer) {
    reply.finish([=, &endpoint](const http::Request& asked, http::Response& response) {
      answer_message(self, asker, endpoint, answer, asked, response);
    });
  };
  node_.begin_answer(std::move(from), std::move(*message), Clock::now() + kAnswerTimeout, finish);
}

// Whoever asks for it wants to know whether this node is well, so it waits on a thread, with a deadline of its own.
void RaftApi::get_status(http::Response& response) {
  const auto status = node_.status(Clock::now() + kAnswerTimeout);
  if (!status) {
    return Problem{.kind = ProblemKind::kUnavailable, .detail = "This node does not answer in time."}.write_to(
        response);
  }
  response.set_header(kInstanceHeader, instance_);
  response.set_content(status_json(*status, version_, Clock::now() - started_, node_.tick(), node_.unreachable_ticks()),
                       "application/json");
}

void RaftApi::get_read_index(const http::Request& request, const http::Reply& reply) {
  if (cluster_.is_of_another_cluster(request)) return answer_problem(reply, cluster_.of_another_cluster());
  const bool weak = request.param("level") == "weak";
  reply.when_gone(cluster_.confirm_here(weak ? ReadLevel::kWeak : ReadLevel::kLinearizable,
                                        Clock::now() + kAnswerTimeout, [reply](const ReadBarrier& barrier) {
                                          reply.finish([barrier](const auto&, http::Response& response) {
                                            answer_barrier(barrier, response);
                                          });
                                        }));
}

}  // namespace timestore::net
