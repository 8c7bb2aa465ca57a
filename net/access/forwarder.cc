#include "net/access/forwarder.h"

#include <httplib.h>

#include "net/base/clock.h"
#include "net/peers/peer_link.h"

namespace timestore::net {

namespace {
constexpr std::size_t kMaxIdleClients = 64;

http::Response taken_from(const httplib::Response& answer) {
  http::Response response;
  response.status = answer.status;
  for (const auto& [name, value] : answer.headers) response.headers.emplace_back(name, value);
  response.set_content(answer.body, answer.get_header_value("Content-Type"));
  return response;
}

}  // namespace

Forwarder::Forwarder(raft::NodeId self, std::map<raft::NodeId, HostPort> addresses)
    : self_(std::move(self)), addresses_(std::move(addresses)) {}

Forwarder::~Forwarder() = default;

std::optional<HostPort> Forwarder::address_of(const raft::NodeId& id) const {
  const std::lock_guard lock(mutex_);
  const auto found = addresses_.find(id);
  return found == addresses_.end() ? std::nullopt : std::optional(found->second);
}

std::optional<std::string> Forwarder::url_of(const raft::NodeId& id) const {
  const auto address = address_of(id);
  return address ? std::optional("http://" + address->text()) : std::nullopt;
}

void Forwarder::set_addresses(std::map<raft::NodeId, HostPort> addresses) {
  const std::lock_guard lock(mutex_);
  std::erase_if(idle_, [&](const auto& clients) {
    const auto before = addresses_.find(clients.first);
    const auto now = addresses.find(clients.first);
    return before == addresses_.end() || now == addresses.end() || !(before->second == now->second);
  });
  addresses_ = std::move(addresses);
}

void Forwarder::set_cluster(const raft::ClusterId& cluster) {
  const std::lock_guard lock(mutex_);
  cluster_ = cluster;
}

raft::ClusterId Forwarder::cluster() const {
  const std::lock_guard lock(mutex_);
  return cluster_;
}

bool Forwarder::is_of_another_cluster(const http::Request& request) const {
  if (!request.has_header(kClusterHeader)) return false;
  const auto theirs = raft::parse_cluster_id(request.header(kClusterHeader));
  const raft::ClusterId ours = cluster();
  return theirs && ours.is_known() && *theirs != ours;
}

template <typename Request>
Forwarder::Outcome Forwarder::exchange(const raft::NodeId& to, std::chrono::milliseconds timeout,
                                       http::Response& response, Request request) {
  const auto address = address_of(to);
  if (!address) return Outcome::kNotTaken;
  auto client = borrow(to, *address);
  client->set_read_timeout(timeout);
  client->set_write_timeout(timeout);
  httplib::Headers headers = {{kForwardedHeader, self_}, {kAddresseeHeader, to}};
  if (const raft::ClusterId ours = cluster(); ours.is_known()) headers.emplace(kClusterHeader, raft::to_text(ours));
  const httplib::Result result = request(*client, headers);
  if (!result) {
    const bool connected =
        result.error() != httplib::Error::Connection && result.error() != httplib::Error::ConnectionTimeout;
    return connected ? Outcome::kUnknown : Outcome::kNotTaken;
  }
  response = taken_from(*result);
  give_back(to, *address, std::move(client));
  const bool is_misdirected = response.status == 421;  // another node has the address, or one of another cluster
  return is_misdirected || response.has_header(kNotLeaderHeader) ? Outcome::kNotTaken : Outcome::kAnswered;
}

Forwarder::Outcome Forwarder::post(const raft::NodeId& to, const std::string& target, const std::string& body,
                                   std::chrono::milliseconds timeout, http::Response& response) {
  return exchange(to, timeout, response, [&](httplib::Client& client, const httplib::Headers& headers) {
    return client.Post(target, headers, body, "application/json");
  });
}

Forwarder::Outcome Forwarder::put(const raft::NodeId& to, const std::string& target, const std::string& body,
                                  std::chrono::milliseconds timeout, http::Response& response) {
  return exchange(to, timeout, response, [&](httplib::Client& client, const httplib::Headers& headers) {
    return client.Put(target, headers, body, "application/json");
  });
}

Forwarder::Outcome Forwarder::remove(const raft::NodeId& to, const std::string& target,
                                     std::chrono::milliseconds timeout, http::Response& response) {
  return exchange(to, timeout, response, [&](httplib::Client& client, const httplib::Headers& headers) {
    return client.Delete(target, headers);
  });
}

Forwarder::Outcome Forwarder::get(const raft::NodeId& to, const std::string& target, std::chrono::milliseconds timeout,
                                  http::Response& response) {
  return exchange(to, timeout, response, [&](httplib::Client& client, const httplib::Headers& headers) {
    return client.Get(target, headers);
  });
}

std::unique_ptr<httplib::Client> Forwarder::borrow(const raft::NodeId& to, const HostPort& address) {
  {
    const std::lock_guard lock(mutex_);
    auto& clients = idle_[to];
    if (!clients.empty()) {
      auto client = std::move(clients.back());
      clients.pop_back();
      return client;
    }
  }
  auto client = std::make_unique<httplib::Client>(address.host, address.port);
  client->set_keep_alive(true);
  client->set_tcp_nodelay(true);
  client->set_connection_timeout(lasting(client::kConnectTime));
  return client;
}

void Forwarder::give_back(const raft::NodeId& to, const HostPort& address, std::unique_ptr<httplib::Client> client) {
  const std::lock_guard lock(mutex_);
  const auto known = addresses_.find(to);
  if (known == addresses_.end() || !(known->second == address)) return;  // it has moved meanwhile
  auto& clients = idle_[to];
  if (clients.size() < kMaxIdleClients) clients.push_back(std::move(client));
}

}  // namespace timestore::net
