// Reading: rows, aggregates and devices.
//
//   GET /api/timeseries                     rows that pass the filters, all of them in the order of the log
//   GET /api/timeseries/device/{deviceId}   those of one device, by time
//   GET /api/timeseries/aggregate           functions of the values, by bucket and group
//   GET /api/timeseries/{id}                one entry
//   GET /api/devices                        what there is, with counts and first and last times
//
// All take level=linearizable|weak|none, redirect=true and format=json|ndjson|csv; the other parameters are those of
// engine/query/parameters.h. With a limit, an answer of rows or devices is a page, and a header leads to the next one.
#pragma once

#include <string>

#include "net/api/read_door.h"
#include "net/http/router.h"

namespace timestore::net {

class ReadsApi {
 public:
  // All must outlive the router's use.
  ReadsApi(ClusterAccess& cluster, Readers& readers, RunningQueries& queries, const Patience& patience)
      : door_(cluster, readers, queries, patience) {}

  void add_routes(http::Router& router);

 private:
  void get_rows(const http::Request& request, const http::Reply& reply, const std::string* device) const;
  void get_aggregate(const http::Request& request, const http::Reply& reply) const;
  void get_entry(const http::Request& request, const http::Reply& reply) const;
  void get_devices(const http::Request& request, const http::Reply& reply) const;

  ReadDoor door_;
};

}  // namespace timestore::net
