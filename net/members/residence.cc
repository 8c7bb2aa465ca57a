#include "net/members/residence.h"

#include <httplib.h>
#include <simdjson.h>

#include "net/api/raft_api.h"
#include "net/base/clock.h"
#include "net/members/members.h"
#include "net/peers/peer_errors.h"

namespace timestore::net {

namespace {

constexpr std::chrono::milliseconds kResidentAnswerTime{500};

struct Resident {
  raft::NodeId id;
  std::string instance;  // empty: an older release
  bool is_member = false;
  raft::ClusterId cluster = {};  // zero: it knows none for sure
};

raft::ClusterId settled_cluster_in(const std::string& status) {
  simdjson::dom::parser parser;
  simdjson::dom::element root;
  bool is_settled = false;
  std::string_view text;
  if (parser.parse(status).get(root) != simdjson::SUCCESS) return {};
  if (root["isSettled"].get(is_settled) != simdjson::SUCCESS || !is_settled) return {};
  if (root["clusterId"].get(text) != simdjson::SUCCESS) return {};
  return raft::parse_cluster_id(text).value_or(raft::ClusterId{});
}

Result<Resident> ask_who_is_at(const std::string& url) {
  const auto address = parse_http_url(url);
  if (!address) return tl::unexpected(address.error());
  httplib::Client client(address->host, address->port);
  client.set_connection_timeout(lasting(client::kConnectTime));
  client.set_read_timeout(kResidentAnswerTime);
  const auto answer = client.Get("/raft/status");
  if (!answer) return fail(reason_of(answer.error(), *address));
  if (answer->status != 200) return fail(address->text() + " answers with status " + std::to_string(answer->status));
  auto id = parse_node_id(answer->body);
  if (!id) return tl::unexpected(id.error());
  simdjson::dom::parser parser;
  bool is_member = false;
  if (parser.parse(answer->body)["isMember"].get(is_member) != simdjson::SUCCESS) is_member = false;
  return Resident{.id = *id,
                  .instance = answer->get_header_value(kInstanceHeader),
                  .is_member = is_member,
                  .cluster = settled_cluster_in(answer->body)};
}

Residence refuted(std::string reason) { return {.kind = Residence::Kind::kRefuted, .reason = std::move(reason)}; }

}  // namespace

Residence find_residence(const Move& move) {
  const std::string known = "Node " + move.node + " is a member already, at " + move.from;
  const auto there = ask_who_is_at(move.to);
  if (!there) {
    return refuted(known + ", and it is not found at " + move.to + ": " + there.error().message +
                   ". Start it there, or remove it before it comes back elsewhere.");
  }
  if (there->id != move.node) return refuted(known + ", and at " + move.to + " is node " + there->id + ".");
  if (!there->is_member) {
    return refuted(
        known + ", and the node at " + move.to +
        " has the same id and files that know no cluster. Remove the member before it comes back elsewhere.");
  }
  if (move.cluster.is_known() && there->cluster.is_known() && there->cluster != move.cluster) {
    return refuted(known + ", and at " + move.to + " is a node of the same name that belongs to cluster " +
                   raft::to_text(there->cluster) + ", while this is cluster " + raft::to_text(move.cluster) + ".");
  }
  const auto here = ask_who_is_at(move.from);
  if (!here || here->id != move.node) return {.kind = Residence::Kind::kMoved, .reason = {}};
  if (here->instance.empty() || here->instance != there->instance) {
    return refuted("Two processes call themselves node " + move.node + ": at " + move.from + " and at " + move.to +
                   ". Stop one of them.");
  }
  return {.kind = move.only_if_lost ? Residence::Kind::kStays : Residence::Kind::kMoved, .reason = {}};
}

}  // namespace timestore::net
