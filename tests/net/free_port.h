// A port that was free a moment ago.
#pragma once

#include <chrono>

#include "net/http/server.h"

namespace timestore::net {

inline int free_port() {
  auto server = http::Server::start(http::Router(), {});
  const int port = (*server)->port();
  (*server)->stop(std::chrono::milliseconds(0));
  return port;
}

}  // namespace timestore::net
