// InfluxQL over HTTP, as InfluxDB 1.x answers it:
//
//   GET  /query     reads; a statement that writes is answered with a warning
//   POST /query     parameters in the URL, in a form, or in a multipart form; those of the body come first
//
// Parameters are 1.x's (q, db, rp, epoch, chunked, chunk_size, pretty, params; u and p are ignored), and level and
// redirect in the URL, as for all reads. An error of a statement stands in its result, with status 200; {"error":"..."}
// answers what is wrong with the whole request.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "engine/query/influxql/request.h"
#include "net/api/read_door.h"
#include "net/http/router.h"

namespace timestore::net {

class InfluxQueryApi {
 public:
  // All must outlive the router's use.
  InfluxQueryApi(ClusterAccess& cluster, Readers& readers, RunningQueries& queries, const Patience& patience)
      : door_(cluster, readers, queries, patience), cluster_(cluster), patience_(patience) {}

  void add_routes(http::Router& router);

 private:
  struct Asked;
  using AskedPtr = std::shared_ptr<Asked>;

  void query(const http::Request& request, const http::Reply& reply) const;
  void create_next(const http::Reply& reply, const AskedPtr& asked) const;

  ReadDoor door_;
  ClusterAccess& cluster_;
  const Patience patience_;
};

// The parameters of a request: of its URL, and of its body. Nothing: the body is no form.
std::optional<query::influxql::RequestParameters> influx_parameters(const http::Request& request);

}  // namespace timestore::net
