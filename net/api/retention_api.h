// For how long points are kept. Any node takes these requests.
//
//   GET /api/retention                     {"maxAge":"30d","edge":"2025-01-30T12:00:00Z"}
//   PUT /api/retention {"maxAge":"30d"}    the same, when it is durable on a quorum and in force; null: for ever
//
// The edge is the first time that is kept: what is before it is gone, and refused. It is null where there is none yet.
// It moves on by itself and never falls, so a longer age brings nothing back.
#pragma once

#include "net/access/cluster_access.h"
#include "net/access/errand.h"
#include "net/base/settings.h"
#include "net/http/router.h"
#include "net/node/readers.h"

namespace timestore::net {

class RetentionApi {
 public:
  // All must outlive the router's use.
  RetentionApi(Node& node, ClusterAccess& cluster, Forwarder& forwarder, Readers& readers, const Patience& patience)
      : node_(node), cluster_(cluster), errands_(node, cluster, forwarder), readers_(readers), patience_(patience) {}

  void add_routes(http::Router& router);

 private:
  void get(const http::Request& request, const http::Reply& reply);
  void read(http::Response& response);
  void put(const http::Request& request, http::Response& response);
  bool set(std::int64_t max_age_ns, Deadline deadline, http::Response& response);

  Node& node_;
  ClusterAccess& cluster_;
  Errands errands_;
  Readers& readers_;
  Patience patience_;
};

}  // namespace timestore::net
