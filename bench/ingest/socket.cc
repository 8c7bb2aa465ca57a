#include "bench/ingest/socket.h"

#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/time.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <memory>

namespace timestore::bench {
namespace {

std::string reason() { return std::string(std::strerror(errno)) + "."; }

const sockaddr* generic(const Address& address) { return reinterpret_cast<const sockaddr*>(&address.storage); }

}  // namespace

Socket::~Socket() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

Result<Address> resolve(const Target& target) {
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const int error = ::getaddrinfo(target.host.c_str(), target.port.c_str(), &hints, &found);
  if (error != 0) return fail("The host '" + target.host + "' has no address: " + ::gai_strerror(error) + ".");
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> owner(found, &::freeaddrinfo);
  Address address;
  std::memcpy(&address.storage, found->ai_addr, found->ai_addrlen);
  address.size_bytes = found->ai_addrlen;
  return address;
}

Result<Socket> start_connecting(const Address& address) {
  Socket socket(::socket(address.storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (socket.descriptor() < 0) return fail("A socket could not be opened: " + reason());
  const int on = 1;
  ::setsockopt(socket.descriptor(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  if (::connect(socket.descriptor(), generic(address), address.size_bytes) != 0 && errno != EINPROGRESS) {
    return fail("Connecting failed: " + reason());
  }
  return socket;
}

Result<Socket> connect_within(const Address& address, int timeout_seconds) {
  Socket socket(::socket(address.storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (socket.descriptor() < 0) return fail("A socket could not be opened: " + reason());
  const timeval timeout{.tv_sec = timeout_seconds, .tv_usec = 0};
  ::setsockopt(socket.descriptor(), SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof timeout);  // connect() obeys it too
  ::setsockopt(socket.descriptor(), SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof timeout);
  if (::connect(socket.descriptor(), generic(address), address.size_bytes) != 0) {
    return fail("Connecting failed: " + (errno == EINPROGRESS ? std::string("no answer in time.") : reason()));
  }
  return socket;
}

}  // namespace timestore::bench
