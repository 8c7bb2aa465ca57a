// A whole node as a process runs it: the members are found out, the replica starts, then the HTTP server; at the end
// both stop in the opposite order.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "net/access/cluster_access.h"
#include "net/access/forwarder.h"
#include "net/api/cluster_api.h"
#include "net/api/deletes_api.h"
#include "net/api/influx_ping_api.h"
#include "net/api/influx_query_api.h"
#include "net/api/influx_write_api.h"
#include "net/api/queries_api.h"
#include "net/api/raft_api.h"
#include "net/api/reads_api.h"
#include "net/api/retention_api.h"
#include "net/api/submit_api.h"
#include "net/api/time_series_api.h"
#include "net/base/settings.h"
#include "net/http/server.h"
#include "net/members/admission.h"
#include "net/members/lookout.h"
#include "net/members/members_api.h"
#include "net/members/whereabouts.h"
#include "net/node/node.h"
#include "net/node/readers.h"
#include "net/node/shared_fresh_board.h"
#include "net/process/files.h"

namespace timestore::net {

class Service {
 public:
  // Returns when the node takes requests. `on_failure` is called once, from another thread, when the node cannot go on.
  // `should_stop` is asked now and then while the ids of peers are being learnt, and makes start() give up.
  [[nodiscard]] static Result<std::unique_ptr<Service>> start(const Settings& settings, const std::string& version,
                                                              std::function<void(const Error&)> on_failure,
                                                              const std::function<bool()>& should_stop);
  ~Service();

  // Takes no new requests, finishes what is in flight, steps down, closes the files.
  void stop();

 private:
  explicit Service(const Settings& settings);

  Forwarder forwarder_;
  std::shared_ptr<SharedFreshBoard> board_;
  Readers readers_;
  std::unique_ptr<Node> node_;
  std::unique_ptr<ClusterAccess> cluster_;
  std::unique_ptr<TimeSeriesApi> time_series_;
  RunningQueries running_queries_;
  std::unique_ptr<ReadsApi> reads_;
  std::unique_ptr<InfluxQueryApi> influx_queries_;
  QueriesApi queries_{running_queries_};
  std::unique_ptr<RetentionApi> retention_;
  std::unique_ptr<DeletesApi> deletes_;
  std::unique_ptr<ClusterApi> cluster_api_;
  std::unique_ptr<MembersApi> members_api_;
  std::unique_ptr<RaftApi> raft_;
  std::unique_ptr<SubmitApi> submit_;
  std::unique_ptr<InfluxWriteApi> influx_write_;
  std::unique_ptr<InfluxPingApi> influx_ping_;
  std::unique_ptr<http::Server> http_;
  std::unique_ptr<Admission> admission_;  // of a node that joins
  std::unique_ptr<Whereabouts> whereabouts_;
  std::unique_ptr<Lookout> lookout_;
};

}  // namespace timestore::net
