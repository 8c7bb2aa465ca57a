// What runs, for operators:
//
//   GET    /cluster/queries        the queries that run on this node
//   DELETE /cluster/queries/{id}   ends one of them
//
// They are answered by workers of their own, so also when queries occupy all others.
#pragma once

#include "net/api/running_queries.h"
#include "net/http/router.h"

namespace timestore::net {

class QueriesApi {
 public:
  explicit QueriesApi(RunningQueries& queries) : queries_(queries) {}

  void add_routes(http::Router& router);

 private:
  void get_queries(const http::Request& request, http::Response& response);
  void delete_query(const http::Request& request, http::Response& response);

  RunningQueries& queries_;
};

}  // namespace timestore::net
