// What is stored is deleted. Any node takes these requests.
//
//   DELETE /api/timeseries/{id}                                   204 when it is gone; 404 where it was not there
//   DELETE /api/timeseries?deviceId=&devicePrefix=&from=&to=&db=  {"deleted":17}
//
// A range needs deviceId, devicePrefix, or both ends. Both take upTo=<log index>: what was stored behind it stays, so a
// request whose answer was lost may be sent again without deleting what was written since.
#pragma once

#include <string>

#include "engine/series/delete_order.h"
#include "net/access/cluster_access.h"
#include "net/access/errand.h"
#include "net/base/settings.h"
#include "net/http/router.h"

namespace timestore::net {

class DeletesApi {
 public:
  // All must outlive the router's use.
  DeletesApi(Node& node, ClusterAccess& cluster, Forwarder& forwarder, const Patience& patience)
      : node_(node), errands_(node, cluster, forwarder), patience_(patience) {}

  void add_routes(http::Router& router);

 private:
  void delete_entry(const http::Request& request, http::Response& response);
  void delete_range(const http::Request& request, http::Response& response);
  void run(const DeleteOrder& order, const http::Request& request, http::Response& response);
  bool erase(const DeleteOrder& order, Deadline deadline, http::Response& response);

  Node& node_;
  Errands errands_;
  Patience patience_;
};

}  // namespace timestore::net
