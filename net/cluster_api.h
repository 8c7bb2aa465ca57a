// What an operator asks of the cluster as a whole. Any node takes these requests.
//
//   POST /cluster/transfer {"to"?}   another node leads from now on: {"leaderId":"n2"}
#pragma once

#include "net/cluster_access.h"
#include "net/http/router.h"

namespace timestore::net {

class ClusterApi {
 public:
  ClusterApi(Node& node, ClusterAccess& cluster, Forwarder& forwarder)
      : node_(node), cluster_(cluster), forwarder_(forwarder) {}

  void add_routes(http::Router& router);

 private:
  void post_transfer(const http::Request& request, httplib::Response& response);
  void hand_over(const raft::NodeId& to, httplib::Response& response);
  void ask_leader(const http::Request& request, httplib::Response& response);

  Node& node_;
  ClusterAccess& cluster_;
  Forwarder& forwarder_;
};

}  // namespace timestore::net
