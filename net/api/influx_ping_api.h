// GET /ping and /health: by these the clients of InfluxDB find out whether somebody answers.
#pragma once

#include <string>

#include "net/http/router.h"
#include "net/node/node.h"

namespace timestore::net {

class InfluxPingApi {
 public:
  // Must outlive the router's use. `version` is our own.
  InfluxPingApi(const Node& node, std::string version);

  void add_routes(http::Router& router);

 private:
  void get_ping(const http::Request& request, http::Response& response) const;
  void get_health(const http::Request& request, http::Response& response) const;

  const Node& node_;
  const std::string version_;
};

}  // namespace timestore::net
