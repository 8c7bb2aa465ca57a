#include "net/base/settings.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <set>

namespace timestore::net {

namespace {

std::vector<std::string> split(const std::string& text, char separator) {
  std::vector<std::string> parts;
  for (std::size_t begin = 0; begin <= text.size();) {
    const std::size_t end = std::min(text.find(separator, begin), text.size());
    std::string part = text.substr(begin, end - begin);
    part.erase(0, part.find_first_not_of(" \t"));
    part.erase(part.find_last_not_of(" \t") + 1);
    if (!part.empty()) parts.push_back(std::move(part));
    begin = end + 1;
  }
  return parts;
}

Result<HostPort> check_listen(const SettingsText& text) {
  if (!text.listen.empty()) {
    auto address = parse_host_port(text.listen);
    if (!address) return fail("--listen: " + address.error().message);
    return address;
  }
  if (names_a_user(text.urls)) return fail("ASPNETCORE_URLS: " + parse_http_url(text.urls).error().message);
  const std::vector<std::string> urls = split(text.urls, ';');
  if (urls.empty()) return fail("--listen is missing: say where to listen, for example --listen 127.0.0.1:5001.");
  if (urls.size() > 1) return fail("ASPNETCORE_URLS names several addresses; one http:// URL is supported.");
  auto address = parse_http_url(urls.front());
  if (!address) return fail("ASPNETCORE_URLS: " + address.error().message);
  return address;
}

Result<Peer> check_peer(const std::string& text) {
  Peer peer;
  std::string url = text;
  const std::size_t equals = text.find('=');
  if (equals != std::string::npos && equals < text.find(':')) {
    auto id = check_node_id(text.substr(0, equals), "A peer's id in --peers");
    if (!id) return tl::unexpected(id.error());
    peer.id = *id;
    url = text.substr(equals + 1);
  }
  auto address = parse_http_url(url);
  if (!address) return fail("--peers: " + address.error().message);
  peer.address = *address;
  return peer;
}

// Whether that address is this node's, as far as can be known without a name server.
bool is_own(const HostPort& address, const Settings& settings) {
  const std::string host = canonical_host(address.host);
  const auto advertised = parse_http_url(settings.advertise);
  if (advertised && advertised->port == address.port && canonical_host(advertised->host) == host) return true;
  if (address.port != settings.listen.port) return false;
  if (!is_every_interface(settings.listen.host)) return canonical_host(settings.listen.host) == host;
  std::array<char, 256> name{};
  const bool has_name = gethostname(name.data(), name.size() - 1) == 0;
  return host == "localhost" || host.starts_with("127.") || (has_name && canonical_host(name.data()) == host);
}

Result<std::vector<Peer>> check_peers(const SettingsText& text, const Settings& settings) {
  if (names_a_user(text.peers)) return fail("--peers: " + parse_http_url(text.peers).error().message);
  std::vector<Peer> peers;
  std::set<std::string> seen = {text.node_id};
  for (const std::string& part : split(text.peers, ',')) {
    auto peer = check_peer(part);
    if (!peer) return tl::unexpected(peer.error());
    if (peer->id && !seen.insert(*peer->id).second) {
      return fail("--peers names \"" + *peer->id + "\" " +
                  (*peer->id == text.node_id ? "which is this node itself; list only the others." : "twice."));
    }
    if (is_own(peer->address, settings)) {
      return fail("--peers names the address " + peer->address.text() +
                  ", which is this node's own; list only the others.");
    }
    const HostPort place{.host = canonical_host(peer->address.host), .port = peer->address.port};
    if (!seen.insert(place.text()).second) {
      return fail("--peers names the address " + peer->address.text() + " twice.");
    }
    peers.push_back(std::move(*peer));
  }
  return peers;
}

Result<std::filesystem::path> check_database(const std::string& database) {
  if (database.empty()) return fail("--database is missing: say where to keep the data, for example data/node1.db.");
  const std::filesystem::path path(database);
  std::error_code unknown;  // where this process may not look, it will be told so when it opens the file
  if (!path.has_filename() || std::filesystem::is_directory(path, unknown)) {
    return fail("--database must name a file, and \"" + database + "\" is a directory.");
  }
  return path;
}

Result<Settings> check_times(Settings settings, const SettingsText& text) {
  if (text.tick_ms < 1 || text.tick_ms > 1000) return fail("--tick-ms must be from 1 to 1000.");
  const auto ticks = [&](unsigned ms) { return (ms + text.tick_ms - 1) / text.tick_ms; };
  if (text.election_min_ms > 3'600'000 || text.election_max_ms > 3'600'000) {
    return fail("--election-min-ms and --election-max-ms must be at most an hour.");
  }
  if (text.election_min_ms > text.election_max_ms) {
    return fail("--election-min-ms must not be above --election-max-ms.");
  }
  if (text.heartbeat_ms < 1 || ticks(text.heartbeat_ms) * 2 > ticks(text.election_min_ms)) {
    return fail("--heartbeat-ms must be at least 1 and at most half of --election-min-ms.");
  }
  if (text.log_entries < 1 || text.log_entries > 1'000'000'000) {
    return fail("--log-entries must be from 1 to 1000000000.");
  }
  if (text.log_megabytes < 1 || text.log_megabytes > 1'000'000) {
    return fail("--log-megabytes must be from 1 to 1000000.");
  }
  settings.kept_entries = text.log_entries;
  settings.kept_bytes = text.log_megabytes << 20;
  settings.holds_level = text.hold_level;
  settings.tick_ms = text.tick_ms;
  settings.heartbeat_ticks = ticks(text.heartbeat_ms);
  settings.election_ticks_min = ticks(text.election_min_ms);
  settings.election_ticks_max = ticks(text.election_max_ms);
  return settings;
}

}  // namespace

Result<raft::NodeId> check_node_id(const std::string& id, const std::string& setting) {
  if (id.empty()) return fail(setting + " is missing: name this node, for example --node-id node1.");
  if (id.size() > raft::kMaxNodeIdBytes) {
    return fail(setting + " has " + std::to_string(id.size()) + " bytes; at most " +
                std::to_string(raft::kMaxNodeIdBytes) + " are allowed.");
  }
  const bool plain = std::all_of(
      id.begin(), id.end(), [](unsigned char c) { return std::isalnum(c) != 0 || c == '-' || c == '_' || c == '.'; });
  if (!plain) return fail(setting + " \"" + id + "\" may hold only letters, digits, '-', '_' and '.'.");
  return id;
}

Result<std::string> log_path_of(const std::string& database) {
  const auto path = check_database(database);
  if (!path) return tl::unexpected(path.error());
  std::string log_path = (path->parent_path() / path->stem()).string() + ".raft.db";
  if (log_path != path->string()) return log_path;
  return fail("--database must not end in .raft.db: that is the name of the log file beside it.");
}

Result<Settings> check(const SettingsText& text) {
  Settings settings;
  auto id = check_node_id(text.node_id, "--node-id");
  if (!id) return tl::unexpected(id.error());
  settings.node_id = *id;

  auto listen = check_listen(text);
  if (!listen) return tl::unexpected(listen.error());
  settings.listen = *listen;

  if (!text.advertise.empty()) {
    const auto url = parse_http_url(text.advertise);
    if (!url) return fail("--advertise: " + url.error().message);
    settings.advertise = "http://" + url->text();
  }

  auto peers = check_peers(text, settings);
  if (!peers) return tl::unexpected(peers.error());
  settings.peers = std::move(*peers);

  for (const std::string& absent : split(text.found_without, ',')) {
    auto known = check_node_id(absent, "An id in --found-without");
    if (!known) return tl::unexpected(known.error());
    const auto is_it = [&](const Peer& peer) { return peer.id == *known; };
    if (std::none_of(settings.peers.begin(), settings.peers.end(), is_it)) {
      return fail("--found-without names \"" + *known + "\", which --peers does not: name there each peer as id=url.");
    }
    settings.found_without.push_back(*known);
  }

  if (!text.join.empty()) {
    if (!text.peers.empty()) {
      return fail(
          "--join and --peers exclude each other: a node either joins a cluster that runs or founds a new one.");
    }
    auto join = parse_http_url(text.join);
    if (!join) return fail("--join: " + join.error().message);
    if (is_own(*join, settings)) {
      return fail("--join names the address " + join->text() + ", which is this node's own; name a member's.");
    }
    settings.join = *join;
  }

  auto log_path = log_path_of(text.database);
  if (!log_path) return tl::unexpected(log_path.error());
  settings.series_path = text.database;
  settings.log_path = *log_path;

  const std::set<std::string> levels = {"trace", "debug", "info", "warn", "error", "critical", "off"};
  if (!levels.contains(text.log_level)) {
    return fail("--log-level \"" + text.log_level + "\" must be trace, debug, info, warn, error, critical or off.");
  }
  if (text.log_format != "text" && text.log_format != "json") {
    return fail("--log-format \"" + text.log_format + "\" must be text or json.");
  }
  settings.log_level = text.log_level;
  settings.log_format = text.log_format;
  return check_times(std::move(settings), text);
}

}  // namespace timestore::net
