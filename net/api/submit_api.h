// Where a node hands on a client's write to the leader: POST /cluster/submit (engine/client/submission.h). The answer
// says in one line how it ended; the node that asked tells its client.
#pragma once

#include "net/access/cluster_access.h"
#include "net/http/router.h"

namespace timestore::net {

class SubmitApi {
 public:
  SubmitApi(raft::NodeId self, ClusterAccess& cluster) : self_(std::move(self)), cluster_(cluster) {}

  void add_routes(http::Router& router);

 private:
  void post_command(const http::Request& request, const http::Reply& reply);

  const raft::NodeId self_;
  ClusterAccess& cluster_;
};

}  // namespace timestore::net
