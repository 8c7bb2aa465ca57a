// TCP sockets as values: closed when they go out of scope, errors as Results.
#pragma once

#include <sys/socket.h>

#include <utility>

#include "bench/ingest/target.h"
#include "engine/base/result.h"

namespace timestore::bench {

class Socket {
 public:
  Socket() = default;
  explicit Socket(int descriptor) : descriptor_(descriptor) {}
  Socket(Socket&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}
  Socket& operator=(Socket&& other) noexcept {
    std::swap(descriptor_, other.descriptor_);
    return *this;
  }
  ~Socket();

  int descriptor() const { return descriptor_; }

 private:
  int descriptor_ = -1;
};

struct Address {
  sockaddr_storage storage{};
  socklen_t size_bytes = 0;
};

// The first address that the target's host has. May wait for the resolver where the host is a name.
[[nodiscard]] Result<Address> resolve(const Target& target);

// A non-blocking socket without Nagle's delay whose connection to address is under way or done. It fails at once only
// where the machine refuses; a refusal by the other side shows later, as SO_ERROR.
[[nodiscard]] Result<Socket> start_connecting(const Address& address);

// A blocking socket connected to address. Connecting and every later read and write fail after timeout_seconds.
[[nodiscard]] Result<Socket> connect_within(const Address& address, int timeout_seconds);

}  // namespace timestore::bench
