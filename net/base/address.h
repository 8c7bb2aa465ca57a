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

// Whether a user, and perhaps a password, stands in a URL or a list of them. Then no part of it may be printed.
[[nodiscard]] bool names_a_user(std::string_view text);

// "+", "*", "0.0.0.0", "::".
[[nodiscard]] bool is_every_interface(std::string_view host);

// In lower case; one name for this machine, which has several. Asks no name server.
[[nodiscard]] std::string canonical_host(std::string_view host);

// Neither quotes what names a user.
//
// "127.0.0.1:5001", "[::1]:5001", "node1:5001".
[[nodiscard]] Result<HostPort> parse_host_port(std::string_view text);

// "http://host:port" in any case, with an optional final slash; without a port, 80. Nothing else is spoken here.
[[nodiscard]] Result<HostPort> parse_http_url(std::string_view url);

}  // namespace timestore::net
