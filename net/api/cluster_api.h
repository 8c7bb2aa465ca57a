// What an operator asks of the cluster as a whole. Any node takes these requests.
//
//   POST /cluster/transfer {"to"?}   another node leads from now on: {"leaderId":"n2"}
//
// It is answered when the end is known: 200 with whoever leads now (the one that was asked for, or any other), at once
// where that one leads already; 503 with the reason where the attempt was given up, and who leads then; 404 for an id
// that no member has; 409 where there is no other member.
#pragma once

#include "net/access/errand.h"
#include "net/http/router.h"

namespace timestore::net {

class ClusterApi {
 public:
  ClusterApi(Node& node, ClusterAccess& cluster, Forwarder& forwarder)
      : node_(node), errands_(node, cluster, forwarder) {}

  void add_routes(http::Router& router);

 private:
  void post_transfer(const http::Request& request, http::Response& response);
  void hand_over(const replica::Status& status, const raft::NodeId& to, Deadline deadline, http::Response& response);

  Node& node_;
  Errands errands_;
};

}  // namespace timestore::net
