// The original's time-series endpoints.
//
//   POST /api/timeseries                     stores one time entry and answers it with its id
//   GET  /api/timeseries                     all time entries, in the order in which they were stored
//   GET  /api/timeseries/device/{deviceId}   those of one device, by time
//
// Reads take level=linearizable|weak|none; any request takes redirect=true.
#pragma once

#include "net/access/cluster_access.h"
#include "net/base/settings.h"
#include "net/http/router.h"
#include "net/node/readers.h"

namespace timestore::net {

class TimeSeriesApi {
 public:
  // Both must outlive the router's use.
  TimeSeriesApi(ClusterAccess& cluster, Readers& readers, const Patience& patience)
      : cluster_(cluster), readers_(readers), patience_(patience) {}

  void add_routes(http::Router& router);

 private:
  void post_entry(const http::Request& request, httplib::Response& response);
  void get_entries(const http::Request& request, httplib::Response& response, store::SeriesQuery query);
  bool redirect(const http::Request& request, httplib::Response& response);
  void answer_stored(const client::WriteEnd& end, bool had_id, httplib::Response& response);
  Result<TimeEntry> stored(const TimeEntry& sent);

  ClusterAccess& cluster_;
  Readers& readers_;
  const Patience patience_;
};

}  // namespace timestore::net
