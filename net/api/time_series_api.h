// POST /api/timeseries stores one time entry, or a batch of them as a whole, and answers what is stored, with its ids;
// or 204 to Prefer: return=minimal. It takes redirect=true.
#pragma once

#include <memory>
#include <vector>

#include "net/access/cluster_access.h"
#include "net/api/entry_bodies.h"
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
  // What of a request its answer depends on.
  struct Posted {
    bool is_batch = false;
    bool wants_nothing_back = false;
    bool is_forwarded = false;
    std::vector<bool> had_id;  // by entry
    bool had_any_id() const;
  };

  void post_entries(const http::Request& request, const http::Reply& reply);
  void store(const http::Reply& reply, std::vector<TimeEntry> entries, const std::shared_ptr<const Posted>& posted);
  void finish(const http::Reply& reply, WriteAnswer answer, const std::shared_ptr<const Posted>& posted);
  void answer_end(const client::WriteEnd& end, const Posted& posted, http::Response& response);
  void answer_stored(const client::WriteEnd& end, const Posted& posted, http::Response& response);
  Result<void> read_stored(std::vector<TimeEntry>& entries, const std::vector<bool>& had_id);

  ClusterAccess& cluster_;
  Readers& readers_;
  const Patience patience_;
};

}  // namespace timestore::net
