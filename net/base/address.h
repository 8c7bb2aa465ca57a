// Addresses as users write them.
#pragma once

#include <string>
#include <string_view>

#include "engine/base/result.h"

namespace timestore::net {

struct HostPort {
  std::string host;  // without brackets; "+", "*" and "0.0.0.0" mean every interface
  int port = 0;      // 1 to 65535
  bool operator==(const HostPort&) const = default;

  std::string text() const;  // brackets around IPv6 hosts
};

// "127.0.0.1:5001", "[::1]:5001", "node1:5001".
[[nodiscard]] Result<HostPort> parse_host_port(std::string_view text);

// "http://host:port" with an optional final slash; without a port, 80. Nothing else is spoken here.
[[nodiscard]] Result<HostPort> parse_http_url(std::string_view url);

}  // namespace timestore::net
