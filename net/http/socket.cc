#include "net/http/socket.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <memory>

namespace timestore::http {
namespace {

// Connections that the kernel keeps for us between two rounds of accepting.
constexpr int kBacklog = 1024;

using AddressList = std::unique_ptr<addrinfo, decltype(&freeaddrinfo)>;

Result<AddressList> resolve(const Endpoint& endpoint) {
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
  addrinfo* found = nullptr;
  const std::string port = std::to_string(endpoint.port);
  const int code = getaddrinfo(endpoint.address.c_str(), port.c_str(), &hints, &found);
  if (code != 0) return fail("Cannot listen on '" + endpoint.address + "': " + gai_strerror(code) + ".");
  return AddressList(found, &freeaddrinfo);
}

// Sets errno on failure.
Descriptor try_listen(const addrinfo& address) {
  Descriptor socket(
      ::socket(address.ai_family, address.ai_socktype | SOCK_CLOEXEC | SOCK_NONBLOCK, address.ai_protocol));
  if (!socket.is_open()) return socket;
  const int yes = 1;
  const int no = 0;
  // Lets a restarted server have its port back while old connections linger in TIME_WAIT.
  setsockopt(socket.number(), SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  if (address.ai_family == AF_INET6) setsockopt(socket.number(), IPPROTO_IPV6, IPV6_V6ONLY, &no, sizeof no);
  if (bind(socket.number(), address.ai_addr, address.ai_addrlen) != 0 || listen(socket.number(), kBacklog) != 0) {
    const int reason = errno;
    socket.close();
    errno = reason;
  }
  return socket;
}

Endpoint endpoint_of(const sockaddr_storage& address) {
  char text[INET6_ADDRSTRLEN] = "";
  if (address.ss_family == AF_INET) {
    sockaddr_in v4;
    std::memcpy(&v4, &address, sizeof v4);
    inet_ntop(AF_INET, &v4.sin_addr, text, sizeof text);
    return {text, ntohs(v4.sin_port)};
  }
  if (address.ss_family == AF_INET6) {
    sockaddr_in6 v6;
    std::memcpy(&v6, &address, sizeof v6);
    const bool mapped = IN6_IS_ADDR_V4MAPPED(&v6.sin6_addr);
    inet_ntop(mapped ? AF_INET : AF_INET6, v6.sin6_addr.s6_addr + (mapped ? 12 : 0), text, sizeof text);
    return {text, ntohs(v6.sin6_port)};
  }
  return {};
}

template <typename GetName>
Endpoint endpoint_from(GetName get_name, int socket) {
  sockaddr_storage address{};
  socklen_t length = sizeof address;
  void* generic = &address;
  if (get_name(socket, static_cast<sockaddr*>(generic), &length) != 0) return {};
  return endpoint_of(address);
}

}  // namespace

void Descriptor::close() {
  if (is_open()) ::close(std::exchange(number_, -1));
}

Result<Descriptor> listen_on(const Endpoint& endpoint) {
  if (endpoint.port < 0 || endpoint.port > 65535) {
    return fail("Cannot listen on port " + std::to_string(endpoint.port) + ": ports are 0 to 65535.");
  }
  if (endpoint.address.empty() || endpoint.address == "*" || endpoint.address == "+") {
    // "::" takes IPv4 too, but some machines have no IPv6.
    auto both = listen_on({"::", endpoint.port});
    return both || errno != EAFNOSUPPORT ? std::move(both) : listen_on({"0.0.0.0", endpoint.port});
  }
  auto addresses = resolve(endpoint);
  if (!addresses) return tl::unexpected(addresses.error());
  for (const addrinfo* address = addresses->get(); address != nullptr; address = address->ai_next) {
    if (Descriptor socket = try_listen(*address); socket.is_open()) return socket;
  }
  const int reason = errno;
  std::string message = "Cannot listen on '" + endpoint.address + "' port " + std::to_string(endpoint.port) + ": ";
  message += reason == EADDRINUSE ? "another process is using it already" : std::strerror(reason);
  errno = reason;
  return fail(message + ".");
}

Endpoint local_endpoint(int socket) { return endpoint_from(getsockname, socket); }
Endpoint remote_endpoint(int socket) { return endpoint_from(getpeername, socket); }

}  // namespace timestore::http
