// The server under load: the host and port of an http:// URL.
#pragma once

#include <string>
#include <string_view>

#include "engine/base/result.h"

namespace timestore::bench {

struct Target {
  std::string host;  // a name or an address; an IPv6 address stands here without its brackets
  std::string port;

  std::string authority() const;  // as the Host header has it
  bool operator==(const Target&) const = default;
};

// Reads "http://host[:port][/...]"; the port is 80 where there is none, and a path is ignored.
[[nodiscard]] Result<Target> parse_target(std::string_view url);

}  // namespace timestore::bench
