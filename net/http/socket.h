// Owned sockets, and opening one to listen on.
#pragma once

#include <chrono>
#include <string>
#include <utility>

#include "engine/base/result.h"

namespace timestore::http {

// Owns a file descriptor.
class Descriptor {
 public:
  Descriptor() = default;
  explicit Descriptor(int number) : number_(number) {}
  Descriptor(Descriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(number_, other.number_);
    return *this;
  }
  ~Descriptor() { close(); }

  void close();
  [[nodiscard]] int number() const { return number_; }
  [[nodiscard]] bool is_open() const { return number_ >= 0; }

 private:
  int number_ = -1;
};

struct Endpoint {
  std::string address;  // Numeric; IPv4 in its dotted form even where it came through an IPv6 socket.
  int port = 0;
};

// Binds and listens without blocking. Unlike httplib, which sets SO_REUSEPORT, two servers cannot share one port
// unknowingly.
[[nodiscard]] Result<Descriptor> listen_on(const Endpoint& endpoint);

[[nodiscard]] Endpoint local_endpoint(int socket);
[[nodiscard]] Endpoint remote_endpoint(int socket);

}  // namespace timestore::http
