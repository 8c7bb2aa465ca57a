#include "net/peers/peer_errors.h"

#include <httplib.h>
#include <netdb.h>
#include <poll.h>
#include <simdjson.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <memory>

#include "net/base/settings.h"

namespace timestore::net {

namespace {

constexpr int kProbeMs = 100;

std::string unconnected(int error, const std::string& place) {
  switch (error) {
    case 0:
      return "the connection to " + place + " failed, but works now";
    case ECONNREFUSED:
      return "nothing listens at " + place + " (connection refused)";
    case ETIMEDOUT:
    case EINPROGRESS:
      return place + " does not answer (connection timed out)";
    case EHOSTUNREACH:
    case ENETUNREACH:
      return "there is no route to " + place + " (" + std::strerror(error) + ")";
    default:
      return "the connection to " + place + " fails (" + std::strerror(error) + ")";
  }
}

// errno of connecting.
int try_to_connect(int socket, const addrinfo& address) {
  if (connect(socket, address.ai_addr, address.ai_addrlen) == 0) return 0;
  if (errno != EINPROGRESS) return errno;
  pollfd wanted{socket, POLLOUT, 0};
  if (poll(&wanted, 1, kProbeMs) <= 0) return ETIMEDOUT;
  int error = 0;
  socklen_t size = sizeof error;
  getsockopt(socket, SOL_SOCKET, SO_ERROR, &error, &size);
  return error;
}

int try_to_connect(const addrinfo& address) {
  const int socket =
      ::socket(address.ai_family, address.ai_socktype | SOCK_CLOEXEC | SOCK_NONBLOCK, address.ai_protocol);
  if (socket < 0) return errno;
  const int error = try_to_connect(socket, address);
  close(socket);
  return error;
}

std::string why_unconnected(const HostPort& address) {
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const int code = getaddrinfo(address.host.c_str(), std::to_string(address.port).c_str(), &hints, &found);
  if (code != 0) return "the host name " + address.host + " cannot be resolved (" + gai_strerror(code) + ")";
  const std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> addresses(found, &freeaddrinfo);
  int error = 0;
  for (const addrinfo* each = found; each != nullptr; each = each->ai_next) {
    error = try_to_connect(*each);
    if (error == 0) break;
  }
  return unconnected(error, address.text());
}

}  // namespace

std::string reason_of(httplib::Error error, const HostPort& address) {
  switch (error) {
    case httplib::Error::Connection:
      return why_unconnected(address);
    case httplib::Error::ConnectionTimeout:
      return unconnected(ETIMEDOUT, address.text());
    case httplib::Error::Read:
      return address.text() + " takes requests and does not answer them in time, or closes the connection";
    case httplib::Error::Write:
      return address.text() + " accepts no requests";
    default:
      return address.text() + ": " + httplib::to_string(error);
  }
}

std::optional<raft::NotOurs> refusal_in(const std::string& body) {
  simdjson::dom::parser parser;
  std::string_view text;
  if (parser.parse(body)["clusterId"].get(text) != simdjson::SUCCESS) return std::nullopt;
  const auto cluster = raft::parse_cluster_id(text);
  if (!cluster) return std::nullopt;
  return raft::NotOurs{.belonging = {.is_told = true, .cluster = *cluster, .is_settled = true}};
}

std::string reason_of_misdirection(const std::string& body, const HostPort& address) {
  if (const auto refusal = refusal_in(body)) {
    return "the node at " + address.text() + " belongs to cluster " + raft::to_text(refusal->belonging.cluster) +
           " and refuses what is said by another";
  }
  simdjson::dom::parser parser;
  std::string_view id;
  const bool is_named = parser.parse(body)["nodeId"].get(id) == simdjson::SUCCESS && check_node_id(std::string(id), "");
  return (is_named ? "node " + std::string(id) : "another node") + " has its address, " + address.text();
}

}  // namespace timestore::net
