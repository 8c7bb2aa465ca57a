#include "net/members/members.h"

#include <httplib.h>
#include <simdjson.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <limits>
#include <map>
#include <thread>
#include <utility>
#include <vector>

#include "engine/base/json_text.h"
#include "engine/wire/paths.h"
#include "net/access/answer.h"
#include "net/base/clock.h"
#include "net/base/log.h"
#include "net/http/server.h"
#include "net/peers/peer_errors.h"

namespace timestore::net {

namespace {

constexpr std::chrono::milliseconds kPollPause{100};

std::string url_of(const HostPort& address) { return "http://" + address.text(); }

// While it learns, a node must be found by others that learn too. To everything else it says that it cannot yet: a 404
// would say that it is of the original.
Result<std::unique_ptr<http::Server>> answer_who_we_are(const Settings& settings) {
  std::string body = R"({"state":"Follower","leaderId":null,"nodeId":)";
  append_json_string(body, settings.node_id);
  append_json_integer(body, R"(,"highestLevel":)", raft::kHighestLevel);
  body += '}';
  http::Router router;
  router.add({.method = "GET", .pattern = "/raft/status", .handler = [body](const auto&, http::Response& response) {
                response.set_content(body, "application/json");
              }});
  const auto refuse = [](const auto&, http::Response& response) {
    answer_unavailable(response, "This node is still waiting for its peers to tell their ids.");
  };
  std::vector<const char*> posts = {"/api/timeseries", "/write", "/api/v2/write", "/cluster/members", "/cluster/transfer",
                                    "/query"};
  for (const raft::Endpoint& endpoint : raft::kEndpoints) posts.push_back(endpoint.path);
  for (const char* pattern : posts) {
    router.add({.method = "POST", .pattern = pattern, .handler = refuse, .body = http::BodyRules{}});
  }
  for (const char* pattern :
       {"/api/timeseries", "/api/timeseries/device/{deviceId}", "/api/timeseries/aggregate", "/api/timeseries/{id}",
        "/api/devices", "/api/retention", "/raft/read-index", "/cluster/members", "/cluster/members/{id}",
        "/cluster/queries", "/ping", "/health", "/query"}) {
    router.add({.method = "GET", .pattern = pattern, .handler = refuse});
  }
  router.add({.method = "PUT", .pattern = "/api/retention", .handler = refuse, .body = http::BodyRules{}});
  for (const char* pattern :
       {"/cluster/members/{id}", "/cluster/queries/{id}", "/api/timeseries", "/api/timeseries/{id}"}) {
    router.add({.method = "DELETE", .pattern = pattern, .handler = refuse});
  }
  http::Options options;
  options.host = settings.listen.host;
  options.port = settings.listen.port;
  return http::Server::start(std::move(router), std::move(options));
}

Result<std::string> get_status(const HostPort& address) {
  httplib::Client client(address.host, address.port);
  client.set_connection_timeout(lasting(client::kConnectTime));
  client.set_read_timeout(std::chrono::milliseconds(500));
  const auto answer = client.Get("/raft/status");
  if (!answer) return fail(reason_of(answer.error(), address));
  if (answer->status != 200) return fail("status " + std::to_string(answer->status));
  return answer->body;
}

Result<std::vector<Peer>> learn_ids(const Settings& settings, const std::function<bool()>& should_stop) {
  std::vector<Peer> peers = settings.peers;
  const auto unknown = [](const Peer& peer) { return !peer.id; };
  if (std::none_of(peers.begin(), peers.end(), unknown)) return peers;
  auto server = answer_who_we_are(settings);
  if (!server) return tl::unexpected(server.error());
  std::map<std::string, std::string> told;  // the last reason that was logged, by URL
  while (std::any_of(peers.begin(), peers.end(), unknown)) {
    for (Peer& peer : peers) {
      if (should_stop()) return fail("Stopped before the ids of all peers were learnt.");
      if (peer.id) continue;
      auto id = ask_node_id(peer.address);
      if (!id) {
        if (std::exchange(told[url_of(peer.address)], id.error().message) == id.error().message) continue;
        log_info("Waiting for " + url_of(peer.address) + " to tell its node id (" + id.error().message + ").");
        continue;
      }
      log_info("The node at " + url_of(peer.address) + " is " + *id + ".");
      peer.id = *id;
    }
    std::this_thread::sleep_for(kPollPause);
  }
  return peers;
}

Result<std::vector<raft::Member>> members_of_first_start(const Settings& settings,
                                                         const std::function<bool()>& should_stop) {
  auto peers = learn_ids(settings, should_stop);
  if (!peers) return tl::unexpected(peers.error());
  std::vector<raft::Member> members = {{settings.node_id, own_url(settings)}};
  for (const Peer& peer : *peers) members.push_back({*peer.id, url_of(peer.address)});
  std::sort(members.begin(), members.end(), [](const auto& a, const auto& b) { return a.id < b.id; });
  const auto twin =
      std::adjacent_find(members.begin(), members.end(), [](const auto& a, const auto& b) { return a.id == b.id; });
  if (twin == members.end()) return members;
  return fail_for_good("Two members call themselves \"" + twin->id + "\": " + twin->url + " and " + (twin + 1)->url +
                       ". Give every node its own --node-id.");
}

// The stored members stay; the settings may only say that they have moved.
std::vector<raft::Member> known_members(const Settings& settings, std::vector<raft::Member> members) {
  for (raft::Member& member : members) {
    if (member.id == settings.node_id) member.url = own_url(settings);
  }
  for (const Peer& peer : settings.peers) {
    const auto is_peer = [&](const raft::Member& member) {
      return peer.id ? member.id == *peer.id : member.url == url_of(peer.address);
    };
    const auto member = std::find_if(members.begin(), members.end(), is_peer);
    if (member != members.end()) {
      member->url = url_of(peer.address);
    } else if (peer.id && members.size() > 1) {  // of a cluster of one past.h tells, and who has no id is asked for it
      log_warning(*peer.id + " is not a member of this cluster; the setting is ignored.");
    }
  }
  return members;
}

}  // namespace

Result<raft::NodeId> ask_node_id(const HostPort& address) { return get_status(address).and_then(parse_node_id); }

std::optional<raft::Level> ask_level(const std::string& url) {
  const auto address = parse_http_url(url);
  if (!address) return std::nullopt;
  const auto status = get_status(*address);
  if (!status) return std::nullopt;
  simdjson::dom::parser parser;
  std::uint64_t level = raft::kOriginalLevel;
  if (parser.parse(*status)["highestLevel"].get(level) != simdjson::SUCCESS) return raft::kOriginalLevel;
  return static_cast<raft::Level>(std::min<std::uint64_t>(level, std::numeric_limits<raft::Level>::max()));
}

std::string own_url(const Settings& settings) {
  if (!settings.advertise.empty()) return settings.advertise;
  HostPort address = settings.listen;
  if (is_every_interface(address.host)) {
    std::array<char, 256> name{};
    address.host = gethostname(name.data(), name.size() - 1) == 0 ? name.data() : "localhost";
  }
  return "http://" + address.text();
}

Result<raft::NodeId> parse_node_id(const std::string& status_json) {
  simdjson::dom::parser parser;
  std::string_view id;
  if (parser.parse(status_json)["nodeId"].get_string().get(id) != simdjson::SUCCESS) {
    return fail("its /raft/status has no nodeId");
  }
  if (id.empty() || id.size() > raft::kMaxNodeIdBytes) return fail("its node id is empty or too long");
  return raft::NodeId(id);
}

Result<std::vector<raft::Member>> find_members(const Settings& settings, const store::LogFile::Recovered& stored,
                                               const std::function<bool()>& should_stop) {
  if (!stored.identity) {
    if (settings.join) return std::vector<raft::Member>{};
    return members_of_first_start(settings, should_stop);
  }
  const auto& newest =
      stored.configurations.empty() ? stored.identity->configuration : stored.configurations.back().second;
  return known_members(settings, newest.members());
}

}  // namespace timestore::net
